// Each class of delivery by itself, against a slow and obvious model: what is kept, merged, lost and counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FRAME, frameBytes, frameJson, HEADER_BYTES, MAX_STATION_FRAME, type SampleValues, type StateValues } from '../contract/channel.ts';
import type { Delivery } from '../contract/procedure.ts';
import type { Source } from './area.ts';
import { type Delivering, deliver, RING_BYTES, type Sealed } from './delivery.ts';
import { countedBytes, heldState, patternAt, pushed } from './testing/sources.ts';

const clock = () => 0;
const start = <D extends Delivery>(delivery: D, source: Source<D, unknown>, cursor?: string, room = 1024 * 1024): Delivering =>
  deliver(delivery, source, { cursor, clock, ready: () => {}, room: () => room });

type Sent = Exclude<Sealed, 'end'>;
async function sent(delivering: Delivering, room = MAX_STATION_FRAME): Promise<Sent> {
  const sealed = await delivering.next(room);
  assert.ok(sealed !== undefined && sealed !== 'end', 'nothing was sent');
  return sealed;
}
const saying = <T>({ payload }: Sent) => frameJson(payload) as T;

// ---- ring

const ringStep = fc.oneof(
  fc.record({ push: fc.oneof(fc.nat(300), fc.nat(RING_BYTES), fc.integer({ min: RING_BYTES - 2, max: 2 * RING_BYTES })) }),
  fc.record({ read: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.nat(MAX_STATION_FRAME)) }),
);

test('a ring gives its newest bytes in order, and says exactly how many went before them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ringStep, { maxLength: 40 }), async (steps) => {
      const { source, push } = pushed<[Uint8Array]>();
      const ring = start('ring', source);
      // The model: everything ever pushed, how far it was read or lost.
      let pushedBytes = 0;
      let at = 0;
      const readOne = async (room: number) => {
        const sealed = await ring.next(room);
        if (sealed === undefined) return assert.equal(at, pushedBytes, 'bytes are held back');
        assert.ok(sealed !== 'end');
        if (sealed.type === FRAME.lost) {
          const { bytes } = saying<{ bytes: number }>(sealed);
          assert.equal(bytes, pushedBytes - RING_BYTES - at, 'lost is what no longer fits');
          at += bytes;
          return;
        }
        const { offset, bytes } = frameBytes(sealed.payload);
        assert.equal(offset, at);
        assert.deepEqual(Buffer.compare(bytes, patternAt(at, bytes.length)), 0, 'other bytes than were pushed');
        assert.ok(bytes.length > 0 && (sealed.payload.length <= room || bytes.length === 1));
        at += bytes.length;
      };
      for (const step of steps) {
        if ('push' in step) {
          push(patternAt(pushedBytes, step.push));
          pushedBytes += step.push;
        } else await readOne(step.read);
      }
      while (ring.hasMore()) await readOne(MAX_STATION_FRAME);
      assert.equal(at, pushedBytes);
      ring.stop();
    }),
    { numRuns: 60 },
  );
});

const ringShareStep = fc.oneof(
  ringStep,
  fc.record({ keep: fc.oneof(fc.integer({ min: -10, max: 3_000 }), fc.nat(RING_BYTES)) }),
  fc.record({ room: fc.oneof(fc.integer({ min: -10, max: 3_000 }), fc.nat(2 * RING_BYTES)) }),
);

test('a ring whose part changes keeps no more than it, gives its bytes in order, and counts every one it lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ringShareStep, { maxLength: 40 }), async (steps) => {
      const { source, push } = pushed<[Uint8Array]>();
      let room = RING_BYTES;
      const ring = deliver('ring', source, { cursor: undefined, clock, ready: () => {}, room: () => room });
      let pushedBytes = 0;
      let at = 0;
      const readOne = async (bytes: number) => {
        const sealed = await ring.next(bytes);
        if (sealed === undefined) return assert.equal(at, pushedBytes, 'bytes are held back');
        assert.ok(sealed !== 'end');
        if (sealed.type === FRAME.lost) at += saying<{ bytes: number }>(sealed).bytes;
        else {
          const { offset, bytes: heard } = frameBytes(sealed.payload);
          assert.equal(offset, at, 'lost bytes were not told before the next ones');
          assert.equal(Buffer.compare(heard, patternAt(at, heard.length)), 0, 'other bytes than were pushed');
          at += heard.length;
        }
        assert.ok(pushedBytes - at <= RING_BYTES);
      };
      for (const step of steps) {
        if ('push' in step) {
          push(patternAt(pushedBytes, step.push));
          pushedBytes += step.push;
        } else if ('read' in step) await readOne(step.read);
        else if ('keep' in step) {
          ring.keep(step.keep);
          if (pushedBytes === at) continue;
          await readOne(1);
          // What was lost has been told: the rest is what it kept.
          assert.ok(pushedBytes - at <= Math.max(0, step.keep), `${pushedBytes - at} bytes were kept`);
        } else room = step.room;
      }
      while (ring.hasMore()) await readOne(MAX_STATION_FRAME);
      assert.equal(at, pushedBytes);
    }),
    { numRuns: 100 },
  );
});

test('a ring copies what it is handed: a source may use its buffer again', async () => {
  const { source, push } = pushed<[Uint8Array]>();
  const ring = start('ring', source);
  const buffer = patternAt(0, 64);
  push(buffer);
  buffer.fill(0);
  assert.deepEqual([...frameBytes((await sent(ring)).payload).bytes], [...patternAt(0, 64)]);
});

// ---- samples

const anySample = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.integer({ min: -1000, max: 1000 }) });
type Sample = { key: string; value: number };

test('samples of a key are merged into one row with newest, least, greatest and count, and the rest is counted as merged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anySample, { maxLength: 60 }), { maxLength: 8 }),
      fc.integer({ min: 60, max: 400 }),
      async (bursts, room) => {
        const { source, push } = pushed<[string, number, number]>();
        const samples = deliver('samples', source, {
          cursor: undefined,
          clock: (() => {
            let now = 0;
            return () => (now += 1_000);
          })(),
          ready: () => {},
          room: () => 0,
        });
        let time = 0;
        for (const burst of bursts) {
          const heard = new Map<string, (Sample & { time: number })[]>();
          for (const { key, value } of burst) {
            push(key, ++time, value);
            heard.set(key, [...(heard.get(key) ?? []), { key, value, time }]);
          }
          let merged = 0;
          const rows: SampleValues['rows'] = [];
          while (samples.hasMore()) {
            const sealed = await sent(samples, room);
            const said = saying<SampleValues>(sealed);
            assert.ok(sealed.payload.length <= room || said.rows.length === 1, 'more than there was room for');
            rows.push(...said.rows);
            merged += said.merged;
          }
          const expected = [...heard].map(([key, all]) => {
            const values = all.map(({ value }) => value);
            const last = all.at(-1) as Sample & { time: number };
            return [key, last.time, last.value, Math.min(...values), Math.max(...values), all.length];
          });
          assert.deepEqual(rows, expected);
          assert.equal(merged, burst.length - rows.length);
        }
        samples.stop();
      },
    ),
    { numRuns: 200 },
  );
});

// ---- state

const stateStep = fc.oneof(
  fc.record({ set: fc.constantFrom('a', 'b', 'c', 'd', 'e'), to: fc.oneof(fc.nat(), fc.string({ maxLength: 300, unit: 'grapheme' })) }),
  fc.record({ remove: fc.constantFrom('a', 'b', 'c', 'd', 'e') }),
  fc.constant({ everything: true }),
  fc.record({ read: fc.integer({ min: 1, max: 600 }) }),
  fc.record({ keep: fc.integer({ min: -100, max: 1_000 }) }),
);

test('state arrives: whatever changes while a slow reader reads, in the end it holds exactly what is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stateStep, { maxLength: 60 }), async (steps) => {
      const held = heldState(new Map<string, unknown>([['a', 0]]));
      const state = start('state', held);
      const shown = new Map<string, unknown>();
      const readOne = async (room: number) => {
        const sealed = await state.next(room);
        if (sealed === undefined) return;
        assert.ok(sealed !== 'end');
        const { reset, set = [], gone = [] } = saying<StateValues>(sealed);
        assert.ok(sealed.payload.length <= room || set.length + gone.length <= 1, 'more than there was room for');
        if (reset) shown.clear();
        for (const [key, value] of set) shown.set(key, value);
        for (const key of gone) shown.delete(key);
      };
      for (const step of steps) {
        if ('set' in step) held.set(step.set, step.to);
        else if ('remove' in step) held.remove(step.remove);
        else if ('everything' in step) held.changed();
        else if ('keep' in step) state.keep(step.keep);
        else await readOne(step.read);
      }
      while (state.hasMore()) await readOne(MAX_STATION_FRAME);
      assert.deepEqual(shown, held.values);
      state.stop();
      assert.equal(held.watchers.size, 0);
    }),
    { numRuns: 300 },
  );
});

test('a snapshot that has to wait with less room than it needs is read again, key by key, and is never shown as an empty one', async () => {
  const names = Array.from({ length: 100 }, (_, n) => `key ${n}`);
  const held = heldState(new Map(names.map((name) => [name, 'x'.repeat(200)])));
  const state = start('state', held);
  const shown = new Map<string, unknown>();
  for (let frame = 0; state.hasMore(); frame++) {
    const { reset, set = [] } = saying<StateValues>(await sent(state, 2_000));
    assert.deepEqual([reset, set.length > 0], [frame === 0 ? true : undefined, true]);
    for (const [key, value] of set) shown.set(key, value);
    state.keep(frame % 2 === 0 ? 5_000 : 0);
  }
  assert.deepEqual(shown, held.values);

  // Read, and not a frame of it sent yet.
  const waiting = start('state', held);
  const reading = waiting.next(2_000);
  waiting.keep(0);
  assert.equal(saying<StateValues>((await reading) as Sent).set?.length, 9);
});

test('the first frame of a state says to forget what was there before, also when there is nothing', async () => {
  const state = start('state', heldState());
  assert.deepEqual(saying<StateValues>(await sent(state)), { reset: true, set: [] });
  assert.equal(state.hasMore(), false);
});

test('a key that changed a thousand times before anybody could read is sent once, with its newest value', async () => {
  const held = heldState(new Map<string, unknown>([['a', 0]]));
  const state = start('state', held);
  await sent(state);
  for (let n = 1; n <= 1000; n++) held.set('a', n);
  assert.deepEqual(saying<StateValues>(await sent(state)), { set: [['a', 1000]] });
  assert.equal(await state.next(1000), undefined);
  assert.equal(held.reads, 2);
});

test('what changes while it is being read is read again', async () => {
  const held = heldState(new Map<string, unknown>([['a', 0]]));
  const state = start('state', held);
  for (const change of [1, 2]) {
    const reading = sent(state);
    held.set('a', change);
    await reading;
    assert.deepEqual(saying<StateValues>(await sent(state)), { set: [['a', change]] });
    held.set('a', change + 10);
  }
});

test('frames are measured in bytes, not in letters: text of four bytes a letter still fits a frame', async () => {
  const held = heldState(new Map(Array.from({ length: 500 }, (_, n) => [`key ${n}`, '🏭'.repeat(120)])));
  const state = start('state', held);
  const keys = new Set<string>();
  let frames = 0;
  while (state.hasMore()) {
    const sealed = await sent(state);
    frames += 1;
    assert.ok(sealed.payload.length + HEADER_BYTES <= MAX_STATION_FRAME, `${sealed.payload.length} bytes`);
    for (const [key] of saying<StateValues>(sealed).set ?? []) keys.add(key);
  }
  assert.equal(keys.size, 500);
  assert.ok(frames >= 4);
});

test('ten thousand keys that are gone are told in frames of the usual size', async () => {
  const names = Array.from({ length: 10_000 }, (_, n) => `place ${n}`);
  const held = heldState(new Map(names.map((name) => [name, 1])));
  const state = start('state', held);
  while (state.hasMore()) await sent(state);
  for (const name of names) held.remove(name);
  const gone: string[] = [];
  while (state.hasMore()) {
    const sealed = await sent(state);
    assert.ok(sealed.payload.length <= MAX_STATION_FRAME);
    gone.push(...(saying<StateValues>(sealed).gone ?? []));
  }
  assert.deepEqual(gone.sort(), names.sort());
});

// ---- events

/** A log of numbers; a newcomer starts with the last three. */
function heldEvents() {
  const log: number[] = [];
  const { source, push } = pushed<[]>();
  return {
    log,
    add(...more: number[]) {
      log.push(...more);
      push();
    },
    read: async (after: string | undefined, limit: number) => {
      const from = after === undefined ? log.slice(-3) : log.filter((n) => after === '' || n > Number(after));
      return from.slice(0, limit).map((n): [string, unknown] => [String(n), n]);
    },
    watch: source,
  };
}

async function readEvents(delivering: Delivering, room?: number): Promise<{ numbers: number[]; cursor: string | undefined }> {
  const numbers: number[] = [];
  let cursor: string | undefined;
  while (delivering.hasMore()) {
    const sealed = await delivering.next(room ?? MAX_STATION_FRAME);
    if (sealed === undefined || sealed === 'end') break;
    numbers.push(...saying<{ items: [string, number][] }>(sealed).items.map(([, n]) => n));
    cursor = sealed.cursor;
  }
  return { numbers, cursor };
}
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);

test('events: a newcomer starts with the newest, then hears each one once and in order', async () => {
  const held = heldEvents();
  held.add(...upTo(10));
  const events = start('events', held);
  assert.deepEqual((await readEvents(events)).numbers, [8, 9, 10]);
  held.add(...upTo(1_000, 11));
  assert.deepEqual((await readEvents(events, 300)).numbers, upTo(1_000, 11));
});

test('events: who came when there was nothing misses none of a burst that is longer than what newcomers start with', async () => {
  const held = heldEvents();
  const events = start('events', held);
  assert.deepEqual((await readEvents(events)).numbers, []);
  held.add(...upTo(50));
  assert.deepEqual((await readEvents(events)).numbers, upTo(50));
});

test('events: the cursor of what was sent, and of no more, is where one goes on', async () => {
  const held = heldEvents();
  held.add(...upTo(700));
  const first = start('events', held, '0');
  const seen: number[] = [];
  let cursor: string | undefined = '0';
  for (let frame = 0; frame < 5; frame++) {
    const sealed = await sent(first, 200);
    seen.push(...saying<{ items: [string, number][] }>(sealed).items.map(([, n]) => n));
    cursor = sealed.cursor;
  }
  assert.equal(cursor, String(seen.at(-1)));
  seen.push(...(await readEvents(start('events', held, cursor))).numbers);
  assert.deepEqual(seen, upTo(700));
});

const eventStep = fc.oneof(
  fc.record({ add: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ read: fc.integer({ min: 60, max: 3_000 }) }),
  fc.record({ keep: fc.integer({ min: -100, max: 20_000 }) }),
);

test('events: a page that has to wait is read again where it was cut: none left out, none twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(eventStep, { maxLength: 40 }), fc.boolean(), async (steps, newcomer) => {
      const held = heldEvents();
      const events = start('events', held, newcomer ? undefined : '0');
      const heard: number[] = [];
      const readOne = async (room: number) => {
        const sealed = await events.next(room);
        if (sealed === undefined || sealed === 'end') return;
        heard.push(...saying<{ items: [string, number][] }>(sealed).items.map(([, n]) => n));
        assert.equal(sealed.cursor, String(heard.at(-1)));
      };
      await readOne(100);
      for (const step of steps) {
        if ('add' in step) held.add(...upTo(step.add, held.log.length + 1));
        else if ('keep' in step) events.keep(step.keep);
        else await readOne(step.read);
      }
      while (events.hasMore()) await readOne(MAX_STATION_FRAME);
      assert.deepEqual(heard, held.log);
    }),
    { numRuns: 200 },
  );
});

// ---- bytes

test('bytes: what has to wait with little room gives its source back, and goes on with another one where it was', async () => {
  const counted = countedBytes(10_000, 100_000);
  const bytes = start('bytes', counted.source, '300');
  const parts: Uint8Array[] = [];
  for (let keep = 0; ; keep += 500) {
    const sealed = await bytes.next(3_000);
    if (sealed === 'end') break;
    parts.push(frameBytes((sealed as Sent).payload).bytes);
    bytes.keep(keep);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(counted.open, 0, 'the source was kept');
  }
  assert.equal(Buffer.compare(Buffer.concat(parts), patternAt(300, 99_700)), 0);

  const roomy = start('bytes', counted.source);
  await sent(roomy, 3_000);
  const { pieces } = counted;
  roomy.keep(80_000);
  assert.deepEqual([counted.open, counted.pieces], [1, pieces]);
  roomy.stop();
});

test('bytes: a piece that is just being read is not given up for want of room', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const bytes = start('bytes', async function* (_, signal) {
    await promise;
    signal.throwIfAborted();
    yield patternAt(0, 100);
  });
  const reading = sent(bytes);
  bytes.keep(0);
  resolve();
  assert.equal(frameBytes((await reading).payload).bytes.length, 100);
});

test('bytes: a piece is asked for only when the one before it has been sent', async () => {
  const counted = countedBytes(10_000);
  const bytes = start('bytes', counted.source);
  for (const [room, piecesSoFar] of [
    [4_008, 1],
    [4_008, 1],
    [4_008, 1], // the last 2,000 of the first piece
    [4_008, 2],
  ] as const) {
    await sent(bytes, room);
    assert.equal(counted.pieces, piecesSoFar);
  }
  bytes.stop();
});

test('bytes: from any offset, in rooms of any size, the same bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(5_000),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 }),
      async (offset, rooms) => {
        const counted = countedBytes(777, 5_000);
        const bytes = start('bytes', counted.source, String(offset));
        let at = offset;
        for (let n = 0; ; n++) {
          const sealed = await bytes.next(rooms[n % rooms.length] as number);
          if (sealed === 'end') break;
          assert.ok(sealed);
          const frame = frameBytes(sealed.payload);
          assert.equal(frame.offset, at);
          assert.equal(Buffer.compare(frame.bytes, patternAt(at, frame.bytes.length)), 0);
          at += frame.bytes.length;
          assert.equal(sealed.cursor, String(at));
        }
        assert.equal(at, Math.max(offset, 5_000));
        assert.equal(await bytes.next(100), 'end');
      },
    ),
    { numRuns: 60 },
  );
});

test('bytes: a stop closes the source wherever it stands, and what it throws then concerns nobody', async () => {
  const counted = countedBytes(100);
  const standing = start('bytes', counted.source);
  await sent(standing);
  assert.equal(counted.open, 1);
  standing.stop();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(counted.open, 0);

  let aborted = false;
  const waiting = start('bytes', async function* (_, signal) {
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        aborted = true;
        reject(signal.reason);
      }),
    );
    yield new Uint8Array(1);
  });
  const reading = waiting.next(100);
  waiting.stop();
  await assert.rejects(reading, { name: 'AbortError' });
  assert.ok(aborted);

  const throwing = start('bytes', async function* () {
    try {
      yield new Uint8Array(1);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: a source that fails while it is being closed
      throw new Error('the disk is gone');
    }
  });
  await sent(throwing);
  throwing.stop();
  await new Promise((resolve) => setImmediate(resolve));
});

test('a piece of nothing is no frame', async () => {
  const bytes = start('bytes', async function* () {
    yield new Uint8Array();
    yield patternAt(0, 3);
    yield new Uint8Array();
  });
  assert.deepEqual([...frameBytes((await sent(bytes)).payload).bytes], [...patternAt(0, 3)]);
  assert.equal(await bytes.next(100), 'end');
});
