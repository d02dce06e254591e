// A reader's credit is never overdrawn; what one that does not read misses is merged or counted, never held for it without bound.
import assert from 'node:assert/strict';
import { encodeCredit, encodeFrame, FRAME, HEADER_BYTES, MAX_STATION_FRAME, MAX_WINDOW } from '../contract/channel.ts';
import { RING_BYTES } from './delivery.ts';
import { onBothLinks, settled } from './testing/links.ts';
import { isA, type OpenStream } from './testing/reader.ts';
import { countedBytes, heldState, patternAt, pushed, STREAM } from './testing/sources.ts';
import { seededRandom } from './testing/station.ts';

const bytesOf = (stream: OpenStream) => stream.said.reduce((sum, { size }) => sum + size, 0);

// ---- credit

onBothLinks(
  'bytes stand still without credit: the source is not read further, and goes on where it was',
  () => {
    const counted = countedBytes(16_384);
    return { counted, bytes: counted.source };
  },
  async ({ dial }, { counted }) => {
    const reader = await dial();
    const stream = reader.open(STREAM.bytes, {}, { window: 65_536, manual: true });
    await settled(reader);
    // Three pieces whole and the beginning of a fourth: 8 bytes of each frame are its offset.
    assert.equal(bytesOf(stream), 65_536);
    assert.equal(counted.pieces, 4);
    await settled(reader);
    assert.equal(counted.pieces, 4, 'the source was read without credit');
    stream.credit(16_384);
    await settled(reader);
    assert.equal(bytesOf(stream), 65_536 + 16_384);
    assert.equal(counted.pieces, 5);
    let at = 0;
    for (const said of stream.said) {
      const { offset, bytes } = isA(said, 'bytes');
      assert.equal(offset, at);
      assert.equal(Buffer.compare(bytes, patternAt(at, bytes.length)), 0);
      at += bytes.length;
    }
    stream.close();
    await settled(reader);
    assert.equal(counted.open, 0);
  },
);

onBothLinks(
  'of every class, never more than the window is on its way, frame by frame, whatever portions credit comes in',
  () => {
    const values = new Map<string, unknown>(Array.from({ length: 2_000 }, (_, n) => [`key ${n}`, 'ä'.repeat(n % 60)]));
    const log = Array.from({ length: 3_000 }, (_, n): [string, unknown] => [String(n).padStart(6, '0'), 'x'.repeat(n % 90)]);
    const ring = pushed<[Uint8Array]>();
    const samples = pushed<[string, number, number]>();
    return {
      ring: ring.source,
      pushBytes: ring.push.bind(ring),
      samples: samples.source,
      pushSample: samples.push.bind(samples),
      state: heldState(values),
      events: {
        read: async (after = '', limit: number) => log.filter(([cursor]) => cursor > after).slice(0, limit),
        watch: () => () => {},
      },
      bytes: countedBytes(5_000, 150_000).source,
    };
  },
  async ({ dial }, { pushBytes, pushSample }) => {
    const reader = await dial();
    const window = 4_096;
    const random = seededRandom('portions');
    const portion = (most: number) => 1 + (Buffer.from(random(4)).readUInt32BE() % most);
    for (const [kind, name] of Object.entries(STREAM)) {
      const stream = reader.open(name, {}, { window, manual: true });
      await settled(reader);
      if (kind === 'ring') pushBytes(patternAt(0, 100_000));
      if (kind === 'samples') {
        // The first sample leaves at once, the rest after a moment: a screen is not shown more often.
        for (let n = 0; n < 4_000; n++) pushSample(`key ${n % 800}`, n, n);
        for (let n = 0; n < 2; n++) await stream.next();
      }
      let credited = 0;
      for (let round = 0; round < 60; round++) {
        await settled(reader);
        const onTheWay = bytesOf(stream) - credited;
        assert.ok(onTheWay <= window, `${kind}: ${onTheWay} bytes on their way`);
        if (onTheWay === 0) break;
        // A reader that gives back what it took, at the latest when half its window is consumed.
        const back = onTheWay > window / 2 ? Math.max(portion(onTheWay), onTheWay - window / 2) : onTheWay;
        stream.credit(back);
        credited += back;
      }
      assert.ok(bytesOf(stream) > 4 * window, `${kind}: only ${bytesOf(stream)} bytes came`);
      stream.close();
    }
  },
);

onBothLinks(
  'credit beyond the window is none: who claims more than was sent is not sent more than the window',
  () => ({ bytes: countedBytes(10_000).source }),
  async ({ dial }) => {
    const reader = await dial();
    const stream = reader.open(STREAM.bytes, {}, { window: 8_192, manual: true });
    stream.credit(MAX_WINDOW);
    await settled(reader);
    for (let n = 0; n < 5; n++) stream.credit(0xffffffff);
    await settled(reader);
    // Each of the six claims filled the window once at most.
    assert.ok(bytesOf(stream) <= 7 * 8_192, `${bytesOf(stream)} bytes`);
    const before = bytesOf(stream);
    await settled(reader);
    assert.equal(bytesOf(stream), before);
  },
);

onBothLinks(
  'a value larger than the whole window waits until nothing else is on its way, and then comes whole',
  () => ({
    state: heldState(
      new Map<string, unknown>([
        ['a', 'x'.repeat(2_900)],
        ['b', 'y'.repeat(50_000)],
        ['c', 1],
      ]),
    ),
  }),
  async ({ dial }) => {
    const reader = await dial();
    const stream = reader.open(STREAM.state, {}, { window: 4_096, manual: true });
    await settled(reader);
    assert.deepEqual(
      stream.said.map((said) => isA(said, 'values').values.set?.map(([key]) => key)),
      [['a']],
    );
    stream.credit(stream.said[0]?.size ?? 0);
    await settled(reader);
    assert.deepEqual(
      stream.said.map((said) => isA(said, 'values').values.set?.map(([key]) => key)),
      [['a'], ['b']],
    );
    stream.credit(stream.said[1]?.size ?? 0);
    await settled(reader);
    assert.deepEqual(stream.said.at(-1)?.type === 'values' && stream.said.at(-1), { ...stream.said.at(-1), values: { set: [['c', 1]] } });
  },
);

onBothLinks(
  'a station’s frame is no larger than agreed',
  () => ({ bytes: countedBytes(1_000_000, 3_000_000).source }),
  async ({ dial }) => {
    const stream = (await dial()).open(STREAM.bytes, {}, { window: MAX_WINDOW });
    await stream.until(({ type }) => type === 'end');
    const largest = Math.max(...stream.said.map(({ size }) => size));
    assert.equal(largest, MAX_STATION_FRAME - HEADER_BYTES);
  },
);

onBothLinks(
  'credit and close for streams nobody opened mean nothing',
  () => ({}),
  async ({ station, dial }) => {
    const reader = await dial();
    const stream = reader.open('people.me', {});
    await stream.next();
    stream.close();
    stream.credit(1_000);
    stream.close();
    reader.send(encodeCredit(4_000_000_000, 256));
    reader.send(encodeFrame(FRAME.close, 4_000_000_000, new Uint8Array()));
    assert.equal((await reader.open('people.me', {}).next()).type, 'values');
    assert.equal(station.channel.count().connections, 1);
  },
);

// ---- what a reader that does not read misses, and what not

onBothLinks(
  'a ring loses for a stalled reader what no longer fits, counts it exactly, and goes on with the newest',
  () => {
    const ring = pushed<[Uint8Array]>();
    return { held: ring, ring: ring.source };
  },
  async ({ dial }, { held }) => {
    const reader = await dial();
    const stream = reader.open(STREAM.ring, {}, { window: 65_536, manual: true });
    await settled(reader);
    assert.equal(held.listeners.size, 1);
    const pieces = 3_001;
    for (let n = 0; n < pieces; n++) held.push(patternAt(n * 337, 337));
    await settled(reader);
    assert.ok(bytesOf(stream) <= 65_536);
    for (let credited = 0; credited < bytesOf(stream); ) {
      stream.credit(bytesOf(stream) - credited);
      credited = bytesOf(stream);
      await settled(reader);
    }
    let at = 0;
    let lost = 0;
    for (const said of stream.said) {
      if (said.type === 'lost') {
        lost += said.bytes;
        at += said.bytes;
        continue;
      }
      const { offset, bytes } = isA(said, 'bytes');
      assert.equal(offset, at);
      assert.equal(Buffer.compare(bytes, patternAt(at, bytes.length)), 0);
      at += bytes.length;
    }
    assert.equal(at, pieces * 337);
    const received = at - lost;
    assert.ok(received >= RING_BYTES && received <= RING_BYTES + 65_536, `${received} received`);
  },
);

onBothLinks(
  'samples for a stalled reader melt into one row a key, and every one of them is counted',
  () => {
    const samples = pushed<[string, number, number]>();
    return { held: samples, samples: samples.source };
  },
  async ({ dial }, { held }) => {
    const reader = await dial();
    const stream = reader.open(STREAM.samples, {}, { window: 1_024, manual: true });
    await settled(reader);
    const count = 50_000;
    for (let n = 0; n < count; n++) held.push(`tag ${n % 10}`, n, Math.sin(n));
    let rows = 0;
    let counted = 0;
    let merged = 0;
    for (let heard = 0; counted < count; ) {
      const said = await stream.next();
      const { values } = isA(said, 'values');
      stream.credit(said.size);
      heard += 1;
      assert.ok(heard < 10);
      merged += values.merged;
      rows += values.rows.length;
      for (const [, , , , , n] of values.rows) counted += n;
    }
    assert.equal(counted, count);
    assert.equal(merged, count - rows);
    assert.ok(rows <= 20);
  },
);

onBothLinks(
  'state for a stalled reader: however often a key changed meanwhile, it gets the newest value once',
  () => ({ state: heldState(new Map<string, unknown>([['filler', 'x'.repeat(900)]])) }),
  async ({ dial }, { state }) => {
    const reader = await dial();
    const stream = reader.open(STREAM.state, {}, { window: 1_024, manual: true });
    await settled(reader);
    for (let n = 1; n <= 5_000; n++) state.set('pressure', 'p'.repeat(200) + n);
    await settled(reader);
    assert.equal(stream.said.length, 1);
    stream.credit(bytesOf(stream));
    const values: unknown[] = [];
    for (;;) {
      await settled(reader);
      const news = stream.said
        .slice(1)
        .flatMap((said) => isA(said, 'values').values.set ?? [])
        .map(([, value]) => value);
      if (news.length === values.length) break;
      values.push(...news.slice(values.length));
      stream.credit(bytesOf(stream));
    }
    assert.equal(values.at(-1), `${'p'.repeat(200)}5000`);
    assert.ok(values.length <= 2, `${values.length} values came`);
  },
);
