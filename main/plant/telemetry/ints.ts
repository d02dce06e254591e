// A column of 32-bit numbers, packed: differences from their smallest, from the one before, or from the last difference, whichever is
// shortest, in blocks of 32 with as many bits each as the block needs. Arithmetic wraps around at 2³², so that every column fits.
import { type ByteReader, type ByteWriter, Damaged } from './bytes.ts';

const BLOCK = 32;
/** How a column was written: the first byte of it. */
const LEAST = 0;
const STEP = 1;
const BEND = 2;
/** A straight line: two numbers, nothing else. A constant is one of them. */
const LINE = 3;

const residuals = new Uint32Array(BLOCK);
const bitsOf = (value: number) => 32 - Math.clz32(value);
const zigzag = (value: number) => ((value << 1) ^ (value >> 31)) >>> 0;

export function writeInts(out: ByteWriter, values: Int32Array | Uint32Array, count: number): void {
  if (count === 0) return;
  const first = values[0] as number;
  const second = count > 1 ? (values[1] as number) : first;
  const slope = (second - first) | 0;
  if (isLine(values, count, slope)) {
    out.u8(LINE);
    out.u32(first);
    out.u32(slope);
    return;
  }
  const { order, least } = shortest(values, count);
  out.u8(order);
  out.u32(order === LEAST ? least : first);
  if (order === BEND) out.u32(slope);
  for (let from = 0; from < count; from += BLOCK) writeBlock(out, values, from, Math.min(BLOCK, count - from), order, least, slope);
}

function isLine(values: Int32Array | Uint32Array, count: number, slope: number): boolean {
  for (let i = 2; i < count; i++) if ((((values[i] as number) - (values[i - 1] as number)) | 0) !== slope) return false;
  return true;
}

/** Adds up the bits that each order would take. */
function shortest(values: Int32Array | Uint32Array, count: number): { order: number; least: number } {
  let least = values[0] as number;
  for (let i = 1; i < count; i++) if ((values[i] as number) < least) least = values[i] as number;
  let bits0 = 0;
  let bits1 = 0;
  let bits2 = 0;
  let before = values[0] as number;
  let step = ((values[1] as number) - before) | 0;
  for (let from = 0; from < count; from += BLOCK) {
    const to = Math.min(from + BLOCK, count);
    let or0 = 0;
    let or1 = 0;
    let or2 = 0;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      or0 |= value - least;
      if (i > 0) {
        const now = (value - before) | 0;
        or1 |= (now << 1) ^ (now >> 31);
        const bend = (now - step) | 0;
        or2 |= (bend << 1) ^ (bend >> 31);
        before = value;
        step = now;
      }
    }
    bits0 += bitsOf(or0);
    bits1 += bitsOf(or1);
    bits2 += bitsOf(or2);
  }
  const order = bits0 <= bits1 && bits0 <= bits2 ? LEAST : bits1 <= bits2 ? STEP : BEND;
  return { order, least };
}

function writeBlock(
  out: ByteWriter,
  values: Int32Array | Uint32Array,
  from: number,
  count: number,
  order: number,
  least: number,
  slope: number,
): void {
  let or = 0;
  for (let i = 0; i < count; i++) {
    const value = values[from + i] as number;
    let residual = 0;
    if (order === LEAST) residual = (value - least) >>> 0;
    else if (from + i > 0) {
      const now = (value - (values[from + i - 1] as number)) | 0;
      if (order === STEP) residual = zigzag(now);
      else {
        const last = from + i > 1 ? ((values[from + i - 1] as number) - (values[from + i - 2] as number)) | 0 : slope;
        residual = zigzag((now - last) | 0);
      }
    }
    residuals[i] = residual;
    or |= residual;
  }
  const width = bitsOf(or);
  out.room(1 + BLOCK * 4);
  const bytes = out.bytes;
  let at = out.at;
  bytes[at++] = width;
  if (width > 0) {
    let word = 0;
    let filled = 0;
    for (let i = 0; i < count; i++) {
      const residual = residuals[i] as number;
      word |= residual << filled;
      filled += width;
      if (filled >= 32) {
        bytes[at] = word;
        bytes[at + 1] = word >>> 8;
        bytes[at + 2] = word >>> 16;
        bytes[at + 3] = word >>> 24;
        at += 4;
        filled -= 32;
        // A shift by 32 shifts by nothing: what is left of a word that was just filled is nothing.
        word = filled === 0 ? 0 : residual >>> (width - filled);
      }
    }
    for (; filled > 0; filled -= 8) {
      bytes[at++] = word;
      word >>>= 8;
    }
  }
  out.at = at;
}

/** The numbers as written, as unsigned; `| 0` makes them signed again. */
export function readInts(from: ByteReader, into: Uint32Array, count: number): void {
  if (count === 0) return;
  const order = from.u8();
  const first = from.u32();
  if (order === LINE) {
    const slope = from.u32();
    for (let i = 0, value = first; i < count; i++, value = (value + slope) >>> 0) into[i] = value;
    return;
  }
  if (order > LINE) throw new Damaged(`a column of an unknown kind ${order}`);
  let step = order === BEND ? from.u32() : 0;
  let before = first;
  for (let start = 0; start < count; start += BLOCK) {
    const length = Math.min(BLOCK, count - start);
    unpack(from, length);
    if (order === LEAST) for (let i = 0; i < length; i++) into[start + i] = first + (residuals[i] as number);
    else {
      for (let i = 0; i < length; i++) {
        const residual = residuals[i] as number;
        const change = (residual >>> 1) ^ -(residual & 1);
        if (start + i > 0) {
          step = order === STEP ? change : (step + change) | 0;
          before = (before + step) >>> 0;
        }
        into[start + i] = before;
      }
    }
  }
}

function unpack(from: ByteReader, count: number): void {
  const width = from.u8();
  if (width > 32) throw new Damaged(`a block of ${width} bits`);
  if (width === 0) {
    residuals.fill(0);
    return;
  }
  let at = from.take(Math.ceil((count * width) / 8));
  const end = from.at;
  const bytes = from.bytes;
  const mask = width === 32 ? -1 : (1 << width) - 1;
  let word = 0;
  let filled = 0;
  for (let i = 0; i < count; i++) {
    let value = word;
    if (filled < width) {
      // Bytes beyond the end read as nothing: the last word of a short block is not whole.
      word =
        at + 4 <= end
          ? (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
          : partial(bytes, at, end);
      at += 4;
      value |= word << filled;
      const used = width - filled;
      word = used === 32 ? 0 : word >>> used;
      filled = 32 - used;
    } else {
      word = width === 32 ? 0 : word >>> width;
      filled -= width;
    }
    residuals[i] = value & mask;
  }
}

function partial(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = at, shift = 0; i < end; i++, shift += 8) word |= (bytes[i] as number) << shift;
  return word;
}
