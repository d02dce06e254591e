// Backups as people make them: started, listed, put back; and the check of the store.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import { listBackups, putBackInPlace } from '../store/backup.ts';
import { openFolder } from '../store/folder.ts';
import { openPostgres } from '../store/postgres.ts';
import { restorePostgres } from '../store/restorePostgres.ts';
import { openSqlite } from '../store/sqlite.ts';
import { onBoth, postgresFor, sqliteFor, type TestDatabase, temporaryFolder } from '../testing/databases.ts';
import { as, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import { openTestStation, type TestStation, testClock } from '../testing/station.ts';
import { tamper } from '../testing/tamper.ts';
import { defineHeld, reaches, startHeld } from '../testing/tasks.ts';
import { CAST } from '../testing/world.ts';

const watch = (station: TestStation) => as(station, 'platformAdmin').watch;
const people = (station: TestStation) => as(station, 'platformAdmin').people;
const names = async (station: TestStation) =>
  (await people(station).listPlaces({ site: EXAMPLE.site })).places.map(({ name }) => name).sort();

/** Another station, which begins with the backup of this one. */
async function restored(t: TestContext, from: TestStation, { dialect }: TestDatabase, name: string): Promise<TestStation> {
  const { backups } = from.station.folder;
  const backup = (await listBackups(backups)).find((one) => one.name === name);
  assert.ok(backup);
  const folder = openFolder(temporaryFolder(t));
  if (dialect === 'sqlite') {
    await putBackInPlace({ ...folder, backups }, backup, from.clock());
    folder.release();
    const database: TestDatabase = { ...sqliteFor(t), open: async () => openSqlite({ file: folder.database }) };
    return openTestStation(t, { database, folder: folder.path, clock: from.clock });
  }
  folder.release();
  const target = await postgresFor(t);
  const empty = await target.open();
  await restorePostgres(empty, { ...folder, backups }, backup);
  await empty.close();
  const database: TestDatabase = { ...target, open: async () => openPostgres({ url: target.where }) };
  return openTestStation(t, { database, folder: folder.path, clock: from.clock });
}

onBoth('a backup somebody asks for is made and listed, and put back it is the station of that moment', async (database) => {
  const station = await openWorld(database);
  await as(station, 'viewer').people.setPicture({ picture: { type: 'image/png', data: EXAMPLE.pixel } });
  await watch(station).setMailServer({
    server: { host: '127.0.0.1', port: 25, security: 'none', user: 'outpost', from: 'outpost@example.org' },
    password: 'mail secret',
  });
  assert.deepEqual(await watch(station).listBackups({}), { backups: [] });
  const asked = station.clock();
  const { task } = await watch(station).startBackup({});
  const done = await reaches(station, task, 'done');
  const { backups } = await watch(station).listBackups({});
  const [backup, ...more] = backups;
  assert.deepEqual([backup?.reason, backup?.at, backup?.version, more], ['asked', asked, station.station.version, []]);
  assert.equal(done.message, backup?.name);
  assert.ok((backup?.bytes ?? 0) > 1_000);

  await people(station).updatePlace({ place: EXAMPLE.building, name: 'Hall after the backup' });
  await as(station, 'viewer').people.setPicture({ picture: null });
  const other = await restored(database.t, station, database, backup?.name as string);
  assert.deepEqual(await names(other), ['Hall A', 'Heating']);
  const { picture } = await as(other, 'operator').people.picture({ person: EXAMPLE.viewer });
  assert.equal(picture?.data, EXAMPLE.pixel);
  assert.notEqual(other.store.incarnation, station.store.incarnation);
  assert.deepEqual(
    await people(other)
      .verifyAudit({})
      .then(({ intact, fault }) => ({ intact, fault })),
    { intact: true, fault: null },
  );
  const mail = await watch(other).mailServer({});
  assert.deepEqual([mail.server?.user, mail.passwordSet], ['outpost', false], 'secrets stay where their key is');
  // It was under way when it was copied: it begins again, and makes a backup of its own.
  await reaches(other, task, 'done');
  await as(other, 'siteManager').people.updatePlace({ place: EXAMPLE.building, name: 'Hall of another life' });
  assert.deepEqual(await names(station), ['Hall after the backup', 'Heating']);
});

onBoth('a backup that is asked for twice in one breath, as one command, is one', async (database) => {
  const station = await openWorld(database);
  const command = { opId: '00000000-0000-7000-8000-00000000abcf' };
  const answers = await Promise.all([watch(station).startBackup(command), watch(station).startBackup(command)]);
  answers.push(await watch(station).startBackup(command));
  assert.equal(new Set(answers.map(({ task }) => task)).size, 1);
  await reaches(station, answers[0]?.task as string, 'done');
  const { tasks } = await watch(station).listTasks({});
  assert.equal(tasks.filter(({ kind }) => kind === 'watch.backup').length, 1);
  assert.equal((await watch(station).listBackups({})).backups.length, 1);
});

test('a backup that is stopped before its turn leaves nothing', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const held = defineHeld(station);
  // As many as may run at once.
  for (let n = 0; n < 2; n++) await startHeld(station, null);
  const { task } = await watch(station).startBackup({});
  await watch(station).cancelTask({ task });
  for (let n = 1; n <= 2; n++) (await held.begun(n)).end();
  const last = await watch(station).startBackup({});
  await reaches(station, last.task, 'done');
  assert.equal((await reaches(station, task, 'cancelled')).attempts, 0);
  assert.equal((await watch(station).listBackups({})).backups.length, 1);
  assert.equal(readdirSync(station.station.folder.backups).length, 1);
});

const newestFirst = (a: unknown, b: unknown) => JSON.stringify(b).localeCompare(JSON.stringify(a));

test('a night that was missed is made up for once the station runs again, one that was not is not', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const folder = temporaryFolder(t);
  const clock = testClock();
  const nights = async () => (await listBackups(join(folder, 'backups'))).map(({ reason, at }) => [reason, at]);
  const expected: unknown[] = [];
  for (const [away, missed] of [
    [0, true],
    [23, false],
    [2, true],
  ] as const) {
    clock.advance(away * 3_600_000);
    const station = await openTestStation(t, { folder, clock });
    const done = new Promise<void>((resolve) => {
      station.store.events.on('watch.taskChanged', async ({ task }) => {
        if ((await station.station.tasks.get(task))?.state === 'done') resolve();
      });
    });
    mock.timers.tick(5 * 60_000);
    if (missed) {
      await done;
      expected.unshift(['scheduled', clock()]);
    }
    await station.stop();
    assert.deepEqual(await nights(), expected);
  }
});

test('every night at its hour a backup is made, and only so many are kept', async (t) => {
  const noon = new Date(2026, 5, 10, 12).getTime();
  const night = (n: number) => new Date(2026, 5, 10 + n, 3).getTime();
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: noon });
  t.after(() => mock.timers.reset());
  const station = await openWorld(sqliteFor(t), { settings: { backupHour: 3, backupsKept: 2 }, clock: testClock(noon) });
  const made = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = station.store.events.on('watch.taskChanged', async ({ task }) => {
      if ((await station.station.tasks.get(task))?.state === 'done') resolve();
    });
    await promise.finally(stop);
  };
  const listed = async () => (await watch(station).listBackups({})).backups.map(({ reason, at }) => [reason, at]);
  await Promise.all([made(), watch(station).startBackup({})]);
  const asked = ['asked', station.clock()];
  // There was no night yet: a few minutes after the start it is made up for.
  const early = made();
  mock.timers.tick(5 * 60_000);
  await early;

  const nights: unknown[] = [['scheduled', station.clock()]];
  for (let n = 1; n <= 4; n++) {
    mock.timers.tick(night(n) - 1 - Date.now());
    const before = await listed();
    assert.deepEqual(before.sort(newestFirst), [...nights.slice(0, 2), asked].sort(newestFirst), 'a millisecond before the hour');
    station.clock.set(night(n));
    const done = made();
    mock.timers.tick(1);
    await done;
    nights.unshift(['scheduled', night(n)]);
    assert.deepEqual((await listed()).sort(newestFirst), [...nights.slice(0, 2), asked].sort(newestFirst));
  }
  await station.stop();
  mock.timers.tick(2 * 86_400_000);
  assert.equal(readdirSync(station.station.folder.backups).length, 3, 'a station that has stopped makes none');
});

onBoth('a check of a store that is whole says so, one of a store that was tampered with says where', async (database) => {
  const station = await openWorld(database);
  const told = memoryReader(station, CAST.platformAdmin.token).open('watch.notices', {});
  const check = async () => (await watch(station).checkIntegrity({})).task;
  const whole = await reaches(station, await check(), 'done');
  assert.match(whole.message, /^\d+ records and \d+ audit rows agree with the log$/);

  // The last that the station writes of it: whoever tampers now is alone at the connection.
  await told.until((said) => said.type === 'values' && JSON.stringify(said.values).includes(whole.message));
  await tamper(station.store.database, [`update "places" set "name" = ? where "id" = ?`, ['Hall X', EXAMPLE.building]]);
  const harmed = await reaches(station, await check(), 'failed');
  assert.match(harmed.message, new RegExp(`place.*${EXAMPLE.building}`));
  await told.until((said) => said.type === 'values' && JSON.stringify(said.values).includes('watch.taskFailed'));
  const { notices } = await watch(station).listNotices({});
  assert.deepEqual([notices[0]?.kind, notices[0]?.data.message], ['watch.taskFailed', harmed.message]);
});
