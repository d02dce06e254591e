// The first day: a fresh station is set up on its screen, and shows a calm, empty plant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { startStation } from './station.ts';

test('a fresh station is set up on its screen and shows an empty plant', async (t) => {
  const station = await startStation(t, { setUp: false });
  const person = await sitDown(t);
  const { page } = person;
  await page.goto(station.url);
  await page.getByRole('heading', { name: 'Set this station up' }).waitFor();
  await assertAccessible(page, 'set-up');
  await page.getByLabel('Organisation').fill('Nordwerk');
  await page.getByRole('textbox', { name: 'Site' }).fill('Works 1');
  await page.getByLabel('Name').fill('Ada Admin');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByRole('textbox', { name: 'Password' }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Set up' }).click();

  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assert.match(page.url(), /\/outpost\/nordwerk\/works-1\/plant$/);
  await page.getByText('This site has no buildings yet.').waitFor();
  await assertAccessible(page, 'empty plant');

  await page.getByRole('button', { name: 'Add a building' }).click();
  await page.getByRole('button', { name: 'Add a building' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Hall A');
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await goTo(page, 'Plant');
  await page.getByRole('link', { name: 'Hall A' }).click();
  await page.getByText('No device is connected to this system.').waitFor();
  await page.keyboard.press('Backspace');
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  assertNoComplaints(person);

  const other = await sitDown(t);
  await other.page.goto(station.url);
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('who signs in with a wrong password is told so, and comes in with the right one', async (t) => {
  const station = await startStation(t);
  const person = await sitDown(t);
  const { page } = person;
  await page.goto(station.url);
  await assertAccessible(page, 'sign-in');
  await page.getByLabel('E-mail').fill('ada@example.org');
  await page.getByRole('textbox', { name: 'Password' }).fill('not this one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
  await signIn(person, station.url);
  // The cookie is nothing a script can read, and a new load of the page needs no new sign-in.
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.reload();
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Account of Ada Admin' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assertNoComplaints(person);
});
