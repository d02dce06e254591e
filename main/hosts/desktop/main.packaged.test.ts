// The built desktop program as a package starts it, under the double: with something left for this launch, and no key to trust it by.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCalls } from '../../../renderer/app/calls.ts';
import { portLink } from '../../../renderer/app/links.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { dial, startDesktop } from '../../testing/electron/desktop.ts';
import { press } from '../../testing/electron/shell.ts';

test('a package with something left for its launch opens its window, then its station, and loads the real updater', async (t) => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'station');
  mkdirSync(join(data, 'window'), { recursive: true });
  const left = join(data, 'window', 'updates.json');
  writeFileSync(left, JSON.stringify({ next: { name: 'latest-linux.yml', yml: 'version: 9.9.9', signature: 'x' } }));
  writeFileSync(join(folder, 'app-update.yml'), 'provider: generic\nurl: ""\nupdaterCacheDirName: outpost-updater\n');
  const appImage = join(folder, 'Out post.AppImage');
  process.env.APPIMAGE = appImage;
  const desktop = await startDesktop(t, data, ['--demo'], folder);
  const window = desktop.windows[0] ?? assert.fail('there is no window');
  assert.match(window.html, /being updated/);
  assert.deepEqual(desktop.protocols, ['outpost'], 'the system hands its links to a package');
  press(desktop.shell.seen.menu ?? assert.fail('there is no menu'), 'Open when I log in', true);
  const autostart = join(desktop.paths.get('appData') as string, 'autostart', 'outpost.desktop');
  assert.ok(readFileSync(autostart, 'utf8').includes(`"${appImage}"`), 'the file one has, not the place it runs from');
  await desktop.until(() => window.address.startsWith('outpost://app/#link='));
  assert.equal(desktop.forked.length, 1);
  assert.ok(readFileSync(left, 'utf8').includes('9.9.9'), 'without a key nobody judges what was left');

  const { port, refused } = await dial(window.page, 'calls');
  assert.ok(port, refused);
  let token: string | undefined;
  const calls = openCalls(
    async () => portLink(port as never),
    () => token,
  );
  calls.start();
  t.after(() => calls.stop());
  await Promise.resolve();
  token = (await calls.station.people.signInByLink({ secret: window.address.split('#link=')[1] as string })).token;
  assert.deepEqual(await calls.station.watch.updates({}), { state: { kind: 'off', why: 'noKey' } });
  assert.deepEqual(await calls.station.watch.update({ step: 'installNow' }), { answer: 'notReady' });
});
