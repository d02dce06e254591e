// A backup of PostgreSQL comes back whole into an empty database, or not at all.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as people from '../people/entities.ts';
import { postgresFor, sqliteFor, temporaryFolder } from '../testing/databases.ts';
import { author, contents, openTestStore } from '../testing/store.ts';
import { work } from '../testing/workload.ts';
import { type Backup, makeBackup } from './backup.ts';
import { openBlobs } from './blobs.ts';
import { NewerStore } from './faults.ts';
import { folderPaths } from './folder.ts';
import { restorePostgres } from './restorePostgres.ts';

const AWKWARD = [
  'line\nbreak',
  'tab\there',
  'back\\slash \\n \\u0041',
  '"quoted"',
  "it's",
  'U+2028 \u2028 and \u2029',
  '\u0085 next line',
  '🏭',
  '\r\n',
  '{"a":1}',
  '',
];

async function withBackup(t: TestContext) {
  const folder = folderPaths(temporaryFolder(t));
  for (const inner of [folder.blobs, folder.backups]) mkdirSync(inner);
  const source = await postgresFor(t);
  const store = await openTestStore(source);
  await work(store, 21, 60, store.clock);
  await store.change(author('test.awkward', { opId: '00000000-0000-7000-8000-0000000000f0' }), async (tx) => {
    for (const [n, name] of AWKWARD.entries()) await tx.create(people.place, `awkward-${n}`, 'site:s1', { name });
    for (let n = 0; n < 1_200; n++) await tx.create(people.place, `many-${n}`, 'site:s1', { rank: `${n}` });
    await tx.db
      .insertInto('task')
      .values({
        id: 't',
        kind: 'k',
        title: 't',
        input: '{}',
        state: 'done',
        progress: 1 / 3,
        message: '',
        attempts: 1,
        createdAt: Number.MAX_SAFE_INTEGER,
      })
      .execute();
    return { said: 'Größe' };
  });
  const blob = await openBlobs(folder.blobs).put(new Uint8Array([1, 2, 3]));
  const backup = await makeBackup(
    store.database,
    folder,
    { reason: 'asked', version: '1.2.3', at: 0 },
    { progress() {}, signal: new AbortController().signal },
  );
  const digest = (await store.compareWithLog()).tables;
  const everything = await contents(store.database);
  await store.close();
  return { folder, backup, digest, everything, blob, incarnation: store.incarnation, stationId: store.stationId };
}

/** What is of the store's own state and must be another in a copy. */
const withoutMeta = (text: string) => text.replace(/^meta\n[\s\S]*?\n\n/m, '').replace(/^incarnation\n[\s\S]*?\n\n/m, '');

test('a restored database holds every row of the old one, and begins a new incarnation', async (t) => {
  const { folder, backup, digest, everything, blob, incarnation, stationId } = await withBackup(t);
  const places = { backups: folder.backups, blobs: join(folder.path, 'other-blobs') };
  const target = await postgresFor(t);
  const database = await target.open();
  await restorePostgres(database, places, backup);
  assert.equal(withoutMeta(await contents(database)), withoutMeta(everything), 'row by row');
  const store = await openTestStore(target, { database });
  const { tables, log, faults } = await store.compareWithLog();
  assert.deepEqual([tables, log, faults], [digest, digest, []]);
  assert.equal((await store.verifyAudit()).fault, null);
  assert.equal(store.stationId, stationId);
  assert.notEqual(store.incarnation, incarnation);
  const lives = await database.reader.all<{ reason: string }>('select "reason" from "incarnation" order by "id"');
  assert.deepEqual(
    lives.map((life) => life.reason),
    ['first start', `restored from ${backup.name}`],
  );
  assert.ok(await openBlobs(places.blobs).get(blob));

  await work(store, 22, 20, store.clock);
  assert.deepEqual((await store.compareWithLog()).faults, [], 'and it goes on');
  assert.equal((await store.verifyAudit()).fault, null);
});

test('no table counts by itself: there is no sequence that a restore would have to set', async (t) => {
  const store = await openTestStore(await postgresFor(t));
  assert.deepEqual(await store.database.reader.all(`select relname from pg_class where relkind = 'S'`), []);
});

test('a database that holds something is not overwritten', async (t) => {
  const { folder, backup } = await withBackup(t);
  const target = await postgresFor(t);
  const store = await openTestStore(target);
  const before = await contents(store.database);
  await assert.rejects(restorePostgres(store.database, folder, backup), { code: 'conflict', message: /not empty/ });
  assert.equal(await contents(store.database), before);
});

/** A backup whose rows were changed, with a manifest that agrees: as if it had been made so. */
async function altered(folder: { backups: string }, backup: Backup, change: (text: string) => string): Promise<Backup> {
  const { createHash } = await import('node:crypto');
  const file = join(folder.backups, backup.name, backup.file);
  const zipped = gzipSync(change(gunzipSync(readFileSync(file)).toString('utf8')));
  writeFileSync(file, zipped);
  return { ...backup, sha256: createHash('sha256').update(zipped).digest('hex') };
}

test('a restore that fails half way leaves the database empty, to try again', async (t) => {
  const { folder, backup, digest } = await withBackup(t);
  const file = join(folder.backups, backup.name, backup.file);
  const whole = readFileSync(file);
  const target = await postgresFor(t);
  const database = await target.open();
  for (const [what, change] of [
    ['a row of a table that does not exist', (text: string) => `${text}"nowhere"\t{"id":"x"}\n`],
    ['a row that is there twice', (text: string) => text + text],
    ['a line that is no row', (text: string) => `${text}; drop table people\n`],
    ['an end in the middle of a row', (text: string) => text.slice(0, -5)],
  ] as const) {
    await assert.rejects(restorePostgres(database, folder, await altered(folder, backup, change)), what);
    assert.deepEqual(await database.tables(), [], what);
    writeFileSync(file, whole);
  }
  await restorePostgres(database, folder, backup);
  assert.equal((await (await openTestStore(target, { database })).compareWithLog()).tables, digest);
});

test('a damaged backup, one of SQLite and one of a newer program are refused before anything is made', async (t) => {
  const { folder, backup } = await withBackup(t);
  const target = await postgresFor(t);
  const database = await target.open();
  await assert.rejects(restorePostgres(database, folder, { ...backup, schema: 9_999 }), NewerStore);
  await assert.rejects(
    restorePostgres(database, folder, { ...backup, dialect: 'sqlite', file: 'site.db' }),
    /cannot be restored into postgres/,
  );
  await assert.rejects(restorePostgres(await sqliteFor(t).open(), folder, backup), /cannot be restored into sqlite/);
  const file = join(folder.backups, backup.name, backup.file);
  writeFileSync(file, readFileSync(file).subarray(0, -1));
  await assert.rejects(restorePostgres(database, folder, backup), { code: 'unavailable', message: /is damaged/ });
  assert.deepEqual(await database.tables(), []);
});
