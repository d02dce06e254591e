// What is known of a minute or an hour without its samples. Pure: made from samples, put together from parts, written as bytes.
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, Damaged } from './bytes.ts';
import { readInts, writeInts } from './ints.ts';
import { readNumbers, writeNumbers } from './numbers.ts';
import { bitsOf, type Columns, KIND, QUALITY, worse } from './sample.ts';

export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** Buckets of time, column by column, their starts growing. */
export type Buckets = {
  count: number;
  starts: Float64Array;
  /** Samples that count: a number that is not NaN, of a quality that is not bad. The others are `bad`. */
  n: Uint32Array;
  bad: Uint32Array;
  /** Of those that count; 0 where there is none. */
  min: Float64Array;
  max: Float64Array;
  sum: Float64Array;
  first: Float64Array;
  last: Float64Array;
  worst: Uint8Array;
};

const NUMBERS = ['min', 'max', 'sum', 'first', 'last'] as const;

export function emptyBuckets(room: number): Buckets {
  return {
    count: 0,
    starts: new Float64Array(room),
    n: new Uint32Array(room),
    bad: new Uint32Array(room),
    min: new Float64Array(room),
    max: new Float64Array(room),
    sum: new Float64Array(room),
    first: new Float64Array(room),
    last: new Float64Array(room),
    worst: new Uint8Array(room),
  };
}

export const bucketOf = (time: number, size: number): number => Math.floor(time / size) * size;

/** The number each sample counts as; NaN where it does not count. The values themselves where that is all of them. */
export function countedValues({ count, values, kinds, quality }: Columns): Float64Array {
  let plain = true;
  for (let i = 0; i < count && plain; i++) plain = kinds[i] === KIND.number && quality[i] !== QUALITY.bad;
  if (plain) return values;
  const bits = bitsOf(values);
  return Float64Array.from({ length: count }, (_, i) => {
    if (quality[i] === QUALITY.bad) return Number.NaN;
    switch (kinds[i]) {
      case KIND.number:
      case KIND.boolean:
        return values[i] as number;
      case KIND.integer:
        return Number(bits[i] as bigint);
      case KIND.unsigned:
        return Number(BigInt.asUintN(64, bits[i] as bigint));
      default:
        return Number.NaN;
    }
  });
}

/** The buckets of samples whose times grow. */
export function bucketsOf(columns: Columns, size: number): Buckets {
  const { count, times, quality } = columns;
  const values = countedValues(columns);
  const span = count === 0 ? 0 : ((times[count - 1] as number) - (times[0] as number)) / size + 2;
  const into = emptyBuckets(Math.min(count, Math.ceil(span)));
  let at = -1;
  let end = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const time = times[i] as number;
    if (time >= end) {
      at += 1;
      const start = bucketOf(time, size);
      into.starts[at] = start;
      into.worst[at] = quality[i] as number;
      end = start + size;
    }
    addValue(into, at, values[i] as number, quality[i] as number);
  }
  into.count = at + 1;
  return into;
}

function addValue(into: Buckets, at: number, value: number, quality: number): void {
  if (quality !== 0) into.worst[at] = worse(into.worst[at] as number, quality);
  if (Number.isNaN(value)) {
    (into.bad[at] as number)++;
    return;
  }
  if (into.n[at] === 0) {
    into.min[at] = value;
    into.max[at] = value;
    into.first[at] = value;
  } else {
    if (value < (into.min[at] as number)) into.min[at] = value;
    if (value > (into.max[at] as number)) into.max[at] = value;
  }
  into.last[at] = value;
  (into.sum[at] as number) += value;
  (into.n[at] as number)++;
}

/** Adds a bucket to one that is earlier, or holds the earlier part of the same time. */
export function addBucket(into: Buckets, at: number, from: Buckets, i: number): void {
  into.worst[at] = worse(into.worst[at] as number, from.worst[i] as number);
  (into.bad[at] as number) += from.bad[i] as number;
  if (from.n[i] === 0) return;
  if (into.n[at] === 0) {
    into.min[at] = from.min[i] as number;
    into.max[at] = from.max[i] as number;
    into.first[at] = from.first[i] as number;
  } else {
    if ((from.min[i] as number) < (into.min[at] as number)) into.min[at] = from.min[i] as number;
    if ((from.max[i] as number) > (into.max[at] as number)) into.max[at] = from.max[i] as number;
  }
  into.last[at] = from.last[i] as number;
  (into.sum[at] as number) += from.sum[i] as number;
  (into.n[at] as number) += from.n[i] as number;
}

function copyBucket(into: Buckets, at: number, from: Buckets, i: number, start: number): void {
  into.starts[at] = start;
  into.n[at] = from.n[i] as number;
  into.bad[at] = from.bad[i] as number;
  for (const column of NUMBERS) into[column][at] = from[column][i] as number;
  into.worst[at] = from.worst[i] as number;
}

/** Both, in order of time. Where both have a bucket, `how` says whether the second adds to it or takes its place. */
export function mergeBuckets(a: Buckets, b: Buckets, how: 'add' | 'replace'): Buckets {
  const into = emptyBuckets(a.count + b.count);
  let at = 0;
  for (let i = 0, j = 0; i < a.count || j < b.count; at++) {
    const startA = i < a.count ? (a.starts[i] as number) : Number.POSITIVE_INFINITY;
    const startB = j < b.count ? (b.starts[j] as number) : Number.POSITIVE_INFINITY;
    if (startA < startB) copyBucket(into, at, a, i++, startA);
    else if (startA > startB || how === 'replace') {
      copyBucket(into, at, b, j++, startB);
      if (startA === startB) i++;
    } else {
      copyBucket(into, at, a, i++, startA);
      addBucket(into, at, b, j++);
    }
  }
  into.count = at;
  return into;
}

/** Parts one after another in time; where one ends another may begin within the same bucket. */
export function chained(parts: readonly Buckets[]): Buckets {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const into = emptyBuckets(parts.reduce((sum, one) => sum + one.count, 0));
  let at = -1;
  for (const part of parts)
    for (let i = 0; i < part.count; i++) {
      const start = part.starts[i] as number;
      if (at >= 0 && into.starts[at] === start) addBucket(into, at, part, i);
      else copyBucket(into, ++at, part, i, start);
    }
  into.count = at + 1;
  return into;
}

/** Larger buckets from smaller ones. */
export function coarser(from: Buckets, size: number): Buckets {
  const into = emptyBuckets(from.count);
  let at = -1;
  for (let i = 0; i < from.count; i++) {
    const start = bucketOf(from.starts[i] as number, size);
    if (at >= 0 && into.starts[at] === start) addBucket(into, at, from, i);
    else copyBucket(into, ++at, from, i, start);
  }
  into.count = at + 1;
  return into;
}

/** Those from the first index up to, but not with, the second; the columns are shared. */
export function slice(buckets: Buckets, from: number, to: number): Buckets {
  const { starts, n, bad, min, max, sum, first, last, worst } = buckets;
  return {
    count: to - from,
    starts: starts.subarray(from, to),
    n: n.subarray(from, to),
    bad: bad.subarray(from, to),
    min: min.subarray(from, to),
    max: max.subarray(from, to),
    sum: sum.subarray(from, to),
    first: first.subarray(from, to),
    last: last.subarray(from, to),
    worst: worst.subarray(from, to),
  };
}

// ---- as bytes

const MOST_BUCKETS = 65_536;
const writer = new ByteWriter();
let scratch = new Uint32Array(1024);

/**
 * A sum of decimals is itself one but for the last bits, which adding up has rounded. Written with those, it would take eight bytes
 * instead of two.
 */
const tidy = (sum: number): number => {
  const round = Math.round(sum * 1e6) / 1e6;
  return Math.abs(round - sum) <= Math.abs(sum) * 1e-13 ? round : sum;
};

export function writeBuckets(buckets: Buckets, size: number): Uint8Array<ArrayBuffer> {
  const { count } = buckets;
  if (scratch.length < count) scratch = new Uint32Array(count);
  writer.at = 0;
  writer.varint(count);
  if (count > 0) {
    const base = buckets.starts[0] as number;
    writer.f64(base);
    for (let i = 0; i < count; i++) scratch[i] = ((buckets.starts[i] as number) - base) / size;
    writeInts(writer, scratch, count);
    writeInts(writer, buckets.n, count);
    writeInts(writer, buckets.bad, count);
    for (let i = 0; i < count; i++) scratch[i] = buckets.worst[i] as number;
    writeInts(writer, scratch, count);
    for (const column of NUMBERS) writeNumbers(writer, column === 'sum' ? buckets.sum.slice(0, count).map(tidy) : buckets[column], count);
  }
  writer.u32(crc32(writer.bytes.subarray(0, writer.at)));
  return writer.taken();
}

export function readBuckets(bytes: Uint8Array, size: number): Buckets {
  const end = Math.max(0, bytes.length - 4);
  if (new ByteReader(bytes, end).u32() !== crc32(bytes.subarray(0, end))) throw new Damaged('its checksum differs');
  const from = new ByteReader(bytes);
  const count = from.varint();
  if (count > MOST_BUCKETS) throw new Damaged(`${count} buckets`);
  const into = emptyBuckets(count);
  into.count = count;
  if (count === 0) return into;
  if (scratch.length < count) scratch = new Uint32Array(count);
  const base = from.f64();
  readInts(from, scratch, count);
  for (let i = 0; i < count; i++) into.starts[i] = base + (scratch[i] as number) * size;
  readInts(from, into.n, count);
  readInts(from, into.bad, count);
  readInts(from, scratch, count);
  for (let i = 0; i < count; i++) into.worst[i] = (scratch[i] as number) & 3;
  for (const column of NUMBERS) readNumbers(from, into[column], count);
  return into;
}
