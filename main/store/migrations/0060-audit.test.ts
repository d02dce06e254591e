// Migration 60: every way to narrow the audit has its index, and comes out of it in order.
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo } from '../../testing/migrated.ts';

const END = 'order by "at" desc, "incarnation" desc, "seq" desc limit ?';
const TIMES = [['"at" < ?'], ['"at" >= ?'], ['"at" >= ?', '"at" < ?'], ['"at" >= ?', '("at", "incarnation", "seq") < (?, ?, ?)']];

const DONE: [by: string, where: string[]][] = [
  ['audit_at_incarnation_seq', []],
  ['audit_site_at_incarnation_seq', ['"site" = ?']],
  ['audit_organisation_at_incarnation_seq', ['"organisation" = ?']],
  ['audit_actor_alone', ['"actor" = ?', '"seq" > 0']],
  ['audit_actor_site_at', ['"actor" = ?', `coalesce("site", '') = ?`]],
  ['audit_actor_organisation_at', ['"actor" = ?', `coalesce("organisation", '') = ?`]],
];
const REFUSED: [by: string, where: string[]][] = [
  ['audit_at_incarnation_seq_some', []],
  ['audit_site_at_incarnation_seq_some', ['"site" = ?']],
  ['audit_organisation_at_incarnation_seq_some', ['"organisation" = ?']],
  ['audit_actor_at_incarnation_seq_some', ['"actor" = ?']],
];

onBoth('60: the audit of a place, a person and a time is answered by the index made for it', async (source) => {
  const database = await migratedTo(source, 60);
  const question = (by: string, where: string[]) => ({
    what: where.join(' and '),
    sql: `select * from "audit" where ${where.join(' and ')} ${END}`,
    by,
    inOrder: true as const,
  });
  await assertAnswered(database, [
    ...DONE.flatMap(([by, where]) => TIMES.map((time) => question(by, [...where, ...time]))),
    ...REFUSED.flatMap(([by, where]) =>
      [[], ...TIMES].map((time) => question(by, [...where, `"outcome" = ? and "outcome" <> 'done'`, ...time])),
    ),
  ]);
});
