// Frames that are none, over both links: they end their own connection, with a code that says why, and touch nothing else.
import assert from 'node:assert/strict';
import { encodeCredit, encodeFrame, encodeJson, FRAME, HEADER_BYTES, MAX_READER_FRAME } from '../contract/channel.ts';
import { CLOSE } from './links.ts';
import { type Linked, onBothLinks, settled } from './testing/links.ts';
import type { Reader } from './testing/reader.ts';

const nothing = new Uint8Array();
const text = (value: string) => new Uint8Array(Buffer.from(value));

/** Sent on a fresh connection that has a stream open under number 1. */
const BAD: Record<string, Uint8Array | string> = {
  'an empty frame': nothing,
  'a truncated header': Uint8Array.of(FRAME.open, 0, 0, 1),
  'a type nobody declared': encodeFrame(7 as never, 2, nothing),
  'type 0': encodeFrame(0 as never, 2, nothing),
  'type 255': encodeFrame(255 as never, 2, nothing),
  text: 'open',
  'text that looks like a frame': Buffer.from(encodeJson(FRAME.open, 2, { stream: 'people.me', input: {} })).toString('latin1'),
  'an opening that is not JSON': encodeFrame(FRAME.open, 2, text('{"stream":')),
  'an opening that is not UTF-8': encodeFrame(FRAME.open, 2, Uint8Array.of(0x22, 0xff, 0xfe, 0x22)),
  'an opening without anything': encodeFrame(FRAME.open, 2, nothing),
  'an opening under number 0': encodeJson(FRAME.open, 0, { stream: 'people.me', input: {} }),
  'an opening under a number that is taken': encodeJson(FRAME.open, 1, { stream: 'people.me', input: {} }),
  'a credit of three bytes': encodeFrame(FRAME.credit, 1, new Uint8Array(3)),
  'a credit of eight bytes': encodeFrame(FRAME.credit, 1, new Uint8Array(8)),
  'a credit without bytes': encodeFrame(FRAME.credit, 1, nothing),
  ...Object.fromEntries(
    (['hello', 'beat', 'values', 'bytes', 'lost', 'end'] as const).map((name) => [
      `a frame only a station sends: ${name}`,
      encodeJson(FRAME[name], 1, {}),
    ]),
  ),
};
/** A WebSocket measures before it hands anything over, and has a code of its own for it. */
const TOO_BIG = 1009;

async function opened(dial: Linked['dial']): Promise<Reader> {
  const reader = await dial();
  await reader.open('people.me', {}).next();
  return reader;
}

onBothLinks(
  'a frame that is none closes its connection with 1007, and no other one hears of it',
  () => ({}),
  async ({ station, dial }) => {
    const neighbour = await opened(dial);
    for (const [what, frame] of Object.entries(BAD)) {
      const reader = await opened(dial);
      reader.send(frame);
      const code = await reader.closed;
      // A port is closed and knows no code.
      assert.ok(code === CLOSE.badFrame || code === 0, `${what}: ${code}`);
      assert.equal((await neighbour.open('people.me', {}).next()).type, 'values', what);
      await settled(neighbour);
      assert.equal(station.channel.count().connections, 1, what);
    }
    assert.equal(station.logged().match(/"event":"badFrame"/g)?.length, Object.keys(BAD).length);
    assert.doesNotMatch(station.logged(), /"event":"failed"/);
  },
);

/** A proper opening, padded to so many bytes. */
function openingOf(bytes: number, id: number): Uint8Array {
  const padded = new Uint8Array(bytes - HEADER_BYTES).fill(0x20);
  padded.set(text(JSON.stringify({ stream: 'people.me', input: {} })));
  return encodeFrame(FRAME.open, id, padded);
}

onBothLinks(
  'a frame larger than a reader may send closes the connection',
  () => ({}),
  async ({ station, dial }) => {
    const neighbour = await opened(dial);
    for (const length of [MAX_READER_FRAME + 1, 5 * 1024 * 1024]) {
      const reader = await opened(dial);
      reader.send(openingOf(length, 2));
      assert.ok([CLOSE.badFrame, TOO_BIG, 1006, 0].includes((await reader.closed) as 0));
    }
    assert.equal((await neighbour.open('people.me', {}).next()).type, 'values');
    assert.equal(station.channel.count().connections, 1);
  },
);

onBothLinks(
  'the largest frame a reader may send is read',
  () => ({}),
  async ({ dial }) => {
    const reader = await opened(dial);
    const stream = reader.open('watch.nothing', {});
    await stream.next();
    reader.send(openingOf(MAX_READER_FRAME, stream.id));
    assert.equal((await stream.next()).type, 'values');
  },
);

onBothLinks(
  'what arrives behind a frame that is none opens nothing',
  () => ({}),
  async ({ station, dial }) => {
    const before = station.store.events.size;
    const reader = await opened(dial);
    reader.send(nothing);
    for (let id = 10; id < 60; id++)
      reader.send(encodeJson(FRAME.open, id, { stream: 'people.places', input: { site: '00000000-0000-7000-8000-000000000002' } }));
    await reader.closed;
    const other = await opened(dial);
    await settled(other);
    other.end();
    await other.closed;
    while (station.channel.count().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(station.channel.count(), { connections: 0, streams: 0 });
    assert.equal(station.store.events.size, before);
  },
);

onBothLinks(
  'of more than 256 streams on one connection the others are refused, and there is room again when one is closed',
  () => ({}),
  async ({ station, dial }) => {
    const reader = await dial();
    const streams = Array.from({ length: 260 }, () => reader.open('sync.nothing', {}));
    // Unknown streams are refused one by one and take no room for good.
    for (const stream of streams) await stream.next();
    const open = Array.from({ length: 260 }, () => reader.open('people.me', {}));
    const said = await Promise.all(open.map((stream) => stream.next()));
    const refused = said.filter((one) => one.type === 'end');
    assert.equal(refused.length, 4);
    for (const one of refused) assert.equal(one.type === 'end' && one.end.code, 'tooMany');
    assert.equal(station.channel.count().streams, 256);
    open[0]?.close();
    assert.equal((await reader.open('people.me', {}).next()).type, 'values');
    assert.equal((await reader.open('people.me', {}).next()).type, 'end');
  },
);

onBothLinks(
  'a stream that is closed before it was judged leaves nothing behind',
  () => ({}),
  async ({ station, dial }) => {
    const reader = await opened(dial);
    const before = station.store.events.size;
    for (let id = 1_001; id < 3_000; id++) {
      reader.send(encodeJson(FRAME.open, id, { stream: 'people.me', input: {} }));
      reader.send(encodeFrame(FRAME.close, id, nothing));
      reader.send(encodeCredit(id, 10));
    }
    await settled(reader);
    assert.equal(station.channel.count().streams, 1);
    assert.equal(station.store.events.size, before);
  },
);
