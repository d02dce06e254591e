// npm start and the edge as they are built, as real processes: without electron, without a display, and with a window that fails.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../testing/databases.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const DIST = at('../../../dist/main/');
const FORBID = ['--import', at('../../testing/electron/forbid.ts')];

type Run = { child: ChildProcess; lines: string[]; line(wanted: RegExp): Promise<string>; ended: Promise<number | null> };

function run(t: TestContext, args: string[], cwd: string, env: Record<string, string> = {}): Run {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...own } = process.env;
  const child = spawn(process.execPath, args, { cwd, env: { ...own, OUTPOST_ELECTRON: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (text) => {
      lines.push(text);
      for (const listener of listeners) listener();
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const line = (wanted: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines.find((text) => wanted.test(text));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then((code) => reject(new Error(`it ended with ${code} and said: ${lines.join('\n')}`)));
    });
  return { child, lines, line, ended };
}

test('the edge starts and serves where electron may not be imported', { timeout: 20_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const edge = run(t, [...FORBID, join(DIST, 'edge.js'), '--data', join(folder, 'station'), '--port', '0'], folder);
  const { url } = JSON.parse(await edge.line(/"event":"listening"/)) as { url: string };
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  edge.child.kill('SIGTERM');
  assert.equal(await edge.ended, 0);
});

test('of all that is built for the station only the window’s program names electron; and the trap of these tests does bite', async (t) => {
  const naming = readdirSync(DIST).filter(
    (name) => name.endsWith('.js') && /\b(from|import|require)\s*\(?\s*["']electron["'/]/.test(readFileSync(join(DIST, name), 'utf8')),
  );
  // What it loads when it is wanted lies beside it.
  assert.deepEqual(
    naming.filter((name) => !/^electron-\w+\.js$/.test(name)),
    ['desktop.js'],
  );
  const trapped = run(t, [...FORBID, join(DIST, 'desktop.js')], temporaryFolder(t));
  assert.equal(await trapped.ended, 1);
  assert.match(trapped.lines.join('\n'), /electron is imported by .*desktop\.js/);
});

test('without a binary the plant is shown at the printed address; a second start says where', { timeout: 20_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const first = run(t, [...FORBID, join(DIST, 'start.js')], folder, { DISPLAY: ':99' });
  const link = await first.line(/^http/);
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/#link=[A-Za-z0-9_-]{16,}$/);
  assert.equal(first.lines[0], 'Electron’s binary is not on this machine: the same screens open in a browser.');
  assert.equal(first.lines.at(-1), link, 'the address is the last line');
  assert.equal((await fetch(link)).status, 200);

  const second = run(t, [join(DIST, 'start.js')], folder, { DISPLAY: ':99' });
  assert.equal(await second.ended, 0);
  assert.deepEqual(second.lines, ['The demo station is running already.', new URL(link).origin]);

  // Killed, its file stays behind; its lock does not, and the next start is a first one.
  first.child.kill('SIGKILL');
  await first.ended;
  const third = run(t, [join(DIST, 'start.js')], folder);
  await third.line(/^http/);
  assert.equal(third.lines[0], 'There is no display here for a window: the same screens open in a browser.');
  third.child.kill('SIGTERM');
  assert.equal(await third.ended, 0);
});

test('with a binary the window is run on the demo plant; if it does not open, the browser shows the same', {
  timeout: 20_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const binary = join(folder, 'electron');
  const pretend = (script: string) => {
    writeFileSync(binary, `#!/bin/sh\n${script}\n`);
    chmodSync(binary, 0o755);
  };
  const env = { DISPLAY: ':99', OUTPOST_ELECTRON: binary };

  pretend(`echo "Outpost is open in its window."; echo "$@"`);
  const shown = run(t, [...FORBID, join(DIST, 'start.js')], folder, env);
  assert.equal(await shown.ended, 0);
  assert.deepEqual(shown.lines, [
    'Outpost is open in its window.',
    `${join(DIST, 'desktop.js')} --data ${join(folder, '.outpost', 'demo')} --demo`,
  ]);

  pretend('echo "Missing X server" >&2; exit 1');
  const fallen = run(t, [join(DIST, 'start.js')], folder, env);
  await fallen.line(/^http/);
  assert.ok(fallen.lines.includes('The window did not open (Electron ended with 1): the same screens open in a browser.'));
  assert.ok(fallen.lines.includes('Missing X server'));
  fallen.child.kill('SIGTERM');
  assert.equal(await fallen.ended, 0);
});
