// A chunk: samples of one series, sealed for ever. The same bytes lie here and are shipped elsewhere. The format is told in docs/telemetry-format.md.
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { ByteReader, ByteWriter, Damaged } from './bytes.ts';
import { readInts, writeInts } from './ints.ts';
import { readBits, readNumbers, writeBits, writeNumbers } from './numbers.ts';
import { type Buckets, bucketsOf, MINUTE } from './rollup.ts';
import { bitsOf, type Columns, emptyColumns, KIND, LARGEST_TIME, worse } from './sample.ts';

export const VERSION = 1;
/** “OPTC” */
const MAGIC = 0x4354504f;
const DEFLATED = 1;
export const HEADER_BYTES = 108;
const CRC_BYTES = 4;
export const MOST_SAMPLES = 65_536;
const LARGEST_BODY = 64 << 20;
/** Below this there is nothing to gain. */
const WORTH_DEFLATING = 200;

export type Identity = {
  tag: string;
  epoch: number;
  /** The life of the station that sealed it, and its number there. */
  incarnation: string;
  sequence: number;
};

export type Summary = {
  from: number;
  to: number;
  count: number;
  /** Samples that count as numbers, and what is known of these. */
  n: number;
  min: number;
  max: number;
  sum: number;
  worst: number;
};

export type Header = Identity & Summary & { length: number };

// What a number cannot be within a column of decimals is told by its kind.
const NAN = 6;
const INFINITE = 7;
const MINUS_INFINITE = 8;
const MINUS_ZERO = 9;
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isUuid = (text: string): boolean => UUID.test(text);

const body = new ByteWriter();
const out = new ByteWriter();
let kinds = new Uint8Array(1024);
let numbers = new Float64Array(1024);
let ints = new Uint32Array(1024);

/** The summary of samples, from their buckets. */
export function summaryOf(columns: Columns, minutes: Buckets): Summary {
  const all: Summary = {
    from: columns.times[0] as number,
    to: columns.times[columns.count - 1] as number,
    count: columns.count,
    n: 0,
    min: 0,
    max: 0,
    sum: 0,
    worst: minutes.worst[0] as number,
  };
  for (let i = 0; i < minutes.count; i++) {
    all.worst = worse(all.worst, minutes.worst[i] as number);
    if (minutes.n[i] === 0) continue;
    if (all.n === 0 || (minutes.min[i] as number) < all.min) all.min = minutes.min[i] as number;
    if (all.n === 0 || (minutes.max[i] as number) > all.max) all.max = minutes.max[i] as number;
    all.sum += minutes.sum[i] as number;
    all.n += minutes.n[i] as number;
  }
  return all;
}

export function encodeChunk(identity: Identity, summary: Summary, columns: Columns): Uint8Array<ArrayBuffer> {
  const packable = writeBody(columns);
  let bytes = body.bytes.subarray(0, body.at);
  let flags = 0;
  if (packable && bytes.length >= WORTH_DEFLATING) {
    const deflated = deflateRawSync(bytes, { level: 1 });
    if (deflated.length < bytes.length * 0.95) {
      bytes = deflated;
      flags = DEFLATED;
    }
  }
  out.at = 0;
  out.u32(MAGIC);
  out.u8(VERSION);
  out.u8(flags);
  out.u8(summary.worst);
  out.u8(0);
  out.u32(HEADER_BYTES + bytes.length + CRC_BYTES);
  writeUuid(identity.tag);
  out.u32(identity.epoch);
  writeUuid(identity.incarnation);
  out.f64(identity.sequence);
  out.f64(summary.from);
  out.f64(summary.to);
  out.u32(summary.count);
  out.u32(summary.n);
  out.f64(summary.min);
  out.f64(summary.max);
  out.f64(summary.sum);
  out.u32(body.at);
  out.raw(bytes);
  out.u32(crc32(out.bytes.subarray(0, out.at)));
  return out.taken();
}

function writeUuid(text: string): void {
  out.raw(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

/** Writes into `body`; true where deflating may pay. */
function writeBody(columns: Columns): boolean {
  const { count, times } = columns;
  if (kinds.length < count) {
    kinds = new Uint8Array(count);
    numbers = new Float64Array(count);
    ints = new Uint32Array(count);
  }
  body.at = 0;
  const from = times[0] as number;
  const wide = (times[count - 1] as number) - from >= 2 ** 32;
  body.u8(wide ? 1 : 0);
  if (wide) {
    for (let i = 0; i < count; i++) ints[i] = Math.floor(((times[i] as number) - from) / 2 ** 32);
    writeInts(body, ints, count);
  }
  for (let i = 0; i < count; i++) ints[i] = (times[i] as number) - from;
  writeInts(body, ints, count);
  const numberCount = sortOut(columns);
  writeRuns(count, (i) => kinds[i] as number);
  writeQuality(columns);
  writeNumbers(body, numbers, numberCount);
  const numberBytes = body.at;
  const texts = writeOthers(columns);
  return texts || numberBytes > 5 * count;
}

/** Fills `kinds`, and `numbers` with those values that are plain numbers; gives how many these are. */
function sortOut({ count, kinds: given, values }: Columns): number {
  let plain = 0;
  for (let i = 0; i < count; i++) {
    const kind = given[i] as number;
    if (kind !== KIND.number) {
      kinds[i] = kind;
      continue;
    }
    const value = values[i] as number;
    if (value === 0 && Object.is(value, -0)) kinds[i] = MINUS_ZERO;
    else if (value - value !== 0) kinds[i] = Number.isNaN(value) ? NAN : value > 0 ? INFINITE : MINUS_INFINITE;
    else {
      kinds[i] = KIND.number;
      numbers[plain++] = value;
    }
  }
  return plain;
}

/** Values that stay the same for a while: each with its length. */
function writeRuns(count: number, at: (i: number) => number): void {
  for (let from = 0; from < count; ) {
    const value = at(from);
    let to = from + 1;
    while (to < count && at(to) === value) to++;
    body.u8(value);
    body.varint(to - from);
    from = to;
  }
}

function writeQuality({ count, quality, reasons, texts }: Columns): void {
  const places = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const reason = reasons[i] as number;
    if (reason !== 0 && !places.has(reason)) places.set(reason, places.size + 1);
  }
  body.varint(places.size);
  for (const reason of places.keys()) body.text(texts[reason - 1] as string);
  for (let from = 0; from < count; ) {
    const [now, why] = [quality[from], reasons[from] as number];
    let to = from + 1;
    while (to < count && quality[to] === now && reasons[to] === why) to++;
    body.u8(now as number);
    body.varint(places.get(why) ?? 0);
    body.varint(to - from);
    from = to;
  }
}

/** Booleans, integers and texts; true where there are texts. */
function writeOthers({ count, kinds: given, values, texts }: Columns): boolean {
  const of = (...wanted: number[]) => Array.from({ length: count }, (_, i) => i).filter((i) => wanted.includes(given[i] as number));
  let others = false;
  for (let i = 0; i < count && !others; i++) others = given[i] !== KIND.number && given[i] !== KIND.none;
  if (!others) return false;
  let booleans = 0;
  for (let i = 0; i < count; i++) if (given[i] === KIND.boolean) ints[booleans++] = values[i] as number;
  writeInts(body, ints, booleans);
  const integers = of(KIND.integer, KIND.unsigned);
  const bits = bitsOf(values);
  writeBits(
    body,
    BigInt64Array.from(integers, (i) => bits[i] as bigint),
    integers.length,
  );
  const written = of(KIND.text);
  if (written.length === 0) return false;
  const places = new Map<number, number>();
  for (const [n, i] of written.entries()) {
    const text = values[i] as number;
    if (!places.has(text)) places.set(text, places.size);
    ints[n] = places.get(text) as number;
  }
  body.varint(places.size);
  for (const text of places.keys()) body.text(texts[text] as string);
  writeInts(body, ints, written.length);
  return true;
}

// ---- reading

/** The header alone; its checksum lies at the end of the whole. */
export function readHeader(bytes: Uint8Array): Header {
  const from = new ByteReader(bytes);
  if (from.u32() !== MAGIC) throw new Damaged('not a chunk');
  const version = from.u8();
  if (version !== VERSION) throw new Damaged(`written in version ${version} of the format`);
  from.u8();
  const worst = from.u8() & 3;
  from.u8();
  const length = from.u32();
  const tag = readUuid(from);
  const epoch = from.u32();
  const incarnation = readUuid(from);
  const [sequence, begin, end] = [from.f64(), from.f64(), from.f64()];
  const [count, n] = [from.u32(), from.u32()];
  const [min, max, sum] = [from.f64(), from.f64(), from.f64()];
  return { tag, epoch, incarnation, sequence, length, from: begin, to: end, count, n, min, max, sum, worst };
}

function readUuid(from: ByteReader): string {
  const hex = Buffer.from(from.raw(16)).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The whole chunk, or Damaged: by its checksum, and by every length and count within. */
export function decodeChunk(bytes: Uint8Array): { header: Header; columns: Columns } {
  const header = readHeader(bytes);
  if (header.length !== bytes.length) throw new Damaged(`${bytes.length} bytes long instead of ${header.length}`);
  const from = new ByteReader(bytes, bytes.length - CRC_BYTES);
  if (from.u32() !== crc32(bytes.subarray(0, bytes.length - CRC_BYTES))) throw new Damaged('its checksum differs');
  if (header.count === 0 || header.count > MOST_SAMPLES) throw new Damaged(`${header.count} samples`);
  return { header, columns: readBody(header, unpacked(bytes)) };
}

function unpacked(bytes: Uint8Array): Uint8Array {
  const packed = bytes.subarray(HEADER_BYTES, bytes.length - CRC_BYTES);
  const length = new ByteReader(bytes, HEADER_BYTES - 4).u32();
  if (length > LARGEST_BODY) throw new Damaged(`a body of ${length} bytes`);
  if (((bytes[5] as number) & DEFLATED) === 0) return packed;
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(length, 1) });
  } catch (error) {
    throw new Damaged('cannot be unpacked', { cause: error });
  }
}

function readBody(header: Header, bytes: Uint8Array): Columns {
  const { count } = header;
  if (ints.length < count) ints = new Uint32Array(count);
  const from = new ByteReader(bytes);
  const columns = emptyColumns(count);
  columns.count = count;
  readTimes(from, columns, header);
  readKinds(from, columns.kinds, count);
  readQuality(from, columns);
  readValues(from, columns);
  if (from.at !== bytes.length) throw new Damaged('longer than what it says to hold');
  return columns;
}

function readTimes(from: ByteReader, { count, times }: Columns, header: Header): void {
  const wide = from.u8() === 1;
  if (wide) {
    readInts(from, ints, count);
    for (let i = 0; i < count; i++) times[i] = (ints[i] as number) * 2 ** 32;
  }
  readInts(from, ints, count);
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const time = (times[i] as number) + (ints[i] as number) + header.from;
    if (!(time > before && time <= LARGEST_TIME)) throw new Damaged('its times are not in order');
    times[i] = time;
    before = time;
  }
  if (times[0] !== header.from || before !== header.to || !Number.isInteger(header.from) || header.from < -LARGEST_TIME)
    throw new Damaged('its times are not those of its header');
}

function runLength(from: ByteReader, left: number): number {
  const length = from.varint();
  if (length === 0 || length > left) throw new Damaged('a run is too long');
  return length;
}

function readKinds(from: ByteReader, into: Uint8Array, count: number): void {
  for (let at = 0; at < count; ) {
    const kind = from.u8();
    if (kind > MINUS_ZERO) throw new Damaged(`a value of an unknown kind ${kind}`);
    const to = at + runLength(from, count - at);
    into.fill(kind, at, to);
    at = to;
  }
}

function readQuality(from: ByteReader, columns: Columns): void {
  const { count, quality, reasons, texts } = columns;
  const known = from.varint();
  if (known > count) throw new Damaged('more reasons than samples');
  for (let i = 0; i < known; i++) texts.push(from.text());
  for (let at = 0; at < count; ) {
    const now = from.u8();
    const why = from.varint();
    if (now > 3 || why > known) throw new Damaged('an unknown quality or reason');
    const to = at + runLength(from, count - at);
    quality.fill(now, at, to);
    if (why > 0) reasons.fill(why, at, to);
    at = to;
  }
}

function readValues(from: ByteReader, columns: Columns): void {
  const { count, kinds: given, values, texts } = columns;
  const counts = new Uint32Array(MINUS_ZERO + 1);
  for (let i = 0; i < count; i++) (counts[given[i] as number] as number)++;
  const of = (kind: number) => counts[kind] as number;
  if (of(KIND.number) === count) {
    readNumbers(from, values, count);
    return;
  }
  const plain = new Float64Array(of(KIND.number));
  readNumbers(from, plain, plain.length);
  const booleans = new Uint32Array(of(KIND.boolean));
  const integers = new BigInt64Array(of(KIND.integer) + of(KIND.unsigned));
  const written = new Uint32Array(of(KIND.text));
  const before = texts.length;
  if (booleans.length + integers.length + written.length > 0) {
    readInts(from, booleans, booleans.length);
    readBits(from, integers, integers.length);
    if (written.length > 0) {
      const known = from.varint();
      if (known > written.length) throw new Damaged('more texts than samples');
      for (let i = 0; i < known; i++) texts.push(from.text());
      readInts(from, written, written.length);
      if (written.some((place) => place >= known)) throw new Damaged('an unknown text');
    }
  }
  const bits = bitsOf(values);
  for (let i = 0, number = 0, boolean = 0, integer = 0, text = 0; i < count; i++) {
    const kind = given[i] as number;
    if (kind === KIND.number) values[i] = plain[number++] as number;
    else if (kind === KIND.boolean) values[i] = booleans[boolean++] === 0 ? 0 : 1;
    else if (kind === KIND.integer || kind === KIND.unsigned) bits[i] = integers[integer++] as bigint;
    else if (kind === KIND.text) values[i] = before + (written[text++] as number);
    else if (kind >= NAN) {
      values[i] = SPECIAL[kind - NAN] as number;
      given[i] = KIND.number;
    }
  }
}

/** For bytes that come from elsewhere: a header may lie about samples although its checksum is right. */
export function mustAgree(header: Header, columns: Columns): Buckets {
  const minutes = bucketsOf(columns, MINUTE);
  const own = summaryOf(columns, minutes);
  for (const key of ['from', 'to', 'count', 'n', 'min', 'max', 'worst'] as const)
    if (!Object.is(own[key], header[key])) throw new Damaged(`its header says ${key} ${header[key]}, its samples ${own[key]}`);
  if (!Number.isSafeInteger(header.sequence) || header.sequence < 1) throw new Damaged(`its number is ${header.sequence}`);
  return minutes;
}
