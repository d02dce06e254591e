// Frames: the examples of the specification, and bytes of any kind that must neither be believed nor break anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Exchange, Taken } from '../bus/wire.ts';
import { mbapExchange, mbapFrame } from './mbap.ts';
import { answer, decodeReply, decodeRequest, encodeRequest, type Image, impossible, type ModbusReply, type ModbusRequest } from './pdu.ts';
import { crc16, rtuExchange, rtuFrame } from './rtu.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex').replace(/../g, '$& ').trimEnd();

/** “MODBUS Application Protocol Specification V1.1b3”, section 6: request, its bytes, the bytes of the reply, what that says. */
const SPECIFIED: [ModbusRequest, string, string, ModbusReply][] = [
  [
    { function: 1, address: 19, count: 19 },
    '01 00 13 00 13',
    '01 03 cd 6b 05',
    { is: 'words', words: [...'1011001111010110101'].map(Number) },
  ],
  [
    { function: 2, address: 196, count: 22 },
    '02 00 c4 00 16',
    '02 03 ac db 35',
    { is: 'words', words: [...'0011010111011011101011'].map(Number) },
  ],
  [{ function: 3, address: 107, count: 3 }, '03 00 6b 00 03', '03 06 02 2b 00 00 00 64', { is: 'words', words: [555, 0, 100] }],
  [{ function: 4, address: 8, count: 1 }, '04 00 08 00 01', '04 02 00 0a', { is: 'words', words: [10] }],
  [{ function: 5, address: 172, on: true }, '05 00 ac ff 00', '05 00 ac ff 00', { is: 'done' }],
  [{ function: 6, address: 1, word: 3 }, '06 00 01 00 03', '06 00 01 00 03', { is: 'done' }],
  [{ function: 15, address: 19, bits: [...'1011001110'].map(Number) }, '0f 00 13 00 0a 02 cd 01', '0f 00 13 00 0a', { is: 'done' }],
  [{ function: 16, address: 1, words: [10, 258] }, '10 00 01 00 02 04 00 0a 01 02', '10 00 01 00 02', { is: 'done' }],
  [{ function: 22, address: 4, and: 0xf2, or: 0x25 }, '16 00 04 00 f2 00 25', '16 00 04 00 f2 00 25', { is: 'done' }],
  [
    { function: 23, address: 3, count: 6, writeAddress: 14, words: [255, 255, 255] },
    '17 00 03 00 06 00 0e 00 03 06 00 ff 00 ff 00 ff',
    '17 0c 00 fe 0a cd 00 01 00 03 00 0d 00 ff',
    { is: 'words', words: [254, 2765, 1, 3, 13, 255] },
  ],
  [{ function: 1, address: 1185, count: 1 }, '01 04 a1 00 01', '81 02', { is: 'exception', code: 2 }],
];

test('requests and replies are those of the specification, and a device reads them back', () => {
  for (const [request, sent, reply, said] of SPECIFIED) {
    assert.equal(hex(encodeRequest(request)), sent);
    assert.deepEqual(decodeReply(request, bytes(reply)), said);
    assert.deepEqual(decodeRequest(bytes(sent)), request);
  }
});

test('serial frames end with the checksum that other people compute', () => {
  assert.equal(hex(rtuFrame(1, bytes('03 00 00 00 0a'))), '01 03 00 00 00 0a c5 cd');
  assert.equal(hex(rtuFrame(0x11, bytes('03 00 6b 00 03'))), '11 03 00 6b 00 03 76 87');
  assert.equal(crc16(Buffer.from('123456789')), 0x4b37);
});

const address = fc.nat(65_000);
const words = (most: number) => fc.array(fc.nat(0xffff), { minLength: 1, maxLength: most });
const anyRequest: fc.Arbitrary<ModbusRequest> = fc.oneof(
  fc.record({ function: fc.constantFrom<1 | 2>(1, 2), address: fc.nat(60_000), count: fc.integer({ min: 1, max: 2000 }) }),
  fc.record({ function: fc.constantFrom<3 | 4>(3, 4), address, count: fc.integer({ min: 1, max: 125 }) }),
  fc.record({ function: fc.constant(5 as const), address, on: fc.boolean() }),
  fc.record({ function: fc.constant(6 as const), address, word: fc.nat(0xffff) }),
  fc.record({ function: fc.constant(15 as const), address: fc.nat(60_000), bits: fc.array(fc.nat(1), { minLength: 1, maxLength: 1968 }) }),
  fc.record({ function: fc.constant(16 as const), address, words: words(123) }),
  fc.record({ function: fc.constant(22 as const), address, and: fc.nat(0xffff), or: fc.nat(0xffff) }),
  fc.record({
    function: fc.constant(23 as const),
    address,
    count: fc.integer({ min: 1, max: 125 }),
    writeAddress: address,
    words: words(121),
  }),
);

/** A device that holds a number of its own at each place, and everything that is written. */
function device(): Image & { written: Map<string, number> } {
  const written = new Map<string, number>();
  return {
    written,
    read: (table, at) =>
      written.get(`${table} ${at}`) ?? (table === 'coil' || table === 'discrete' ? (at * 7) % 2 : (at * 40_503) & 0xffff),
    write(table, at, value) {
      written.set(`${table} ${at}`, value);
      return true;
    },
  };
}

const WIRES: {
  name: string;
  begin(request: ModbusRequest): Exchange<ModbusReply>;
  wrap(pdu: Uint8Array): Uint8Array;
  pdu(frame: Uint8Array): Uint8Array;
}[] = [
  {
    name: 'TCP',
    begin: (request) => mbapExchange(700, 9, request),
    wrap: (pdu) => mbapFrame(700, 9, pdu),
    pdu: (frame) => frame.subarray(7),
  },
  { name: 'serial', begin: (request) => rtuExchange(9, request), wrap: (pdu) => rtuFrame(9, pdu), pdu: (frame) => frame.subarray(1, -2) },
];

/** Hands in the bytes in pieces; gives what the exchange made of the last of them. */
function fed(exchange: Exchange<ModbusReply>, all: Uint8Array, sizes: number[]): Taken<ModbusReply> {
  let unread: Uint8Array = new Uint8Array();
  let taken: Taken<ModbusReply> = { is: 'more', skip: 0 };
  for (let at = 0, n = 0; at < all.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    unread = Buffer.concat([unread, all.subarray(at, at + size)]);
    at += size;
    taken = exchange.take(unread);
    if (taken.is !== 'more') return taken;
    unread = unread.subarray(taken.skip);
  }
  return taken;
}

test('whatever is asked, the reply is found in whatever pieces it comes, and says what the device holds', () => {
  for (const { name, begin, wrap, pdu } of WIRES)
    fc.assert(
      fc.property(anyRequest, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), (request, sizes) => {
        assert.equal(impossible(request), undefined);
        const image = device();
        const exchange = begin(request);
        const taken = fed(exchange, wrap(answer(pdu(exchange.frame), image)), sizes);
        assert.equal(taken.is, 'reply', name);
        if (taken.is !== 'reply' || taken.reply.is === 'exception') return assert.fail(name);
        if (taken.reply.is === 'words') {
          assert.ok('count' in request);
          const table = ({ 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input', 23: 'holding' } as const)[request.function];
          assert.deepEqual(
            taken.reply.words,
            Array.from({ length: request.count }, (_, n) => image.read(table, request.address + n)),
          );
        } else assert.ok(image.written.size > 0);
      }),
    );
});

test('one bit that changed in a serial reply, anywhere, and it is none', () => {
  fc.assert(
    fc.property(anyRequest, fc.nat(), (request, where) => {
      const exchange = rtuExchange(9, request);
      const reply = rtuFrame(9, answer(exchange.frame.subarray(1, -2), device()));
      const bit = where % (reply.length * 8);
      const changed = reply.with(bit >>> 3, (reply[bit >>> 3] as number) ^ (1 << (bit & 7)));
      assert.equal(exchange.take(changed).is, 'more');
    }),
    { numRuns: 500 },
  );
});

test('the reply to another request is not taken where anything in it says so', () => {
  fc.assert(
    fc.property(anyRequest, anyRequest, (request, other) => {
      const reply = answer(encodeRequest(other), device());
      const taken = decodeReply(request, reply);
      if (typeof taken === 'string') return;
      assert.equal(request.function, other.function);
      if (taken.is === 'words')
        assert.ok('count' in request && 'count' in other && Math.ceil(request.count / 8) === Math.ceil(other.count / 8));
      else assert.deepEqual(reply, answer(encodeRequest(request), device()));
    }),
    { numRuns: 2_000 },
  );
});

test('bytes of any kind: none is believed, nothing breaks, and a device has an answer', () => {
  fc.assert(
    fc.property(anyRequest, fc.uint8Array({ maxLength: 300 }), (request, noise) => {
      for (const { begin } of WIRES) assert.notEqual(begin(request).take(noise).is, 'reply');
      const said = answer(noise, device());
      assert.ok(said.length >= 2 && said.length <= 253);
      const read = decodeRequest(noise);
      if (typeof read !== 'number') assert.deepEqual(encodeRequest(read), noise);
    }),
    { numRuns: 1_000 },
  );
});

test('what the protocol does not have is named', () => {
  assert.match(impossible({ function: 3, address: 0, count: 126 }) ?? '', /1 to 125 at a time, not 126/);
  assert.match(impossible({ function: 1, address: 0, count: 0 }) ?? '', /1 to 2000/);
  assert.match(impossible({ function: 3, address: 65_530, count: 10 }) ?? '', /not in 0 to 65535/);
  assert.match(impossible({ function: 6, address: -1, word: 0 }) ?? '', /not in 0 to 65535/);
  assert.match(impossible({ function: 16, address: 0, words: Array(124).fill(0) }) ?? '', /1 to 123/);
});
