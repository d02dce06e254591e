// What the streams of one connection share: how much is on its way over a port, which cannot tell; that nobody starves, and that
// whoever waited goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREDIT_BYTES, MAX_WINDOW } from '../contract/channel.ts';
import { FLOOR_BYTES, LEAVING_BYTES, MAX_STREAMS } from './room.ts';
import { linked, onBothLinks, settled } from './testing/links.ts';
import { isA, type OpenStream, type Reader } from './testing/reader.ts';
import { countedBytes, patternAt, pushed, STREAM } from './testing/sources.ts';

/** More than anybody here takes: only who begins near its end comes to it. */
const TOTAL = 10_000_000;

const bytesOf = (stream: OpenStream) => stream.said.reduce((sum, { size }) => sum + size, 0);
const unread = { window: MAX_WINDOW, manual: true } as const;
const openMany = (reader: Reader, count: number) => Array.from({ length: count }, () => reader.open(STREAM.bytes, {}, unread));
const sum = (streams: OpenStream[]) => streams.reduce((all, stream) => all + bytesOf(stream), 0);

test('over a port no more is on its way than the connection may have, however many streams ask for the largest window', async (t) => {
  const { dial } = await linked(t, 'port', { bytes: countedBytes(65_536).source });
  for (const count of [1, 2, 16, MAX_STREAMS]) {
    const reader = await dial();
    // All but one: what settles the reader is a stream as well.
    const streams = openMany(reader, Math.min(count, MAX_STREAMS - 1));
    await settled(reader);
    await settled(reader);
    const onTheWay = sum(streams);
    const most = LEAVING_BYTES + (count > 1 ? count * FLOOR_BYTES : 0);
    assert.ok(onTheWay <= most, `${onTheWay} bytes of ${count} streams`);
    assert.ok(onTheWay >= LEAVING_BYTES / 2, `only ${onTheWay} bytes of ${count} streams`);
    reader.end();
  }
});

test('over a port the streams that came first and are not read leave room for the others: those are read to their end', async (t) => {
  const { dial } = await linked(t, 'port', { bytes: countedBytes(50_000, TOTAL).source });
  const reader = await dial();
  const unreadOnes = openMany(reader, 1);
  await settled(reader);
  assert.equal(sum(unreadOnes), LEAVING_BYTES, 'alone it takes all there is');
  unreadOnes.push(...openMany(reader, 11));
  await settled(reader);
  const from = TOTAL - 400_000;
  const read = reader.open(STREAM.bytes, {}, { window: MAX_WINDOW, cursor: String(from) });
  await read.until(({ type }) => type === 'end');
  const parts = read.said.flatMap((said) => (said.type === 'bytes' ? [said.bytes] : []));
  assert.equal(Buffer.compare(Buffer.concat(parts), patternAt(from, 400_000)), 0);
});

test('a reader that holds back as much credit as it may is never left without a next frame', async (t) => {
  const { dial } = await linked(t, 'port', { bytes: countedBytes(777, TOTAL).source });
  const reader = await dial();
  openMany(reader, 1);
  await settled(reader);
  openMany(reader, 40);
  await settled(reader);
  const stream = reader.open(STREAM.bytes, {}, { ...unread, cursor: String(TOTAL - 50_000) });
  let heldBack = 0;
  let read = 0;
  for (let said = await stream.next(); said.type !== 'end'; said = await stream.next()) {
    read += isA(said, 'bytes').bytes.length;
    heldBack += said.size;
    if (heldBack < CREDIT_BYTES) continue;
    stream.credit(heldBack);
    heldBack = 0;
  }
  assert.equal(read, 50_000);
});

test('streams that waited for room go on when another one is read or closed', async (t) => {
  const { dial } = await linked(t, 'port', { bytes: countedBytes(65_536).source });
  const reader = await dial();
  const first = openMany(reader, 3);
  await settled(reader);
  const later = openMany(reader, 3);
  await settled(reader);
  const before = later.map(bytesOf);
  assert.ok(
    before.every((bytes) => bytes <= FLOOR_BYTES),
    'there was room',
  );
  for (const stream of first.slice(0, 2)) stream.credit(bytesOf(stream));
  await settled(reader);
  first[2]?.close();
  await settled(reader);
  for (const [n, stream] of later.entries()) assert.ok(bytesOf(stream) > (before[n] ?? 0), `stream ${n} went on waiting`);
  assert.ok(sum([...first.slice(0, 2), ...later]) <= 3 * LEAVING_BYTES);
});

onBothLinks(
  'a ring among many keeps its part and counts what it lost; alone again it keeps more',
  () => {
    const { source: ring, push } = pushed<[Uint8Array]>();
    return { ring, push };
  },
  async ({ dial }, { push }) => {
    const reader = await dial();
    const open = () => reader.open(STREAM.ring, {}, { window: 1_024, manual: true });
    const streams = Array.from({ length: 64 }, open);
    await settled(reader);
    const pushedBytes = 200_000;
    push(patternAt(0, pushedBytes));
    await settled(reader);
    const tell = async (stream: OpenStream) => {
      for (let heard = -1; heard < stream.said.length; ) {
        heard = stream.said.length;
        stream.credit(1_024);
        await settled(reader);
      }
      const lost = stream.said.reduce((all, said) => all + (said.type === 'lost' ? said.bytes : 0), 0);
      const bytes = stream.said.reduce((all, said) => all + (said.type === 'bytes' ? said.bytes.length : 0), 0);
      assert.equal(lost + bytes, pushedBytes, 'not everything was counted');
      return bytes;
    };
    const among = await tell(streams[0] as OpenStream);
    assert.ok(among <= (1024 * 1024) / 64 + 1_024, `${among} bytes were kept among 64`);
    for (const stream of streams) stream.close();
    await settled(reader);
    const alone = open();
    await settled(reader);
    push(patternAt(0, pushedBytes));
    assert.equal(await tell(alone), pushedBytes);
  },
);
