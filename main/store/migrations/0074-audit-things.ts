// The audit asked for by what was changed: which records each of its rows is about.
import { createTable, type Migrate } from '../ddl.ts';

type Row = { incarnation: string; seq: number; at: number; body: string };
const PAGE = 1_000;

export async function up(migrate: Migrate): Promise<void> {
  const columns = { entity: 'text', id: 'text', at: 'integer', incarnation: 'text', seq: 'integer' } as const;
  await createTable(migrate, 'auditThing', columns, { primary: ['entity', 'id', 'at', 'incarnation', 'seq'] });

  let last = { incarnation: '', seq: 0 };
  for (;;) {
    const page: Row[] = await migrate.db
      .selectFrom('auditDetail')
      .innerJoin('audit', (join) =>
        join.onRef('audit.incarnation', '=', 'auditDetail.incarnation').onRef('audit.seq', '=', 'auditDetail.seq'),
      )
      .select(['audit.incarnation', 'audit.seq', 'audit.at', 'auditDetail.body'])
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('auditDetail.incarnation', 'auditDetail.seq'), '>', tuple(last.incarnation, last.seq)),
      )
      .orderBy('auditDetail.incarnation')
      .orderBy('auditDetail.seq')
      .limit(PAGE)
      .execute();
    for (const row of page) for (const thing of thingsOf(row)) await migrate.db.insertInto('auditThing').values(thing).execute();
    const end = page.at(-1);
    if (end === undefined) return;
    last = end;
  }
}

/** Each record once, however many of its fields were changed. */
function thingsOf({ body, incarnation, seq, at }: Row) {
  const { changes = [] } = JSON.parse(body) as { changes?: { entity: string; id: string }[] };
  const things = new Map(changes.map(({ entity, id }) => [JSON.stringify([entity, id]), { entity, id, at, incarnation, seq }]));
  return things.values();
}
