// State streams as plain values: each opened once however many look, kept while somebody does.
import type { StateValues } from '../../contract/channel.ts';
import type { Refusal } from '../../contract/errors.ts';
import type { Channel } from './channel.ts';

export type Live<V> = {
  /** Present values in the order they came; undefined before the first snapshot. */
  values: ReadonlyMap<string, V> | undefined;
  /** Why nothing new comes. */
  refusal: Refusal | undefined;
  /** For now only: it is asked for again by itself, and until then the values are as old as they are. */
  interrupted: boolean;
};

const NOTHING: Live<never> = { values: undefined, refusal: undefined, interrupted: false };

type Entry = { live: Live<unknown>; listeners: Set<() => void>; stop: () => void };

/** How a snapshot and its changes come together. */
export function applyState<V>(before: ReadonlyMap<string, V> | undefined, { reset, set = [], gone = [] }: StateValues): Map<string, V> {
  const after = new Map(reset ? [] : before);
  for (const key of gone) after.delete(key);
  for (const [key, value] of set) after.set(key, value as V);
  return after;
}

export class LiveStore {
  private readonly channel: Channel;
  private readonly entries = new Map<string, Entry>();

  constructor(channel: Channel) {
    this.channel = channel;
  }

  now(stream: string, input: unknown): Live<unknown> {
    return this.entries.get(keyOf(stream, input))?.live ?? NOTHING;
  }

  watch(stream: string, input: unknown, listener: () => void): () => void {
    const key = keyOf(stream, input);
    const entry = this.entries.get(key) ?? this.open(key, stream, input);
    entry.listeners.add(listener);
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size > 0) return;
      entry.stop();
      if (this.entries.get(key) === entry) this.entries.delete(key);
    };
  }

  private open(key: string, stream: string, input: unknown): Entry {
    const entry: Entry = { live: NOTHING, listeners: new Set(), stop: () => {} };
    this.entries.set(key, entry);
    const tell = (live: Live<unknown>) => {
      entry.live = live;
      for (const listener of [...entry.listeners]) listener();
    };
    entry.stop = this.channel.read(stream, input, {
      state: (values) => tell({ values: applyState(entry.live.values, values), refusal: undefined, interrupted: false }),
      interrupted: (refusal) => tell({ values: entry.live.values, refusal, interrupted: true }),
      end: (refusal) => tell({ values: entry.live.values, refusal, interrupted: false }),
    });
    return entry;
  }
}

const keyOf = (stream: string, input: unknown) => `${stream} ${JSON.stringify(input)}`;
