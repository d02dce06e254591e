// The one client that writes to PostgreSQL. A lost connection costs the changes that were under way; the next one finds a new one.
import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { mustNotSteer, type Param, type WriteConnection } from './database.ts';
import { FolderInUse, isLostConnection, OutcomeUnknown, TakenOver } from './faults.ts';

/** Whoever holds this lock has the database, as with the lock of a folder. It belongs to the connection: the server frees both at once. */
const LOCK = `${0x6f75_7470}, hashtext(coalesce(current_schema(), ''))`;
/** So long a server may need to see that the process which had the lock is dead. */
const DEAD_MS = 2_000;
/** So long it may need to end a connection it was told to end. */
const END_MS = 5_000;
const LOCK_NOT_AVAILABLE = '55P03';

export type PostgresWriterOptions = {
  connect(): Promise<pg.Client>;
  /** The store's SQL as the driver wants it. */
  statement(sql: string, params: readonly Param[]): pg.QueryConfig;
  before(sql: string): void;
  onError(error: unknown): void;
};

export class PostgresWriter implements WriteConnection {
  readonly kysely: WriteConnection['kysely'];
  guard: () => void = () => {};
  private readonly options: PostgresWriterOptions;
  private client: pg.Client | undefined;
  private lost = false;
  /** By what the server knows the connection that last had the lock. */
  private session: { pid: number; since: string } | undefined;
  /** The number by which the server knows the open transaction. */
  private transaction: string | undefined;

  constructor(options: PostgresWriterOptions) {
    this.options = options;
    // The builder runs on the same client: a pool of one that never lets go of it.
    const lent = {
      query: (text: string, values: readonly unknown[]) => {
        mustNotSteer(text);
        this.guard();
        return this.query({ text, values: [...values] });
      },
      release: () => {},
    };
    this.kysely = new Kysely({ dialect: new PostgresDialect({ pool: { connect: async () => lent, end: async () => {} } as never }) });
  }

  /** The client at hand, or a new one where it was lost. */
  async open(): Promise<pg.Client> {
    if (this.client !== undefined && !this.lost) return this.client;
    await this.close();
    const client = await this.options.connect();
    try {
      await this.lock(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    const gone = () => {
      if (this.client === client) this.lost = true;
    };
    client.on('error', gone);
    client.on('end', gone);
    this.client = client;
    this.lost = false;
    return client;
  }

  private async lock(client: pg.Client): Promise<void> {
    const again = this.session !== undefined;
    // Where the line alone was cut, the server has our old connection still: what it was doing is decided when it has ended.
    if (again)
      await client.query(`select pg_terminate_backend("pid", ${END_MS}) from pg_stat_activity where "pid" = $1 and "backend_start" = $2`, [
        this.session?.pid,
        this.session?.since,
      ]);
    try {
      await client.query(`set lock_timeout = ${again ? 1 : DEAD_MS}; select pg_advisory_lock(${LOCK}); reset lock_timeout`);
    } catch (error) {
      if ((error as pg.DatabaseError).code !== LOCK_NOT_AVAILABLE) throw error;
      if (again) throw new TakenOver();
      throw new FolderInUse('Another Outpost works on this database. Stop it, or start this one with another --database.');
    }
    const { rows } = await client.query(
      `select "pid", "backend_start"::text as "since" from pg_stat_activity where "pid" = pg_backend_pid()`,
    );
    this.session = rows[0];
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => {});
  }

  async all<R>(sql: string, params: readonly Param[] = []): Promise<R[]> {
    return (await this.query(this.options.statement(sql, params))).rows as R[];
  }

  async run(sql: string, params: readonly Param[] = []): Promise<number> {
    return (await this.query(this.options.statement(sql, params))).rowCount ?? 0;
  }

  async begin(): Promise<void> {
    try {
      await this.tryBegin();
    } catch (error) {
      // A connection that died while nobody used it: nothing was under way, and a new one serves as well.
      if (!isLostConnection(error)) throw error;
      this.lost = true;
      await this.tryBegin();
    }
  }

  private async tryBegin(): Promise<void> {
    await this.open();
    try {
      // Whatever the server's default: nobody else writes, and a stricter level would only cost.
      const answers = await this.query({
        text: `begin isolation level read committed; select pg_current_xact_id()::text as "id"`,
      });
      this.transaction = (answers as unknown as pg.QueryResult<{ id: string }>[])[1]?.rows[0]?.id;
    } catch (error) {
      if (!isLostConnection(error)) await this.rollback().catch(() => {});
      throw error;
    }
  }

  async commit(): Promise<void> {
    try {
      const { command } = await this.query({ text: 'commit' });
      if (command !== 'COMMIT') throw new Error('A statement had failed, so PostgreSQL undid the transaction instead of committing it.');
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      this.lost = true;
      if (!(await this.wasCommitted(this.transaction))) throw error;
    }
    this.transaction = undefined;
  }

  /** Asks over a new connection how a commit ended whose answer was lost on the way. */
  private async wasCommitted(transaction: string | undefined): Promise<boolean> {
    try {
      // The lock is ours again only when the server has done with the old connection: then it is decided.
      const client = await this.open();
      const { rows } = await client.query<{ fate: string }>('select pg_xact_status($1::xid8) as "fate"', [transaction]);
      return rows[0]?.fate === 'committed';
    } catch (error) {
      this.lost = true;
      throw new OutcomeUnknown((error as Error).message, { cause: error });
    }
  }

  async rollback(): Promise<void> {
    this.transaction = undefined;
    await this.query({ text: 'rollback' });
  }

  async savepoint(): Promise<void> {
    await this.query({ text: 'savepoint change' });
  }

  async release(): Promise<void> {
    await this.query({ text: 'release savepoint change' });
  }

  async rollbackTo(): Promise<void> {
    await this.query({ text: 'rollback to savepoint change; release savepoint change' });
  }

  inTransaction(): boolean {
    return this.transaction !== undefined && !this.lost;
  }

  /** Always on the client the transaction was begun on, dead or alive: what belongs to it must not run outside of it. */
  private async query(statement: pg.QueryConfig): Promise<pg.QueryResult> {
    this.options.before(statement.text);
    if (this.client === undefined) throw Object.assign(new Error('There is no connection to the database.'), { code: '08003' });
    try {
      return await this.client.query(statement);
    } catch (error) {
      this.options.onError(error);
      throw error;
    }
  }
}
