// Bringing a database to the program's version: all or nothing, never backwards, and not without a copy of what was there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onBoth, postgresFor } from '../testing/databases.ts';
import { contents, openTestStore } from '../testing/store.ts';
import type { Database } from './database.ts';
import { addColumn, createTable, type Migrate } from './ddl.ts';
import { NewerStore } from './faults.ts';
import { migrate, schemaVersion } from './migrate.ts';
import { type Migration, migrations } from './migrations/index.ts';

const make = (version: number, table: string): Migration => ({
  version,
  up: (step: Migrate) => createTable(step, table, { id: 'text' }, { primary: ['id'] }),
});
const failing = (version: number): Migration => ({
  version,
  async up(step) {
    await createTable(step, 'half', { id: 'text' }, { primary: ['id'] });
    await addColumn(step, 'one', 'more', { type: 'text', nullable: true });
    await step.db.insertInto('one').values({ id: 'x', more: 'y' }).execute();
    await createTable(step, 'one', { id: 'text' }, { primary: ['id'] });
  },
});
const run = (database: Database, steps: readonly Migration[], backupFirst: (from: number) => Promise<void> = async () => {}) =>
  migrate(database, { migrations: steps, backupFirst });

/** Shape and content of everything. */
async function picture(database: Database): Promise<string> {
  const columns = await Promise.all((await database.tables()).map(async (table) => [table, await database.columns(table)]));
  return `${JSON.stringify(columns)}\n${await contents(database)}`;
}

test('every migration has its own number, greater than the one before', () => {
  const versions = migrations.map((migration) => migration.version);
  assert.deepEqual(
    versions,
    [...new Set(versions)].sort((a, b) => a - b),
  );
});

onBoth('an empty database is brought to the newest version, and then there is nothing to do', async (source) => {
  const database = await source.open();
  assert.equal(await schemaVersion(database), 0);
  assert.deepEqual(await run(database, [make(1, 'one'), make(2, 'two')]), { from: 0, to: 2 });
  assert.deepEqual(await database.tables(), ['meta', 'one', 'two']);
  assert.equal(await schemaVersion(database), 2);
  const before = await picture(database);
  assert.deepEqual(await run(database, [make(1, 'one'), make(2, 'two')]), { from: 2, to: 2 });
  assert.equal(await picture(database), before);
});

onBoth('an old database gets only what it lacks', async (source) => {
  const database = await source.open();
  await run(database, [make(1, 'one')]);
  assert.deepEqual(await run(database, [make(1, 'never again'), make(2, 'two'), make(5, 'five')]), { from: 1, to: 5 });
  assert.deepEqual(await database.tables(), ['five', 'meta', 'one', 'two']);
});

onBoth('a backup is asked for before an old database is changed, and not for an empty one', async (source) => {
  const database = await source.open();
  const asked: [number, string[]][] = [];
  const backupFirst = async (from: number) => void asked.push([from, await database.tables()]);
  await run(database, [make(1, 'one')], backupFirst);
  assert.deepEqual(asked, []);
  await run(database, [make(1, 'one')], backupFirst);
  assert.deepEqual(asked, [], 'nor where there is nothing to change');
  await run(database, [make(1, 'one'), make(2, 'two')], backupFirst);
  assert.deepEqual(asked, [[1, ['meta', 'one']]]);
});

onBoth('where the backup cannot be made nothing is changed', async (source) => {
  const database = await source.open();
  await run(database, [make(1, 'one')]);
  const before = await picture(database);
  await assert.rejects(
    run(database, [make(1, 'one'), make(2, 'two')], () => Promise.reject(new Error('no space'))),
    /no space/,
  );
  assert.equal(await picture(database), before);
});

onBoth('a migration that fails leaves the database as it was, with those before it in the same step', async (source) => {
  const database = await source.open();
  await assert.rejects(run(database, [make(1, 'one'), failing(2)]));
  assert.deepEqual(await database.tables(), [], 'an empty one stays empty');
  await run(database, [make(1, 'one')]);
  const before = await picture(database);
  await assert.rejects(run(database, [make(1, 'one'), make(2, 'two'), failing(3)]));
  assert.equal(await picture(database), before);
  assert.deepEqual(await run(database, [make(1, 'one'), make(2, 'two')]), { from: 1, to: 2 }, 'and it can be tried again');
});

onBoth('a database of a newer program is refused, in words that say what to do, and not touched', async (source) => {
  const database = await source.open();
  await run(database, [make(1, 'one'), make(99, 'later')]);
  const before = await picture(database);
  await assert.rejects(run(database, [make(1, 'one'), make(50, 'fifty')]), (error: Error) => {
    assert.ok(error instanceof NewerStore);
    assert.match(error.message, /version 99.*knows 50.*Install the newer version, or restore a backup/);
    return true;
  });
  assert.equal(await picture(database), before);
});

onBoth('a store of a newer program is not opened', async (source) => {
  const newer = await openTestStore(source, { migrations: [...migrations, make(9_999, 'later')] });
  await newer.close();
  await assert.rejects(openTestStore(source), NewerStore);
});

test('a database that another process brought to its version while our connection was lost is not brought there twice', async (t) => {
  const source = await postgresFor(t);
  const database = await source.open();
  await run(database, [make(1, 'one')]);
  await run(database, [make(1, 'one'), make(2, 'two')], async () => {
    await database.writer.run('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
    const other = await source.open();
    await run(other, [make(1, 'one'), make(2, 'two')]);
    await other.close();
  });
  assert.equal(await schemaVersion(database), 2);
});
