// Migration 74: the rows of the audit that are there already are found by what they changed, too.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('74: what earlier rows of the audit changed is read out of them, each record once', async (source) => {
  const before = await migratedTo({ ...source }, 72);
  const change = (entity: string, id: string, field: string) => ({ entity, id, field, before: null, after: 1 });
  const bodies = [
    { changes: [change('site', 's', 'name'), change('site', 's', 'timeZone'), change('place', 'p', 'name')] },
    { changes: [] },
    // As many as do not fit into one page.
    ...Array.from({ length: 1_000 }, () => ({ changes: [change('place', 'q', 'name')] })),
  ];
  for (const [n, body] of bodies.entries()) {
    const seq = n + 1;
    await tamper(
      before,
      `insert into "audit" ("incarnation", "seq", "at", "action", "outcome", "digest", "hash") values ('i', ${seq}, ${seq * 10}, 'x', 'done', '', '')`,
    );
    await tamper(
      before,
      `insert into "auditDetail" ("incarnation", "seq", "salt", "body") values ('i', ${seq}, '', '${JSON.stringify(body)}')`,
    );
  }
  await before.close();

  const database = await migratedTo(source, 74);
  const things = await database.writer.all<{ id: string; at: number; seq: number }>(
    'select "id", "at", "seq" from "auditThing" order by "seq", "id"',
  );
  assert.deepEqual(things.slice(0, 3), [
    { id: 'p', at: 10, seq: 1 },
    { id: 's', at: 10, seq: 1 },
    { id: 'q', at: 30, seq: 3 },
  ]);
  assert.equal(things.length, 1_002);
  await assertAnswered(database, [
    {
      what: 'the audit of one record',
      sql: 'select * from "auditThing" where "entity" = ? and "id" = ? order by "at" desc, "incarnation" desc, "seq" desc limit ?',
      by: { sqlite: 'sqlite_autoindex_auditThing_1', postgres: 'auditThing_pkey' },
      inOrder: true,
    },
  ]);
});
