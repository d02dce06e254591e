// Registers: vectors of other people's making, every type in every order there and back, scaling without a lost digit, refusals in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decode,
  encode,
  NotWritable,
  ownBits,
  type Register,
  type RegisterType,
  register,
  scaling,
  Unreadable,
  type Value,
  width,
} from './registers.ts';

const ORDERS = ['big', 'little'] as const;
const of = (type: RegisterType, more: Partial<Register> = {}): Register => register.parse({ table: 'holding', address: 0, type, ...more });

/** Made by the BinaryPayloadBuilder of pymodbus 3.0.0: type, value, then the registers in orders (bytes, words) big big, big little, little big, little little. */
const PYMODBUS: [RegisterType, Value, string, string, string, string][] = [
  ['uint16', 0x1234, '1234', '1234', '3412', '3412'],
  ['int16', -2, 'fffe', 'fffe', 'feff', 'feff'],
  ['uint32', 0x12345678, '1234 5678', '5678 1234', '3412 7856', '7856 3412'],
  ['int32', -123456789, 'f8a4 32eb', '32eb f8a4', 'a4f8 eb32', 'eb32 a4f8'],
  ['uint64', 81985529216486895n, '0123 4567 89ab cdef', 'cdef 89ab 4567 0123', '2301 6745 ab89 efcd', 'efcd ab89 6745 2301'],
  ['int64', -1234567890123456789n, 'eedd ef0b 8216 7eeb', '7eeb 8216 ef0b eedd', 'ddee 0bef 1682 eb7e', 'eb7e 1682 0bef ddee'],
  ['float32', -22.5, 'c1b4 0000', '0000 c1b4', 'b4c1 0000', '0000 b4c1'],
  ['float64', Math.PI, '4009 21fb 5444 2d18', '2d18 5444 21fb 4009', '0940 fb21 4454 182d', '182d 4454 fb21 0940'],
];

/** Worked out by hand. */
const BY_HAND: [Partial<Register> & { type: RegisterType }, Value, string][] = [
  [{ type: 'bool' }, true, '0001'],
  [{ type: 'bit', bit: 3 }, true, '0008'],
  [{ type: 'bit', bit: 3, byteOrder: 'little' }, true, '0800'],
  [{ type: 'uint8' }, 200, '00c8'],
  [{ type: 'uint8', byteOrder: 'little' }, 200, 'c800'],
  [{ type: 'int8' }, -2, '00fe'],
  [{ type: 'bcd16' }, 1234, '1234'],
  [{ type: 'bcd32' }, 12345678, '1234 5678'],
  [{ type: 'bcd32', wordOrder: 'little' }, 12345678, '5678 1234'],
  [{ type: 'string', length: 5 }, 'Pump', '5075 6d70 0000'],
  [{ type: 'string', length: 4, byteOrder: 'little' }, 'Pump', '7550 706d'],
  [{ type: 'string', length: 4, wordOrder: 'little' }, 'Pump', '6d70 5075'],
  [{ type: 'uint64' }, 2n ** 64n - 1n, 'ffff ffff ffff ffff'],
  [{ type: 'uint64' }, Number.MAX_SAFE_INTEGER, '001f ffff ffff ffff'],
  [{ type: 'uint64' }, 2n ** 53n, '0020 0000 0000 0000'],
];

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(4, '0')).join(' ');
const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));

test('registers are what pymodbus makes of the same values, in all four orders', () => {
  for (const [type, value, ...expected] of PYMODBUS)
    ORDERS.flatMap((byteOrder) => ORDERS.map((wordOrder) => ({ byteOrder, wordOrder }))).forEach((orders, n) => {
      const one = of(type, orders);
      assert.equal(hex(encode(one, value)), expected[n], `${type} ${JSON.stringify(orders)}`);
      assert.equal(decode(one, words(expected[n] as string)), value);
    });
});

test('registers are what was worked out by hand', () => {
  for (const [settings, value, expected] of BY_HAND) {
    const one = of(settings.type, settings);
    assert.equal(hex(encode(one, value)), expected, JSON.stringify(settings));
    assert.equal(decode(one, words(expected)), value);
  }
});

const int = (bits: number, signed: boolean) =>
  fc.bigInt(signed ? { min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n } : { min: 0n, max: 2n ** BigInt(bits) - 1n });
const asNumber = (values: fc.Arbitrary<bigint>) => values.map(Number);
const VALUES: Record<RegisterType, fc.Arbitrary<Value>> = {
  bool: fc.boolean(),
  bit: fc.boolean(),
  uint8: asNumber(int(8, false)),
  int8: asNumber(int(8, true)),
  uint16: asNumber(int(16, false)),
  int16: asNumber(int(16, true)),
  uint32: asNumber(int(32, false)),
  int32: asNumber(int(32, true)),
  uint64: int(64, false).map((value) => (value > Number.MAX_SAFE_INTEGER ? value : Number(value))),
  int64: int(64, true).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
  float32: fc.float(),
  float64: fc.double(),
  bcd16: fc.integer({ min: 0, max: 9_999 }),
  bcd32: fc.integer({ min: 0, max: 99_999_999 }),
  string: fc.string({ unit: 'binary', maxLength: 10 }).filter((one) => !one.includes('\0') && one.isWellFormed()),
};

test('what is written is what is read, for every type in every order, wherever it lies', () => {
  for (const [type, values] of Object.entries(VALUES) as [RegisterType, fc.Arbitrary<Value>][])
    for (const byteOrder of ORDERS)
      for (const wordOrder of ORDERS)
        fc.assert(
          fc.property(values, fc.nat(15), fc.nat(9), (value, bit, at) => {
            const one = of(type, { byteOrder, wordOrder, ...(type === 'bit' && { bit }), ...(type === 'string' && { length: 40 }) });
            const written = encode(one, value);
            assert.equal(written.length, width(one));
            assert.ok(written.every((word) => word >= 0 && word <= 0xffff));
            assert.ok(Object.is(decode(one, [...Array(at).fill(0xaaaa), ...written, 0xaaaa], at), value), `${type} ${value}`);
          }),
        );
});

test('a value that owns part of its register touches and sees that part alone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('bit', 'uint8', 'int8' as const),
      fc.constantFrom(...ORDERS),
      fc.nat(15),
      fc.nat(0xffff),
      (type, byteOrder, bit, present) => {
        const one = of(type as RegisterType, { byteOrder, ...(type === 'bit' && { bit }) });
        const own = ownBits(one) as number;
        for (const value of type === 'bit' ? [true, false] : [5, 0, 127]) {
          const [written] = encode(one, value) as [number];
          assert.equal(written & ~own, 0);
          assert.equal(decode(one, [(present & ~own) | written]), value);
        }
      },
    ),
  );
});

test('what is not binary-coded decimal is no value', () => {
  assert.throws(() => decode(of('bcd16'), [0x12a4]), Unreadable);
  assert.throws(() => decode(of('bcd32'), [0x1234, 0xf678]), Unreadable);
});

test('scaling loses no digit', () => {
  const by = (type: RegisterType, factor: number, offset = 0) => scaling(type, { factor, offset });
  assert.equal(by('uint16', 0.1).apply(3), 0.3);
  assert.equal(by('uint16', 0.1).apply(7), 0.7);
  assert.equal(by('int16', 0.01, -40).apply(-1), -40.01);
  assert.equal(by('uint16', 1.1, 0.1).apply(3), 3.4);
  assert.equal(by('uint32', 1e-3).apply(4_294_967_295), 4_294_967.295);
  assert.equal(by('int32', 1e21).apply(3), 3n * 10n ** 21n);
  assert.equal(by('uint64', 10).apply(2n ** 63n), 92233720368547758080n);
  assert.equal(by('uint64', 0.5).apply(2n ** 63n), 2n ** 62n);
  assert.equal(by('uint64', 1, 1).apply(Number.MAX_SAFE_INTEGER), 9007199254740992n);
  assert.equal(by('int64', 3, -Number.MAX_SAFE_INTEGER).apply(3_002_399_751_580_331), 2);
  assert.equal(by('uint16', 1e-30).apply(3), 3e-30);
  assert.equal(by('float32', 2, 1).apply(0.25), 1.5);
  assert.equal(by('bool', 5).apply(true), true);
});

test('the quick way and the long way of scaling agree, and both come back', () => {
  const figure = fc
    .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -6, max: 9 }))
    .map(([digits, places]) => Number(`${digits}e${-places}`));
  fc.assert(
    fc.property(
      int(32, true),
      figure.filter((factor) => factor !== 0 && factor !== 1),
      figure,
      (raw, factor, offset) => {
        const { apply, undo } = scaling('int32', { factor, offset });
        const quick = apply(Number(raw));
        assert.equal(quick, apply(raw));
        // A number carries some 16 digits: two raw values may read the same, and then either is right.
        assert.equal(apply(undo(quick)), quick);
      },
    ),
    { numRuns: 2_000, examples: [[-1_455_182_673n, 1.2e-8, 33_555_000]] },
  );
});

test('what cannot be written is refused, and the reason says what could be', () => {
  const refused = (one: Register, value: Value, words: RegExp) =>
    assert.throws(
      () => encode(one, value),
      (error) => error instanceof NotWritable && words.test(error.message),
      String(value),
    );
  refused(of('uint16'), -1, /-1 does not fit a uint16, which goes from 0 to 65535/);
  refused(of('uint16'), 65_536, /from 0 to 65535/);
  refused(of('int8'), 128, /from -128 to 127/);
  refused(of('uint64'), 2n ** 64n, /from 0 to 18446744073709551615/);
  refused(of('bcd16'), 10_000, /from 0 to 9999/);
  refused(of('uint16'), 1.5, /1.5 is not a whole number/);
  refused(of('uint16'), Number.NaN, /whole number/);
  refused(of('uint16'), 'five', /"five" is not a number/);
  refused(of('float32'), 1e39, /larger than a float32/);
  refused(of('bool'), 2, /neither true nor false/);
  refused(of('string', { length: 3 }), 'Pump', /4 bytes long, there is room for 3/);
  refused(of('string', { length: 3 }), 'a\0b', /zero character/);
  refused(of('string', { length: 3 }), 3, /not text/);
  assert.throws(
    () => scaling('uint16', { factor: 0.1, offset: 0 }).undo(21.55),
    /21.55 lies between two values of the register, which goes in steps of 0.1/,
  );
  assert.equal(scaling('uint16', { factor: 0.1, offset: 0 }).undo(0.3), 3);
  assert.equal(scaling('int16', { factor: -0.5, offset: 10 }).undo(12), -4);
});

test('an impossible register is named before anything is read', () => {
  const wrong = (settings: object, words: RegExp) => {
    const { error } = register.safeParse({ table: 'holding', address: 0, type: 'uint16', ...settings });
    assert.match(error?.issues.map((issue) => issue.message).join('; ') ?? 'accepted', words);
  };
  wrong({ type: 'bit' }, /type bit and “bit”/);
  wrong({ bit: 3 }, /type bit and “bit”/);
  wrong({ type: 'string' }, /“length”/);
  wrong({ table: 'coil' }, /a coil is one bit: its type is bool, not uint16/);
  wrong({ address: 65_533, type: 'float64' }, /ends at 65536, beyond 65535/);
  wrong({ address: 65_536 }, /65535/);
  wrong({ byteOrder: 'middle' }, /big/);
});
