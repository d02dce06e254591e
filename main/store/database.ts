// What a database gives the store. Two implementations, sqlite.ts and postgres.ts, under one conformance suite.
// SQL here is written once for both: names in double quotes, '?' for values, nulls first/last spelled out.
import type { Kysely } from 'kysely';

export type DialectName = 'sqlite' | 'postgres';
export type Param = string | number | null | Uint8Array;

export interface Connection {
  all<R>(sql: string, params?: readonly Param[]): Promise<R[]>;
  /** Returns the number of rows touched. */
  run(sql: string, params?: readonly Param[]): Promise<number>;
}

/** Asks, and cannot write. */
export type Reader = Pick<Connection, 'all'>;

/** The one connection that writes. Its transaction is driven by writer.ts alone. */
export interface WriteConnection extends Connection {
  /** The typed builder on this very connection, for questions and local tables inside a change. */
  // biome-ignore lint/suspicious/noExplicitAny: the tables are those of whoever asks; areas narrow it
  kysely: Kysely<any>;
  /** Asked before each statement of the builder; throws where none may be made. */
  guard: () => void;
  /** Returns once this process alone may write; throws where another one has taken its place. */
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  savepoint(): Promise<void>;
  release(): Promise<void>;
  rollbackTo(): Promise<void>;
  /** False after a failure that made the database drop the transaction by itself, as a full disk or a lost connection does. */
  inTransaction(): boolean;
}

export type BackupStep = { progress(fraction: number): void; signal: AbortSignal };

export interface Database {
  readonly dialect: DialectName;
  readonly writer: WriteConnection;
  /** Reads what is committed, and cannot write. */
  readonly reader: Connection;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly kysely: Kysely<any>;
  /** Others reach it too, and may have it once our connection is lost: each group of changes looks whether it is still ours. */
  readonly shared: boolean;
  /** Hears of every statement that failed, whoever made it, so that damage is known as soon as it is met. */
  onError: (error: unknown) => void;
  /** Questions that all see the same moment, whatever is committed meanwhile. */
  snapshot<T>(work: (at: Connection) => Promise<T>): Promise<T>;
  /** Names of all tables, without the database's own. */
  tables(): Promise<string[]>;
  /** `type` is what ddl.ts writes for it. */
  columns(table: string): Promise<{ name: string; type: string; nullable: boolean; default: string | null }[]>;
  /** How the database means to answer, whatever the values: for the tests that hold hot questions to their index. */
  plan(sql: string): Promise<string>;
  /** Sentences about damage; none when whole. `quick` skips what takes long on a large store. */
  faults(quick: boolean, signal?: AbortSignal): Promise<string[]>;
  /** A consistent copy of everything at one moment, as one file. */
  backup(file: string, step: BackupStep): Promise<void>;
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** The builder writes and asks; the transaction round it is not its own. */
export function mustNotSteer(sql: string): void {
  if (/^\s*(begin|start|commit|end|rollback|abort|savepoint|release)\b/i.test(sql))
    throw new Error('A change runs in the store’s transaction already: it begins and ends none of its own.');
}
