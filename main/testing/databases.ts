// The same test on both databases: `onBoth('…', async ({ open }) => …)`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Database, DialectName } from '../store/database.ts';
import { openPostgres } from '../store/postgres.ts';
import { openSqlite } from '../store/sqlite.ts';
import { keepLogs } from './logs.ts';
import { freshDatabase } from './postgres.ts';

export type TestDatabase = {
  dialect: DialectName;
  /** Opens it; a second time for a second look at the same data. Closed with the test, if the test did not. */
  open(options?: { beforeStatement?: (sql: string) => void }): Promise<Database>;
  /** Where it lies: the file, or the url. */
  where: string;
  t: TestContext;
};

export function onBoth(name: string, body: (database: TestDatabase) => Promise<void>): void {
  test(`${name} (SQLite)`, async (t) => body(sqliteFor(t)));
  test(`${name} (PostgreSQL)`, async (t) => body(await postgresFor(t)));
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-test-'));
  t.after(() => {
    keepLogs(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function sqliteFor(t: TestContext): TestDatabase {
  const file = join(temporaryFolder(t), 'site.db');
  const { opened } = closedWith(t);
  return { dialect: 'sqlite', where: file, t, open: async (options) => opened(openSqlite({ file, ...options })) };
}

export async function postgresFor(t: TestContext): Promise<TestDatabase> {
  const { url, drop } = await freshDatabase();
  const { opened } = closedWith(t, drop);
  return { dialect: 'postgres', where: url, t, open: async (options) => opened(await openPostgres({ url, ...options })) };
}

/** Each is closed once, by the test or after it; then comes what may come only when nobody is connected any more. */
function closedWith(t: TestContext, afterwards: () => Promise<void> = async () => {}) {
  const all: Database[] = [];
  t.after(async () => {
    await Promise.all(all.map((database) => database.close()));
    await afterwards();
  });
  return {
    opened(database: Database): Database {
      const close = database.close.bind(database);
      let closing: Promise<void> | undefined;
      database.close = () => {
        closing ??= close();
        return closing;
      };
      all.push(database);
      return database;
    },
  };
}
