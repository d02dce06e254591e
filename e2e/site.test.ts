// A site's tree taken into the hand: by mouse, by the menu alone, and its quiet hours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { furnish, program } from './program.ts';
import { startStation } from './station.ts';

async function add(page: Page, button: string | { inside: string }, name: string): Promise<void> {
  if (typeof button === 'string') await page.getByRole('button', { name: button }).click();
  else {
    await page.getByRole('button', { name: `Actions for ${button.inside}` }).click();
    await page.getByRole('menuitem', { name: 'Add a system' }).click();
  }
  await page.getByRole('dialog').getByLabel('Name').fill(name);
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await page.getByRole('button', { name: `Actions for ${name}` }).waitFor();
}

/** Runs in the page. The tree as it is shown: each place behind the names of what it lies in; or whether it is this one. */
function readTree(expected: string | undefined): string[] | boolean {
  const tree = [...document.querySelectorAll('li > [draggable=true]')].map((row) => {
    const path: string[] = [];
    for (let at = row.parentElement; at?.matches('li'); at = at.parentElement?.closest('li') ?? null)
      path.unshift(at.querySelector(':scope > [draggable=true] > span')?.textContent ?? '');
    return path.join(' / ');
  });
  return expected === undefined ? tree : JSON.stringify(tree) === expected;
}

async function becomes(page: Page, tree: string[]): Promise<void> {
  await page.waitForFunction(readTree, JSON.stringify(tree)).catch(() => {});
  assert.deepEqual(await page.evaluate(readTree, undefined), tree);
}

test('the tree is changed by dragging, and by the menu without a mouse', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await add(page, 'Add a building', 'Hall A');
  await add(page, 'Add a building', 'Hall B');
  await add(page, { inside: 'Hall A' }, 'Heating');
  await add(page, { inside: 'Hall A' }, 'Air');
  await assertAccessible(page, 'the tree of a site');
  await becomes(page, ['Hall A', 'Hall A / Heating', 'Hall A / Air', 'Hall B']);

  const row = (name: string) =>
    page.locator('li > [draggable=true]', { hasText: name }).filter({ has: page.getByText(name, { exact: true }) });
  const drag = async (name: string, onto: string, part: number) => {
    const box = await row(onto).boundingBox();
    assert.ok(box);
    await row(name).dragTo(row(onto), { sourcePosition: { x: 40, y: 20 }, targetPosition: { x: 40, y: box.height * part } });
  };
  await drag('Heating', 'Hall B', 0.5);
  await becomes(page, ['Hall A', 'Hall A / Air', 'Hall B', 'Hall B / Heating']);
  await drag('Air', 'Heating', 0.9);
  await becomes(page, ['Hall A', 'Hall B', 'Hall B / Heating', 'Hall B / Air']);
  // Not into what lies inside of it: it stays where it is.
  await drag('Hall B', 'Air', 0.5);
  await drag('Air', 'Hall A', 0.5);
  await becomes(page, ['Hall A', 'Hall A / Air', 'Hall B', 'Hall B / Heating']);

  await page.getByRole('button', { name: 'Actions for Air' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Move elsewhere' }).press('Enter');
  await page.getByRole('dialog').getByLabel('Into').first().click();
  await page.getByRole('option', { name: 'Heating' }).click();
  await assertAccessible(page, 'moving a place');
  await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
  await becomes(page, ['Hall A', 'Hall B', 'Hall B / Heating', 'Hall B / Heating / Air']);
  await page.reload();
  await becomes(page, ['Hall A', 'Hall B', 'Hall B / Heating', 'Hall B / Heating / Air']);
  assertNoComplaints(ada);
});

test('a site has quiet hours, kept when the page is opened again', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await page.getByRole('switch', { name: 'Quiet hours' }).click();
  const from = page.getByLabel('Quiet from');
  await from.waitFor();
  assert.equal(await from.inputValue(), '22:00');
  await from.fill('21:30');
  await from.blur();
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('dialog').getByText('21:30-06:00').first().waitFor();
  await page.reload();
  assert.equal(await page.getByLabel('Quiet from').inputValue(), '21:30');
  assert.equal(await page.getByLabel('Quiet until').inputValue(), '06:00');
  assertNoComplaints(ada);
});

test('from the history of a place one comes to all of it in the audit, and from there to any other thing', async (t) => {
  const station = await startStation(t);
  await furnish(station.url);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await goTo(page, 'Site');
  await page.getByRole('button', { name: 'Move Heating down' }).click();
  await page.getByRole('button', { name: 'Actions for Heating' }).click();
  await page.getByRole('menuitem', { name: 'History' }).click();
  await page.getByRole('button', { name: 'In the audit' }).click();
  const rows = page.getByRole('button', { expanded: false }).filter({ has: page.locator('time') });
  await page.getByRole('button', { name: 'Only one: building or system' }).waitFor();
  await rows.first().waitFor();
  assert.equal(await rows.count(), 2);
  await assertAccessible(page, 'the audit of one record');
  await page.reload();
  await rows.first().waitFor();
  assert.equal(await rows.count(), 2);

  await page.getByRole('button', { name: 'Only one: building or system' }).click();
  await page.getByText('added a person').first().click();
  await page.getByRole('button', { name: 'person.email' }).first().click();
  await page.getByRole('button', { name: 'Only one: person' }).waitFor();
  await rows.first().waitFor();
  assert.equal(await rows.count(), 1);
  assertNoComplaints(ada);
});

test('in quiet hours a notice that can wait only counts at the bell', async (t) => {
  const station = await startStation(t);
  const { call } = await program(station.url);
  const { sites } = (await call('people.me', {})) as unknown as { sites: [{ id: string }] };
  const quiet = (quietHours: string | null) => call('people.updateSite', { site: sites[0].id, quietHours });
  const clock = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  await quiet(`${clock(-1)}-${clock(1)}`);
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  await call('watch.startBackup', {});
  await page.getByRole('button', { name: '1 new notice' }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  await quiet(null);
  await goTo(page, 'Site');
  await page.getByRole('switch', { name: 'Quiet hours', checked: false }).waitFor();
  await call('watch.startBackup', {});
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: '2 new notices' }).waitFor();
  assertNoComplaints(ada);
});

test('from a team, a person and an organisation one comes to what happened to them', async (t) => {
  const station = await startStation(t);
  const { organisation } = await furnish(station.url);
  const { call } = await program(station.url);
  const { people } = (await call('people.listPeople', { organisation })) as unknown as { people: { id: string; name: string }[] };
  await call('people.updateOrganisation', { organisation, name: 'Nordwerk GmbH' });
  const { team } = await call('people.createTeam', { organisation, name: 'Night shift' });
  await call('people.setTeamMember', { team, person: people.find(({ name }) => name === 'Vera Viewer')?.id, role: 'member' });
  const ada = await sitDown(t);
  const { page } = ada;
  await signIn(ada, station.url);
  const acts = page.getByRole('button', { expanded: false }).filter({ has: page.locator('time') });
  const only = async (thing: string, ...expected: RegExp[]) => {
    await page.getByRole('button', { name: `Only one: ${thing}` }).waitFor();
    for (const act of expected) await acts.filter({ hasText: act }).first().waitFor();
    assert.equal(await acts.count(), expected.length, thing);
  };

  await goTo(page, 'Teams');
  await page.getByRole('button', { name: 'History of Night shift' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'History of Night shift' }).getByText('Night shift', { exact: true }).last().waitFor();
  await assertAccessible(page, 'the history of a team');
  await page.getByRole('button', { name: 'In the audit' }).click();
  await only('team', /added somebody to a team/, /added a team/);

  await goTo(page, 'People');
  await page.getByRole('button', { name: 'Vera Viewer' }).click();
  await page.getByRole('button', { name: 'In the audit' }).click();
  await only('person', /added somebody to a team/, /added a person/);

  await goTo(page, 'All sites');
  await page.getByRole('button', { name: 'History of Nordwerk GmbH' }).click();
  await page.getByRole('button', { name: 'In the audit' }).click();
  await only('organisation', /changed an organisation/);
  assertNoComplaints(ada);
});
