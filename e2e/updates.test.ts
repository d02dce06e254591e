// A newer version on the screen: the real station with the window's updater lent to it, and a real feed behind that.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDesk } from '../main/hosts/desktop/update/desk.ts';
import { openStation } from '../main/hosts/open.ts';
import { serveWeb } from '../main/hosts/web/server.ts';
import { appImageUpdater } from '../main/testing/appImage.ts';
import { keyPair, releaseOf, serveFeed } from '../main/testing/feed.ts';
import { assertAccessible, assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { ADMIN } from './station.ts';

const SCREENS = fileURLToPath(new URL('../dist/renderer', import.meta.url));

test('an update is looked for, downloaded and left for the next launch, and its notes are text', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-e2e-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ours = keyPair();
  const notes = '<b>Faster charts</b>\nand fewer surprises.';
  const feed = await serveFeed(t, releaseOf('1.1.0', ours, { notes }));
  writeFileSync(join(folder, 'app-update.yml'), `provider: generic\nurl: ${feed.address}\nupdaterCacheDirName: outpost-updater\n`);
  process.env.APPIMAGE = join(folder, 'Outpost.AppImage');
  const updater = appImageUpdater(folder);
  const nothing = {
    busy: async () => false,
    letGo: async () => {},
    takeUp: () => {},
    log: () => {},
    memoryFile: join(folder, 'updates.json'),
  };
  const desk = await openDesk({ ...nothing, updater, fetch, key: ours.known, data: folder, resources: folder });
  const setUp = { organisation: 'Nordwerk', site: 'Works 1', admin: ADMIN };
  const options = { data: join(folder, 'station'), demo: false, setUp, restore: undefined, flags: { port: 0 } };
  const station = await openStation(options, 'desktop', undefined, { updates: { state: async () => desk.state(), go: desk.go } });
  t.after(() => station.stop());
  const web = await serveWeb(station.site, SCREENS);
  t.after(() => web.close());

  const person = await sitDown(t);
  const { page } = person;
  await signIn(person, web.url);
  await goTo(page, 'Health');
  await page.getByText('Not looked yet.').waitFor();
  await page.getByRole('button', { name: 'Look for updates' }).click();
  await page.getByText('Version 1.1.0').waitFor();
  await page.getByText('What is new').click();
  await page.getByText(notes, { exact: false }).waitFor();
  assert.equal(await page.locator('details b').count(), 0);
  await page.getByRole('button', { name: 'Download' }).click();
  await page.getByText('is downloaded and verified').waitFor();
  await page.getByRole('button', { name: 'Install and restart' }).scrollIntoViewIfNeeded();
  if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
  await assertAccessible(page, 'updates');
  await page.getByRole('button', { name: 'Install at the next launch' }).click();
  await page.getByText('is installed at the next launch').waitFor();
  desk.close();
  await page.getByRole('button', { name: 'Install and restart' }).click();
  await page.getByText('The program is closing already.').waitFor();
  assertNoComplaints(person);

  const gloved = await sitDown(t, { isMobile: true, hasTouch: true });
  await signIn(gloved, web.url);
  await goTo(gloved.page, 'Health');
  for (const pressed of [gloved.page.getByText('What is new'), gloved.page.getByRole('button', { name: 'Install and restart' })])
    assert.ok(((await pressed.boundingBox())?.height ?? 0) >= 43.5);
});
