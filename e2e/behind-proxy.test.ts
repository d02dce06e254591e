// Behind nginx, which knows who somebody is: coming in as whom it names, a critical act, and going out again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { HEADER, noNginx, openNginx, PROXY } from '../main/testing/nginx.ts';
import { assertAccessible, assertNoComplaints, signIn, sitDown } from './driver.ts';
import { program } from './program.ts';
import { ADMIN, startStation } from './station.ts';

test('whom the proxy names comes in with one press, and is not let in again by itself', { skip: noNginx }, async (t) => {
  const station = await startStation(t, { args: ['--trusted-proxies', PROXY, '--forwarded-header', HEADER] });
  const nginx = await openNginx(t, station.url);
  const { call } = await program(station.url);
  const { sites } = (await call('people.me', {})) as unknown as { sites: { organisation: string }[] };
  const organisation = sites[0]?.organisation ?? '';
  await call('people.createPerson', {
    email: 'otto@example.org',
    name: 'Otto',
    role: 'organisationAdmin',
    at: { kind: 'organisation', organisation },
  });

  const otto = await sitDown(t);
  const { page } = otto;
  await otto.context.addCookies([{ name: 'desk', value: 'otto', url: nginx.url }]);
  await page.goto(nginx.url);
  const enter = page.getByRole('button', { name: 'Continue as otto@example.org' });
  await enter.waitFor();
  await assertAccessible(page, 'the door behind a proxy');
  await enter.click();
  await page.getByRole('navigation', { name: 'Areas' }).waitFor();
  // Both sockets came through: the page is live.
  await page.getByText('Connected').waitFor();

  await page.getByRole('button', { name: 'Account of Otto' }).click();
  await page.getByRole('menuitem', { name: 'My account' }).click();
  await page.getByText('127.0.0.1 · this one').waitFor();

  // Some time later: there is no password to ask for, so the proxy is asked once more.
  await station.stop();
  const database = new Database(join(station.data, 'station', 'site.db'));
  database.prepare('update "session" set "confirmedAt" = 0').run();
  database.close();
  // Only once it has been missed does “Connected” say anything.
  await page.getByText('Connected').waitFor({ state: 'hidden' });
  await station.again();
  await page.getByText('Connected').waitFor();
  const confirm = page.getByRole('dialog', { name: 'Is it still you?' });
  // Streams are back; the socket of the calls may be a moment later, and says so.
  for (let tries = 0; tries < 10 && !(await confirm.isVisible()); tries++) {
    await page.getByRole('button', { name: 'Use my phone' }).click();
    await confirm.or(page.getByText('Nothing was changed.')).first().waitFor();
  }
  await confirm.getByText('The sign-in in front of this station knows you as otto@example.org.').waitFor();
  await assertAccessible(page, 'a proof by the proxy');
  await confirm.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('img', { name: 'QR code for an authenticator app' }).waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Account of Otto' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await page.reload();
  await enter.waitFor();
  assert.equal(await page.getByRole('navigation', { name: 'Areas' }).count(), 0);

  // Somebody whom the station does not know is told what to do.
  const lost = await sitDown(t);
  await lost.context.addCookies([{ name: 'desk', value: 'lost', url: nginx.url }]);
  await lost.page.goto(nginx.url);
  await lost.page.getByRole('button', { name: 'Continue as lost@example.org' }).click();
  await lost.page.getByText('This station lets nobody in as lost@example.org. Ask an administrator to add you.').waitFor();
  await assertAccessible(lost.page, 'the door, refused');
  // With a password one comes in all the same.
  await signIn(lost, nginx.url, ADMIN);
  // While the station was stopped, the proxy said so.
  assert.deepEqual(
    otto.complaints.filter((said) => !said.includes('502 (Bad Gateway)')),
    [],
  );
  assertNoComplaints(lost);
});
