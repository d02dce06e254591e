// What registers mean: bits and 16-bit words to values and back, exactly. Pure; nothing here knows how they came over the wire.
import { z } from 'zod';

export const TABLES = ['coil', 'discrete', 'input', 'holding'] as const;
export const TYPES = [
  'bool',
  'bit',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float32',
  'float64',
  'bcd16',
  'bcd32',
  'string',
] as const;
export type Table = (typeof TABLES)[number];
export type RegisterType = (typeof TYPES)[number];
export type Value = boolean | number | bigint | string;

const LAST_ADDRESS = 65_535;
/** What one request of any function can carry. */
const LONGEST_STRING = 246;
const ORDER = z.enum(['big', 'little']).default('big');

/** A whole number of registers, or one bit. `bit` counts from the least significant; `length` is that of a string, in bytes. */
export const register = z
  .strictObject({
    table: z.enum(TABLES),
    address: z.int().min(0).max(LAST_ADDRESS),
    type: z.enum(TYPES),
    bit: z.int().min(0).max(15).optional(),
    length: z.int().min(1).max(LONGEST_STRING).optional(),
    byteOrder: ORDER,
    wordOrder: ORDER,
  })
  .superRefine((one, context) => {
    const wrong = wrongWith(one);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
  });
export type Register = z.infer<typeof register>;

export const scale = z.strictObject({
  factor: z
    .number()
    .refine((factor) => factor !== 0, 'must not be 0: nothing could be read out of it')
    .default(1),
  offset: z.number().default(0),
});
export type Scale = z.infer<typeof scale>;

export const isBitTable = (table: Table): boolean => table === 'coil' || table === 'discrete';
export const isWritable = (table: Table): boolean => table === 'coil' || table === 'holding';

function wrongWith(one: Register): string | undefined {
  if (isBitTable(one.table) && one.type !== 'bool') return `a ${one.table} is one bit: its type is bool, not ${one.type}`;
  if ((one.type === 'bit') !== (one.bit !== undefined)) return 'type bit and “bit” (0 to 15) belong together';
  if ((one.type === 'string') !== (one.length !== undefined)) return 'type string and “length” (in bytes) belong together';
  if (one.address + width(one) - 1 > LAST_ADDRESS) return `ends at ${one.address + width(one) - 1}, beyond ${LAST_ADDRESS}`;
  return undefined;
}

/** How many bits (coil, discrete) or registers it takes. */
export function width(one: Pick<Register, 'type' | 'length'>): number {
  switch (one.type) {
    case 'uint32':
    case 'int32':
    case 'float32':
    case 'bcd32':
      return 2;
    case 'uint64':
    case 'int64':
    case 'float64':
      return 4;
    case 'string':
      return Math.ceil((one.length ?? 0) / 2);
    default:
      return 1;
  }
}

/** Which bits of its register a value owns, where it does not own them all. */
export function ownBits(one: Pick<Register, 'type' | 'bit' | 'byteOrder'>): number | undefined {
  if (one.type === 'bit') return swappedIf(one.byteOrder, 1 << (one.bit ?? 0));
  if (one.type === 'uint8' || one.type === 'int8') return swappedIf(one.byteOrder, 0x00ff);
  return undefined;
}

const swapped = (word: number) => ((word & 0xff) << 8) | (word >>> 8);
const swappedIf = (order: Register['byteOrder'], word: number) => (order === 'little' ? swapped(word) : word);

/** The word at `index` of a value, most significant first, whatever order the device keeps. */
function wordAt(words: ArrayLike<number>, at: number, one: Register, index: number, count: number): number {
  const word = words[at + (one.wordOrder === 'little' ? count - 1 - index : index)] as number;
  return one.byteOrder === 'little' ? swapped(word) : word;
}

const scratch = new DataView(new ArrayBuffer(8));

export class Unreadable extends Error {}

/** The value that begins at `words[at]`, before scaling. 64-bit values are numbers where those are exact. */
export function decode(one: Register, words: ArrayLike<number>, at = 0): Value {
  const first = () => wordAt(words, at, one, 0, 1);
  switch (one.type) {
    case 'bool':
      return words[at] !== 0;
    case 'bit':
      return (first() & (1 << (one.bit ?? 0))) !== 0;
    case 'uint8':
      return first() & 0xff;
    case 'int8':
      return (first() << 24) >> 24;
    case 'uint16':
      return first();
    case 'int16':
      return (first() << 16) >> 16;
    case 'bcd16':
      return bcd(first(), 4);
    case 'string':
      return text(one, words, at);
    default: {
      const count = width(one);
      for (let n = 0; n < count; n++) scratch.setUint16(n * 2, wordAt(words, at, one, n, count));
      return wide(one.type);
    }
  }
}

function wide(type: RegisterType): Value {
  switch (type) {
    case 'uint32':
      return scratch.getUint32(0);
    case 'int32':
      return scratch.getInt32(0);
    case 'float32':
      return scratch.getFloat32(0);
    case 'float64':
      return scratch.getFloat64(0);
    case 'bcd32':
      return bcd(scratch.getUint32(0), 8);
    case 'int64':
      return plain(scratch.getBigInt64(0));
    default:
      return plain(scratch.getBigUint64(0));
  }
}

/** A number where a number is exact. */
const plain = (value: bigint): number | bigint =>
  value >= -BigInt(Number.MAX_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

function bcd(packed: number, digits: number): number {
  let value = 0;
  for (let n = digits - 1; n >= 0; n--) {
    const digit = (packed >>> (n * 4)) & 0xf;
    if (digit > 9) throw new Unreadable(`0x${packed.toString(16).padStart(digits, '0')} is not binary-coded decimal`);
    value = value * 10 + digit;
  }
  return value;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function text(one: Register, words: ArrayLike<number>, at: number): string {
  const count = width(one);
  const bytes = new Uint8Array(count * 2);
  for (let n = 0; n < count; n++) {
    const word = wordAt(words, at, one, n, count);
    bytes[n * 2] = word >>> 8;
    bytes[n * 2 + 1] = word & 0xff;
  }
  const used = bytes.subarray(0, one.length);
  const end = used.indexOf(0);
  return utf8.decode(end < 0 ? used : used.subarray(0, end));
}

// ---- writing

/** What a person is told who asked for a value that the register cannot hold. */
export class NotWritable extends Error {}

const RANGES: Partial<Record<RegisterType, [bigint, bigint]>> = {
  uint8: [0n, 0xffn],
  int8: [-0x80n, 0x7fn],
  uint16: [0n, 0xffffn],
  int16: [-0x8000n, 0x7fffn],
  uint32: [0n, 0xffffffffn],
  int32: [-0x80000000n, 0x7fffffffn],
  uint64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  bcd16: [0n, 9_999n],
  bcd32: [0n, 99_999_999n],
};
const isWhole = (type: RegisterType): boolean => type in RANGES;

/** The bits or words that hold this value, before scaling was undone. Bits of the register that are not its own are 0. */
export function encode(one: Register, value: Value): number[] {
  if (one.type === 'bool') return [asBoolean(value) ? 1 : 0];
  if (one.type === 'bit') return [asBoolean(value) ? (ownBits(one) as number) : 0];
  if (one.type === 'string') return words(one, bytesOf(one, value));
  if (one.type === 'float32' || one.type === 'float64') {
    const number = asNumber(value);
    if (one.type === 'float64') scratch.setFloat64(0, number);
    else {
      scratch.setFloat32(0, number);
      if (Number.isFinite(number) && !Number.isFinite(scratch.getFloat32(0)))
        throw new NotWritable(`${value} is larger than a float32 can be`);
    }
  } else {
    scratch.setBigUint64(0, packed(one.type, asWhole(one.type, value)) << BigInt(64 - width(one) * 16));
  }
  return words(one, new Uint8Array(scratch.buffer, 0, width(one) * 2));
}

function packed(type: RegisterType, value: bigint): bigint {
  if (type === 'bcd16' || type === 'bcd32') return BigInt(`0x${value}`);
  return BigInt.asUintN(type === 'int8' || type === 'uint8' ? 8 : width({ type }) * 16, value);
}

function words(one: Register, bytes: Uint8Array): number[] {
  const found = Array.from({ length: bytes.length / 2 }, (_, n) =>
    swappedIf(one.byteOrder, ((bytes[n * 2] as number) << 8) | (bytes[n * 2 + 1] as number)),
  );
  return one.wordOrder === 'little' ? found.reverse() : found;
}

function bytesOf(one: Register, value: Value): Uint8Array {
  if (typeof value !== 'string') throw new NotWritable(`${value} is not text`);
  if (value.includes('\0')) throw new NotWritable('text with a zero character would end there');
  const bytes = new TextEncoder().encode(value);
  const length = one.length ?? 0;
  if (bytes.length > length) throw new NotWritable(`the text is ${bytes.length} bytes long, there is room for ${length}`);
  const padded = new Uint8Array(width(one) * 2);
  padded.set(bytes);
  return padded;
}

function asBoolean(value: Value): boolean {
  if (value === true || value === 1 || value === 1n) return true;
  if (value === false || value === 0 || value === 0n) return false;
  throw new NotWritable(`${value} is neither true nor false`);
}

function asNumber(value: Value): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number') throw new NotWritable(`${JSON.stringify(value)} is not a number`);
  return value;
}

function asWhole(type: RegisterType, value: Value): bigint {
  if (typeof value !== 'bigint' && !Number.isInteger(asNumber(value))) throw new NotWritable(`${value} is not a whole number`);
  const whole = BigInt(value as number | bigint);
  const [least, most] = RANGES[type] as [bigint, bigint];
  if (whole < least || whole > most) throw new NotWritable(`${whole} does not fit a ${type}, which goes from ${least} to ${most}`);
  return whole;
}

// ---- linear scaling, in decimal: 3 × 0.1 is 0.3, and no digit of 64 bits is lost

/** `digits` × 10^-`places`, exactly what the shortest writing of the number says. */
type Decimal = { digits: bigint; places: number };

function decimal(value: number | bigint): Decimal {
  if (typeof value === 'bigint') return { digits: value, places: 0 };
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const places = fraction.length - Number(exponent);
  const digits = BigInt(sign + whole + fraction);
  return places < 0 ? { digits: digits * 10n ** BigInt(-places), places: 0 } : { digits, places };
}

const raised = (one: Decimal, places: number) => one.digits * 10n ** BigInt(places - one.places);

/** A number where one is exact or the value has a fraction; whole values beyond 2⁵³ stay bigint. */
function undecimal(digits: bigint, places: number): number | bigint {
  const unit = 10n ** BigInt(places);
  return digits % unit === 0n ? plain(digits / unit) : Number(`${digits}e-${places}`);
}

export type Scaling = {
  /** From what the register holds to what a person reads. */
  apply(raw: Value): Value;
  /** Back; refuses what the register cannot hold exactly. */
  undo(value: Value): Value;
};

const UNSCALED: Scaling = { apply: (raw) => raw, undo: (value) => value };
/** Up to here a power of ten is exact as a number, and one division of exact numbers is rounded correctly. */
const EXACT_POWER = 22;

export function scaling(type: RegisterType, wanted: Scale | undefined): Scaling {
  if (wanted === undefined || (wanted.factor === 1 && wanted.offset === 0)) return UNSCALED;
  if (type === 'bool' || type === 'bit' || type === 'string') return UNSCALED;
  if (!isWhole(type))
    return {
      apply: (raw) => (raw as number) * wanted.factor + wanted.offset,
      undo: (value) => (asNumber(value) - wanted.offset) / wanted.factor,
    };
  const factor = decimal(wanted.factor);
  const offset = decimal(wanted.offset);
  const places = Math.max(factor.places, offset.places);
  const byFactor = raised(factor, places);
  const plus = raised(offset, places);
  // The quick way where everything stays exact as numbers, which is nearly always.
  const quickFactor = Number(byFactor);
  const quickPlus = Number(plus);
  const quickUnit = 10 ** places;
  const quick = places <= EXACT_POWER && Number.isSafeInteger(quickFactor) && Number.isSafeInteger(quickPlus);
  const apply = (raw: Value): number | bigint => {
    if (quick && typeof raw === 'number') {
      const product = raw * quickFactor;
      const sum = product + quickPlus;
      if (Math.abs(product) <= Number.MAX_SAFE_INTEGER && Math.abs(sum) <= Number.MAX_SAFE_INTEGER) return sum / quickUnit;
    }
    return undecimal(BigInt(raw as number | bigint) * byFactor + plus, places);
  };
  return {
    apply,
    undo(value) {
      if (typeof value !== 'bigint' && !Number.isFinite(asNumber(value))) throw new NotWritable(`${value} is not a number`);
      const asked = decimal(value as number | bigint);
      const shared = Math.max(asked.places, places);
      const nearest = nearestWhole(raised(asked, shared) - raised(offset, shared), raised(factor, shared));
      // A value of more digits than a number carries was rounded when it was read: then it is the one that reads the same.
      const found = [nearest, nearest - 1n, nearest + 1n].map(plain).find((raw) => apply(raw) === plainly(value));
      if (found === undefined)
        throw new NotWritable(`${value} lies between two values of the register, which goes in steps of ${Math.abs(wanted.factor)}`);
      return found;
    },
  };
}

const plainly = (value: Value) => (typeof value === 'bigint' ? plain(value) : value);

function nearestWhole(above: bigint, below: bigint): bigint {
  const [over, under] = below < 0n ? [-above, -below] : [above, below];
  const doubled = 2n * over + under;
  const floor = doubled / (2n * under);
  return doubled % (2n * under) < 0n ? floor - 1n : floor;
}
