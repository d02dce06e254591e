// The audit asked for by time, by who did it and where, and by what was not done.
import { sql } from 'kysely';
import { createIndex, type Migrate } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  const inTime = ['at', 'incarnation', 'seq'];
  for (const by of [[], ['site'], ['organisation']]) await createIndex(migrate, 'audit', [...by, ...inTime]);
  // What was not done is rare: found at once, and an index of it costs the changes that were done nothing.
  for (const by of [[], ['site'], ['organisation'], ['actor']])
    await createIndex(migrate, 'audit', [...by, ...inTime], { where: `"outcome" <> 'done'` });

  // Where a person and a place are asked for, SQLite takes the shorter index of either and reads all of it. So each of these
  // answers to words of its own: what does not say them cannot use the index, and what does can use no other.
  const raw = (text: string) => sql.raw(text).execute(migrate.db);
  for (const place of ['site', 'organisation'])
    await raw(
      `create index "audit_actor_${place}_at" on "audit" ("actor", (coalesce("${place}", '')), "at", "incarnation", "seq") where "actor" is not null`,
    );
  await raw('create index "audit_actor_alone" on "audit" ("actor", "at", "incarnation", "seq") where "seq" > 0');
  // Whoever asks for a person asks in the order of time from now on.
  await raw('drop index "audit_actor_incarnation_seq"');
}
