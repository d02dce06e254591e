// Keys on the screens: made for a wall screen that nobody signs in at, used, revoked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { startStation } from './station.ts';

test('a wall screen is opened by its key, has no account, and goes dark when the key is revoked', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByText('No program and no screen has a key here yet.').waitFor();
  await page.getByRole('button', { name: 'Make a key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Wall screen of hall A');
  await assertAccessible(page, 'making a key');
  await dialog.getByRole('button', { name: 'Make it' }).click();
  await dialog.getByText('Key of Wall screen of hall A').waitFor();
  const [token, address] = (await dialog.locator('code').allTextContents()) as [string, string];
  await assertAccessible(page, 'a key that is shown once');
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  const row = page.getByRole('row', { name: /Wall screen of hall A/ });
  await row.getByText('never').waitFor();
  await assertAccessible(page, 'the keys of a site');

  const wall = await sitDown(t);
  await wall.page.goto(address);
  await wall.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assert.ok(!wall.page.url().includes(token), 'the key is out of the address');
  assert.deepEqual(await wall.page.getByRole('navigation', { name: 'Areas' }).getByRole('link').allInnerTexts(), ['Plant', 'Devices']);
  await wall.page.getByRole('button', { name: 'Account of Wall screen of hall A' }).click();
  await wall.page.getByRole('menuitem', { name: 'Dark' }).click();
  await wall.page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  await wall.page.getByRole('button', { name: 'Account of Wall screen of hall A' }).click();
  await wall.page.getByRole('menuitem', { name: 'Keys' }).waitFor();
  assert.equal(await wall.page.getByRole('menuitem', { name: /Sign out|My account/ }).count(), 0);
  await wall.page.reload();
  await wall.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();

  await page.reload();
  await row.getByText('just now').waitFor();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('is cut off at once').waitFor();
  await page.getByRole('button', { name: 'Revoke it' }).click();
  await row.waitFor({ state: 'detached' });
  await wall.page.getByText('Your session has ended.').waitFor();
  await wall.page.goto(address);
  await wall.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assertNoComplaints(ada);
  assertNoComplaints(wall);
});
