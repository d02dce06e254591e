// Migration 10: the store's own tables, and the indexes its own hot questions need.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo, primaryKey } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('10 makes the tables of the store itself', async (source) => {
  const database = await migratedTo(source, 10);
  assert.deepEqual(await database.tables(), ['audit', 'auditDetail', 'command', 'incarnation', 'meta', 'op', 'reg', 'task']);
  const columns = async (table: string) =>
    (await database.columns(table)).map(({ name, nullable }) => `${name}${nullable ? '?' : ''}`).join(' ');
  assert.equal(await columns('op'), 'actor? at entity field hlc incarnation n opId rowId scope seq state txId value');
  assert.equal(await columns('reg'), 'entity field hlc opId rowId value');
  assert.equal(await columns('audit'), 'action actor? at digest hash incarnation organisation? outcome seq session? site?');
  assert.equal(await columns('auditDetail'), 'body incarnation salt seq');
  assert.equal(await columns('command'), 'action at opId person? result');
  assert.equal(await columns('task'), 'attempts createdAt endedAt? id input kind message owner? progress? result? state title');
});

onBoth('10: one operation, one number, one row of the audit are there once', async (source) => {
  const database = await migratedTo(source, 10);
  const op = (seq: number, n: number, opId: string) =>
    tamper(database, [
      `insert into "op" ("seq", "incarnation", "n", "opId", "txId", "scope", "entity", "rowId", "field", "value", "hlc", "at", "state")
       values (?, 'i', ?, ?, 't', 's', 'e', 'r', 'f', 'v', 'h', 0, 'confirmed')`,
      [seq, n, opId],
    ]).catch(async (error) => {
      await database.writer.rollback();
      throw error;
    });
  await op(1, 1, 'a');
  await assert.rejects(op(1, 2, 'b'), 'the place in the log');
  await assert.rejects(op(2, 1, 'b'), 'the number in the incarnation');
  await assert.rejects(op(2, 2, 'a'), 'the operation');
  await op(2, 2, 'b');
});

onBoth('10: the store’s hot questions are answered by an index', async (source) => {
  const database = await migratedTo(source, 10);
  await assertAnswered(database, [
    {
      what: 'a page of the log',
      sql: 'select * from "op" where "seq" > ? order by "seq" limit ?',
      by: primaryKey('op', 'INTEGER PRIMARY KEY'),
      inOrder: true,
    },
    {
      what: 'the log of a scope',
      sql: 'select * from "op" where "scope" = ? and "seq" > ? order by "seq" limit ?',
      by: 'op_scope_seq',
      inOrder: true,
    },
    {
      what: 'the history of a record',
      sql: 'select * from "op" where "entity" = ? and "rowId" = ? order by "seq"',
      by: 'op_entity_rowId_seq',
      inOrder: true,
    },
    {
      what: 'an operation by its id',
      sql: 'select "state" from "op" where "opId" in (?, ?)',
      by: { sqlite: 'sqlite_autoindex_op_1', postgres: 'op_opId' },
    },
    {
      what: 'what is pending of some records',
      sql: `select * from "op" where "state" = 'pending' and "entity" = ? and "rowId" in (?, ?)`,
      by: 'op_entity_rowId_field_some',
    },
    { what: 'the registers of some records', sql: 'select * from "reg" where "entity" = ? and "rowId" in (?, ?)', by: primaryKey('reg') },
    {
      what: 'the newest of the audit',
      sql: 'select * from "audit" order by "incarnation" desc, "seq" desc limit ?',
      by: primaryKey('audit'),
      inOrder: true,
    },
    ...['site', 'organisation', 'actor'].map((by) => ({
      what: `the audit of one ${by}`,
      sql: `select * from "audit" where "${by}" = ? and ("incarnation", "seq") < (?, ?) order by "incarnation" desc, "seq" desc limit ?`,
      by: `audit_${by}_incarnation_seq`,
      inOrder: true as const,
    })),
    {
      what: 'a chain of the audit',
      sql: 'select * from "audit" where "incarnation" = ? and "seq" > ? order by "seq" limit ?',
      by: primaryKey('audit'),
      inOrder: true,
    },
    { what: 'an answered command', sql: 'select * from "command" where "opId" = ?', by: primaryKey('command') },
    { what: 'commands to be forgotten', sql: 'delete from "command" where "at" < ?', by: 'command_at' },
    {
      what: 'the tasks of a person',
      sql: 'select * from "task" where "owner" = ? order by "createdAt" desc, "id" desc limit ?',
      by: 'task_owner_createdAt',
    },
    {
      what: 'the tasks of the station',
      sql: 'select * from "task" where "owner" is null order by "createdAt" desc limit ?',
      by: 'task_owner_createdAt',
    },
    { what: 'what is to be taken up again', sql: `select * from "task" where "state" in ('waiting', 'running')`, by: 'task_state' },
  ]);
});
