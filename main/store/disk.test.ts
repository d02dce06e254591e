// Disks that are full, read-only, or pulled away: what was refused did not happen, what was acknowledged is there, and it goes on.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as people from '../people/entities.ts';
import { sqliteFor, temporaryFolder } from '../testing/databases.ts';
import { smallDisk } from '../testing/disk.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import { makeBackup } from './backup.ts';
import { openBlobs } from './blobs.ts';
import { folderPaths } from './folder.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';

/** A store on this file, closed with the test. */
async function openOn(t: TestContext, options: SqliteOptions): Promise<TestStore> {
  const store = await openTestStore(sqliteFor(t), { database: openSqlite(options) });
  t.after(() => store.close());
  return store;
}

let made = 0;
const put = (store: TestStore, bytes: number) => {
  const id = `p${++made}`;
  return store.change(author(), (tx) => tx.create(people.place, id, 'site:s1', { name: 'x'.repeat(bytes) })).then(() => id);
};

const ids = async (store: TestStore): Promise<string[]> =>
  (await store.read.selectFrom('places').select('id').execute()).map((row) => row.id as string).sort();

/** Writes until the disk is full, then both large and small at once; gives the ids of what was acknowledged. */
async function fill(store: TestStore): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let full = false; !full; ) {
    await put(store, 20_000).then(
      (id) => acknowledged.push(id),
      (error) => {
        assert.deepEqual([error.code, error.data], ['unavailable', { cause: 'diskFull' }], error.stack);
        full = true;
      },
    );
  }
  for (let round = 0; round < 5; round++) {
    const outcomes = await Promise.allSettled([put(store, 1), put(store, 500_000), put(store, 10), put(store, 2_000), put(store, 1)]);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') acknowledged.push(outcome.value);
      else assert.deepEqual([outcome.reason.code, outcome.reason.data.cause], ['unavailable', 'diskFull']);
    }
  }
  return acknowledged;
}

async function assertWhole(store: TestStore, acknowledged: readonly string[]): Promise<void> {
  assert.deepEqual(await ids(store), [...acknowledged].sort());
  assert.deepEqual((await store.compareWithLog()).faults, []);
  assert.equal((await store.verifyAudit()).fault, null);
  const ops = await store.changeLog.since(0, 100_000);
  assert.deepEqual(
    ops.map((op) => op.n),
    ops.map((_, n) => n + 1),
  );
  assert.deepEqual(await store.faults(false), []);
  assert.equal(store.damage, undefined);
}

test('a database that may not grow refuses what does not fit, keeps what it acknowledged, and goes on when it may', async (t) => {
  const file = join(temporaryFolder(t), 'site.db');
  const store = await openOn(t, { file, maxPages: 150 });
  const acknowledged = await fill(store);
  assert.ok(acknowledged.length > 3);
  await assertWhole(store, acknowledged);
  // Room is made: what was written of shared records stays for ever, so by another store that may grow.
  await store.close();
  const larger = await openOn(t, { file, maxPages: 1_000 });
  acknowledged.push(await put(larger, 500_000));
  await assertWhole(larger, acknowledged);
});

test('a full disk refuses what does not fit, keeps what it acknowledged, and takes more once space is freed', async (t) => {
  const disk = smallDisk(t, 3);
  if (disk === undefined) return;
  const ballast = join(disk.path, 'ballast');
  writeFileSync(ballast, new Uint8Array(1_200_000));
  const store = await openOn(t, { file: join(disk.path, 'site.db') });
  const acknowledged = await fill(store);
  await assertWhole(store, acknowledged);
  rmSync(ballast);
  acknowledged.push(await put(store, 20_000), await put(store, 1));
  await assertWhole(store, acknowledged);
  await store.close();
  await assertWhole(await openOn(t, { file: join(disk.path, 'site.db') }), acknowledged);
});

test('a station that was killed on a full disk starts on it, reads, and takes more once space is freed', async (t) => {
  const disk = smallDisk(t, 3);
  if (disk === undefined) return;
  const store = await openOn(t, { file: join(disk.path, 'site.db') });
  writeFileSync(join(disk.path, 'ballast'), new Uint8Array(1_000_000));
  const acknowledged = await fill(store);
  // Not closed: as after a kill, the log of writes lies there, and is larger than the room that is left.
  assert.ok(readdirSync(disk.path).includes('site.db-wal'));
  const second = await openOn(t, { file: join(disk.path, 'site.db') });
  assert.deepEqual(await ids(second), [...acknowledged].sort());
  rmSync(join(disk.path, 'ballast'));
  acknowledged.push(await put(second, 20_000));
  await assertWhole(second, acknowledged);
});

test('a backup and a blob that do not fit leave nothing, and harm nothing', async (t) => {
  const disk = smallDisk(t, 3);
  if (disk === undefined) return;
  const folder = { ...folderPaths(disk.path), database: join(temporaryFolder(t), 'site.db') };
  for (const inner of [folder.backups, folder.blobs]) mkdirSync(inner);
  const store = await openOn(t, { file: folder.database });
  for (let n = 0; n < 5; n++) await put(store, 500_000);
  const step = { progress() {}, signal: new AbortController().signal };
  await assert.rejects(makeBackup(store.database, folder, { reason: 'asked', version: '1', at: 0 }, step), {
    code: /SQLITE_FULL|ENOSPC|SQLITE_IOERR/,
  });
  assert.deepEqual(readdirSync(folder.backups), []);
  await assert.rejects(openBlobs(folder.blobs).put(new Uint8Array(4_000_000)), { code: 'ENOSPC' });
  assert.deepEqual(
    readdirSync(folder.blobs).flatMap((part) => readdirSync(join(folder.blobs, part))),
    [],
  );
  await put(store, 1);
});

test('on a disk that is read-only a store is not opened, and that is said', async (t) => {
  const disk = smallDisk(t, 3);
  if (disk === undefined) return;
  const file = join(disk.path, 'site.db');
  const store = await openOn(t, { file });
  const id = await put(store, 1);
  await store.close();
  disk.readOnly();
  assert.throws(() => openSqlite({ file }), { code: /^SQLITE_(CANTOPEN|READONLY)/ });
  await assert.rejects(openBlobs(disk.path).put(new Uint8Array([1])));
  disk.writable();
  assert.deepEqual(await ids(await openOn(t, { file })), [id]);
});

for (const [what, harm] of [
  ['moved away', (file: string) => renameSync(file, `${file}.elsewhere`)],
  ['deleted', (file: string) => rmSync(file)],
  ['replaced by another', (file: string) => writeFileSync(`${file}.new`, '') ?? renameSync(`${file}.new`, file)],
] as const)
  test(`a database whose file was ${what} while it was open acknowledges nothing more`, async (t) => {
    const file = join(temporaryFolder(t), 'site.db');
    const store = await openOn(t, { file });
    await put(store, 1);
    harm(file);
    await assert.rejects(put(store, 1), (error: { code: string; data: object; message: string }) => {
      assert.deepEqual([error.code, error.data], ['unavailable', { cause: 'moved' }]);
      assert.match(error.message, /gone or was replaced.*put it back/);
      return true;
    });
  });

test('a database whose file was put back goes on', async (t) => {
  const file = join(temporaryFolder(t), 'site.db');
  const store = await openOn(t, { file });
  const before = await put(store, 1);
  renameSync(file, `${file}.elsewhere`);
  await assert.rejects(put(store, 1), { code: 'unavailable' });
  renameSync(`${file}.elsewhere`, file);
  await assertWhole(store, [before, await put(store, 1)]);
});
