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
  /** Called when the tables are there, in the same transaction: what the new version makes of the old data. */
  afterwards?(from: number): Promise<void>;
};

/** All or nothing: an old program can go on with its data where a new one failed to bring it to its own version. */
export async function migrate(database: Database, options: MigrateOptions): Promise<{ from: number; to: number }> {
  const migrations = options.migrations ?? all;
  const newest = migrations.at(-1)?.version ?? 0;
  const from = await schemaVersion(database);
  mustKnow(from, newest);
  if (from === newest) return { from, to: from };
  if (from > 0) await options.backupFirst(from);

  const { writer, dialect } = database;
  await writer.begin();
  try {
    // Again, now that nobody else can: another process may have had the database while a connection was lost.
    const now = await schemaVersion(database);
    mustKnow(now, newest);
    const missing = migrations.filter((migration) => migration.version > now);
    if (missing.length > 0) {
      const step = { db: writer.kysely, dialect };
      if (now === 0) await createTable(step, 'meta', { key: 'text', value: 'text' }, { primary: ['key'] });
      for (const { up } of missing) await up(step);
      await sql`insert into "meta" ("key", "value") values ('schema', ${String(newest)})
        on conflict ("key") do update set "value" = excluded."value"`.execute(writer.kysely);
      await options.afterwards?.(now);
    }
    await writer.commit();
  } catch (error) {
    if (writer.inTransaction()) await writer.rollback();
    throw error;
  }
  return { from, to: newest };
}

export function mustKnow(version: number, newest: number): void {
  if (version > newest)
    throw new NewerStore(
      `This data was written by a newer version of Outpost (data version ${version}, this program knows ${newest}). Install the newer version, or restore a backup made by this one.`,
    );
}

/** 0 for a database nobody has used yet. */
export async function schemaVersion(database: Database): Promise<number> {
  if (!(await database.tables()).includes('meta')) return 0;
  const [row] = await database.reader.all<{ value: string }>(`select "value" from "meta" where "key" = 'schema'`);
  return Number(row?.value ?? 0);
}
