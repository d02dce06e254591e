// A damaged file: met, said, and from then on nothing is written into it any more.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as people from '../people/entities.ts';
import { sqliteFor, temporaryFolder } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import { work } from '../testing/workload.ts';
import { isDamage } from './faults.ts';
import { openSqlite } from './sqlite.ts';

const PAGE = 4_096;

async function openOn(t: TestContext, file: string): Promise<TestStore> {
  const database = openSqlite({ file });
  t.after(() => database.close());
  return openTestStore(sqliteFor(t), { database });
}

/** A closed database with some work in it: everything is in the one file. */
async function worked(t: TestContext): Promise<string> {
  const file = join(temporaryFolder(t), 'site.db');
  const store = await openOn(t, file);
  await work(store, 31, 120, store.clock);
  await store.close();
  assert.ok(!existsSync(`${file}-wal`));
  return file;
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const content = readFileSync(file);
  content.set(bytes, at);
  writeFileSync(file, content);
}

/** Spoils every page of a table and its indexes; gives how many there were. */
async function spoil(file: string, table: string): Promise<void> {
  const database = openSqlite({ file });
  const pages = await database.reader.all<{ rootpage: number }>('select rootpage from sqlite_master where tbl_name = ?', [table]);
  await database.close();
  for (const { rootpage } of pages) overwrite(file, (rootpage - 1) * PAGE, dice(rootpage).bytes(PAGE));
}

const REFUSED = { code: 'unavailable', data: { cause: 'damaged' } };
const refusedAsDamaged = (error: unknown) => {
  const { code, data } = error as typeof REFUSED;
  assert.deepEqual({ code, data }, REFUSED);
  return true;
};
const change = (store: TestStore) => store.change(author(), (tx) => tx.create(people.site, 'new', 'site:new', { name: 'x' }));

test('a file whose first bytes are damaged is not opened, and the damage is told apart from other failures', async (t) => {
  const file = await worked(t);
  overwrite(file, 0, dice(1).bytes(100));
  assert.throws(() => openSqlite({ file }), isDamage);
});

test('a file that is no database at all is not opened', (t) => {
  const file = join(temporaryFolder(t), 'site.db');
  writeFileSync(
    file,
    'This is a letter to my aunt, and much longer than a hundred bytes, so that nobody takes it for a database that is empty.',
  );
  assert.throws(() => openSqlite({ file }), isDamage);
});

test('a file of which half is missing is not opened', async (t) => {
  const file = await worked(t);
  truncateSync(file, Math.floor(statSync(file).size / 2 / PAGE) * PAGE);
  assert.throws(() => openSqlite({ file }), isDamage);
});

test('damage that a question meets is known at once, and nothing is written any more', async (t) => {
  const file = await worked(t);
  await spoil(file, 'places');
  const store = await openOn(t, file);
  assert.equal(store.damage, undefined, 'not met yet');
  await assert.rejects(store.read.selectFrom('places').selectAll().execute(), isDamage);
  assert.match(store.damage ?? '', /malformed/);
  await assert.rejects(change(store), refusedAsDamaged);
  await assert.rejects(store.changeLog.confirm([]), refusedAsDamaged);
  await assert.rejects(
    store.audit({
      actor: null,
      session: null,
      action: 'x',
      outcome: 'done',
      organisation: null,
      site: null,
      detail: { from: '', message: null, changes: [] },
    }),
    refusedAsDamaged,
  );
  assert.deepEqual(await store.read.selectFrom('sites').select('id').where('id', '=', 'new').execute(), [], 'what is whole is still read');
});

test('damage that a change meets undoes it, and refuses the ones that wait behind it', async (t) => {
  const file = await worked(t);
  await spoil(file, 'places');
  const store = await openOn(t, file);
  const outcomes = await Promise.allSettled([store.change(author(), (tx) => tx.update(people.place, 'p', { name: 'x' })), change(store)]);
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected');
    refusedAsDamaged(outcome.reason);
  }
  assert.match(store.damage ?? '', /malformed/);
  assert.deepEqual(await store.read.selectFrom('sites').select('id').where('id', '=', 'new').execute(), []);
});

test('a change that was handed in before a question met the damage is refused as well', async (t) => {
  const file = await worked(t);
  await spoil(file, 'places');
  const store = await openOn(t, file);
  const waiting = change(store);
  await assert.rejects(store.read.selectFrom('places').selectAll().execute(), isDamage);
  await assert.rejects(waiting, refusedAsDamaged);
});

test('damage of what only the store itself writes is met at the commit, and said', async (t) => {
  const file = await worked(t);
  await spoil(file, 'audit');
  const store = await openOn(t, file);
  await assert.rejects(change(store), refusedAsDamaged);
  assert.notEqual(store.damage, undefined);
});

test('the check of the store finds damage, and writing ends with it', async (t) => {
  const file = await worked(t);
  await spoil(file, 'notices');
  const store = await openOn(t, file);
  assert.notDeepEqual(await store.faults(true), []);
  assert.notEqual(store.damage, undefined);
  await assert.rejects(change(store), refusedAsDamaged);
});

test('no page full of rubbish gets past the check of the store', async (t) => {
  const whole = await worked(t);
  const pages = statSync(whole).size / PAGE;
  assert.ok(pages > 40);
  const chance = dice(77);
  let unopened = 0;
  for (let n = 0; n < 40; n++) {
    const file = join(temporaryFolder(t), 'site.db');
    copyFileSync(whole, file);
    const page = chance.below(pages);
    overwrite(file, page * PAGE, chance.bytes(PAGE));
    const found = await check(t, file);
    if (found === 'not opened') unopened += 1;
    assert.notEqual(found, undefined, `page ${page + 1} of ${pages}`);
  }
  assert.ok(unopened < 30, 'most damage is met only by looking');
});

test('a bit that is flipped is found, or changes nothing that is kept', async (t) => {
  const whole = await worked(t);
  const size = statSync(whole).size;
  const store = await openOn(t, whole);
  const { tables } = await store.compareWithLog();
  await store.close();
  const chance = dice(78);
  let found = 0;
  for (let n = 0; n < 40; n++) {
    const file = join(temporaryFolder(t), 'site.db');
    copyFileSync(whole, file);
    const at = PAGE + chance.below(size - PAGE);
    overwrite(file, at, Uint8Array.of((readFileSync(file)[at] as number) ^ (1 << chance.below(8))));
    if ((await check(t, file)) !== undefined) found += 1;
    else {
      const survivor = await openOn(t, file);
      assert.equal((await survivor.compareWithLog()).tables, tables, `byte ${at}`);
      await survivor.close();
    }
  }
  assert.ok(found > 5, `${found} were found`);
});

/** What the station's own check says of a file, in a word; undefined where it finds nothing. */
async function check(t: TestContext, file: string): Promise<string | undefined> {
  let store: TestStore | undefined;
  try {
    store = await openOn(t, file);
  } catch {
    return 'not opened';
  }
  try {
    if ((await store.faults(false)).length > 0) return 'structure';
    if ((await store.verifyAudit()).fault !== null) return 'audit';
    if ((await store.compareWithLog()).faults.length > 0) return 'log';
    return undefined;
  } catch {
    return 'unreadable';
  } finally {
    await store.close();
  }
}

test('a log of writes that breaks off anywhere, as after a power cut, leaves a whole store of some earlier moment', async (t) => {
  const file = join(temporaryFolder(t), 'site.db');
  const store = await openOn(t, file);
  await work(store, 32, 60, store.clock);
  const wal = statSync(`${file}-wal`).size;
  assert.ok(wal > 100_000);
  const chance = dice(79);
  const lengths = new Set<number>();
  for (let n = 0; n < 30; n++) {
    const copy = join(temporaryFolder(t), 'site.db');
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    const length = chance.below(wal);
    truncateSync(`${copy}-wal`, length);
    const survivor = await openOn(t, copy);
    assert.deepEqual(await survivor.faults(false), [], `${length} bytes`);
    assert.equal((await survivor.verifyAudit()).fault, null, `${length} bytes`);
    assert.deepEqual((await survivor.compareWithLog()).faults, [], `${length} bytes`);
    lengths.add((await survivor.changeLog.count()).recorded);
    await survivor.close();
  }
  assert.ok(lengths.size > 10, 'of different moments');
});
