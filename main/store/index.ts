// The store: what a station knows, and the only ways to change it. Areas get this and never the database.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import { hlcMs } from '../../contract/clock.ts';
import { Refusal } from '../../contract/errors.ts';
import { growingIds, type Id, type Random } from '../../contract/ids.ts';
import type { StationEvent } from '../../contract/index.ts';
import { type AuditRecord, appendAudit, verifyAudit } from './audit.ts';
import { type Author, type ChangeContext, guardSharedTables, runChange, station, type Tx } from './change.ts';
import type { Database } from './database.ts';
import type { Entity } from './entities.ts';
import { Events } from './events.ts';
import { isDamage, StoreDamaged } from './faults.ts';
import { compareWithDeclarations, compareWithLog, type Step } from './integrity.ts';
import { applyOps, confirmOps, countOps, emptyHead, type Head, type LoggedOp, type Op, opsOfRecord, opsSince, rejectOps } from './log.ts';
import { type MigrateOptions, migrate } from './migrate.ts';
import { Writer } from './writer.ts';

/** Tables that never leave this station, and why. Every other table is an entity's. */
export const LOCAL_TABLES: Readonly<Record<string, string>> = {
  meta: 'the state of this very database',
  incarnation: 'each copy of a database is a life of its own',
  op: 'is the log itself: sync ships its rows, not the table',
  reg: 'follows from the log',
  audit: 'a chain belongs to the incarnation that wrote it',
  auditDetail: 'may be erased here without touching the chain',
  command: 'remembers which commands this station has answered',
  task: 'work of this process',
  credential: 'credentials never travel',
  session: 'a session is with one station',
  signInLink: 'a link leads to the station that made it',
};

export type StoreOptions = {
  database: Database;
  entities: readonly Entity[];
  clock: () => number;
  random: Random;
  log: { error(details: object, message: string): void };
  migrations?: MigrateOptions['migrations'];
  backupFirst?: MigrateOptions['backupFirst'];
  /** A station that has joined a hub waits for its word; a lone one is its own authority. */
  confirms?: 'self' | 'hub';
  /** Why this database is no longer the one it was a copy of; given by a restore. */
  newIncarnation?: string;
};

/** A command that was carried out before: its answer is given again. */
export class AlreadyDone extends Error {
  readonly result: unknown;
  constructor(result: unknown) {
    super('this command was carried out before');
    this.result = result;
  }
}

export type Store = {
  /**
   * The only way to change anything. `work` runs in a transaction and awaits nothing but its tx; the answer comes after the
   * commit is on disk. Changes of one moment share a commit; each is undone alone.
   */
  change<T>(author: Author, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Questions about what is committed. */
  // biome-ignore lint/suspicious/noExplicitAny: areas narrow it to their own tables
  readonly read: Kysely<any>;
  readonly events: Events<StationEvent>;
  /** Writes down an act that changed nothing: a refusal, a failed sign-in. */
  audit(record: Omit<AuditRecord, 'at'>): Promise<void>;
  verifyAudit(): Promise<{ rows: number; fault: string | null }>;
  /** The answer to a command with this opId, were it carried out before. */
  answered(opId: Id, author: Pick<Author, 'person' | 'action'>): Promise<{ result: unknown } | undefined>;
  readonly changeLog: ChangeLog;
  faults(quick: boolean): Promise<string[]>;
  compareWithLog(step?: Step): ReturnType<typeof compareWithLog>;
  compareWithDeclarations(): Promise<string[]>;
  /** Set once damage was met: nothing is written any more. */
  readonly damage: string | undefined;
  readonly stationId: Id;
  readonly incarnation: Id;
  readonly database: Database;
  close(): Promise<void>;
};

/** For sync: what was recorded, and what comes from elsewhere. */
export type ChangeLog = {
  since(seq: number, limit: number): Promise<LoggedOp[]>;
  ofRecord(entity: string, id: string): Promise<LoggedOp[]>;
  count(): Promise<{ recorded: number; waiting: number }>;
  apply(ops: readonly Op[]): Promise<void>;
  confirm(opIds: readonly Id[]): Promise<void>;
  reject(opIds: readonly Id[]): Promise<void>;
};

export async function openStore(options: StoreOptions): Promise<Store> {
  const { database, clock, random } = options;
  await migrate(database, {
    ...(options.migrations && { migrations: options.migrations }),
    backupFirst: options.backupFirst ?? (async () => {}),
  });

  const entities = new Map(options.entities.map((entity) => [entity.name, entity]));
  const shared = new Set(options.entities.map((entity) => entity.table));
  const { writer: connection } = database;
  const db = connection.kysely.withPlugin(guardSharedTables(shared));
  const events = new Events<StationEvent>((error) => options.log.error({ error }, 'a listener failed'));
  const inside = new AsyncLocalStorage<true>();
  let damage: string | undefined;
  let head: Head = emptyHead('');
  // Never below what was written before: a clock set back must not make a newer id look older.
  const nextId = growingIds(() => Math.max(clock(), hlcMs(head.hlc)), random);

  const readHead = async (): Promise<Head> => {
    // The row is also what lets one process at a time write, where several share a database.
    const lock = database.sharedWriters ? ' for update' : '';
    const [row] = await connection.all<{ value: string }>(`select "value" from "meta" where "key" = 'head'${lock}`);
    return JSON.parse(row?.value ?? 'null') as Head;
  };
  const writeHead = () =>
    connection.run(`insert into "meta" ("key", "value") values ('head', ?) on conflict ("key") do update set "value" = excluded."value"`, [
      JSON.stringify(head),
    ]);

  const writer = new Writer(database, {
    begin: async (stale) => {
      if (stale || database.sharedWriters) Object.assign(head, await readHead());
    },
    mark: () => {
      const before = { ...head };
      return () => Object.assign(head, before);
    },
    end: async () => {
      await writeHead();
    },
  });

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside.getStore()) throw new Error('store.change inside store.change would wait for itself for ever: use the tx at hand.');
    if (damage !== undefined)
      throw new Refusal('unavailable', 'The store is damaged. Nothing more is written; see “Health” for the way out.', {
        cause: 'damaged',
      });
    return writer.enqueue(async () => {
      try {
        return await inside.run(true, work);
      } catch (error) {
        if (isDamage(error)) damage = (error as Error).message;
        throw error;
      }
    });
  };

  const identity = await firstWords();
  head = identity.head;
  const context: ChangeContext = {
    connection,
    db,
    head,
    station: identity.stationId,
    random,
    nextId,
    clock,
    confirms: options.confirms ?? 'self',
  };

  /** Who this database is: made on the first opening, and a new incarnation whenever it may be a copy. */
  async function firstWords(): Promise<{ stationId: Id; head: Head }> {
    await connection.begin();
    try {
      const rows = await connection.all<{ key: string; value: string }>(
        `select "key", "value" from "meta" where "key" in ('station', 'head')`,
      );
      const meta = new Map(rows.map((row) => [row.key, row.value]));
      const known = meta.get('head');
      if (known !== undefined) head = JSON.parse(known) as Head;
      let stationId = meta.get('station');
      if (stationId === undefined) {
        stationId = nextId();
        await connection.run(`insert into "meta" ("key", "value") values ('station', ?)`, [stationId]);
      }
      if (known === undefined || options.newIncarnation !== undefined) {
        const incarnation = nextId();
        await connection.run('insert into "incarnation" ("id", "startedAt", "reason") values (?, ?, ?)', [
          incarnation,
          clock(),
          options.newIncarnation ?? 'first start',
        ]);
        // The log goes on where it was; counting within the incarnation and its audit chain begin anew.
        head = { ...emptyHead(incarnation), seq: head.seq, hlc: head.hlc };
        await writeHead();
      }
      await connection.commit();
      return { stationId, head };
    } catch (error) {
      if (connection.inTransaction()) await connection.rollback();
      throw error;
    }
  }

  const answer = async (opId: Id, author: Pick<Author, 'person' | 'action'>, from: typeof database.reader) => {
    const [row] = await from.all<{ person: string | null; action: string; result: string }>(
      'select "person", "action", "result" from "command" where "opId" = ?',
      [opId],
    );
    if (row === undefined) return undefined;
    if (row.person !== author.person || row.action !== author.action)
      throw new Refusal('conflict', 'This opId was used for another command.');
    return { result: JSON.parse(row.result) as unknown };
  };

  const store: Store = {
    async change(author, work) {
      const { value, events: told } = await guarded(async () => {
        const known = author.opId && (await answer(author.opId, author, connection));
        if (known) throw new AlreadyDone(known.result);
        const outcome = await runChange(context, author, work);
        if (author.opId)
          await connection.run('insert into "command" ("opId", "person", "action", "result", "at") values (?, ?, ?, ?, ?)', [
            author.opId,
            author.person,
            author.action,
            JSON.stringify(outcome.value ?? {}),
            clock(),
          ]);
        return outcome;
      });
      events.publish(told);
      return value;
    },
    get read() {
      if (inside.getStore()) throw new Error('store.read inside store.change sees the state before it: ask tx.db.');
      return database.kysely;
    },
    events,
    async audit(record) {
      await guarded(() => appendAudit(connection, head, random, { ...record, at: clock() }));
      events.publish([{ event: 'people.audited', organisation: record.organisation }]);
    },
    verifyAudit: () => verifyAudit(database.reader, head),
    answered: (opId, author) => answer(opId, author, database.reader),
    changeLog: {
      since: (seq, limit) => opsSince(database.reader, seq, limit),
      ofRecord: (entity, id) => opsOfRecord(database.reader, entity, id),
      count: () => countOps(database.reader),
      apply: (ops) => guarded(() => applyOps(connection, head, entities, ops)),
      confirm: (opIds) => guarded(() => confirmOps(connection, entities, opIds)),
      reject: (opIds) => guarded(() => rejectOps(connection, entities, opIds)),
    },
    faults: async (quick) => {
      const faults = await database.faults(quick);
      if (faults.length > 0) damage ??= faults[0];
      return faults;
    },
    compareWithLog: (step) => compareWithLog(database, entities, step),
    compareWithDeclarations: () => compareWithDeclarations(database, entities, LOCAL_TABLES),
    get damage() {
      return damage;
    },
    stationId: identity.stationId,
    get incarnation() {
      return head.incarnation;
    },
    database,
    async close() {
      await writer.close(new Refusal('unavailable', 'The station is shutting down.'));
      await database.close();
    },
  };
  return store;
}

export type { Author, Tx };
export { StoreDamaged, station };
