// How the station says it is: each check in a word and in a sentence that tells what to do.
import assert from 'node:assert/strict';
import disk from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { mock, type TestContext, test } from 'node:test';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { as, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { reaches } from '../testing/tasks.ts';
import { worst } from './health.ts';

const HOUR_MS = 3_600_000;
const healthOf = (station: TestStation) => as(station, 'platformAdmin').watch.health({});
const check = async (station: TestStation, name: string) => {
  const { checks } = await healthOf(station);
  const { state, message } = checks.find((one) => one.name === name) ?? {};
  return [state, message];
};

/** The disk as the system tells it: so many blocks of 4096 bytes are free. */
function withDisk(t: TestContext, free: { bavail: number; blocks: number }): void {
  const told = { type: 0, bsize: 4_096, bfree: free.bavail, files: 0, ffree: 0, ...free };
  mock.method(disk, 'statfs', async () => told);
  syncBuiltinESMExports();
  t.after(() => {
    mock.restoreAll();
    syncBuiltinESMExports();
  });
}

onBoth('a fresh station is well, but for the backup it does not have yet', async (database) => {
  withDisk(database.t, { bavail: 50_000_000, blocks: 100_000_000 });
  const station = await openWorld(database);
  station.clock.advance(HOUR_MS);
  const { state, startedAt, checks } = await healthOf(station);
  assert.equal(startedAt, station.clock() - HOUR_MS);
  assert.deepEqual(
    checks.map((one) => `${one.name} ${one.state}`),
    ['store good', 'disk good', 'backup attention'],
  );
  assert.equal(state, 'attention');
  assert.match(checks[0]?.message ?? '', /^Whole as far as was read\. \d+ MB on disk\.$/);
});

test('a backup is good for a day and a half, and then asked for', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const { task } = await as(station, 'platformAdmin').watch.startBackup({});
  await reaches(station, task, 'done');
  assert.deepEqual(await check(station, 'backup'), ['good', 'The newest backup is 0 h old.']);
  station.clock.advance(36 * HOUR_MS);
  assert.deepEqual(await check(station, 'backup'), ['good', 'The newest backup is 36 h old.']);
  station.clock.advance(1);
  const [state, message] = await check(station, 'backup');
  assert.equal(state, 'attention');
  assert.match(message ?? '', /^The newest backup is 36 h old\. .*start one now/);
  // The clock of the machine was set back.
  station.clock.advance(-100 * HOUR_MS);
  assert.deepEqual(await check(station, 'backup'), ['good', 'The newest backup is 0 h old.']);
});

for (const [percent, state, words] of [
  [50, 'good', '2,048 MB free, 50 %.'],
  [10, 'good', '410 MB free, 10 %.'],
  [9.9, 'attention', '406 MB free, 10 %.'],
  [3, 'attention', '123 MB free, 3 %.'],
  [2.9, 'bad', '119 MB free, 3 %.'],
  [0, 'bad', '0 MB free, 0 %.'],
] as const)
  test(`a disk of which ${percent} % are free is ${state}`, async (t) => {
    withDisk(t, { bavail: 10_000 * percent, blocks: 1_000_000 });
    const station = await openWorld(sqliteFor(t));
    const [told, message] = await check(station, 'disk');
    assert.equal(told, state);
    assert.ok(message?.startsWith(words), message);
    assert.equal(/free some space now/.test(message ?? ''), state === 'bad');
    assert.equal((await healthOf(station)).state, state === 'bad' ? 'bad' : 'attention', 'the worst of all checks counts');
  });

onBoth('damage of the store is told with the way out of it, and questions are still answered', async (database) => {
  const station = await openWorld(database);
  const code = { sqlite: 'SQLITE_CORRUPT', postgres: 'XX001' }[database.dialect];
  station.store.database.onError(Object.assign(new Error('database disk image is malformed'), { code }));
  const [state, message] = await check(station, 'store');
  assert.equal(state, 'bad');
  const way = { sqlite: /malformed.*--restore latest: the newest/, postgres: /malformed.*empty database.*--restore latest/ };
  assert.match(message ?? '', way[database.dialect]);
  assert.equal((await healthOf(station)).state, 'bad');
  await assert.rejects(as(station, 'viewer').people.updateMe({ name: 'V' }), { code: 'unavailable' });
});

test('the worst of the checks is the state of the station', () => {
  const of = (...states: ('good' | 'attention' | 'bad')[]) => worst(states.map((state) => ({ name: '', state, message: '' })));
  assert.deepEqual(
    [of(), of('good', 'good'), of('good', 'attention'), of('bad', 'good', 'attention'), of('attention', 'bad')],
    ['good', 'good', 'attention', 'bad', 'bad'],
  );
});
