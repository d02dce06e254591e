// A column of numbers, bit for bit: as decimals with the same number of places, as 32-bit floats, or as they are. The shortest that is exact.
import { type ByteReader, type ByteWriter, Damaged } from './bytes.ts';
import { readInts, writeInts } from './ints.ts';

const DECIMAL = 1;
const FLOAT32 = 2;
const FLOAT64 = 3;
/** The places tried: more digits than this are noise, which floats hold shorter. */
const MOST_PLACES = 9;
const POWERS = Array.from({ length: MOST_PLACES + 1 }, (_, places) => 10 ** places);

let low = new Uint32Array(1024);
let high = new Uint32Array(1024);
let whole = new Float64Array(1024);
const one = new Float64Array(1);
const oneBits = new Uint32Array(one.buffer);
const oneSingle = new Float32Array(1);
const oneSingleBits = new Int32Array(oneSingle.buffer);

function room(count: number): void {
  if (low.length >= count) return;
  low = new Uint32Array(count);
  high = new Uint32Array(count);
  whole = new Float64Array(count);
}

/** Numbers that compare alike have bits that compare alike: neighbouring values are neighbouring integers. */
const ordered = (bits: number): number => (bits < 0 ? bits ^ 0x7fffffff : bits);

export function writeNumbers(out: ByteWriter, values: Float64Array, count: number): void {
  if (count === 0) return;
  room(count);
  const places = placesOf(values, count);
  if (places >= 0) writeDecimals(out, count, places);
  else if (areSingle(values, count)) {
    out.u8(FLOAT32);
    for (let i = 0; i < count; i++) {
      oneSingle[0] = values[i] as number;
      low[i] = ordered(oneSingleBits[0] as number);
    }
    writeInts(out, low, count);
  } else {
    out.u8(FLOAT64);
    for (let i = 0; i < count; i++) {
      one[0] = values[i] as number;
      low[i] = oneBits[0] as number;
      high[i] = ordered((oneBits[1] as number) | 0);
    }
    writeInts(out, high, count);
    writeInts(out, low, count);
  }
}

/** The decimal places with which every value is a whole number, which then lies in `whole`; −1 where there is no such number of places. */
function placesOf(values: Float64Array, count: number): number {
  for (let places = 0; places <= MOST_PLACES; places++) {
    const power = POWERS[places] as number;
    let fits = true;
    for (let i = 0; i < count && fits; i++) {
      const value = values[i] as number;
      const scaled = Math.round(value * power);
      // Also no for NaN and infinities; −0 is looked at by its sign, which a whole number would lose.
      fits = scaled / power === value && Math.abs(scaled) <= Number.MAX_SAFE_INTEGER && (scaled !== 0 || Object.is(value, 0));
      whole[i] = scaled;
      // The next number of places is decided by the first value that needs it: most columns are decided by a few.
    }
    if (fits) return places;
  }
  return -1;
}

function writeDecimals(out: ByteWriter, count: number, places: number): void {
  let least = whole[0] as number;
  let most = least;
  for (let i = 1; i < count; i++) {
    const value = whole[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const wide = most - least >= 2 ** 32;
  out.u8(DECIMAL);
  out.u8(places | (wide ? 0x80 : 0));
  out.f64(least);
  if (wide) {
    // Differences may be larger than 2⁵³ and then be rounded: each half is taken from the number itself.
    for (let i = 0; i < count; i++) {
      const value = whole[i] as number;
      const above = Math.floor(value / 2 ** 32);
      high[i] = above;
      low[i] = value - above * 2 ** 32;
    }
    writeInts(out, high, count);
  } else for (let i = 0; i < count; i++) low[i] = (whole[i] as number) - least;
  writeInts(out, low, count);
}

function areSingle(values: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (Math.fround(value) !== value && !Number.isNaN(value)) return false;
  }
  return true;
}

export function readNumbers(from: ByteReader, into: Float64Array, count: number): void {
  if (count === 0) return;
  room(count);
  const codec = from.u8();
  if (codec === DECIMAL) readDecimals(from, into, count);
  else if (codec === FLOAT32) {
    readInts(from, low, count);
    for (let i = 0; i < count; i++) {
      oneSingleBits[0] = ordered((low[i] as number) | 0);
      into[i] = oneSingle[0] as number;
    }
  } else if (codec === FLOAT64) {
    readInts(from, high, count);
    readInts(from, low, count);
    for (let i = 0; i < count; i++) {
      oneBits[0] = low[i] as number;
      oneBits[1] = ordered((high[i] as number) | 0);
      into[i] = one[0] as number;
    }
  } else throw new Damaged(`numbers of an unknown kind ${codec}`);
}

function readDecimals(from: ByteReader, into: Float64Array, count: number): void {
  const mark = from.u8();
  const power = POWERS[mark & 0x7f];
  if (power === undefined) throw new Damaged(`${mark & 0x7f} decimal places`);
  const least = from.f64();
  if (mark & 0x80) {
    readInts(from, high, count);
    readInts(from, low, count);
    for (let i = 0; i < count; i++) into[i] = (((high[i] as number) | 0) * 2 ** 32 + (low[i] as number)) / power;
  } else {
    readInts(from, low, count);
    for (let i = 0; i < count; i++) into[i] = (least + (low[i] as number)) / power;
  }
}

/** Whole 64-bit integers, as the two halves of their bits. */
export function writeBits(out: ByteWriter, values: BigInt64Array, count: number): void {
  room(count);
  const halves = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  for (let i = 0; i < count; i++) {
    low[i] = halves[i * 2] as number;
    high[i] = halves[i * 2 + 1] as number;
  }
  writeInts(out, high, count);
  writeInts(out, low, count);
}

export function readBits(from: ByteReader, into: BigInt64Array, count: number): void {
  room(count);
  readInts(from, high, count);
  readInts(from, low, count);
  const halves = new Uint32Array(into.buffer, into.byteOffset, count * 2);
  for (let i = 0; i < count; i++) {
    halves[i * 2] = low[i] as number;
    halves[i * 2 + 1] = high[i] as number;
  }
}
