// What SQLite alone must be told, for a commit to be on the disk when it returns.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sqliteFor, temporaryFolder } from '../testing/databases.ts';
import { openSqlite } from './sqlite.ts';

test('the writer waits for the disk, keeps a log of writes, and holds references to be true', async (t) => {
  const { writer } = await sqliteFor(t).open();
  const value = async (name: string) => Object.values((await writer.all<Record<string, unknown>>(`pragma ${name}`))[0] ?? {})[0];
  assert.equal(await value('journal_mode'), 'wal');
  assert.equal(await value('synchronous'), 2, 'FULL: a commit is flushed before it returns');
  assert.equal(await value('foreign_keys'), 1);
});

test('closed in order, a database is one file', async (t) => {
  const file = join(temporaryFolder(t), 'site.db');
  const database = openSqlite({ file });
  await database.writer.begin();
  await database.writer.run('create table "x" ("y" text)');
  await database.writer.commit();
  await database.snapshot((at) => at.all('select * from "x"'));
  assert.ok(existsSync(`${file}-wal`));
  await database.close();
  assert.ok(!existsSync(`${file}-wal`) && !existsSync(`${file}-shm`));
});

test('a file that cannot be opened leaves nothing open', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'site.db'));
  assert.throws(() => openSqlite({ file: join(folder, 'site.db') }), { code: /^SQLITE_CANTOPEN/ });
  assert.throws(() => openSqlite({ file: join(folder, 'nowhere', 'site.db') }), /directory does not exist/);
});

test('more different statements than are kept are answered all the same', async (t) => {
  const { reader } = await sqliteFor(t).open();
  for (let n = 0; n < 1_200; n++) assert.deepEqual((await reader.all(`select ${n} as "n"`))[0], { n });
  assert.deepEqual((await reader.all('select 0 as "n"'))[0], { n: 0 });
});
