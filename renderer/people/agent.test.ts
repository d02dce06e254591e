// What browsers call themselves, in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agentOf } from './agent.ts';

const LINUX = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)';
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';

test('the browsers people use, none taken for the one it claims to be like', () => {
  const known: [string, browser: string, system: string][] = [
    [`${LINUX} Chrome/140.0.0.0 Safari/537.36`, 'Chrome', 'Linux'],
    [`${LINUX} HeadlessChrome/140.0.0.0 Safari/537.36`, 'Chrome', 'Linux'],
    [`${WINDOWS} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`, 'Edge', 'Windows'],
    [`${WINDOWS} Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0`, 'Opera', 'Windows'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'Windows'],
    [`${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`, 'Safari', 'macOS'],
    [`${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`, 'Safari', 'iOS'],
    [`${IPHONE} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1`, 'Chrome', 'iOS'],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
      'Chrome',
      'Android',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
      'Samsung Internet',
      'Android',
    ],
  ];
  for (const [agent, browser, system] of known) assert.deepEqual(agentOf(agent), { browser, system }, agent);
});

test('the window of the desktop is no browser', () => {
  assert.deepEqual(agentOf('Outpost 0.1.0, desktop window on win32'), { window: true, system: 'Windows' });
  assert.deepEqual(agentOf('Outpost 0.1.0, desktop window on darwin'), { window: true, system: 'macOS' });
  assert.deepEqual(agentOf('Outpost 0.1.0, desktop window'), { window: true, system: undefined });
  assert.deepEqual(agentOf(`${LINUX} Outpost/0.1.0 Chrome/140.0.0.0 Electron/40.0.0 Safari/537.36`), { window: true, system: 'Linux' });
});

test('anything else is shown as it is, forty letters of it at most and none cut in half', () => {
  assert.deepEqual(agentOf('curl/8.5.0'), { text: 'curl/8.5.0' });
  assert.deepEqual(agentOf(''), { text: '' });
  assert.deepEqual(agentOf('Chrome/140'), { text: 'Chrome/140' }, 'a browser on nothing');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (agent) => {
      const said = agentOf(agent);
      if (!('text' in said)) return;
      assert.ok(agent.startsWith(said.text) && [...said.text].length <= 40);
      if (agent.isWellFormed()) assert.ok(said.text.isWellFormed());
    }),
  );
});
