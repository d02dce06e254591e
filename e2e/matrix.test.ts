// Roles as a matrix: read at a glance, changed where people and places meet, in plain words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { furnish } from './program.ts';
import { startStation } from './station.ts';

test('an organisation’s roles are read and changed place by place, and felt by the one they belong to', async (t) => {
  const station = await startStation(t);
  await furnish(station.url);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await page.goto(`${new URL(page.url()).origin}/outpost/nordwerk/-/people`);
  await page.getByText('Roles by place').click();
  const cell = (name: string, where: string) => page.getByRole('button', { name: new RegExp(`^Role of ${name} at ${where}`) });
  await cell('Vera Viewer', 'Works 1').waitFor();
  await assertAccessible(page, 'roles by place');
  assert.equal(await cell('Vera Viewer', 'Works 1').innerText(), 'Viewer');
  // Nobody changes their own.
  assert.equal(await cell('Ada Admin', 'Works 1').count(), 0);

  await cell('Vera Viewer', 'Works 1').click();
  await page.getByRole('menuitem', { name: /^Operator/ }).click();
  await page.getByRole('button', { name: 'Role of Vera Viewer at Works 1: Operator' }).waitFor();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await page.getByRole('button', { name: 'Role of Vera Viewer at Works 1: Viewer' }).waitFor();
  await cell('Vera Viewer', 'Works 1').click();
  await page.getByRole('menuitem', { name: /^Operator/ }).click();
  await page.getByRole('button', { name: 'Role of Vera Viewer at Works 1: Operator' }).waitFor();
  await page.reload();
  await page.getByText('Roles by place').click();
  assert.equal(await cell('Vera Viewer', 'Works 1').innerText(), 'Operator');
  await cell('Vera Viewer', 'Works 1').click();
  await page.getByRole('menuitem', { name: /^no role/ }).click();
  await page.getByRole('button', { name: 'Role of Vera Viewer at Works 1: no role' }).waitFor();

  await page.getByText('List', { exact: true }).click();
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('took a role away').first().waitFor();
  assertNoComplaints(ada);
});

test('what somebody may do at a place stands beside their roles in plain words', async (t) => {
  const station = await startStation(t);
  await furnish(station.url);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  await page.getByText('Vera Viewer').click();
  const panel = page.getByRole('dialog');
  await panel.getByRole('heading', { name: 'What Vera Viewer may do at Works 1' }).waitFor();
  await assertAccessible(page, 'a person and what they may do');
  assert.deepEqual(await panel.locator('ul').last().getByRole('listitem').allInnerTexts(), ['may see the plant']);
  await panel.getByLabel('Give a role', { exact: true }).first().click();
  await page.getByRole('option', { name: 'Operator' }).click();
  await panel.getByRole('button', { name: 'Give a role' }).click();
  await panel.getByText('may acknowledge alarms').waitFor();
  await panel.getByRole('button', { name: 'Take out of the organisation' }).click();
  await page.getByText('Vera Viewer has no role in Nordwerk any more').waitFor();
  await page.getByRole('button', { name: 'Take out', exact: true }).click();
  await page.getByRole('cell', { name: 'Vera Viewer' }).waitFor({ state: 'detached' });
  assertNoComplaints(ada);
});
