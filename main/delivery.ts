// How each kind of stream treats a slow reader: what is kept for it, what is merged, what is lost and counted.
// Nothing here grows with the source: keys, one page, one chunk, one ring, one row a key.
import { FRAME, type FrameType, HEADER_BYTES, MAX_STATION_FRAME, type SampleValues } from '../contract/channel.ts';
import { Refusal } from '../contract/errors.ts';
import type { Delivery } from '../contract/procedure.ts';
import {
  type BytesSource,
  type EventSource,
  FROM_THE_FIRST,
  type RingSource,
  type SampleSource,
  type Source,
  type StateSource,
} from './area.ts';

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

/** What of a frame is left for values: around them stand its header and a few words of JSON. */
const roomIn = (room: number) => Math.min(room, MAX_STATION_FRAME - HEADER_BYTES) - WORDS_BYTES;
const WORDS_BYTES = 48;

const json = (text: string, cursor?: string): Sealed => ({
  type: FRAME.values,
  payload: encoder.encode(text),
  ...(cursor !== undefined && { cursor }),
});

/** Takes values from the front until a frame is full; at least one, however large it is. Each is put into JSON once. */
function takeWhileFits<T>(values: T[], room: number): { taken: T[]; text: string } {
  const texts: string[] = [];
  let bytes = 0;
  for (const value of values) {
    const text = JSON.stringify(value);
    bytes += Buffer.byteLength(text) + 1;
    if (texts.length > 0 && bytes > roomIn(room)) break;
    texts.push(text);
  }
  return { taken: values.splice(0, texts.length), text: `[${texts.join(',')}]` };
}

/** Latest wins: only the keys that are due are remembered, their values are read when they can be sent. */
function deliverState(source: StateSource<unknown>, { ready }: Options): Delivering {
  let all = true;
  const due = new Set<string>();
  /** Read and not sent yet. */
  let entries: [string, unknown][] = [];
  let gone: string[] = [];
  let reset = false;
  const stop = source.watch((key) => {
    if (key === undefined) all = true;
    else if (!all) due.add(key);
    ready();
  });
  const unsent = () => reset || gone.length > 0 || entries.length > 0;

  async function readDue(): Promise<void> {
    const keys = all ? undefined : new Set(due);
    reset = all;
    all = false;
    due.clear();
    const values = await source.read(keys);
    entries = [...values];
    gone = keys ? [...keys].filter((key) => !values.has(key)) : [];
  }

  return {
    async next(room) {
      if (!unsent() && (all || due.size > 0)) await readDue();
      if (!unsent()) return undefined;
      if (gone.length > 0) return json(`{"gone":${takeWhileFits(gone, room).text}}`);
      const first = reset ? '"reset":true,' : '';
      reset = false;
      return json(`{${first}"set":${takeWhileFits(entries, room).text}}`);
    },
    hasMore: () => unsent() || all || due.size > 0,
    stop,
  };
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
        // A full page may not be the last, and a newcomer's is cut at its old end: look again before waiting for a wake.
        more ||= page.length >= EVENT_PAGE || (last === undefined && page.length > 0);
        // Where there was nothing at all, everything that comes is new.
        last = page.at(-1)?.[0] ?? last ?? FROM_THE_FIRST;
        if (page.length === 0) return undefined;
      }
      const { taken, text } = takeWhileFits(page, room);
      return json(`{"items":${text}}`, taken.at(-1)?.[0]);
    },
    hasMore: () => page.length > 0 || more,
    stop,
  };
}

const OFFSET_BYTES = 8;
const bytesIn = (room: number) => Math.max(1, Math.min(room, MAX_STATION_FRAME - HEADER_BYTES) - OFFSET_BYTES);

function bytesFrame(offset: number, bytes: Uint8Array): Exclude<Sealed, 'end'> {
  const payload = new Uint8Array(OFFSET_BYTES + bytes.length);
  new DataView(payload.buffer).setFloat64(0, offset);
  payload.set(bytes, OFFSET_BYTES);
  return { type: FRAME.bytes, payload };
}

/** The source is a generator: it stands still while nobody asks for its next piece. */
function deliverBytes(source: BytesSource, { cursor }: Options): Delivering {
  const abort = new AbortController();
  let offset = Number(cursor ?? 0);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Refusal('invalid', 'The cursor of bytes is the offset of the next one.');
  const pieces = source(offset, abort.signal)[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let ended = false;
  return {
    async next(room) {
      while (!ended && rest.length === 0) {
        const piece = await pieces.next();
        if (piece.done) ended = true;
        else rest = piece.value;
      }
      if (ended) return 'end';
      const bytes = rest.subarray(0, bytesIn(room));
      rest = rest.subarray(bytes.length);
      const sealed = bytesFrame(offset, bytes);
      offset += bytes.length;
      return { ...sealed, cursor: String(offset) };
    },
    hasMore: () => !ended,
    stop() {
      abort.abort();
      // Lets the generator close its file. What it may throw on its way out concerns nobody any more.
      pieces.return?.(undefined)?.catch(() => {});
    },
  };
}

/** What one reader of a source that cannot wait may be behind. */
export const RING_BYTES = 256 * 1024;

/** The oldest bytes make room for the newest; how many went is told before the next ones. */
function deliverRing(source: RingSource, { ready }: Options): Delivering {
  let ring = new Uint8Array();
  let start = 0;
  let size = 0;
  let lost = 0;
  let offset = 0;

  function drop(count: number): void {
    start = (start + count) % RING_BYTES;
    size -= count;
    offset += count;
  }

  const stop = source((bytes) => {
    if (ring.length === 0) ring = new Uint8Array(RING_BYTES);
    const kept = bytes.subarray(Math.max(0, bytes.length - RING_BYTES));
    const over = Math.max(0, size + kept.length - RING_BYTES);
    drop(over);
    // Where even the newest do not all fit, everything before them is gone.
    offset += bytes.length - kept.length;
    lost += over + bytes.length - kept.length;
    const end = (start + size) % RING_BYTES;
    const upToTheEdge = kept.subarray(0, RING_BYTES - end);
    ring.set(upToTheEdge, end);
    ring.set(kept.subarray(upToTheEdge.length));
    size += kept.length;
    ready();
  });

  return {
    async next(room) {
      if (lost > 0) {
        const count = lost;
        lost = 0;
        return { type: FRAME.lost, payload: encoder.encode(JSON.stringify({ bytes: count })) };
      }
      if (size === 0) return undefined;
      const count = Math.min(size, RING_BYTES - start, bytesIn(room));
      const sealed = bytesFrame(offset, ring.subarray(start, start + count));
      drop(count);
      return sealed;
    },
    hasMore: () => lost > 0 || size > 0,
    stop() {
      stop();
      ring = new Uint8Array();
      size = 0;
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
      const { taken, text } = takeWhileFits([...rows.values()], room);
      for (const [key] of taken) rows.delete(key);
      const count = merged;
      merged = 0;
      sentAt = clock();
      return json(`{"rows":${text},"merged":${count}}`);
    },
    hasMore: () => timer === undefined && rows.size > 0,
    stop() {
      stop();
      clearTimeout(timer);
      rows.clear();
    },
  };
}
