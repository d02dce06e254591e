// Window or browser: the choice, and what is done for it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { temporaryFolder } from '../../testing/databases.ts';
import { electronFolder, fetchElectron, findElectron, hasDisplay, meansHere, runWindow, wayToShow } from './window.ts';

test('a window needs a display and the binary; the binary is fetched only where somebody looks on', () => {
  const binary = '/electron';
  for (const [display, binaryThere, mayFetch, way] of [
    [true, true, true, 'window'],
    [true, true, false, 'window'],
    [true, false, true, 'fetch'],
    [true, false, false, 'browser'],
    [false, true, true, 'browser'],
    [false, true, false, 'browser'],
    [false, false, true, 'browser'],
    [false, false, false, 'browser'],
  ] as const)
    assert.equal(wayToShow({ display, binary: binaryThere ? binary : undefined, mayFetch }), way);
});

test('what there is to show a window with is read from the terminal, the environment and the package', (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(meansHere(folder, true, { DISPLAY: ':0' }, 'linux'), { binary: undefined, display: true, mayFetch: true });
  assert.deepEqual(meansHere(folder, false, {}, 'linux'), { binary: undefined, display: false, mayFetch: false });
  assert.deepEqual(meansHere(undefined, true, {}, 'linux'), { binary: undefined, display: false, mayFetch: false });
  // Whoever says that there is none, or where it is, is not asked to wait for another one.
  assert.equal(meansHere(folder, true, { OUTPOST_ELECTRON: '' }, 'linux').mayFetch, false);
  assert.equal(meansHere(folder, true, { OUTPOST_ELECTRON: '/nowhere' }, 'linux').mayFetch, false);
});

test('a display is one of this machine', () => {
  assert.equal(hasDisplay('linux', { DISPLAY: ':0' }), true);
  assert.equal(hasDisplay('linux', { WAYLAND_DISPLAY: 'wayland-0' }), true);
  assert.equal(hasDisplay('linux', { DISPLAY: '' }), false);
  assert.equal(hasDisplay('linux', {}), false);
  assert.equal(hasDisplay('darwin', {}), true);
  assert.equal(hasDisplay('win32', { SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22' }), false);
});

test('the binary is found where the package has unpacked it whole, or where one says it is', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(findElectron(undefined, {}), undefined);
  assert.equal(findElectron(folder, {}), undefined);
  writeFileSync(join(folder, 'path.txt'), 'electron');
  assert.equal(findElectron(folder, {}), undefined, 'only its name is there');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist', 'electron'), '');
  assert.equal(findElectron(folder, {}), join(folder, 'dist', 'electron'));
  assert.equal(findElectron(folder, { OUTPOST_ELECTRON: join(folder, 'path.txt') }), join(folder, 'path.txt'));
  assert.equal(findElectron(folder, { OUTPOST_ELECTRON: '/nowhere' }), undefined);
  assert.equal(findElectron(folder, { OUTPOST_ELECTRON: '' }), undefined);
  assert.ok(existsSync(join(electronFolder() ?? '', 'install.js')), 'the package is not where it was looked for');
});

test('fetching ends by itself, and is killed when it does not', async (t) => {
  const folder = temporaryFolder(t);
  const install = (source: string) => writeFileSync(join(folder, 'install.js'), source);
  install(`require('node:fs').writeFileSync(__dirname + '/path.txt', 'electron')`);
  await fetchElectron(folder);
  assert.equal(readFileSync(join(folder, 'path.txt'), 'utf8'), 'electron');

  install(
    `process.on('SIGTERM', () => {}); require('node:fs').writeFileSync(__dirname + '/pid', String(process.pid)); setInterval(() => {}, 1e6)`,
  );
  const enough = new AbortController();
  const fetching = fetchElectron(folder, enough.signal);
  const pid = Number(await written(join(folder, 'pid')));
  enough.abort();
  await fetching;
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  install(`throw new Error('no network')`);
  await fetchElectron(folder);
});

/** What is in the file once something is in it. */
async function written(file: string): Promise<string> {
  for (;;) {
    if (existsSync(file) && readFileSync(file, 'utf8') !== '') return readFileSync(file, 'utf8');
    await setImmediate();
  }
}

test('a window that opened is told from one that never did', async (t) => {
  const program = join(temporaryFolder(t), 'program.mjs');
  const run = async (source: string) => {
    writeFileSync(program, source);
    const lines: string[] = [];
    return { ...(await runWindow(process.execPath, [program, '--demo'], (line) => lines.push(line))), lines };
  };
  process.env.ELECTRON_RUN_AS_NODE = '1';
  t.after(() => delete process.env.ELECTRON_RUN_AS_NODE);
  const good = await run(`console.log('Outpost is open in its window.'); console.log(process.argv[2], process.env.ELECTRON_RUN_AS_NODE)`);
  assert.deepEqual(good, { opened: true, code: 0, lines: ['Outpost is open in its window.', '--demo undefined'] });
  assert.deepEqual(await run(`process.exit(21)`), { opened: false, code: 21, lines: [] });
  assert.deepEqual(await runWindow('/nowhere/electron', [], assert.fail), { opened: false, code: null });
});
