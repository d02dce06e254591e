// npm run e2e:desktop where there is no binary: it says what is missing, and ends with a code of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const run = (env: Record<string, string>) => {
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('./desktop.ts', import.meta.url))], {
    env: { PATH: process.env.PATH ?? '', ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stderr };
};

test('without the binary, or without a display, it says so and ends with 3', () => {
  const without = run({ OUTPOST_ELECTRON: '', DISPLAY: ':0' });
  assert.deepEqual([without.status, without.stderr.split('\n').length], [3, 2]);
  assert.match(without.stderr, /^Electron’s binary is not on this machine/);
  const blind = run({ OUTPOST_ELECTRON: process.execPath });
  assert.equal(blind.status, process.platform === 'linux' ? 3 : blind.status);
  if (process.platform === 'linux') assert.match(blind.stderr, /^There is no display here/);
});
