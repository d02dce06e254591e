// An administrator sees what somebody else sees, changes nothing, and is themself again; and what one has done is taken back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { furnish } from './program.ts';
import { startStation } from './station.ts';

/** To look at them: see e2e/screenshots.ts. */
const SHOTS = process.env.OUTPOST_SHOTS;

test('one sees as somebody else in one tab, is oneself in another, and comes back without signing in', async (t) => {
  const station = await startStation(t);
  await furnish(station.url);
  const ada = await sitDown(t);
  const { page, context } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByText('Vera Viewer').click();
  await page.getByRole('button', { name: 'See as Vera Viewer' }).click();
  const bar = page.getByText('You see what Vera Viewer sees. Nothing can be changed.');
  await bar.waitFor();
  const rail = page.getByRole('navigation', { name: 'Areas' });
  await rail.waitFor();
  assert.deepEqual(await rail.getByRole('link').allInnerTexts(), ['Plant', 'Devices']);
  await assertAccessible(page, 'the station as somebody else');
  if (SHOTS !== undefined) {
    await page.screenshot({ path: `${SHOTS}/view-light.png` });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.screenshot({ path: `${SHOTS}/view-dark.png` });
    await page.emulateMedia({ colorScheme: 'light' });
  }
  // The same after the page was loaded anew, and only here.
  await page.reload();
  await bar.waitFor();
  const other = await context.newPage();
  await other.goto(station.url);
  await other.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'People' }).waitFor();
  assert.equal(await other.getByText('You see what').count(), 0);
  const names = (await context.cookies()).map(({ name, httpOnly }) => [name.replace(/-[0-9a-f]+$/, ''), httpOnly]);
  assert.deepEqual(names.sort(), [
    ['__Host-outpost', true],
    ['__Host-outpost-view', true],
  ]);

  await page.getByRole('button', { name: 'End', exact: true }).click();
  await rail.getByRole('link', { name: 'People' }).waitFor();
  assert.equal(await bar.count(), 0);
  await page.goto(`${new URL(page.url()).origin}/outpost/nordwerk/-/audit`);
  await page.getByText('Ada Admin, seeing as Vera Viewer').first().waitFor();
  await page.getByText('stopped seeing as somebody else').waitFor();
  assertNoComplaints(ada);
});

test('as somebody who may keep a site, nothing on its pages changes anything; barred, they are not seen as any more', async (t) => {
  const station = await startStation(t);
  await furnish(station.url);
  const ada = await sitDown(t);
  const { page, context } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByText('Vera Viewer').click();
  const panel = page.getByRole('dialog');
  await panel.getByLabel('Give a role', { exact: true }).first().click();
  await page.getByRole('option', { name: 'Site manager' }).click();
  await panel.getByRole('button', { name: 'Give a role' }).click();
  await panel.getByText('may keep the site').waitFor();
  await panel.getByRole('button', { name: 'See as Vera Viewer' }).click();
  await page.getByText('You see what Vera Viewer sees').waitFor();

  await goTo(page, 'Site');
  await page.getByRole('heading', { name: 'Rules of the site' }).waitFor();
  const acts = /^(Add|Save$|Rename|Remove|Move|Make|Take|Give|Bar|New|Start|From a table)/;
  for (const area of ['Site', 'People', 'Audit', 'Health']) {
    await goTo(page, area);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    assert.deepEqual(await page.getByRole('button', { name: acts }).allInnerTexts(), [], area);
    if (area === 'Site') for (const control of await page.getByRole('switch').all()) assert.ok(await control.isDisabled());
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/view-${area}.png` });
  }
  await goTo(page, 'People');
  await page.getByRole('cell', { name: 'Vera Viewer' }).click();
  await page.getByRole('dialog').waitFor();
  assert.deepEqual(await page.getByRole('dialog').getByRole('button', { name: acts }).allInnerTexts(), []);

  const other = await context.newPage();
  await other.goto(station.url);
  await goTo(other, 'People');
  await other.getByText('Vera Viewer').click();
  await other.getByRole('button', { name: 'Bar from signing in' }).click();
  await other.getByRole('button', { name: 'Bar', exact: true }).click();
  await page.getByText('The view as somebody else has ended.').waitFor();
  await page.getByRole('button', { name: 'Account of Ada Admin' }).waitFor();
  assertNoComplaints(ada);
});

test('what one has done is taken back by a button, by a key and by the palette', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await page.getByRole('button', { name: 'Add a building' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Hall A');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const tree = page.getByRole('button', { name: 'Actions for Hall A' });
  await tree.waitFor();
  const offer = page.getByText('You added a building or a system · Hall A');
  await offer.waitFor();
  await assertAccessible(page, 'the offer to undo');
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/undo.png` });
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await tree.waitFor({ state: 'detached' });
  await page.getByText('It is undone.').waitFor();
  await page.getByRole('button', { name: 'Redo', exact: true }).click();
  await tree.waitFor();

  // By the key, and not while one types.
  await page
    .getByRole('switch', { name: /Operators may control/ })
    .locator('..')
    .click();
  await page.getByText('You changed a site · Works 1').waitFor();
  const control = page.getByRole('switch', { name: /Operators may control/ });
  await page.getByLabel('Name').focus();
  await page.keyboard.press('Control+z');
  assert.ok(await control.isChecked());
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+z');
  await page.getByText('It is undone.').waitFor();
  assert.equal(await control.isChecked(), false);

  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to, search or do').fill('have undone');
  await page.getByText('Do again what I have undone').click();
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[role=switch]')?.checked);
  assertNoComplaints(ada);
});
