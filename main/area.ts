// What an area is made of, and what it is given. site.ts builds the seven of them in order.
import type { z } from 'zod';
import type { Random } from '../contract/ids.ts';
import type { Contract, Streams } from '../contract/index.ts';
import type { Place } from '../contract/permissions.ts';
import type { Delivery } from '../contract/procedure.ts';
import type { Check } from '../contract/watch.ts';
import type { Caller, Origin } from './caller.ts';
import type { Logger } from './log.ts';
import type { Platform } from './platform.ts';
import type { Blobs } from './store/blobs.ts';
import type { Folder } from './store/folder.ts';
import type { Store } from './store/index.ts';
import type { Secrets } from './store/secrets.ts';
import type { StationSettings } from './store/settings.ts';
import type { Tasks } from './store/tasks.ts';

/** Mail, by the server that is set. */
export type Mail = {
  isSet(): Promise<boolean>;
  /** Gives what the server answered. Refuses with its words where it did not take the mail; `everyMail`: the next one would fare no better. */
  send(mail: { to: string; subject: string; text: string }): Promise<string>;
};

export type Station = {
  store: Store;
  tasks: Tasks;
  settings: StationSettings;
  blobs: Blobs;
  secrets: Secrets;
  mail: Mail;
  platform: Platform;
  folder: Folder;
  log: Logger;
  clock: () => number;
  random: Random;
  version: string;
};

type AreaName = keyof Contract;
type ParsedInput<P> = P extends { '~orpc': { inputSchema?: infer I } } ? (NonNullable<I> extends z.ZodType<infer In> ? In : never) : never;
type Answer<P> = P extends { '~orpc': { outputSchema?: infer O } } ? (NonNullable<O> extends z.ZodType<infer Out> ? Out : never) : never;

/** Handlers of an area: exactly those its contract names. */
export type Procedures<A extends AreaName> = {
  [P in keyof Contract[A]]: (input: ParsedInput<Contract[A][P]>, call: Call) => Promise<Answer<Contract[A][P]>>;
};

export type Call = {
  /** Throws where the contract asks for no session: there is none. */
  readonly caller: Caller;
  readonly origin: Origin;
  /** The place of the tree the permission was judged at. */
  readonly place: Place | undefined;
  readonly signal: AbortSignal;
};

// ---- streams: what an area hands out, by delivery

export type Stop = () => void;

export type StateSource<V> = {
  /** Present values: of these keys, or of all. A key that is missing from the answer is gone. */
  read(keys: ReadonlySet<string> | undefined): Promise<ReadonlyMap<string, V>>;
  /** Calls `changed` with a key whose value is new, or without one when everything may be. */
  watch(changed: (key?: string) => void): Stop;
};
/** A cursor before every event there can be. */
export const FROM_THE_FIRST = '';

export type EventSource<V> = {
  /** Events after the cursor, oldest first; FROM_THE_FIRST gives all. Without a cursor: those a newcomer starts with. */
  read(after: string | undefined, limit: number): Promise<[cursor: string, value: V][]>;
  /** Calls `wake` when there may be more. */
  watch(wake: () => void): Stop;
};
/** Bytes from an offset on. Not asked for the next ones while the reader has no credit: that is what pauses the source. */
export type BytesSource = (offset: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;
export type RingSource = (push: (bytes: Uint8Array) => void) => Stop;
export type SampleSource = (push: (key: string, time: number, value: number) => void) => Stop;

export type Source<D extends Delivery, V> = {
  state: StateSource<V>;
  events: EventSource<V>;
  bytes: BytesSource;
  ring: RingSource;
  samples: SampleSource;
}[D];

type StreamHandler<S> = S extends { delivery: infer D extends Delivery; input: z.ZodType<infer In>; value: z.ZodType<infer V> }
  ? (input: In, call: Call) => Source<D, V>
  : never;

export type StreamHandlers<A extends AreaName> = { [S in keyof Streams[A]]: StreamHandler<Streams[A][S]> };

export type Area<A extends AreaName> = {
  procedures: Procedures<A>;
  streams: StreamHandlers<A>;
  health(): Promise<Check[]>;
  stop(): Promise<void>;
};
