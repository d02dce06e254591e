// How each kind of stream treats a slow reader: what is kept for it, what is merged, what is lost and counted.
// Nothing here grows with the source: keys, one page, one chunk, one ring, one row a key; and of these a stream that has to
// wait keeps only its part of what its connection may hold. The rest is lost and counted (rings), or read again later.
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
  /** It has to wait, or its part became smaller: no more than these bytes stay here. */
  keep(bytes: number): void;
  stop(): void;
};

type Options = {
  cursor: string | undefined;
  clock: () => number;
  ready: () => void;
  /** What may stay here as long as it has to wait. */
  room: () => number;
};

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

/** A value in JSON, and where it stands: a key, or a cursor. */
type Item = { at: string; text: string };
const itemsOf = (values: Iterable<[string, unknown]>): Item[] =>
  Array.from(values, ([at, value]) => ({ at, text: JSON.stringify([at, value]) }));
const itemOfKey = (at: string): Item => ({ at, text: JSON.stringify(at) });

/** The first ones, until a frame is full; at least one, however large it is. */
function whatFits(items: Iterable<Item>, room: number): { taken: Item[]; text: string } {
  const taken: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += Buffer.byteLength(item.text) + 1;
    if (taken.length > 0 && bytes > roomIn(room)) break;
    taken.push(item);
  }
  return { taken, text: `[${taken.map(({ text }) => text).join(',')}]` };
}

function takeWhatFits(items: Item[], room: number): { taken: Item[]; text: string } {
  const first = whatFits(items, room);
  items.splice(0, first.taken.length);
  return first;
}

/** What an item costs beside its text. */
const ITEM_BYTES = 128;

/** Takes away from the end what does not fit. */
function cutBehind(items: Item[], bytes: number): Item[] {
  let count = 0;
  let kept = 0;
  for (const { text } of items) {
    kept += Buffer.byteLength(text) + ITEM_BYTES;
    if (kept > bytes) break;
    count += 1;
  }
  return items.splice(count);
}

/** Latest wins: only the keys that are due are remembered, their values are read when they can be sent. */
function deliverState(source: StateSource<unknown>, { ready }: Options): Delivering {
  let all = true;
  const due = new Set<string>();
  /** Read and not sent yet. */
  let entries: Item[] = [];
  let gone: Item[] = [];
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
    entries = itemsOf(values);
    gone = keys ? [...keys].filter((key) => !values.has(key)).map(itemOfKey) : [];
  }

  return {
    async next(room) {
      if (!unsent() && (all || due.size > 0)) await readDue();
      if (!unsent()) return undefined;
      if (gone.length > 0) return json(`{"gone":${takeWhatFits(gone, room).text}}`);
      const first = reset ? '"reset":true,' : '';
      reset = false;
      return json(`{${first}"set":${takeWhatFits(entries, room).text}}`);
    },
    hasMore: () => unsent() || all || due.size > 0,
    keep(bytes) {
      const cut = cutBehind(entries, bytes);
      if (reset && entries.length === 0 && cut.length > 0) {
        // Not even the beginning stays: an empty snapshot would be a wrong one.
        all = true;
        reset = false;
      } else for (const { at } of cut) due.add(at);
    },
    stop,
  };
}

const EVENT_PAGE = 200;

/** Stored first: one page is held, the rest waits in the store until the reader asks by its credit. */
function deliverEvents(source: EventSource<unknown>, { cursor, ready }: Options): Delivering {
  let last = cursor;
  let page: Item[] = [];
  /** Before the first one of the page. */
  let before = cursor;
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
        before = last;
        page = itemsOf(await source.read(last, EVENT_PAGE));
        // A full page may not be the last, and a newcomer's is cut at its old end: look again before waiting for a wake.
        more ||= page.length >= EVENT_PAGE || (last === undefined && page.length > 0);
        // Where there was nothing at all, everything that comes is new.
        last = page.at(-1)?.at ?? last ?? FROM_THE_FIRST;
        if (page.length === 0) return undefined;
      }
      const { taken, text } = takeWhatFits(page, room);
      before = taken.at(-1)?.at;
      return json(`{"items":${text}}`, before);
    },
    hasMore: () => page.length > 0 || more,
    keep(bytes) {
      if (cutBehind(page, bytes).length === 0) return;
      last = page.at(-1)?.at ?? before;
      more = true;
    },
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

/** What a source may have read beyond the piece it handed out. */
const AHEAD_BYTES = 64 * 1024;

/** The source is a generator: it stands still while nobody asks for its next piece, and can begin again anywhere. */
function deliverBytes(source: BytesSource, { cursor }: Options): Delivering {
  let offset = Number(cursor ?? 0);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Refusal('invalid', 'The cursor of bytes is the offset of the next one.');
  let rest: Uint8Array = new Uint8Array();
  let open: { pieces: AsyncIterator<Uint8Array>; abort: AbortController } | undefined;
  let reading = false;
  let ended = false;

  async function nextPiece(): Promise<IteratorResult<Uint8Array>> {
    if (open === undefined) {
      const abort = new AbortController();
      open = { pieces: source(offset, abort.signal)[Symbol.asyncIterator](), abort };
    }
    reading = true;
    try {
      return await open.pieces.next();
    } finally {
      reading = false;
    }
  }

  function close(): void {
    open?.abort.abort();
    // Lets the generator close its file. What it may throw on its way out concerns nobody any more.
    open?.pieces.return?.(undefined)?.catch(() => {});
    open = undefined;
  }

  return {
    async next(room) {
      while (!ended && rest.length === 0) {
        const piece = await nextPiece();
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
    keep(bytes) {
      // What is being read comes in any case, and is looked at again then.
      if (open === undefined || reading || rest.length + AHEAD_BYTES <= bytes) return;
      close();
      rest = rest.slice(0, Math.max(0, bytes));
    },
    stop: close,
  };
}

/** What one reader of a source that cannot wait may be behind, where its connection has room for it. */
export const RING_BYTES = 256 * 1024;
const FIRST_RING_BYTES = 4 * 1024;

/** The oldest bytes make room for the newest; how many went is told before the next ones. */
function deliverRing(source: RingSource, { ready, room }: Options): Delivering {
  /** As large as it had to be so far. */
  let ring = new Uint8Array();
  let start = 0;
  let size = 0;
  let lost = 0;
  let offset = 0;

  function drop(count: number): void {
    start = ring.length === 0 ? 0 : (start + count) % ring.length;
    size -= count;
    offset += count;
  }

  function lose(count: number): void {
    drop(count);
    lost += count;
  }

  /** `bytes` have room in it. */
  function resize(bytes: number): void {
    lose(Math.max(0, size - bytes));
    const before = ring;
    const upToTheEdge = before.subarray(start, start + size);
    ring = new Uint8Array(bytes);
    ring.set(upToTheEdge);
    ring.set(before.subarray(0, size - upToTheEdge.length), upToTheEdge.length);
    start = 0;
  }

  const stop = source((bytes) => {
    if (bytes.length === 0) return;
    const most = Math.max(1, Math.min(RING_BYTES, room()));
    const needed = Math.min(most, size + bytes.length);
    if (needed > ring.length) resize(Math.min(most, Math.max(needed, 2 * ring.length, FIRST_RING_BYTES)));
    const kept = bytes.subarray(Math.max(0, bytes.length - ring.length));
    lose(Math.max(0, size + kept.length - ring.length));
    // Where even the newest do not all fit, everything before them is gone.
    offset += bytes.length - kept.length;
    lost += bytes.length - kept.length;
    const end = (start + size) % ring.length;
    const upToTheEdge = kept.subarray(0, ring.length - end);
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
      const count = Math.min(size, ring.length - start, bytesIn(room));
      const sealed = bytesFrame(offset, ring.subarray(start, start + count));
      drop(count);
      return sealed;
    },
    hasMore: () => lost > 0 || size > 0,
    keep(bytes) {
      if (ring.length > bytes) resize(Math.max(0, bytes));
    },
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
function* itemsOfRows(rows: Iterable<SampleRow>): Iterable<Item> {
  for (const row of rows) yield { at: row[0], text: JSON.stringify(row) };
}

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
      const { taken, text } = whatFits(itemsOfRows(rows.values()), room);
      for (const { at } of taken) rows.delete(at);
      const count = merged;
      merged = 0;
      sentAt = clock();
      return json(`{"rows":${text},"merged":${count}}`);
    },
    hasMore: () => timer === undefined && rows.size > 0,
    // One row a key, however long it waits: there is nothing that could be had again.
    keep() {},
    stop() {
      stop();
      clearTimeout(timer);
      rows.clear();
    },
  };
}
