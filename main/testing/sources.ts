// Streams whose source the test holds in its hand: one declared stream of each delivery class, fed by the test.
import type { TestContext } from 'node:test';
import type { BytesSource, EventSource, RingSource, SampleSource, StateSource } from '../area.ts';
import type { Authority } from '../people/index.ts';
import { type ChannelServer, openChannel } from '../streams.ts';
import type { TestStation } from './station.ts';

export type Sources = {
  state: StateSource<unknown>;
  events: EventSource<unknown>;
  bytes: BytesSource;
  ring: RingSource;
  samples: SampleSource;
};

/** By which declared name a class is opened. */
export const STREAM: Record<keyof Sources, string> = {
  state: 'watch.tasks',
  events: 'watch.notices',
  bytes: 'watch.logFile',
  ring: 'watch.liveLog',
  samples: 'watch.vitals',
};

/** A channel of its own beside the station's, with these sources behind the declared names. */
export function sourcesChannel(
  t: TestContext,
  station: TestStation,
  sources: Partial<Sources>,
  authority: Authority = station.authority,
): ChannelServer {
  const streams: Record<string, unknown> = { ...station.areas.watch.streams };
  for (const [kind, name] of Object.entries(STREAM) as [keyof Sources, string][])
    if (sources[kind] !== undefined) streams[name.split('.')[1] as string] = () => sources[kind];
  const channel = openChannel({
    areas: { ...station.areas, watch: { ...station.areas.watch, streams: streams as never } },
    authority,
    store: station.store,
    station: { id: station.store.stationId, name: 'test' },
    log: station.station.log,
    clock: station.clock,
    reference: station.reference,
  });
  t.after(() => channel.close());
  return channel;
}

/** Keys and values, and how to change them. */
export function heldState(values = new Map<string, unknown>()) {
  const watchers = new Set<(key?: string) => void>();
  return {
    values,
    reads: 0,
    watchers,
    changed(key?: string) {
      for (const watcher of watchers) watcher(key);
    },
    set(key: string, value: unknown) {
      values.set(key, value);
      this.changed(key);
    },
    remove(key: string) {
      values.delete(key);
      this.changed(key);
    },
    async read(keys: ReadonlySet<string> | undefined) {
      this.reads += 1;
      return new Map([...values].filter(([key]) => keys?.has(key) ?? true));
    },
    watch(changed: (key?: string) => void) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}

/** Something that pushes to whoever listens. */
export function pushed<A extends unknown[]>() {
  const listeners = new Set<(...args: A) => void>();
  return {
    listeners,
    push(...args: A) {
      for (const listener of listeners) listener(...args);
    },
    source: (listener: (...args: A) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Bytes without end, each telling its place: what is missing or double shows. Counts the pieces it was asked for. */
export function countedBytes(pieceBytes: number, total = Number.POSITIVE_INFINITY) {
  const counted = { pieces: 0, open: 0, source: undefined as never as BytesSource };
  counted.source = async function* (offset) {
    counted.open += 1;
    try {
      for (let at = offset; at < total; at += pieceBytes) {
        counted.pieces += 1;
        yield patternAt(at, Math.min(pieceBytes, total - at));
      }
    } finally {
      counted.open -= 1;
    }
  };
  return counted;
}

/** The bytes of the pattern from an offset on. */
export function patternAt(offset: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((offset + i) * 2654435761) >>> 24);
}
