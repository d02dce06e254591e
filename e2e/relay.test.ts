// The window at another station: a real edge with a certificate of its own, on the network, chosen by its address and its fingerprint.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { post, withToken } from '../main/testing/web.ts';
import { assertAccessible, assertNoComplaints, goTo, sitDown } from './driver.ts';
import { ADMIN, type EdgeProcess, startStation } from './station.ts';
import { becomeWindow, ORIGIN, oneDesktop } from './windowDouble.ts';

const started = oneDesktop();

const fingerprintOf = (station: EdgeProcess): string =>
  [...station.log().matchAll(/"fingerprint":"([0-9A-F:]{95})"/g)].at(-1)?.[1] ?? 'none';

/** As it stands on the screen, in rows. */
const shownIn = async (page: Page, label: string): Promise<string> =>
  (await page.getByRole('figure', { name: label }).locator('code > span').allTextContents()).join(':');

async function add(page: Page, station: EdgeProcess): Promise<void> {
  await page.getByRole('button', { name: 'Choose a station' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Another station' }).click();
  await dialog.getByLabel('Address').fill(station.url);
  await page.keyboard.press('Enter');
  await dialog.getByText('Compare this fingerprint').waitFor();
  assert.equal(await shownIn(page, 'Fingerprint of its certificate'), fingerprintOf(station));
  await assertAccessible(page, 'the fingerprint to compare');
  await dialog.getByRole('button', { name: 'It is the same' }).click();
}

async function signIn(page: Page): Promise<void> {
  // The page of before may have a form with the same fields.
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor({ timeout: 30_000 });
  await page.getByText('Connected', { exact: true }).waitFor();
}

const tokenAt = (page: Page, station: EdgeProcess) => page.evaluate((url) => sessionStorage.getItem(`outpost.token@${url}`), station.url);

test('from the window one signs in at another station, works there, sees it go and come back, and is told of another certificate', async (t) => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((net) => net?.family === 'IPv4' && !net.internal)?.address;
  if (address === undefined) return t.skip('this machine has no address beyond loopback');
  const station = await startStation(t, { args: ['--host', address, '--name', 'Boiler house'] });
  const desktop = await started;
  const person = await sitDown(t);
  const { page } = person;
  await becomeWindow(person.context, desktop);
  await page.goto(ORIGIN);
  await page.getByRole('heading', { name: 'Set this station up' }).waitFor();
  await page.getByText('This computer', { exact: true }).waitFor();

  await page.getByRole('button', { name: 'Choose a station' }).click();
  await assertAccessible(page, 'the stations');
  await page.getByRole('button', { name: 'Another station' }).click();
  await page.getByLabel('Address').fill('http://192.0.2.200:8480');
  await page.keyboard.press('Enter');
  await page.getByText('Plain HTTP goes to this computer only').waitFor();
  await page.keyboard.press('Escape');

  await add(page, station);
  await signIn(page);
  await page.getByRole('button', { name: 'Station: Boiler house' }).waitFor();
  await assertAccessible(page, 'the plant of another station');

  // An act, and the stream that shows it.
  await goTo(page, 'Site');
  await page.getByRole('button', { name: 'Add a building' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('Hall A');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Actions for Hall A' }).waitFor();
  assert.ok(station.log().includes('"event":"listening"'));

  // It dies, and is there again.
  const noContact = page.getByText('No contact', { exact: true }).waitFor();
  station.process.kill('SIGKILL');
  await once(station.process, 'exit');
  await noContact;
  await station.again();
  await page.getByText('Connected', { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Actions for Hall A' }).waitFor();

  // The station of this computer dies meanwhile: one is where one was.
  process.kill(desktop.forked.at(-1)?.pid as number, 'SIGKILL');
  await page.getByText('The station of this computer stopped unexpectedly').waitFor();
  await page.getByText('Connected', { exact: true }).waitFor();

  // Back at this computer nothing of the other one is there; the session there is kept for it alone.
  await page.getByRole('button', { name: 'Station: Boiler house' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /This computer/ })
    .click();
  await page.getByRole('heading', { name: 'Set this station up' }).waitFor();
  await page.getByRole('button', { name: 'Choose a station' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Boiler house/ })
    .click();
  await page.getByRole('heading', { name: 'Works 1', level: 1 }).waitFor({ timeout: 30_000 });

  // Another certificate at the same address: refused, with both fingerprints, and nothing of the plant stays on the screen.
  const before = fingerprintOf(station);
  await station.stop();
  for (const file of ['tls.crt', 'tls.key']) rmSync(join(station.data, 'station', 'secrets', file));
  await station.again();
  await page.getByRole('heading', { name: 'Another certificate than the one you confirmed' }).waitFor({ timeout: 30_000 });
  assert.equal(await shownIn(page, 'Confirmed'), before);
  assert.equal(await shownIn(page, 'Shown now'), fingerprintOf(station));
  assert.notEqual(before, fingerprintOf(station));
  await assertAccessible(page, 'another certificate');

  // Forgotten, then confirmed anew; signed out, the session is over there as well.
  await page.getByRole('alert').getByRole('button', { name: 'Choose a station' }).click();
  await page.getByRole('button', { name: 'Forget Boiler house' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget', exact: true }).click();
  await page.getByRole('heading', { name: 'Set this station up' }).waitFor();
  assert.equal(await tokenAt(page, station), null);
  await add(page, station);
  await signIn(page);
  const token = (await tokenAt(page, station)) as string;
  assert.equal((await post(station.url, 'people.me', {}, withToken(token))).status, 200);
  await page.getByRole('button', { name: 'Account of Ada Admin' }).click();
  await page.getByRole('menuitem', { name: 'Choose a station' }).waitFor();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  assert.equal((await post(station.url, 'people.me', {}, withToken(token))).status, 401);
  assert.equal(await tokenAt(page, station), null);

  // What the window keeps names no session.
  const kept = readFileSync(join(desktop.data, 'window', 'stations.json'), 'utf8');
  assert.ok(kept.includes(station.url) && !kept.includes(token), kept);
  const logged = readFileSync(join(desktop.data, 'logs', 'outpost.log'), 'utf8');
  assert.ok(logged.includes('stationConfirmed') && logged.includes('otherCertificate') && !logged.includes(token));
  assertNoComplaints(person);
});

test('a browser at an edge is offered no other station', async (t) => {
  const station = await startStation(t);
  const person = await sitDown(t);
  await person.page.goto(station.url);
  await person.page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.equal(await person.page.getByRole('button', { name: 'Choose a station' }).count(), 0);
  await signIn(person.page);
  assert.equal(await person.page.getByRole('button', { name: /Station:/ }).count(), 0);
  assertNoComplaints(person);
});
