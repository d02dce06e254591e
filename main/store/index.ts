// The store: what a station knows, and the only ways to change it. Areas get this and never the database.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id, Random } from '../../contract/ids.ts';
import type { StationEvent } from '../../contract/index.ts';
import { type AuditRecord, appendAudit, type Verdict, verifyAudit } from './audit.ts';
import { type Adopted, type Author, type ChangeContext, runChange, station, type Tx } from './change.ts';
import { commandAnswer, keepAnswer } from './commands.ts';
import type { Database, Reader } from './database.ts';
import type { Entity } from './entities.ts';
import { Events } from './events.ts';
import { damagedStore, isDamage, StoreDamaged, TakenOver } from './faults.ts';
import { guardTables } from './guard.ts';
import { idsAfter, readIdentity } from './identity.ts';
import { compareWithDeclarations, compareWithLog, type Step } from './integrity.ts';
import {
  applyOps,
  confirmOps,
  countOps,
  emptyHead,
  type LoggedOp,
  type Op,
  opsOfRecord,
  opsSince,
  readHead,
  rejectOps,
  showAll,
  writeHead,
} from './log.ts';
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
  auditThing: 'follows from the audit',
  command: 'remembers which commands this station has answered',
  task: 'work of this process',
  credential: 'credentials never travel',
  session: 'a session is with one station',
  signInLink: 'a link leads to the station that made it',
  phone: 'credentials never travel',
  recoveryCode: 'credentials never travel',
  rememberedDevice: 'is remembered by one station',
  lastChange: 'points into the log of this very database',
};

/** Those among them that only the store itself writes. What an audit row says of people may be erased, so that is not among them. */
const OWN_TABLES = ['meta', 'incarnation', 'op', 'reg', 'audit', 'command'];

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
  /** Questions of the store's own making, as those of carry.ts, that all see the same moment. */
  snapshot<T>(work: (at: Reader) => Promise<T>): Promise<T>;
  readonly events: Events<StationEvent>;
  /** Writes down an act that changed nothing: a refusal, a failed sign-in. */
  audit(record: Omit<AuditRecord, 'at'>): Promise<void>;
  verifyAudit(step?: Pick<Step, 'signal'>): Promise<Verdict>;
  /** The answer to a command with this opId, were it carried out before. */
  answered(opId: Id, author: Pick<Author, 'person' | 'action'>): Promise<{ result: unknown } | undefined>;
  readonly changeLog: ChangeLog;
  faults(quick: boolean, signal?: AbortSignal): Promise<string[]>;
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
  const { writer: connection } = database;
  const entities = new Map(options.entities.map((entity) => [entity.name, entity]));
  const head = emptyHead('');
  const events = new Events<StationEvent>((error) => options.log.error({ error }, 'a listener failed'));
  // Where a change is under way: from there neither another one nor a look at the committed state makes sense.
  const inside = new AsyncLocalStorage<{ open: boolean }>();
  const isInside = () => inside.getStore()?.open === true;

  let damage: string | undefined;
  database.onError = (error) => {
    if (isDamage(error)) damage ??= (error as Error).message;
  };

  await migrate(database, {
    ...(options.migrations && { migrations: options.migrations }),
    backupFirst: options.backupFirst ?? (async () => {}),
    afterwards: async (from) => {
      if (from > 0) await showAll(connection, entities);
    },
  });

  const nextId = idsAfter(head, clock, random);
  const stationId = await readIdentity(database, head, nextId, clock);

  const context: ChangeContext = {
    connection,
    entities,
    db: connection.kysely.withPlugin(guardTables(new Set(options.entities.map((entity) => entity.table)), new Set(OWN_TABLES))),
    head,
    station: stationId,
    random,
    nextId,
    clock,
    confirms: options.confirms ?? 'self',
  };
  connection.guard = () => {
    if (!isInside()) throw new Error('This transaction is over: what a change asks and writes, it awaits.');
  };

  const writer = new Writer(database, {
    begin: async (stale) => {
      if (!stale && !database.shared) return;
      const known = await readHead(connection);
      // Who had the database meanwhile may be gone again: what the areas remember of rights and sessions is old all the same.
      if (known?.holder !== head.holder) throw new TakenOver();
      Object.assign(head, known);
    },
    mark: () => {
      const before = { ...head };
      return () => Object.assign(head, before);
    },
    end: () => writeHead(connection, head),
  });

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isInside()) throw new Error('store.change inside store.change would wait for itself for ever: use the tx at hand.');
    return writer.enqueue(async () => {
      // Looked at now: damage may have been met since this was handed in.
      if (damage !== undefined) throw damagedStore();
      const pass = { open: true };
      try {
        return await inside.run(pass, work);
      } finally {
        pass.open = false;
      }
    });
  };

  let closing: Promise<void> | undefined;
  const store: Store = {
    async change(author, work) {
      const { opId } = author;
      const outcome = await guarded(async () => {
        const before = opId && (await commandAnswer(connection, opId, author));
        // As every refusal, said only after the commit: the first try may be in the same one.
        if (before) throw new AlreadyDone(before.result);
        const done = await runChange(context, author, work);
        if (opId) await keepAnswer(connection, opId, author, done.value, clock());
        return done;
      });
      events.publish(outcome.events);
      return outcome.value;
    },
    get read() {
      if (isInside()) throw new Error('store.read inside store.change sees the state before it: ask tx.db.');
      return database.kysely;
    },
    snapshot: (work) => database.snapshot(work),
    events,
    async audit(record) {
      await guarded(() => appendAudit(connection, head, random, { ...record, at: clock() }));
      events.publish([{ event: 'people.audited', organisation: record.organisation }]);
    },
    verifyAudit: (step) => database.snapshot((at) => verifyAudit(at, step?.signal)),
    answered: (opId, author) => commandAnswer(database.reader, opId, author),
    changeLog: {
      since: (seq, limit) => opsSince(database.reader, seq, limit),
      ofRecord: (entity, id) => opsOfRecord(database.reader, entity, id),
      count: () => countOps(database.reader),
      apply: (ops) => guarded(() => applyOps(connection, head, entities, ops, clock())),
      confirm: (opIds) => guarded(() => confirmOps(connection, entities, opIds)),
      reject: (opIds) => guarded(() => rejectOps(connection, entities, opIds)),
    },
    faults: async (quick, signal) => {
      const faults = await database.faults(quick, signal);
      if (faults.length > 0) damage ??= faults[0];
      return faults;
    },
    compareWithLog: (step) => compareWithLog(database, entities, step),
    compareWithDeclarations: () => compareWithDeclarations(database, entities, LOCAL_TABLES),
    get damage() {
      return damage;
    },
    stationId,
    get incarnation() {
      return head.incarnation;
    },
    database,
    close() {
      closing ??= writer.close(new Refusal('unavailable', 'The station is shutting down.')).then(() => database.close());
      return closing;
    },
  };
  return store;
}

export type { LastChangeRow } from './lastChange.ts';
export type { Adopted, Author, Op, Reader, Tx };
export { StoreDamaged, station };
