// How each kind of stream treats a slow reader: what is kept for it, what is merged, what is lost and counted.
// Nothing here grows with the source: keys, one page, one chunk, one ring, one row a key.
import { FRAME, type FrameType, MAX_STATION_FRAME, type SampleValues } from '../contract/channel.ts';
import type { Delivery } from '../contract/procedure.ts';
import type { BytesSource, EventSource, RingSource, SampleSource, Source, StateSource } from './area.ts';

/** `cursor`: where a later opening goes on, once this payload has been sent. */
export type Sealed = { type: FrameType; payload: Uint8Array; cursor?: string } | 'end';

export type Delivering = {
  /** The next payload, about `room` bytes at most; undefined when there is nothing now. */
  next(room: number): Promise<Sealed | undefined>;
  hasMore(): boolean;
  stop(): void;
};

type Options = { cursor: string | undefined; clock: () => number; ready: () => void };

export function deliver(delivery: Delivery, source: Source<Delivery, unknown>, options: Options): Delivering {
  switch (delivery) {
    case 'state':
      return deliverState(source as StateSource<unknown>, options);
    case 'events':
      return deliverEvents(source as EventSource<unknown>, options);
    case 'bytes':
      return deliverBytes(source as BytesSource, options);
    case 'ring':
      return deliverRing(source as RingSource, options);
    case 'samples':
      return deliverSamples(source as SampleSource, options);
  }
}

const encoder = new TextEncoder();
const json = (value: unknown, cursor?: string): Sealed => ({
  type: FRAME.values,
  payload: encoder.encode(JSON.stringify(value)),
  ...(cursor !== undefined && { cursor }),
});

/** Latest wins: only the keys that are due are remembered, their values are read when they can be sent. */
function deliverState(source: StateSource<unknown>, { ready }: Options): Delivering {
  let all = true;
  const due = new Set<string>();
  /** Values read and not sent yet, and how many bytes they are. */
  let entries: [string, unknown][] = [];
  let gone: string[] = [];
  let reset = false;
  const stop = source.watch((key) => {
    if (key === undefined) all = true;
    else if (!all) due.add(key);
    ready();
  });

  return {
    async next(room) {
      if (entries.length === 0 && gone.length === 0 && !reset) {
        if (!all && due.size === 0) return undefined;
        const keys = all ? undefined : new Set(due);
        reset = all;
        all = false;
        due.clear();
        const values = await source.read(keys);
        entries = [...values];
        gone = keys ? [...keys].filter((key) => !values.has(key)) : [];
      }
      const message: { reset?: true; set?: [string, unknown][]; gone?: string[] } = {};
      if (reset) message.reset = true;
      if (gone.length > 0) message.gone = gone;
      message.set = takeWhileFits(entries, Math.min(room, MAX_STATION_FRAME));
      reset = false;
      gone = [];
      return json(message);
    },
    hasMore: () => all || due.size > 0 || entries.length > 0 || reset,
    stop,
  };
}

/** Takes entries from the front until a frame is full; at least one, however large it is. */
function takeWhileFits<T>(entries: T[], room: number): T[] {
  let bytes = 0;
  let count = 0;
  for (const entry of entries) {
    bytes += JSON.stringify(entry).length;
    if (count > 0 && bytes > room) break;
    count += 1;
  }
  return entries.splice(0, count);
}

const EVENT_PAGE = 200;

/** Stored first: one page is held, the rest waits in the store until the reader asks by its credit. */
function deliverEvents(source: EventSource<unknown>, { cursor, ready }: Options): Delivering {
  let last = cursor;
  let page: [string, unknown][] = [];
  let more = true;
  const stop = source.watch(() => {
    more = true;
    ready();
  });
  return {
    async next(room) {
      if (page.length === 0) {
        if (!more) return undefined;
        more = false;
        page = await source.read(last, EVENT_PAGE);
        if (page.length === 0) return undefined;
        // A full page may not be the last: look again before waiting for a wake.
        more ||= page.length >= EVENT_PAGE || last === undefined;
        last = page.at(-1)?.[0];
      }
      const items = takeWhileFits(page, Math.min(room, MAX_STATION_FRAME));
      return json({ items }, items.at(-1)?.[0]);
    },
    hasMore: () => page.length > 0 || more,
    stop,
  };
}

/** The source is a generator: it stands still while nobody asks for its next piece. */
function deliverBytes(source: BytesSource, { cursor }: Options): Delivering {
  const abort = new AbortController();
  let offset = Number(cursor ?? 0);
  if (!Number.isSafeInteger(offset) || offset < 0) offset = 0;
  const pieces = source(offset, abort.signal)[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let ended = false;
  return {
    async next(room) {
      if (ended) return undefined;
      if (rest.length === 0) {
        const piece = await pieces.next();
        if (piece.done) {
          ended = true;
          return 'end';
        }
        rest = piece.value;
      }
      const size = Math.max(1, Math.min(rest.length, room, MAX_STATION_FRAME) - OFFSET_BYTES);
      const bytes = rest.subarray(0, size);
      rest = rest.subarray(bytes.length);
      const sealed = bytesFrame(offset, bytes);
      offset += bytes.length;
      return { ...sealed, cursor: String(offset) };
    },
    hasMore: () => !ended,
    stop() {
      abort.abort();
      // Lets the generator close its file; it may be waiting for the next piece just now.
      void pieces.return?.(undefined);
    },
  };
}

const OFFSET_BYTES = 8;

function bytesFrame(offset: number, bytes: Uint8Array): Exclude<Sealed, 'end'> {
  const payload = new Uint8Array(OFFSET_BYTES + bytes.length);
  new DataView(payload.buffer).setFloat64(0, offset);
  payload.set(bytes, OFFSET_BYTES);
  return { type: FRAME.bytes, payload };
}

/** What one reader of a source that cannot wait may be behind. */
export const RING_BYTES = 256 * 1024;

/** The oldest bytes make room for the newest; how many went is told before the next ones. */
function deliverRing(source: RingSource, { ready }: Options): Delivering {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let lost = 0;
  let offset = 0;
  const stop = source((bytes) => {
    const piece = bytes.length > RING_BYTES ? bytes.subarray(bytes.length - RING_BYTES) : bytes;
    lost += bytes.length - piece.length;
    pieces.push(piece);
    size += piece.length;
    while (size > RING_BYTES) {
      const oldest = pieces.shift() as Uint8Array;
      size -= oldest.length;
      lost += oldest.length;
    }
    ready();
  });
  return {
    async next(room) {
      if (lost > 0) {
        const count = lost;
        lost = 0;
        offset += count;
        return { type: FRAME.lost, payload: encoder.encode(JSON.stringify({ bytes: count })) };
      }
      const first = pieces[0];
      if (first === undefined) return undefined;
      const bytes = first.subarray(0, Math.max(1, Math.min(room, MAX_STATION_FRAME) - OFFSET_BYTES));
      if (bytes.length === first.length) pieces.shift();
      else pieces[0] = first.subarray(bytes.length);
      size -= bytes.length;
      const sealed = bytesFrame(offset, bytes);
      offset += bytes.length;
      return sealed;
    },
    hasMore: () => lost > 0 || pieces.length > 0,
    stop() {
      stop();
      pieces = [];
    },
  };
}

/** A screen shows no more than this many times a second. */
const SAMPLE_FRAME_MS = 50;
type SampleRow = SampleValues['rows'][number];

/** One row a key, whatever comes: newest value, range and count of what it stands for. */
function deliverSamples(source: SampleSource, { clock, ready }: Options): Delivering {
  const rows = new Map<string, SampleRow>();
  let merged = 0;
  let sentAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const stop = source((key, time, value) => {
    const row = rows.get(key);
    if (row === undefined) rows.set(key, [key, time, value, value, value, 1]);
    else {
      merged += 1;
      rows.set(key, [key, time, value, Math.min(row[3], value), Math.max(row[4], value), row[5] + 1]);
    }
    if (timer !== undefined) return;
    const wait = sentAt + SAMPLE_FRAME_MS - clock();
    if (wait <= 0) ready();
    else {
      timer = setTimeout(
        () => {
          timer = undefined;
          ready();
        },
        Math.min(wait, SAMPLE_FRAME_MS),
      );
    }
  });
  return {
    async next(room) {
      if (timer !== undefined || rows.size === 0) return undefined;
      const waiting = [...rows.values()];
      const message = { rows: takeWhileFits(waiting, Math.min(room, MAX_STATION_FRAME)), merged };
      for (const [key] of message.rows) rows.delete(key);
      merged = 0;
      sentAt = clock();
      return json(message satisfies SampleValues);
    },
    hasMore: () => timer === undefined && rows.size > 0,
    stop() {
      stop();
      clearTimeout(timer);
      rows.clear();
    },
  };
}
