// The store on PostgreSQL: one client that writes, a pool that reads and cannot write.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createGzip } from 'node:zlib';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { BackupStep, Connection, Database, Param, WriteConnection } from './database.ts';

const READERS = 8;
const BACKUP_ROWS = 2_000;

const INT8 = 20;
const NUMERIC = 1700;

/** Counts and sums come back as numbers; one that a number cannot hold is a mistake of ours, not a rounding. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
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
  const client = new pg.Client({ connectionString: options.url, types, application_name: 'outpost' });
  const pool = new pg.Pool({
    connectionString: options.url,
    max: READERS,
    types,
    application_name: 'outpost (reads)',
    options: '-c default_transaction_read_only=on',
  });
  // Without a listener an idle client's lost connection would end the process; the next question reports it.
  pool.on('error', () => {});
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    await pool.end();
    throw error;
  }
  return new PostgresDatabase(client, pool, options.beforeStatement);
}

class PostgresDatabase implements Database {
  readonly dialect = 'postgres';
  readonly sharedWriters = true;
  readonly writer: WriteConnection;
  readonly reader: Connection;
  readonly kysely: Database['kysely'];
  private readonly client: pg.Client;
  private readonly pool: pg.Pool;

  constructor(client: pg.Client, pool: pg.Pool, before?: (sql: string) => void) {
    this.client = client;
    this.pool = pool;
    this.writer = writeConnection(client, before);
    this.reader = connection((sql, params) => pool.query(numbered(sql, params)));
    this.kysely = new Kysely({ dialect: new PostgresDialect({ pool }) });
  }

  async tables() {
    const rows = await this.reader.all<{ name: string }>(
      `select table_name as "name" from information_schema.tables where table_schema = current_schema() order by 1`,
    );
    return rows.map((row) => row.name);
  }

  async columns(table: string) {
    const rows = await this.reader.all<{ name: string; type: string; nullable: string; default: string | null }>(
      `select column_name as "name", data_type as "type", is_nullable as "nullable", column_default as "default"
       from information_schema.columns where table_schema = current_schema() and table_name = ? order by column_name collate "C"`,
      [table],
    );
    return rows.map((row) => ({ ...row, nullable: row.nullable === 'YES' }));
  }

  async plan(sql: string, params: readonly Param[] = []) {
    // A test's few rows would be read by a scan whatever the indexes: ask what it would do if scans were dear.
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      await client.query('set local enable_seqscan = off');
      const { rows } = await client.query(numbered(`explain ${sql}`, params));
      await client.query('rollback');
      return rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
    } finally {
      client.release();
    }
  }

  async faults(quick: boolean) {
    if (quick) return [];
    // Reading every row of every table meets a damaged page; checksums are on in a cluster of today.
    const sentences: string[] = [];
    for (const table of await this.tables()) {
      try {
        await this.reader.all(`select count(*) from (select * from "${table}" offset 0) t where t is null`);
      } catch (error) {
        sentences.push(`table ${table}: ${(error as Error).message}`);
      }
    }
    return sentences;
  }

  /** One gzipped JSON line a row, in one snapshot: what restorePostgres reads. */
  async backup(file: string, step: BackupStep) {
    const client = await this.pool.connect();
    const zip = createGzip({ level: 6 });
    const out = createWriteStream(`${file}.part`, { mode: 0o600 });
    zip.pipe(out);
    try {
      await client.query('begin isolation level repeatable read read only');
      const tables = await this.tables();
      for (const [index, table] of tables.entries()) {
        await client.query(`declare rows no scroll cursor for select to_jsonb(t)::text as "row" from "${table}" t`);
        for (;;) {
          step.signal.throwIfAborted();
          const { rows } = await client.query(`fetch ${BACKUP_ROWS} from rows`);
          if (rows.length === 0) break;
          const lines = rows.map((row: { row: string }) => `${JSON.stringify(table)}\t${row.row}\n`).join('');
          if (!zip.write(lines)) await once(zip, 'drain');
        }
        await client.query('close rows');
        step.progress((index + 1) / tables.length);
      }
      await client.query('commit');
      zip.end();
      await once(out, 'close');
      await rename(`${file}.part`, file);
    } catch (error) {
      zip.destroy();
      out.destroy();
      await client.query('rollback').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }

  async bytes() {
    const [row] = await this.reader.all<{ bytes: number }>('select pg_database_size(current_database()) as "bytes"');
    return row?.bytes ?? 0;
  }

  async close() {
    await Promise.all([this.client.end(), this.pool.end()]);
  }
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

function connection(query: Query): Connection {
  return {
    all: async <R>(sql: string, params: readonly Param[] = []) => (await query(sql, params)).rows as R[],
    run: async (sql, params = []) => (await query(sql, params)).rowCount ?? 0,
  };
}

function writeConnection(client: pg.Client, before: (sql: string) => void = () => {}): WriteConnection {
  let open = false;
  const exec = async (sql: string) => {
    before(sql);
    await client.query(sql);
  };
  // The builder runs on the same client: a pool of one that never lets go of it.
  const lent = {
    query: (text: string, values: readonly unknown[]) => {
      before(text);
      return client.query(text, values as unknown[]);
    },
    release: () => {},
  };
  return {
    ...connection((sql, params) => {
      before(sql);
      return client.query(numbered(sql, params));
    }),
    kysely: new Kysely({ dialect: new PostgresDialect({ pool: { connect: async () => lent, end: async () => {} } as never }) }),
    begin: async () => {
      await exec('begin');
      open = true;
    },
    commit: async () => {
      open = false;
      await exec('commit');
    },
    rollback: async () => {
      open = false;
      await exec('rollback');
    },
    savepoint: () => exec('savepoint change'),
    release: () => exec('release savepoint change'),
    rollbackTo: async () => {
      await exec('rollback to savepoint change');
      await exec('release savepoint change');
    },
    inTransaction: () => open,
  };
}
