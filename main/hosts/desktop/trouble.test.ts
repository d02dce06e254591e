// A first start that fails: the folder is taken. The window says why, tries again when told to, and then shows the demo plant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCalls } from '../../../renderer/app/calls.ts';
import { portLink } from '../../../renderer/app/links.ts';
import { openFolder } from '../../store/folder.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { dial, startDesktop } from '../../testing/electron/desktop.ts';
import { waitingPage } from './waiting.ts';

test('a station that cannot start says why in the window, and is started again from there', { timeout: 20_000 }, async (t) => {
  const data = temporaryFolder(t);
  const taken = openFolder(data);
  const desktop = await startDesktop(t, data, ['--demo', '--some-switch-of-chromium']);
  const [window] = desktop.windows;
  assert.ok(window);
  assert.equal(window.address, 'outpost://app/waiting');
  await desktop.until(() => window.html.includes('could not be started'));
  assert.match(window.html, /Another Outpost works in .*\. Stop it, or start this one with another --data folder\./);
  assert.match(window.html, /The station ended with 1\./);
  assert.match(window.html, /<a href="outpost:\/\/app\/waiting\/again">Try again<\/a>/);
  assert.match(window.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  // Nothing runs that could give a port.
  assert.equal((await dial(window.page, 'calls')).refused, 'the station is not running');

  // Still taken: the same again.
  assert.equal(await window.navigate('outpost://app/waiting/again'), false);
  await desktop.until(() => window.html.includes('is starting'));
  await desktop.until(() => window.html.includes('could not be started'));
  assert.equal(desktop.forked.length, 2);

  taken.release();
  await window.navigate('outpost://app/waiting/again');
  await desktop.until(() => !window.address.startsWith('outpost://app/waiting'));
  assert.equal(desktop.forked.length, 3);
  const [, secret = ''] = /^outpost:\/\/app\/#link=([A-Za-z0-9_-]{16,128})$/.exec(window.address) ?? [];

  const { port } = await dial(window.page, 'calls');
  assert.ok(port);
  let token: string | undefined;
  const calls = openCalls(
    async () => portLink(port as never),
    () => token,
  );
  calls.start();
  await new Promise(setImmediate);
  ({ token } = await calls.station.people.signInByLink({ secret }));
  const { person } = await calls.station.people.me({});
  assert.equal(person.name, 'Dana Demo');
  await assert.rejects(calls.station.people.signInByLink({ secret }), { code: 'unauthenticated' });
  calls.stop();
});

test('what the station said is shown as text, whatever it said', async () => {
  const html = await waitingPage({ for: 'help', said: '<script>alert(1)</script>"&\'' }).text();
  assert.ok(html.includes('&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#38;&#39;'));
  assert.equal(/<script/.test(html), false);
});
