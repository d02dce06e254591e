// The store on SQLite: one connection that writes, one that reads. WAL, foreign keys, and a commit that is on disk when it returns.
import { statSync } from 'node:fs';
import SQLite, { type Database as Raw, type Statement } from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { type BackupStep, type Connection, type Database, mustNotSteer, type Param, type WriteConnection } from './database.ts';
import { checkSqlite, checkSqliteAside } from './sqliteCheck.ts';

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
    // What a savepoint must be able to undo is kept in memory: a file for it, a change, would cost a third of its time.
    raw.pragma('temp_store = MEMORY');
    if (options.maxPages !== undefined) raw.pragma(`max_page_count = ${options.maxPages}`);
    return new SqliteDatabase(options, raw, openReader(options.file));
  } catch (error) {
    raw.close();
    throw error;
  }
}

const openReader = (file: string) => new SQLite(file, { readonly: true, timeout: 5_000 });

class SqliteDatabase implements Database {
  readonly dialect = 'sqlite';
  readonly shared = false;
  readonly writer: WriteConnection;
  readonly reader: Connection;
  readonly kysely: Database['kysely'];
  onError: Database['onError'] = () => {};
  private readonly file: string;
  private readonly raw: Raw;
  private readonly readRaw: Raw;
  private readonly heard: Heard = (work) => {
    try {
      return work();
    } catch (error) {
      this.onError(error);
      throw error;
    }
  };

  constructor(options: SqliteOptions, raw: Raw, readRaw: Raw) {
    this.file = options.file;
    this.raw = raw;
    this.readRaw = readRaw;
    const read = new StatementCache(readRaw, this.heard);
    this.writer = writeConnection(raw, new StatementCache(raw, this.heard, options.beforeStatement), watchFile(options.file));
    this.reader = connection(read);
    this.kysely = kyselyOn((sql) => read.prepare(sql));
  }

  async snapshot<T>(work: (at: Connection) => Promise<T>): Promise<T> {
    // Not on the reader: whoever else asks it meanwhile would see this old moment too.
    const raw = openReader(this.file);
    try {
      raw.exec('begin');
      return await work(connection(new StatementCache(raw, this.heard)));
    } finally {
      raw.close();
    }
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

  async plan(sql: string) {
    const params = Array.from(sql.matchAll(/\?/g), () => null);
    const rows = await this.reader.all<{ detail: string }>(`explain query plan ${sql}`, params);
    return rows.map((row) => row.detail).join('\n');
  }

  async faults(quick: boolean, signal?: AbortSignal) {
    return quick ? checkSqlite(this.readRaw, true) : checkSqliteAside(this.file, signal);
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

// ---- statements

/** Does the work, and tells the database of an error before it goes on its way. */
type Heard = <T>(work: () => T) => T;

/** What the builder needs of a statement. */
class Prepared {
  readonly reader: boolean;
  private readonly statement: Statement;
  private readonly heard: Heard;

  constructor(statement: Statement, heard: Heard) {
    this.reader = statement.reader;
    this.statement = statement;
    this.heard = heard;
  }

  all(params: readonly unknown[]): unknown[] {
    return this.heard(() => this.statement.all(params));
  }

  run(params: readonly unknown[]) {
    return this.heard(() => this.statement.run(params));
  }

  iterate(params: readonly unknown[]): IterableIterator<unknown> {
    return this.heard(() => this.statement.iterate(params));
  }
}

/** Preparing is most of the cost of a statement: each text is prepared once. */
class StatementCache {
  private readonly statements = new Map<string, Prepared>();
  private readonly raw: Raw;
  private readonly heard: Heard;
  private readonly before: ((sql: string) => void) | undefined;

  constructor(raw: Raw, heard: Heard, before?: (sql: string) => void) {
    this.raw = raw;
    this.heard = heard;
    this.before = before;
  }

  prepare(sql: string): Prepared {
    this.before?.(sql);
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = new Prepared(
        this.heard(() => this.raw.prepare(sql)),
        this.heard,
      );
      if (this.statements.size >= CACHED_STATEMENTS) this.statements.delete(this.statements.keys().next().value as string);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

const kyselyOn = (prepare: (sql: string) => Prepared): Database['kysely'] =>
  new Kysely({ dialect: new SqliteDialect({ database: { prepare, close: () => {} } as unknown as Raw }) });

function connection(cache: StatementCache): Connection {
  return {
    all: async <R>(sql: string, params: readonly Param[] = []) => cache.prepare(sql).all(params) as R[],
    run: async (sql, params = []) => cache.prepare(sql).run(params).changes,
  };
}

/** SQLite writes on into a file that was moved or deleted under it, and what it acknowledges is nowhere. */
function watchFile(file: string): () => void {
  const inode = () => statSync(file, { throwIfNoEntry: false, bigint: true })?.ino;
  const opened = inode();
  return () => {
    if (inode() !== opened) throw Object.assign(new Error(`${file} was moved or replaced`), { code: 'SQLITE_READONLY_DBMOVED' });
  };
}

function writeConnection(raw: Raw, cache: StatementCache, mustBeThere: () => void): WriteConnection {
  const exec = async (sql: string) => {
    cache.prepare(sql).run([]);
  };
  const writer: WriteConnection = {
    ...connection(cache),
    kysely: kyselyOn((sql) => {
      mustNotSteer(sql);
      writer.guard();
      return cache.prepare(sql);
    }),
    guard: () => {},
    begin: async () => {
      mustBeThere();
      await exec('begin immediate');
    },
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
  return writer;
}
