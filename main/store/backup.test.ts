// Backups: whole or absent, of one moment, and good for bringing everything back.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as people from '../people/entities.ts';
import { onBoth, sqliteFor, type TestDatabase, temporaryFolder } from '../testing/databases.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import { work } from '../testing/workload.ts';
import { type Backup, type BackupReason, checkBackup, listBackups, makeBackup, pruneBackups, putBackInPlace } from './backup.ts';
import { openBlobs } from './blobs.ts';
import type { BackupStep } from './database.ts';
import { NewerStore } from './faults.ts';
import { type Folder, finishRestore, folderPaths, openFolder } from './folder.ts';
import { migrations } from './migrations/index.ts';
import { openSqlite } from './sqlite.ts';

const quiet = (): BackupStep => ({ progress() {}, signal: new AbortController().signal });
const AT = Date.parse('2026-03-01T08:00:00Z');

/** A data folder whose site.db is the database of the test, where it is one of SQLite. */
function folderOf(source: TestDatabase): Omit<Folder, 'release'> {
  const path = source.dialect === 'sqlite' ? join(source.where, '..') : temporaryFolder(source.t);
  const folder = folderPaths(path);
  for (const inner of [folder.blobs, folder.backups]) mkdirSync(inner, { recursive: true });
  return folder;
}

const backUp = (
  store: TestStore,
  folder: Omit<Folder, 'release'>,
  reason: BackupReason = 'asked',
  at = AT,
  step = quiet(),
): Promise<Backup> => makeBackup(store.database, folder, { reason, version: '1.2.3', at }, step);

const named = (store: TestStore, name: string) => store.change(author(), (tx) => tx.create(people.place, name, 'site:s1', { name }));
const names = async (store: TestStore): Promise<string[]> =>
  (await store.read.selectFrom('places').select('id').orderBy('id').execute()).map((row) => row.id);

onBoth('a backup says what it is, and is for this account’s eyes only', async (source) => {
  const store = await openTestStore(source);
  const folder = folderOf(source);
  await openBlobs(folder.blobs).put(new Uint8Array([1, 2, 3]));
  const steps: number[] = [];
  const made = await backUp(store, folder, 'asked', AT, { ...quiet(), progress: (fraction) => steps.push(fraction) });
  assert.equal(made.name, '2026-03-01T080000Z-asked');
  assert.deepEqual((({ at, reason, version, schema, dialect, blobs }) => [at, reason, version, schema, dialect, blobs])(made), [
    AT,
    'asked',
    '1.2.3',
    migrations.at(-1)?.version,
    source.dialect,
    1,
  ]);
  assert.deepEqual(await listBackups(folder.backups), [made]);
  await checkBackup(folder.backups, made);
  assert.equal(statSync(join(folder.backups, made.name)).mode & 0o777, 0o700);
  assert.deepEqual(
    [...steps].sort((a, b) => a - b),
    steps,
    'progress only grows',
  );
  assert.equal(steps.at(-1), 1);
  assert.deepEqual(readdirSync(folder.backups), [made.name], 'nothing is left beside it');
});

onBoth('two backups of one second stand beside each other, also when made at once', async (source) => {
  const store = await openTestStore(source);
  const folder = folderOf(source);
  const made = await Promise.all([backUp(store, folder), backUp(store, folder), backUp(store, folder)]);
  assert.deepEqual(
    made.map(({ name }) => name).sort(),
    ['2026-03-01T080000Z-asked', '2026-03-01T080000Z-asked-2', '2026-03-01T080000Z-asked-3'].sort(),
  );
  assert.equal((await listBackups(folder.backups)).length, 3);
  for (const backup of made) await checkBackup(folder.backups, backup);
});

onBoth('a backup that is stopped, or fails, leaves nothing', async (source) => {
  const store = await openTestStore(source);
  const folder = folderOf(source);
  const stop = new AbortController();
  await assert.rejects(backUp(store, folder, 'asked', AT, { signal: stop.signal, progress: () => stop.abort(new Error('enough')) }));
  assert.deepEqual(readdirSync(folder.backups), []);
  const database = Object.assign(Object.create(store.database), { backup: () => Promise.reject(new Error('disk')) });
  await assert.rejects(makeBackup(database, folder, { reason: 'asked', version: '1', at: AT }, quiet()), /disk/);
  assert.deepEqual(readdirSync(folder.backups), []);
  await named(store, 'and the store goes on');
});

onBoth('what is changed while a backup runs does not tear it', async (source) => {
  const store = await openTestStore(source);
  const folder = folderOf(source);
  await store.change(author(), async (tx) => {
    for (let n = 0; n < 3_000; n++) await tx.create(people.place, `p${n}`, 'site:s1', { name: 'x'.repeat(500) });
  });
  let busy = true;
  const writing = (async () => {
    for (let n = 0; busy; n++) await store.change(author(), (tx) => tx.update(people.place, `p${n % 3_000}`, { name: `changed ${n}` }));
  })();
  const made = await backUp(store, folder);
  busy = false;
  await writing;
  await checkBackup(folder.backups, made);
  const { head, ops, audited } = await ends(join(folder.backups, made.name, made.file));
  const { recorded } = await store.changeLog.count();
  assert.ok(ops >= 3_000 && ops < recorded, `${ops} operations of ${recorded}: it was made in the midst of them`);
  assert.deepEqual([head.seq, head.auditSeq], [ops, audited], 'log, audit and what is known of their ends are of one moment');
});

/** How long log and audit are in a backup, and how long its head says they are. */
async function ends(file: string): Promise<{ head: { seq: number; auditSeq: number }; ops: number; audited: number }> {
  if (file.endsWith('.gz')) {
    const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n');
    const of = (table: string) =>
      lines.filter((line) => line.startsWith(`"${table}"\t`)).map((line) => JSON.parse(line.slice(table.length + 3)));
    return { head: JSON.parse(of('meta').find((row) => row.key === 'head').value), ops: of('op').length, audited: of('audit').length };
  }
  const copy = openSqlite({ file });
  assert.deepEqual(await copy.faults(false), []);
  const count = async (table: string) => (await copy.reader.all<{ n: number }>(`select count(*) as "n" from "${table}"`))[0]?.n as number;
  const [meta] = await copy.reader.all<{ value: string }>(`select "value" from "meta" where "key" = 'head'`);
  const found = { head: JSON.parse(meta?.value as string), ops: await count('op'), audited: await count('audit') };
  await copy.close();
  return found;
}

onBoth('the nightly ones are pruned to the number kept; asked-for ones and those before a migration stay', async (source) => {
  const store = await openTestStore(source);
  const folder = folderOf(source);
  for (const [n, reason] of (['scheduled', 'asked', 'scheduled', 'migration', 'scheduled', 'scheduled'] as const).entries())
    await backUp(store, folder, reason, AT + n * 86_400_000);
  await pruneBackups(folder.backups, 2);
  assert.deepEqual(
    (await listBackups(folder.backups)).map(({ name }) => name.slice(5, 10) + name.slice(18)),
    ['03-06-scheduled', '03-05-scheduled', '03-04-migration', '03-02-asked'],
  );
  await pruneBackups(folder.backups, 5);
  assert.equal((await listBackups(folder.backups)).length, 4);
});

test('a folder without a readable manifest is no backup, nor is one under way', async (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(await listBackups(join(folder, 'nowhere')), []);
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, 'strange'));
  writeFileSync(join(folder, 'strange', 'manifest.json'), '{"format": 2}');
  mkdirSync(join(folder, 'torn'));
  writeFileSync(join(folder, 'torn', 'manifest.json'), '{"format": 1, ');
  writeFileSync(join(folder, 'a file'), '');
  assert.deepEqual(await listBackups(folder), []);
});

// ---- putting a backup of SQLite in place

type Setting = {
  source: TestDatabase;
  folder: Omit<Folder, 'release'>;
  backup: Backup;
  digest: string;
  first: { station: string; incarnation: string };
};

/** A store with a backup, and something that came after it. */
async function withBackup(t: Parameters<typeof sqliteFor>[0]): Promise<Setting> {
  const source = sqliteFor(t);
  const folder = folderOf(source);
  const store = await openTestStore(source);
  await work(store, 11, 40, store.clock);
  await named(store, 'before');
  const { tables } = await store.compareWithLog();
  const backup = await backUp(store, folder);
  await named(store, 'after');
  const { stationId: station, incarnation } = store;
  await store.close();
  return { source, folder, backup, digest: tables, first: { station, incarnation } };
}

test('a backup in place is the store of that moment, with a new incarnation, and what was there is kept beside', async (t) => {
  const { source, folder, backup, digest, first } = await withBackup(t);
  const blob = await openBlobs(folder.blobs).put(new Uint8Array([9]));
  const aside = await putBackInPlace(folder, backup, AT + 60_000);
  const store = await openTestStore(source);
  const { tables, log, faults } = await store.compareWithLog();
  assert.deepEqual([tables, log, faults], [digest, digest, []]);
  assert.ok(!(await names(store)).includes('after'));
  assert.equal(store.stationId, first.station);
  assert.notEqual(store.incarnation, first.incarnation);
  const lives = await store.database.reader.all<{ reason: string }>('select "reason" from "incarnation" order by "id"');
  assert.deepEqual(
    lives.map((life) => life.reason),
    ['first start', `restored from ${backup.name}`],
  );
  await named(store, 'later');
  assert.deepEqual((await store.compareWithLog()).faults, []);
  assert.equal((await store.verifyAudit()).fault, null);
  await store.close();
  assert.ok(await openBlobs(folder.blobs).get(blob), 'blobs that came later stay');

  const again = await openTestStore(source);
  assert.equal(again.incarnation, store.incarnation, 'a restart is no new copy');
  const before = openSqlite({ file: join(aside, 'site.db') });
  assert.equal((await before.reader.all(`select 1 from "places" where "id" = 'after'`)).length, 1);
  await before.close();
});

test('whoever starts the copy, and when, begins a new incarnation: the copy itself knows', async (t) => {
  const { source, folder, backup, first } = await withBackup(t);
  await putBackInPlace(folder, backup, AT);
  // Nobody tells the store of the restore: the process that did it may have died.
  const store = await openTestStore(source);
  assert.notEqual(store.incarnation, first.incarnation);
});

test('a store that was not closed in order is put aside with the log that belongs to it', async (t) => {
  const { source, folder, backup } = await withBackup(t);
  const store = await openTestStore(source);
  await named(store, 'only in the log of writes');
  // Not closed: its -wal lies there, as after a kill.
  assert.ok(existsSync(`${folder.database}-wal`));
  const aside = await putBackInPlace(folder, backup, AT);
  assert.deepEqual(readdirSync(aside).sort(), ['site.db', 'site.db-shm', 'site.db-wal']);
  assert.ok(!existsSync(`${folder.database}-wal`));
  const restored = await openTestStore(source);
  assert.ok(!(await names(restored)).includes('only in the log of writes'));
  assert.deepEqual(await restored.faults(false), []);
});

/** A data folder as a kill leaves it: the last change stands in the log of writes alone. */
async function killed(t: Parameters<typeof sqliteFor>[0]) {
  const { source, folder, backup } = await withBackup(t);
  const store = await openTestStore(source);
  await named(store, 'only in the log of writes');
  const path = temporaryFolder(t);
  cpSync(folder.path, path, { recursive: true });
  assert.ok(existsSync(join(path, 'site.db-wal')));
  return { folder: folderPaths(path), backup };
}

async function placesIn(folder: Omit<Folder, 'release'>, file = folder.database): Promise<string[]> {
  const database = openSqlite({ file });
  assert.deepEqual(await database.faults(true), []);
  const rows = await database.reader.all<{ id: string }>(`select "id" from "places" where "scope" = 'site:s1' and "name" = "id"`);
  await database.close();
  return rows
    .map(({ id }) => id)
    .filter((id) => /^(before|after|only)/.test(id))
    .sort();
}

class Killed extends Error {}

const OLD = ['after', 'before', 'only in the log of writes'];
const STEPS = ['copied', 'marked', 'folder made', 'decided', 'site.db-wal aside', 'site.db-shm aside', 'site.db aside', 'in place'];
const DECIDED = STEPS.indexOf('decided');

test('a restore that is killed after any step is done whole by the next start, or not at all', async (t) => {
  const { folder: whole, backup } = await killed(t);
  const heard: string[] = [];
  for (const [n, step] of STEPS.entries()) {
    const folder = folderPaths(temporaryFolder(t));
    cpSync(whole.path, folder.path, { recursive: true });
    const stop = (at: string) => {
      heard.push(at);
      if (at === step) throw new Killed();
    };
    await assert.rejects(putBackInPlace(folder, backup, AT, stop), Killed, step);
    // The next start may be killed as well.
    if (n > DECIDED && step !== 'in place')
      assert.throws(
        () =>
          finishRestore(folder, () => {
            throw new Killed();
          }),
        Killed,
        step,
      );
    openFolder(folder.path).release();
    const asides = readdirSync(folder.path).filter((name) => name.startsWith('before-restore-'));
    assert.deepEqual(await placesIn(folder), n < DECIDED ? OLD : ['before'], step);
    if (n >= DECIDED)
      assert.deepEqual(await placesIn(folder, join(folder.path, asides[0] as string, 'site.db')), OLD, `kept after ${step}`);
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.includes('.part')),
      [],
      step,
    );
    const again = await putBackInPlace(folder, backup, AT + 60_000);
    assert.deepEqual(await placesIn(folder), ['before'], `restored again after ${step}`);
    assert.deepEqual(await placesIn(folder, join(again, 'site.db')), n < DECIDED ? OLD : ['before'], step);
  }
  assert.deepEqual(new Set(heard), new Set(STEPS), 'these are all the steps there are');
});

test('what an interrupted change of a damaged database left is not taken for the restored one’s', async (t) => {
  const { folder, backup } = await killed(t);
  writeFileSync(`${folder.database}-journal`, 'the beginning of something');
  const aside = await putBackInPlace(folder, backup, AT);
  assert.ok(existsSync(join(aside, 'site.db-journal')));
  assert.deepEqual(await placesIn(folder), ['before']);
});

test('blobs come back with it', async (t) => {
  const source = sqliteFor(t);
  const folder = folderOf(source);
  const store = await openTestStore(source);
  const blobs = openBlobs(folder.blobs);
  const hash = await blobs.put(new Uint8Array([1, 2, 3]));
  const backup = await backUp(store, folder);
  await store.close();
  rmSync(folder.blobs, { recursive: true });
  await putBackInPlace(folder, backup, AT);
  assert.deepEqual(await blobs.get(hash), Buffer.from([1, 2, 3]));
});

test('a backup is put in place of a damaged database, and of none', async (t) => {
  const { source, folder, backup, digest } = await withBackup(t);
  writeFileSync(folder.database, 'this was a database once');
  await putBackInPlace(folder, backup, AT);
  const store = await openTestStore(source);
  assert.equal((await store.compareWithLog()).tables, digest);
  await store.close();
  rmSync(folder.database);
  await putBackInPlace(folder, backup, AT);
  assert.equal((await (await openTestStore(source)).compareWithLog()).tables, digest);
});

const REFUSED: [what: string, spoil: (setting: Setting) => Backup | undefined, error: object][] = [
  [
    'one bit was changed',
    ({ folder, backup }) => void flip(join(folder.backups, backup.name, 'site.db')),
    { code: 'unavailable', message: /is damaged/ },
  ],
  [
    'its end is missing',
    ({ folder, backup }) => truncateSync(join(folder.backups, backup.name, 'site.db'), 4096) as undefined,
    { message: /is damaged/ },
  ],
  [
    'its file is missing',
    ({ folder, backup }) => rmSync(join(folder.backups, backup.name, 'site.db')) as undefined,
    { message: /is damaged/ },
  ],
  [
    'it is one of PostgreSQL',
    ({ backup }) => ({ ...backup, dialect: 'postgres', file: 'rows.gz' }),
    { message: /cannot be restored into sqlite/ },
  ],
];
for (const [what, spoil, error] of REFUSED)
  test(`a backup is refused, and the present store left alone, where ${what}`, async (t) => {
    const setting = await withBackup(t);
    const { source, folder, backup } = setting;
    await assert.rejects(putBackInPlace(folder, spoil(setting) ?? backup, AT), error);
    assert.ok((await names(await openTestStore(source))).includes('after'));
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => /before-restore|part/.test(name)),
      [],
    );
  });

test('a backup of a newer program is refused before anything is touched', async (t) => {
  const { source, folder, backup } = await withBackup(t);
  await assert.rejects(putBackInPlace(folder, { ...backup, schema: 9_999 }, AT), NewerStore);
  assert.ok((await names(await openTestStore(source))).includes('after'));
});

test('where the copy cannot be written beside the present store, the present store stays', async (t) => {
  const { source, folder, backup } = await withBackup(t);
  // The copy cannot be written: its name is taken by a folder.
  mkdirSync(`${folder.database}.part`);
  await assert.rejects(putBackInPlace(folder, backup, AT));
  assert.ok((await names(await openTestStore(source))).includes('after'), 'it was never without a database');
});

function flip(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(file, bytes);
}
