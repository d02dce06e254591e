// An administrator's morning, and somebody who is promoted while looking.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { EXAMPLE } from '../contract/examples.ts';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { program } from './program.ts';
import { startStation } from './station.ts';

const dialog = (page: Page) => page.getByRole('dialog');

async function addBuilding(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a building' }).first().click();
  await dialog(page).getByLabel('Name').fill(name);
  await page.keyboard.press('Enter');
  await dialog(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `Actions for ${name}` }).waitFor();
}

const treeNames = (page: Page) =>
  page
    .getByRole('button', { name: /^Actions for / })
    .evaluateAll((all) => all.map((one) => (one.getAttribute('aria-label') ?? '').replace('Actions for ', '')));

test('the tree of a site is built, renamed, reordered and cut, and its history tells it', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await addBuilding(page, 'Hall A');
  await addBuilding(page, 'Hall B');
  await page.getByRole('button', { name: 'Actions for Hall A' }).click();
  await page.getByRole('menuitem', { name: 'Add a system' }).click();
  await dialog(page).getByLabel('Name').fill('Heating');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Actions for Heating' }).waitFor();
  await page.getByRole('button', { name: 'Move Hall B up' }).click();
  await page.getByRole('button', { name: 'Move Hall A up', disabled: false }).waitFor();
  assert.deepEqual(await treeNames(page), ['Hall B', 'Hall A', 'Heating']);

  await page.getByRole('button', { name: 'Actions for Hall A' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await dialog(page).getByLabel('Name').fill('Hall One');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Actions for Hall One' }).click();
  await page.getByRole('menuitem', { name: 'History' }).click();
  const history = page.getByRole('dialog', { name: 'History of Hall One' });
  await history.getByText('Hall A', { exact: true }).first().waitFor();
  await history.getByText('Ada Admin').first().waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Actions for Hall One' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await dialog(page).getByText('It goes with the system inside it.').waitFor();
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Actions for Hall One' }).waitFor({ state: 'detached' });
  assert.deepEqual(await treeNames(page), ['Hall B']);
  assertNoComplaints(ada);
});

test('a viewer sees no more than a viewer may, and is promoted while looking', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  await signIn(ada, station.url);
  await goTo(ada.page, 'People');
  await ada.page.getByRole('button', { name: 'Add a person' }).click();
  await dialog(ada.page).getByLabel('Name').fill('Vera Viewer');
  await dialog(ada.page).getByLabel('E-mail').fill('vera@example.org');
  await dialog(ada.page).getByRole('button', { name: 'Add', exact: true }).click();
  const link = await dialog(ada.page).locator('code').textContent();
  await dialog(ada.page).getByRole('button', { name: 'Done' }).click();

  const vera = await sitDown(t);
  assert.ok(link);
  await vera.page.goto(link);
  await vera.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assert.ok(!vera.page.url().includes('link='), 'the secret is out of the address');
  const rail = vera.page.getByRole('navigation', { name: 'Areas' });
  assert.deepEqual(await rail.getByRole('link').allInnerTexts(), ['Plant', 'Devices']);
  // Hidden, and refused as well: the address of a page one may not see, and the call behind it.
  const refused = await vera.page.evaluate(async () => {
    const response = await fetch('/api/people/list-audit', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    return { status: response.status, code: ((await response.json()) as { code: string }).code };
  });
  assert.deepEqual(refused, { status: 403, code: 'forbidden' });

  const promoted = vera.page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Audit' });
  await ada.page.getByText('Vera Viewer').click();
  await dialog(ada.page).getByLabel('Give a role', { exact: true }).first().click();
  await ada.page.getByRole('option', { name: 'Operator' }).click();
  await dialog(ada.page).getByRole('button', { name: 'Give a role' }).click();
  // An operator sees the health of the station; nobody has loaded the page again.
  await vera.page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Health' }).waitFor({ timeout: 2_000 });
  await vera.page.getByText('You are now Operator · Works 1').first().waitFor();
  assert.equal(await promoted.count(), 0);

  // Never by one stray press: it asks first.
  await dialog(ada.page).getByRole('button', { name: 'Bar from signing in' }).click();
  await ada.page.getByText('All sessions of Vera Viewer end at once, and they cannot sign in.').waitFor();
  await vera.page.getByRole('navigation', { name: 'Areas' }).waitFor();
  await ada.page.getByRole('button', { name: 'Bar', exact: true }).click();
  await vera.page.getByText('Your session has ended.').waitFor({ timeout: 2_000 });
  await vera.page.goto(link);
  await vera.page.getByText('This link has been used').waitFor();

  await ada.page.keyboard.press('Escape');
  await goTo(ada.page, 'Audit');
  await ada.page.getByText('gave a role').waitFor();
  await ada.page.getByRole('button', { name: 'Verify the chain' }).click();
  await ada.page.getByText(/^The chain is whole/).waitFor();
  assertNoComplaints(ada);
  assertNoComplaints(vera);
});

test('the audit is narrowed, a link shows the same, and it is saved as it is shown', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  const { call } = await program(station.url);
  const { sites } = (await call('people.me', {})) as unknown as { sites: { id: string }[] };
  await call('people.updateSite', { site: sites[0]?.id, timeZone: 'Asia/Tokyo' });
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await addBuilding(page, 'Hall A');
  await goTo(page, 'Audit');
  const filter = page.getByRole('search', { name: 'Narrow the audit' });
  const rows = page.locator('ol > li');
  await rows.first().waitFor();
  await filter
    .getByRole('combobox', { name: 'Person' })
    .or(filter.getByRole('textbox', { name: 'Person' }))
    .first()
    .fill('ada');
  await page.getByRole('option', { name: /Ada Admin/ }).click();
  await page.waitForURL(/[?&]person=/);
  await rows.first().waitFor();
  await assertAccessible(page, 'the narrowed audit');

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()]);
  assert.equal(download.suggestedFilename(), 'audit.csv');
  const saved = readFileSync(await download.path(), 'utf8');
  assert.match(saved, /^time,who,action,outcome,organisation,site,from,message,changes,seen as\r\n/);
  assert.match(saved, /,Ada Admin,people\.createPlace,done,Nordwerk,Works 1,/);

  // By the keyboard alone: there is nothing that was refused, and nothing from before the plant.
  await filter.getByLabel('Only refusals').focus();
  await page.keyboard.press('Space');
  await page.getByText('Nothing of this kind has happened.').waitFor();
  await page.reload();
  await page.getByText('Nothing of this kind has happened.').waitFor();
  assert.ok(await filter.getByLabel('Only refusals').isChecked());
  await filter.getByLabel('Only refusals').focus();
  await page.keyboard.press('Space');
  await rows.first().waitFor();
  await filter.getByLabel(/^To \(/).fill('2020-01-01T08:30');
  await page.keyboard.press('Enter');
  await page.getByText('Nothing of this kind has happened.').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('to'), String(Date.UTC(2019, 11, 31, 23, 30)), 'in the plant’s zone');
  await filter.getByRole('button', { name: 'Clear' }).click();
  await rows.first().waitFor();
  assert.equal(new URL(page.url()).search, '');
  assertNoComplaints(ada);
});

test('organisations and sites are added, and the address leads to them', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'All sites');
  await page.getByRole('button', { name: 'Add an organisation' }).click();
  await dialog(page).getByLabel('Name').fill('Südwerk');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Südwerk' }).waitFor();
  await page.getByRole('button', { name: 'Add a site' }).last().click();
  await dialog(page).getByLabel('Name').fill('Plant 7');
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('link', { name: 'Plant 7' }).click();
  await page.waitForURL(/\/outpost\/sudwerk\/plant-7\/site$/);
  await page.reload();
  await page.getByRole('heading', { name: 'Plant 7', level: 1 }).waitFor();
  await page.goto(`${station.url}/outpost/sudwerk/no-such-site/plant`);
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
  assertNoComplaints(ada);
});

test('one’s own picture, name and password are changed', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  const elsewhere = await sitDown(t);
  await signIn(elsewhere, station.url);
  await page.getByRole('button', { name: 'Account of Ada Admin' }).click();
  await page.getByRole('menuitem', { name: 'My account' }).click();
  const pixel = Buffer.from(EXAMPLE.pixel, 'base64');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a picture' }).click()]);
  await chooser.setFiles({ name: 'me.png', mimeType: 'image/png', buffer: pixel });
  await page.getByRole('button', { name: 'Remove the picture' }).waitFor();
  assert.match((await page.locator('header img').getAttribute('src')) ?? '', /^data:image\/(webp|png);base64,/);

  await page.getByLabel('Name').fill('Ada Lovelace');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Account of Ada Lovelace' }).waitFor();

  await page.getByRole('textbox', { name: 'Present password' }).fill('wrong');
  await page.getByRole('textbox', { name: 'New password' }).fill('Ada-Lovelace-26');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText(/hardly more than your own name.* Put four or more words together/).waitFor();
  await page.getByRole('textbox', { name: 'New password' }).fill('another long phrase');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The present password is not right.').waitFor();
  await page.getByRole('textbox', { name: 'Present password' }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Your password is changed.').waitFor();
  await elsewhere.page.getByText('Your session has ended.').waitFor();
  await signIn(elsewhere, station.url, { email: 'ada@example.org', password: 'another long phrase' });

  // By name, not by what it calls itself, which is long.
  await page.reload();
  await page
    .getByText(/ · Chrome on (Linux|macOS|Windows)$/)
    .nth(1)
    .waitFor();
  assert.equal(await page.getByText('Mozilla/5.0').count(), 0);
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await elsewhere.page.getByText('Your session has ended.').waitFor();
  await page.getByRole('button', { name: 'Sign out everywhere else' }).waitFor({ state: 'detached' });
  await page.getByText('this one').waitFor();
  assertNoComplaints(ada);
});
