// The life of a team: added, filled, looked after by one of its people, left, removed. And two accounts that become one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertNoComplaints, goTo, type Person, signIn, sitDown } from './driver.ts';
import { program } from './program.ts';
import { startStation } from './station.ts';

const dialog = (page: Page, name: string) => page.getByRole('dialog', { name });

/** Opens the place to choose from, types, and takes what is offered. */
async function choose(page: Page, inside: ReturnType<typeof dialog>, label: string, typed: string, option: RegExp): Promise<void> {
  await inside
    .getByRole('combobox', { name: label })
    .or(inside.getByRole('textbox', { name: label }))
    .first()
    .fill(typed);
  await page.getByRole('option', { name: option }).click();
}

type Station = Awaited<ReturnType<typeof startStation>>;

/** Comes by a link, as somebody does who was just added. */
async function arrive(t: Parameters<typeof sitDown>[0], station: Station, link: string): Promise<Person> {
  const person = await sitDown(t);
  await person.page.goto(`${station.url}/#link=${link}`);
  await person.page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor();
  return person;
}

async function addPeople(station: Station): Promise<{ link(name: string): string }> {
  const { call } = await program(station.url);
  const { sites } = (await call('people.me', {})) as unknown as { sites: { id: string }[] };
  const site = sites[0]?.id;
  const links = new Map<string, unknown>();
  for (const name of ['Vera Viewer', 'Otto Operator', 'Vera Viewer-Zwei']) {
    const [first, last] = name.split(' ') as [string, string];
    const email = `${first}.${last}@example.org`.toLowerCase();
    const { link } = await call('people.createPerson', { name, email, role: 'viewer', at: { kind: 'site', site } });
    links.set(name, link);
  }
  return { link: (name) => links.get(name) as string };
}

test('a team is added, filled, looked after by one of its people, left, and removed', async (t) => {
  const station = await startStation(t);
  const { link } = await addPeople(station);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Teams');
  await page.getByText('There is no team in this organisation yet.').waitFor();
  await page.getByRole('button', { name: 'Add a team' }).first().click();
  await dialog(page, 'Add a team').getByLabel('Name').fill('Night shift');
  await assertAccessible(page, 'adding a team');
  await dialog(page, 'Add a team').getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('heading', { name: 'Night shift' }).waitFor();

  // Vera has no teams on her screen, and then one, without loading anything.
  const vera = await arrive(t, station, link('Vera Viewer'));
  const rail = vera.page.getByRole('navigation', { name: 'Areas' });
  assert.deepEqual(await rail.getByRole('link').allInnerTexts(), ['Plant', 'Devices']);
  await page.getByRole('button', { name: 'Add a person to Night shift' }).click();
  const adding = dialog(page, 'Add a person to Night shift');
  await choose(page, adding, 'Person', 'vera.viewer@example.org', /^Vera Viewer$/);
  await assertAccessible(page, 'adding a person to a team');
  await adding.getByRole('button', { name: 'Add', exact: true }).click();
  await goTo(vera.page, 'Teams');
  const hers = vera.page.getByRole('table', { name: 'People of Night shift' });
  await hers.getByRole('row', { name: /Ada Admin Owner/ }).waitFor();
  await hers.getByRole('row', { name: /Vera Viewer Member/ }).waitFor();
  // Read only: all that is hers to do is to leave.
  assert.deepEqual(await vera.page.getByRole('main').getByRole('button').allInnerTexts(), ['Leave']);
  await assertAccessible(vera.page, 'teams of a member');

  // As an admin she takes part in looking after it, the moment she is one.
  await page
    .getByRole('combobox', { name: 'What Vera Viewer is in Night shift' })
    .or(page.getByRole('textbox', { name: 'What Vera Viewer is in Night shift' }))
    .first()
    .click();
  await page.getByRole('option', { name: 'Admin' }).click();
  await vera.page.getByRole('button', { name: 'Add a person to Night shift' }).click();
  const herAdding = dialog(vera.page, 'Add a person to Night shift');
  await choose(vera.page, herAdding, 'Person', 'otto', /^Otto Operator$/);
  assert.equal(await herAdding.getByLabel('In the team').count(), 0, 'she makes members and nothing else');
  await herAdding.getByRole('button', { name: 'Add', exact: true }).click();
  await hers.getByRole('row', { name: /Otto Operator Member/ }).waitFor();
  await vera.page.getByRole('button', { name: 'Rename Night shift' }).click();
  await dialog(vera.page, 'Rename Night shift').getByLabel('Name').fill('Standby');
  await vera.page.keyboard.press('Enter');
  await vera.page.getByRole('heading', { name: 'Standby' }).waitFor();
  await page.getByRole('heading', { name: 'Standby' }).waitFor();

  // Otto, who came by the keyboard, leaves by it.
  const otto = await arrive(t, station, link('Otto Operator'));
  await goTo(otto.page, 'Teams');
  await otto.page.getByRole('button', { name: 'Leave Standby' }).focus();
  await otto.page.keyboard.press('Enter');
  await otto.page.getByText('You see nothing of “Standby” any more.').waitFor();
  // What asks takes the focus a moment after it is there.
  await otto.page.locator('button:focus', { hasText: 'Cancel' }).waitFor();
  await otto.page.keyboard.press('Tab');
  await otto.page.keyboard.press('Enter');
  await otto.page.getByRole('heading', { name: 'Nothing here' }).waitFor();
  assert.equal(await otto.page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Teams' }).count(), 0);
  await vera.page.reload();
  await hers
    .or(vera.page.getByRole('table', { name: 'People of Standby' }))
    .first()
    .waitFor();
  assert.equal(await vera.page.getByText('Otto Operator').count(), 0);

  // Ada is its only owner: there is no way offered by which nobody would be.
  await page.getByRole('button', { name: 'Take out of Standby: Vera Viewer' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Leave Standby' }).count(), 0);
  await page.getByRole('button', { name: 'Remove Standby' }).click();
  await page.getByText('They stay in the organisation, with all their roles.').waitFor();
  await page.getByRole('button', { name: 'Remove the team' }).click();
  await page.getByText('There is no team in this organisation yet.').waitFor();
  await vera.page.getByRole('heading', { name: 'Nothing here' }).waitFor();
  for (const person of [ada, vera, otto]) assertNoComplaints(person);
});

test('somebody with two accounts is found by their address, and made one', async (t) => {
  const station = await startStation(t);
  const { link } = await addPeople(station);
  const double = await arrive(t, station, link('Vera Viewer-Zwei'));
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'People');
  const find = page.getByRole('searchbox', { name: 'Find by name or e-mail' });
  await find.fill('nobody of this name');
  await page.getByText('Nobody here has “nobody of this name”').waitFor();
  await find.fill('vera viewer-zwei@');
  assert.equal(await page.getByRole('row', { name: /@example\.org/ }).count(), 1);
  await page.getByText('Vera Viewer-Zwei').click();
  await page.getByRole('button', { name: 'Merge into another account' }).click();
  const merging = dialog(page, 'Merge Vera Viewer-Zwei into another account');
  await choose(page, merging, 'The account that stays', 'vera.viewer@', /vera\.viewer@/);
  await merging.getByText('Nothing moves: Vera Viewer has all of it already.').waitFor();
  await merging.getByText('1 session', { exact: true }).waitFor();
  await assertAccessible(page, 'merging two accounts');
  await merging.getByRole('button', { name: 'Merge', exact: true }).click();
  await page
    .getByText('Vera Viewer-Zwei (vera.viewer-zwei@example.org) becomes a part of Vera Viewer (vera.viewer@example.org) for good.')
    .waitFor();
  await page.getByRole('button', { name: 'Merge for good' }).click();
  await double.page.getByText('Your session has ended.').waitFor();
  await find.fill('vera');
  await page.getByText('Vera Viewer-Zwei').first().waitFor({ state: 'detached' });
  await page.getByText('vera.viewer@example.org').waitFor();
  assertNoComplaints(ada);
});
