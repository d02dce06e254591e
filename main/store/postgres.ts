// The store on PostgreSQL: one client that writes, a pool that reads and cannot write.
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { BackupStep, Connection, Database, Param } from './database.ts';
import { PostgresWriter } from './postgresWriter.ts';

const READERS = 8;
const BACKUP_ROWS = 2_000;
/** Read by one question of the check: 8 MiB. */
const CHECK_BLOCKS = 1_024;
const CONNECT_MS = 10_000;
/** A process that hangs in the middle of a change must not keep the database for ever. */
const IDLE_IN_TRANSACTION_MS = 60_000;

const BOOL = 16;
const INT8 = 20;
const NUMERIC = 1700;

/** As SQLite answers: counts and sums as numbers, conditions as 0 and 1. What a number cannot hold is a mistake, not a rounding. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === BOOL) return (text: string) => (text === 't' ? 1 : 0);
    if (oid === INT8)
      return (text: string) => {
        const value = Number(text);
        if (!Number.isSafeInteger(value)) throw new RangeError(`integer ${text} is too large to read`);
        return value;
      };
    if (oid === NUMERIC) return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  },
} as pg.CustomTypesConfig;

export type PostgresOptions = {
  url: string;
  /** Called before each statement of the writer: where the crash tests kill the process. */
  beforeStatement?: (sql: string) => void;
};

export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const database = new PostgresDatabase(options);
  try {
    await database.writer.open();
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

class PostgresDatabase implements Database {
  readonly dialect = 'postgres';
  readonly shared = true;
  readonly writer: PostgresWriter;
  readonly reader: Connection;
  readonly kysely: Database['kysely'];
  onError: Database['onError'] = () => {};
  private readonly pool: pg.Pool;

  constructor(options: PostgresOptions) {
    const line = { connectionString: options.url, types, keepAlive: true, connectionTimeoutMillis: CONNECT_MS };
    this.writer = new PostgresWriter({
      connect: () => connectWriter(line),
      statement: numbered,
      before: options.beforeStatement ?? (() => {}),
      onError: (error) => this.onError(error),
    });
    this.pool = new pg.Pool({
      ...line,
      max: READERS,
      application_name: 'outpost (reads)',
      options: '-c default_transaction_read_only=on',
    });
    // Without a listener an idle client's lost connection would end the process; the next question reports it.
    this.pool.on('error', () => {});
    // The same for one that is in use: whoever uses it is told by their question.
    this.pool.on('connect', (client) => void client.on('error', () => {}));
    this.reader = connection((sql, params) => this.pool.query(numbered(sql, params)), this);
    this.kysely = new Kysely({
      dialect: new PostgresDialect({ pool: this.pool }),
      log: (event) => {
        if (event.level === 'error') this.onError(event.error);
      },
    });
  }

  async snapshot<T>(work: (at: Connection) => Promise<T>): Promise<T> {
    return this.inSnapshot((client) => work(connection((sql, params) => client.query(numbered(sql, params)), this)));
  }

  private async inSnapshot<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      await client.query('begin isolation level repeatable read read only');
      const answer = await work(client);
      await client.query('commit');
      return answer;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }

  async tables() {
    const rows = await this.reader.all<{ name: string }>(
      `select relname::text as "name" from pg_class where relkind in ('r', 'p') and relnamespace = current_schema()::regnamespace
       order by relname::text collate "C"`,
    );
    return rows.map((row) => row.name);
  }

  async columns(table: string) {
    const rows = await this.reader.all<{ name: string; type: string; order: string | null; nullable: string; default: string | null }>(
      `select column_name::text as "name", data_type as "type", collation_name::text as "order", is_nullable as "nullable",
         column_default as "default"
       from information_schema.columns where table_schema = current_schema() and table_name = ? order by column_name collate "C"`,
      [table],
    );
    return rows.map(({ order, ...row }) => ({
      ...row,
      type: order === null ? row.type : `${row.type} collate "${order}"`,
      nullable: row.nullable === 'YES',
    }));
  }

  async plan(sql: string) {
    // A test's few rows would be scanned and sorted whatever the indexes: ask what it would do if that were dear.
    return this.inSnapshot(async (client) => {
      await client.query('set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off');
      const { rows } = await client.query(`explain (generic_plan) ${numbered(sql, []).text}`);
      return rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
    });
  }

  async faults(quick: boolean, signal?: AbortSignal) {
    if (quick) return [];
    // Reading every value of every table meets a damaged page; checksums are on in a cluster of today.
    const sentences: string[] = [];
    for (const table of await this.tables()) {
      try {
        await this.readThrough(table, signal);
      } catch (error) {
        signal?.throwIfAborted();
        sentences.push(`table ${table}: ${(error as Error).message}`);
      }
    }
    return sentences;
  }

  /** As it lies on the disk, in stretches that are short enough to stop between two of them. */
  private async readThrough(table: string, signal?: AbortSignal): Promise<void> {
    const [size] = await this.reader.all<{ blocks: number }>(
      `select pg_relation_size(?::regclass) / current_setting('block_size')::int as "blocks"`,
      [`"${table}"`],
    );
    for (let block = 0; block < (size?.blocks ?? 0); block += CHECK_BLOCKS) {
      signal?.throwIfAborted();
      await this.reader.all(`select sum(length(t::text)) from "${table}" t where ctid >= ?::tid and ctid < ?::tid`, [
        `(${block},0)`,
        `(${block + CHECK_BLOCKS},0)`,
      ]);
    }
  }

  /** One gzipped line a row, table and JSON, in one snapshot: what restorePostgres.ts reads. */
  async backup(file: string, step: BackupStep) {
    const beside = `${file}.part`;
    await this.inSnapshot(async (client) => {
      const out = createWriteStream(beside, { mode: 0o600, flush: true });
      await pipeline(Readable.from(this.lines(client, step)), createGzip({ level: 6 }), out, { signal: step.signal });
    });
    await rename(beside, file);
  }

  private async *lines(client: pg.PoolClient, step: BackupStep): AsyncGenerator<string> {
    const tables = await this.tables();
    for (const [index, table] of tables.entries()) {
      await client.query(`declare lines no scroll cursor for select to_jsonb(t)::text as "row" from "${table}" t`);
      for (;;) {
        const { rows } = await client.query<{ row: string }>(`fetch ${BACKUP_ROWS} from lines`);
        if (rows.length === 0) break;
        yield rows.map(({ row }) => `${JSON.stringify(table)}\t${row}\n`).join('');
      }
      await client.query('close lines');
      step.progress((index + 1) / tables.length);
    }
  }

  async bytes() {
    const [row] = await this.reader.all<{ bytes: number }>('select pg_database_size(current_database()) as "bytes"');
    return row?.bytes ?? 0;
  }

  async close() {
    await Promise.all([this.writer.close(), this.pool.ended ? undefined : this.pool.end()]);
  }
}

async function connectWriter(line: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...line, application_name: 'outpost', idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS });
  // Without a listener a lost connection would end the process; the next statement reports it.
  client.on('error', () => {});
  await client.connect();
  // A commit is on disk when it returns, even where the server was told to be hasty.
  // A machine that fell silent is given up within a minute, not within hours: until then the lock is not free for its successor.
  await client.query(
    'set tcp_keepalives_idle = 20; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3; set tcp_user_timeout = 50000',
  );
  await client.query(`select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`);
  return client;
}

// ---- statements

const NAMED_LIMIT = 500;
const names = new Map<string, { name: string; text: string }>();

/** '?' becomes $1, $2 …; each text gets a name once, so that the server plans it once a connection. */
function numbered(sql: string, params: readonly Param[]): pg.QueryConfig {
  let known = names.get(sql);
  if (known === undefined) {
    let n = 0;
    known = { name: `s${names.size}`, text: sql.replaceAll('?', () => `$${++n}`) };
    if (names.size < NAMED_LIMIT) names.set(sql, known);
    else return { text: known.text, values: [...params] };
  }
  return { name: known.name, text: known.text, values: [...params] };
}

type Query = (sql: string, params: readonly Param[]) => Promise<pg.QueryResult>;

function connection(query: Query, database: Pick<Database, 'onError'>): Connection {
  const heard = async (sql: string, params: readonly Param[] = []) => {
    try {
      return await query(sql, params);
    } catch (error) {
      database.onError(error);
      throw error;
    }
  };
  return {
    all: async <R>(sql: string, params?: readonly Param[]) => (await heard(sql, params)).rows as R[],
    run: async (sql, params) => (await heard(sql, params)).rowCount ?? 0,
  };
}
