// The store's own tables: what is known of the log, the log, the confirmed registers, audit, commands, tasks.
import { createIndex, createTable, type Migrate, OPTIONAL_INTEGER, OPTIONAL_TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  // meta itself is made by migrate.ts, which needs it before the first migration.
  await createTable(migrate, 'incarnation', { id: 'text', startedAt: 'integer', reason: 'text' }, { primary: ['id'] });

  await createTable(
    migrate,
    'op',
    {
      seq: 'integer',
      incarnation: 'text',
      n: 'integer',
      opId: 'text',
      txId: 'text',
      scope: 'text',
      entity: 'text',
      rowId: 'text',
      field: 'text',
      value: 'text',
      hlc: 'text',
      actor: OPTIONAL_TEXT,
      at: 'integer',
      state: 'text',
    },
    { primary: ['seq'], unique: [['opId'], ['incarnation', 'n']] },
  );
  await createIndex(migrate, 'op', ['entity', 'rowId', 'seq']);
  await createIndex(migrate, 'op', ['scope', 'seq']);
  await createIndex(migrate, 'op', ['entity', 'rowId', 'field'], { where: `"state" = 'pending'` });
  await createIndex(migrate, 'op', ['hlc']);

  await createTable(
    migrate,
    'reg',
    { entity: 'text', rowId: 'text', field: 'text', value: 'text', hlc: 'text', opId: 'text' },
    { primary: ['entity', 'rowId', 'field'] },
  );

  await createTable(
    migrate,
    'audit',
    {
      incarnation: 'text',
      seq: 'integer',
      at: 'integer',
      actor: OPTIONAL_TEXT,
      session: OPTIONAL_TEXT,
      action: 'text',
      outcome: 'text',
      organisation: OPTIONAL_TEXT,
      site: OPTIONAL_TEXT,
      digest: 'text',
      hash: 'text',
    },
    { primary: ['incarnation', 'seq'] },
  );
  for (const by of ['site', 'organisation', 'actor']) await createIndex(migrate, 'audit', [by, 'incarnation', 'seq']);
  // What names people and values stands apart: erasing a row here leaves the chain of digests whole.
  await createTable(
    migrate,
    'auditDetail',
    { incarnation: 'text', seq: 'integer', salt: 'text', body: 'text' },
    { primary: ['incarnation', 'seq'] },
  );

  await createTable(
    migrate,
    'command',
    { opId: 'text', person: OPTIONAL_TEXT, action: 'text', result: 'text', at: 'integer' },
    { primary: ['opId'] },
  );
  await createIndex(migrate, 'command', ['at']);

  await createTable(
    migrate,
    'task',
    {
      id: 'text',
      kind: 'text',
      owner: OPTIONAL_TEXT,
      title: 'text',
      input: 'text',
      state: 'text',
      progress: { type: 'real', nullable: true },
      message: 'text',
      attempts: 'integer',
      result: OPTIONAL_TEXT,
      createdAt: 'integer',
      endedAt: OPTIONAL_INTEGER,
    },
    { primary: ['id'] },
  );
  await createIndex(migrate, 'task', ['owner', 'createdAt']);
  await createIndex(migrate, 'task', ['state']);
}
