// Brings a database to the version this program speaks. Refuses one that is newer; asks for a backup before it changes an old one.
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { createTable } from './ddl.ts';
import { NewerStore } from './faults.ts';
import { migrations as all, type Migration } from './migrations/index.ts';

export type MigrateOptions = {
  migrations?: readonly Migration[];
  /** Called before the first change to a database that already holds something. */
  backupFirst(from: number): Promise<void>;
};

export async function migrate(database: Database, options: MigrateOptions): Promise<{ from: number; to: number }> {
  const migrations = options.migrations ?? all;
  const from = await schemaVersion(database);
  const newest = migrations.at(-1)?.version ?? 0;
  if (from > newest)
    throw new NewerStore(
      `This data was written by a newer version of Outpost (data version ${from}, this program knows ${newest}). Install the newer version, or restore a backup made by this one.`,
    );
  const missing = migrations.filter((migration) => migration.version > from);
  if (missing.length === 0) return { from, to: from };
  if (from > 0) await options.backupFirst(from);
  for (const [index, migration] of missing.entries()) await apply(database, migration, from === 0 && index === 0);
  return { from, to: newest };
}

/** 0 for a database nobody has used yet. */
export async function schemaVersion(database: Database): Promise<number> {
  if (!(await database.tables()).includes('meta')) return 0;
  const [row] = await database.reader.all<{ value: string }>(`select "value" from "meta" where "key" = 'schema'`);
  return Number(row?.value ?? 0);
}

/** One migration, all or nothing: both databases undo a change of tables with its transaction. */
async function apply({ writer, dialect }: Database, { version, up }: Migration, empty: boolean): Promise<void> {
  await writer.begin();
  try {
    const migrate = { db: writer.kysely, dialect };
    if (empty) await createTable(migrate, 'meta', { key: 'text', value: 'text' }, { primary: ['key'] });
    await up(migrate);
    await sql`insert into "meta" ("key", "value") values ('schema', ${String(version)})
      on conflict ("key") do update set "value" = excluded."value"`.execute(writer.kysely);
    await writer.commit();
  } catch (error) {
    if (writer.inTransaction()) await writer.rollback();
    throw error;
  }
}
