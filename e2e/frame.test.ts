// The frame: palette, keys, themes, running tasks, a page that fails, a station that is away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { startStation } from './station.ts';

test('Ctrl+K goes to pages, finds places by name and does things', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t, { colorScheme: 'light' });
  const { page } = ada;
  await signIn(ada, station.url);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to, search or do').fill('audit');
  await assertAccessible(page, 'palette');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to, search or do').fill('theme');
  await page.keyboard.press('Enter');
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+F');
  await page.locator('html[data-wall="true"]').waitFor();
  assertNoComplaints(ada);

  // The theme is the person's, wherever they sit down next; wall mode is the screen's.
  const elsewhere = await sitDown(t, { colorScheme: 'light' });
  await signIn(elsewhere, station.url);
  await elsewhere.page.locator('html[data-mantine-color-scheme="dark"][data-wall="false"]').waitFor();
});

test('a backup runs in the tray, ends in a notice and stands in the list; the store is checked', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Health');
  await page.getByText('There is no backup yet.', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByRole('region', { name: 'Running tasks' }).getByText('finished').waitFor();
  await page.getByRole('cell', { name: 'asked for' }).waitFor();
  await page.getByText('Backup is finished').first().waitFor();
  await page.getByRole('button', { name: '1 new notice' }).click();
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await page.getByRole('button', { name: 'Mark all as read' }).waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Check the store' }).click();
  await page
    .getByText(/agree with the log/)
    .first()
    .waitFor();
  await page.getByText('Processor').waitFor();
  await page.getByRole('switch', { name: 'Live' }).click();
  await assertAccessible(page, 'health');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the log' }).click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  assert.match(Buffer.concat(chunks).toString(), /"event":"listening"/);
  assertNoComplaints(ada);
});

test('a page that fails leaves the rest alive, and can be shown again', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  // The one file of this page is lost on its way: it cannot be drawn.
  await page.route('**/assets/AuditPage-*.js', (route) => route.abort());
  await goTo(page, 'Audit');
  await page.getByRole('alert').getByText('This part of the screen has failed.').waitFor();
  await page.getByText('Connected', { exact: true }).waitFor();
  await goTo(page, 'People');
  await page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
});

test('without its station the page shows what it knew and its age, changes nothing, and goes on by itself', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await page.getByText('This site has no buildings yet.').waitFor();
  await station.stop();
  await page.getByText(/^No contact with the station since/).waitFor();
  await page.getByText('No contact', { exact: true }).waitFor();
  await assertAccessible(page, 'offline');
  await page.getByRole('switch', { name: /Operators may control/ }).click();
  await page.getByText('The station does not answer just now. Nothing was changed.').waitFor();
  assert.equal(await page.getByRole('switch', { name: /Operators may control/ }).isChecked(), false);

  await station.again();
  // It tries by itself as well, and may be there first: then there is nothing left to press.
  const connected = page.getByText('Connected', { exact: true }).waitFor();
  await Promise.race([page.getByRole('button', { name: 'Try again now' }).click(), connected]).catch(() => {});
  await connected;
  await page.getByText(/^No contact with the station since/).waitFor({ state: 'detached' });
  await page.getByRole('switch', { name: /Operators may control/ }).click();
  await page.getByRole('switch', { name: /Operators may control/, checked: true }).waitFor();
  assertNoComplaints(ada);
});

test('with gloves on, everything that is pressed is as large as a thumb', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t, { isMobile: true, hasTouch: true });
  const { page } = ada;
  await signIn(ada, station.url);
  for (const area of ['Plant', 'Site', 'People', 'All sites', 'Audit', 'Health']) {
    await goTo(page, area);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('a, button, input, [role="tab"]')].flatMap((control) => {
        // A switch is pressed anywhere on its line, a field anywhere within its frame.
        const pressed = control.closest('label, .mantine-Switch-body, .mantine-Checkbox-body, .mantine-Input-wrapper') ?? control;
        const { width, height } = pressed.getBoundingClientRect();
        return width > 1 && height > 1 && height < 43.5 ? [`${control.outerHTML.slice(0, 120)} is ${Math.round(height)} px high`] : [];
      }),
    );
    assert.deepEqual(small, [], area);
  }
});
