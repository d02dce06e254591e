// The store on SQLite: one connection that writes, one that reads. WAL, foreign keys, and a commit that is on disk when it returns.
import { statSync } from 'node:fs';
import SQLite, { type Database as Raw, type Statement } from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { BackupStep, Connection, Database, Param, WriteConnection } from './database.ts';

const CACHED_STATEMENTS = 500;
/** Pages copied between two looks at the clock and the cancel button, about 4 MiB. */
const BACKUP_PAGES = 1_000;

export type SqliteOptions = {
  file: string;
  /** Only for tests of a full disk: the file may not grow beyond this many pages. */
  maxPages?: number;
  /** Called before each statement of the writer: where the crash tests kill the process. */
  beforeStatement?: (sql: string) => void;
};

export function openSqlite(options: SqliteOptions): Database {
  const raw = new SQLite(options.file, { timeout: 5_000 });
  try {
    raw.pragma('journal_mode = WAL');
    raw.pragma('synchronous = FULL');
    raw.pragma('foreign_keys = ON');
    if (options.maxPages !== undefined) raw.pragma(`max_page_count = ${options.maxPages}`);
    const readRaw = new SQLite(options.file, { readonly: true, timeout: 5_000 });
    return new SqliteDatabase(options, raw, readRaw);
  } catch (error) {
    raw.close();
    throw error;
  }
}

class SqliteDatabase implements Database {
  readonly dialect = 'sqlite';
  readonly sharedWriters = false;
  readonly writer: WriteConnection;
  readonly reader: Connection;
  readonly kysely: Database['kysely'];
  private readonly file: string;
  private readonly raw: Raw;
  private readonly readRaw: Raw;

  constructor(options: SqliteOptions, raw: Raw, readRaw: Raw) {
    this.file = options.file;
    this.raw = raw;
    this.readRaw = readRaw;
    const write = new StatementCache(raw, options.beforeStatement);
    const read = new StatementCache(readRaw);
    this.writer = writeConnection(raw, write);
    this.reader = connection(read);
    this.kysely = kyselyOn(readRaw, read);
  }

  async tables() {
    const rows = await this.reader.all<{ name: string }>(
      `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
    );
    return rows.map((row) => row.name);
  }

  async columns(table: string) {
    const rows = await this.reader.all<{ name: string; type: string; notnull: number; dflt_value: string | null }>(
      'select name, type, "notnull", dflt_value from pragma_table_info(?) order by name',
      [table],
    );
    return rows.map((row) => ({ name: row.name, type: row.type.toLowerCase(), nullable: row.notnull === 0, default: row.dflt_value }));
  }

  async plan(sql: string, params: readonly Param[] = []) {
    const rows = await this.reader.all<{ detail: string }>(`explain query plan ${sql}`, params);
    return rows.map((row) => row.detail).join('\n');
  }

  async faults(quick: boolean) {
    const found = this.readRaw.pragma(quick ? 'quick_check(10)' : 'integrity_check(10)', { simple: false }) as Record<string, string>[];
    const sentences = found.map((row) => String(Object.values(row)[0])).filter((sentence) => sentence !== 'ok');
    const orphans = this.readRaw.pragma('foreign_key_check') as { table: string }[];
    return [...sentences, ...orphans.slice(0, 10).map((orphan) => `a row of ${orphan.table} points to nothing`)];
  }

  async backup(file: string, step: BackupStep) {
    await this.raw.backup(file, {
      progress: ({ totalPages, remainingPages }) => {
        step.signal.throwIfAborted();
        if (totalPages > 0) step.progress(1 - remainingPages / totalPages);
        return BACKUP_PAGES;
      },
    });
  }

  async bytes() {
    const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return size(this.file) + size(`${this.file}-wal`);
  }

  async close() {
    this.readRaw.close();
    this.raw.close();
  }
}

/** Preparing is most of the cost of a statement: each text is prepared once. */
class StatementCache {
  private readonly statements = new Map<string, Statement>();
  private readonly raw: Raw;
  private readonly before: ((sql: string) => void) | undefined;

  constructor(raw: Raw, before?: (sql: string) => void) {
    this.raw = raw;
    this.before = before;
  }

  prepare(sql: string): Statement {
    this.before?.(sql);
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.raw.prepare(sql);
      if (this.statements.size >= CACHED_STATEMENTS) this.statements.delete(this.statements.keys().next().value as string);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

function kyselyOn(raw: Raw, cache: StatementCache): Database['kysely'] {
  return new Kysely({
    dialect: new SqliteDialect({ database: { prepare: (sql: string) => cache.prepare(sql), close: () => raw.close() } as unknown as Raw }),
  });
}

function connection(cache: StatementCache): Connection {
  return {
    all: async <R>(sql: string, params: readonly Param[] = []) => cache.prepare(sql).all(...params) as R[],
    run: async (sql, params = []) => cache.prepare(sql).run(...params).changes,
  };
}

function writeConnection(raw: Raw, cache: StatementCache): WriteConnection {
  const exec = async (sql: string) => {
    cache.prepare(sql).run();
  };
  return {
    ...connection(cache),
    kysely: kyselyOn(raw, cache),
    begin: () => exec('begin immediate'),
    commit: () => exec('commit'),
    rollback: () => exec('rollback'),
    savepoint: () => exec('savepoint change'),
    release: () => exec('release change'),
    rollbackTo: async () => {
      await exec('rollback to change');
      await exec('release change');
    },
    inTransaction: () => raw.inTransaction,
  };
}
