// Updates in the life of the program, by the real updater and the real way out: before the station, over its work, on the way down.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { UpdateState, UpdateStep } from '../../../../contract/watch/updates.ts';
import { appImageUpdater } from '../../../testing/appImage.ts';
import { temporaryFolder } from '../../../testing/databases.ts';
import { giveElectron } from '../../../testing/electron/hook.ts';
import { electronWorld } from '../../../testing/electron/world.ts';
import { keyPair, releaseOf, serveFeed } from '../../../testing/feed.ts';
import { openDesk } from './desk.ts';
import { type LifeOptions, openUpdates } from './life.ts';

giveElectron(electronWorld().modules);
const { openLeaving } = await import('../leaving.ts');

const OURS = keyPair();
const NEW_PROGRAM = Buffer.from('#!/bin/sh\nexit 0\n');

/** One run of the program that is installed in `folder`, with what a test makes of its station. */
function aLife(t: TestContext, folder: string, station: { tasks?: string[] | undefined; onStop?: () => void; onUnlock?: () => void } = {}) {
  const quiet = t.mock.method(process.stderr, 'write', () => true);
  t.after(() => quiet.mock.restore());
  const did: string[] = [];
  const first = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<void>();
  const app = Object.assign(new EventEmitter(), { quit: () => void app.emit('before-quit', { preventDefault() {} }) });
  const leaving = openLeaving(app as never, {
    busy: async () => [],
    ask: async () => true,
    stop: async () => {},
    onAgreed: () => updates.close(),
  });
  const updates = openUpdates({
    async load() {
      did.push('load');
      const updater = appImageUpdater(folder, {
        quit() {
          did.push('quit');
          app.quit();
          settled.resolve();
        },
      });
      return (given) => openDesk({ ...given, log: () => settled.resolve(), updater, fetch, key: OURS.known, resources: folder });
    },
    app: {
      requestSingleInstanceLock: () => did.push('lock') > 0,
      releaseSingleInstanceLock() {
        did.push('unlock');
        station.onUnlock?.();
      },
    },
    data: folder,
    memoryFile: join(folder, 'updates.json'),
    station: {
      busy: async () => ('tasks' in station ? station.tasks : []),
      async stop() {
        did.push('stop');
        station.onStop?.();
      },
    },
    leaving: () => leaving,
    onInstall: () => void did.push('say so'),
    startStation() {
      did.push('start');
      first.resolve();
    },
  });
  let wish = 0;
  const go = async (step: UpdateStep) => (await updates.grant({ wish: ++wish, step })).answer;
  return {
    updates,
    leaving,
    did,
    go,
    started: first.promise,
    settled: settled.promise,
    program: () => readFileSync(process.env.APPIMAGE as string),
    async until(kind: UpdateState['kind']): Promise<void> {
      while ((await updates.grant({ wish: 0, step: 'look' })).state.kind !== kind) await new Promise(setImmediate);
    },
  };
}

async function installed(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const feed = await serveFeed(t, releaseOf('1.1.0', OURS, { bytes: NEW_PROGRAM }));
  writeFileSync(join(folder, 'app-update.yml'), `provider: generic\nurl: ${feed.address}\nupdaterCacheDirName: outpost-updater\n`);
  process.env.APPIMAGE = join(folder, 'Outpost.AppImage');
  writeFileSync(process.env.APPIMAGE, 'the old program');
  return folder;
}

async function downloaded(life: ReturnType<typeof aLife>): Promise<void> {
  await life.go('check');
  await life.until('available');
  await life.go('download');
  await life.until('ready');
}

test('a launch with nothing left for it loads nothing, and leaves the station to start at once', async (t) => {
  const folder = await installed(t);
  const { updates, did } = aLife(t, folder);
  assert.equal(updates.beginFirst(), false);
  for (const nothing of ['', 'null', '7', '{"seen":{"latest-linux.yml":5}}']) {
    writeFileSync(join(folder, 'updates.json'), nothing);
    assert.equal(updates.beginFirst(), false, nothing);
  }
  assert.deepEqual(did, []);
});

test('what was left for a launch is installed before the station has started', async (t) => {
  const folder = await installed(t);
  const before = aLife(t, folder);
  await downloaded(before);
  assert.equal(await before.go('installLater'), 'begun');
  const { updates, did, settled, leaving, program } = aLife(t, folder);
  assert.equal(updates.beginFirst(), true);
  await settled;
  await new Promise(setImmediate);
  assert.deepEqual(did, ['say so', 'load', 'say so', 'stop', 'unlock', 'quit']);
  assert.ok(program().equals(NEW_PROGRAM));
  assert.equal(existsSync(`${process.env.APPIMAGE}.before`), false);
  assert.equal(leaving.isAgreed(), true, 'the installer’s quit is not asked about');
});

test('what was left and is damaged since keeps nobody from starting', async (t) => {
  const folder = await installed(t);
  const before = aLife(t, folder);
  await downloaded(before);
  await before.go('installLater');
  const pending = join(folder, 'outpost-updater', 'pending');
  for (const name of readdirSync(pending)) if (name.endsWith('.AppImage')) writeFileSync(join(pending, name), 'damaged');
  const { updates, did, started, leaving, program } = aLife(t, folder);
  assert.equal(updates.beginFirst(), true);
  await started;
  assert.deepEqual(did, ['say so', 'load', 'lock', 'start']);
  assert.equal(program().toString(), 'the old program');
  assert.equal(leaving.isAgreed(), false);
});

test('it is not installed over running work, nor where the station does not say; then the window says so, the station first', async (t) => {
  const station: { tasks: string[] | undefined } = { tasks: ['Backup'] };
  const life = aLife(t, await installed(t), station);
  await downloaded(life);
  assert.equal(await life.go('installNow'), 'busy');
  station.tasks = undefined;
  assert.equal(await life.go('installNow'), 'busy');
  assert.deepEqual(life.did, ['load']);
  station.tasks = [];
  assert.equal(await life.go('installNow'), 'begun');
  await life.settled;
  assert.deepEqual(life.did, ['load', 'say so', 'stop', 'unlock', 'quit']);
  assert.ok(life.program().equals(NEW_PROGRAM));
});

test('an installation that fails leaves the program as it was: one window, its station, and a quit that is asked about', async (t) => {
  const folder = await installed(t);
  const life = aLife(t, folder, { onUnlock: () => rmSync(join(folder, 'outpost-updater'), { recursive: true }) });
  await downloaded(life);
  await life.go('installNow');
  await life.started;
  assert.deepEqual(life.did, ['load', 'say so', 'stop', 'unlock', 'lock', 'start']);
  assert.equal(life.leaving.isAgreed(), false);
  assert.equal(life.program().toString(), 'the old program');
  assert.equal(existsSync(`${process.env.APPIMAGE}.before`), false);
});

test('whoever quits while the station is set down gets no installation, and nothing is taken up again', async (t) => {
  const life = aLife(t, await installed(t), { onStop: () => life.leaving.now() });
  await downloaded(life);
  assert.equal(await life.go('installNow'), 'begun');
  await life.settled;
  await new Promise(setImmediate);
  assert.deepEqual(life.did, ['load', 'say so', 'stop']);
  assert.equal(life.program().toString(), 'the old program');
});

test('a machine that shuts down at the last moment gets none either, and none is begun by its next launch', async (t) => {
  const folder = await installed(t);
  const life = aLife(t, folder, { onUnlock: () => life.leaving.withoutAsking() });
  await downloaded(life);
  await life.go('installNow');
  await life.settled;
  await new Promise(setImmediate);
  assert.deepEqual(life.did, ['load', 'say so', 'stop', 'unlock']);
  assert.equal(life.program().toString(), 'the old program');
  const next = aLife(t, folder);
  assert.equal(next.updates.beginFirst(), false);
});

test('the way down stops what is only being loaded, and an answer comes all the same where nothing can be loaded', async (t) => {
  const folder = await installed(t);
  const life = aLife(t, folder);
  const looked = life.updates.grant({ wish: 1, step: 'look' });
  life.leaving.now();
  assert.deepEqual((await looked).state, { kind: 'idle' });
  assert.equal(await life.go('installNow'), 'closing');
  const { leaving } = life;
  const others: Omit<LifeOptions, 'load'> = {
    app: { requestSingleInstanceLock: () => true, releaseSingleInstanceLock() {} },
    data: folder,
    memoryFile: join(folder, 'updates.json'),
    station: { busy: async () => [], stop: async () => {} },
    leaving: () => leaving,
    onInstall() {},
    startStation() {},
  };
  const broken = openUpdates({ ...others, load: async () => Promise.reject(new Error('the archive is damaged')) });
  assert.deepEqual(await broken.grant({ wish: 7, step: 'check' }), {
    granted: 7,
    state: { kind: 'off', why: 'notPackaged' },
    answer: 'notReady',
  });
  // A working copy installs nothing, whatever was left beside it.
  writeFileSync(others.memoryFile, '{"next":{"name":"latest-linux.yml","yml":"","signature":""}}');
  assert.equal(openUpdates({ ...others, load: undefined }).beginFirst(), false);
});
