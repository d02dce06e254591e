// A database as one migration left it: what the test of that migration looks at.
import assert from 'node:assert/strict';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { migrations } from '../store/migrations/index.ts';
import type { TestDatabase } from './databases.ts';

/** Brings a database up to this version, and not beyond. */
export async function migratedTo(source: TestDatabase, version: number): Promise<Database> {
  const database = await source.open();
  const steps = migrations.filter((migration) => migration.version <= version);
  assert.equal(steps.at(-1)?.version, version, 'there is such a migration');
  await migrate(database, { migrations: steps, backupFirst: async () => {} });
  return database;
}

export type Question = {
  what: string;
  sql: string;
  /** The index that must answer, by its name on either database. */
  by: string | { sqlite: string; postgres: string };
  /** It comes in the asked-for order out of the index: nothing is sorted. */
  inOrder?: true;
};

export async function assertAnswered(database: Database, questions: readonly Question[]): Promise<void> {
  for (const { what, sql, by, inOrder } of questions) {
    const plan = await database.plan(sql);
    const index = typeof by === 'string' ? by : by[database.dialect];
    assert.ok(plan.includes(index), `${what} uses ${index}:\n${plan}`);
    assert.doesNotMatch(plan, /^SCAN (?!\w+ USING)|Seq Scan/m, `${what} reads no whole table:\n${plan}`);
    if (inOrder) assert.doesNotMatch(plan, /TEMP B-TREE|Sort/, `${what} sorts nothing:\n${plan}`);
  }
}

/** The index behind a primary key: each database names it its own way. */
export const primaryKey = (table: string, sqlite = `sqlite_autoindex_${table}_1`): Exclude<Question['by'], string> => ({
  sqlite,
  postgres: `${table}_pkey`,
});
