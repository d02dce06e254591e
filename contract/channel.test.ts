// Frames: what was packed comes out again; whatever else arrives is refused with a FrameError and nothing worse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeFrame,
  encodeCredit,
  encodeFrame,
  encodeJson,
  FRAME,
  FrameError,
  frameBytes,
  frameCredit,
  frameJson,
  HEADER_BYTES,
} from './channel.ts';

const types = Object.values(FRAME);
const anyStream = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('a frame comes out as it was packed, from anywhere in a larger buffer', () => {
  fc.assert(
    fc.property(fc.constantFrom(...types), anyStream, fc.uint8Array({ maxLength: 300 }), fc.nat(20), (type, stream, payload, before) => {
      const frame = encodeFrame(type, stream, payload);
      const inside = new Uint8Array(before + frame.length + 7);
      inside.set(frame, before);
      const found = decodeFrame(inside.subarray(before, before + frame.length));
      assert.deepEqual({ ...found, payload: [...found.payload] }, { type, stream, payload: [...payload] });
    }),
  );
});

test('JSON, credits and bytes with their offset come out as they were packed', () => {
  fc.assert(
    fc.property(
      anyStream,
      fc.jsonValue(),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.nat(Number.MAX_SAFE_INTEGER),
      (stream, value, credit, offset) => {
        assert.deepEqual(frameJson(decodeFrame(encodeJson(FRAME.values, stream, value)).payload), JSON.parse(JSON.stringify(value)));
        assert.equal(frameCredit(decodeFrame(encodeCredit(stream, credit)).payload), credit);
        const payload = new Uint8Array([...new Uint8Array(8), 0, 255, 7]);
        new DataView(payload.buffer).setFloat64(0, offset);
        const packed = frameBytes(payload);
        assert.deepEqual([packed.offset, [...packed.bytes]], [offset, [0, 255, 7]]);
      },
    ),
  );
});

test('a frame shorter than its header is refused', () => {
  for (let length = 0; length < HEADER_BYTES; length++)
    assert.throws(() => decodeFrame(new Uint8Array(length).fill(FRAME.open)), FrameError);
});

test('a type nobody declared is refused', () => {
  for (let type = 0; type < 256; type++) {
    const frame = new Uint8Array(HEADER_BYTES);
    frame[0] = type;
    if ((types as number[]).includes(type)) assert.equal(decodeFrame(frame).type, type);
    else assert.throws(() => decodeFrame(frame), FrameError);
  }
});

test('a credit is four bytes, bytes have an offset, JSON is JSON in UTF-8', () => {
  for (const length of [0, 1, 3, 5, 8]) assert.throws(() => frameCredit(new Uint8Array(length)), FrameError);
  for (let length = 0; length < 8; length++) assert.throws(() => frameBytes(new Uint8Array(length)), FrameError);
  for (const payload of ['', '{', 'undefined', '{"a":1}x']) assert.throws(() => frameJson(Buffer.from(payload)), FrameError);
  assert.throws(() => frameJson(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)), FrameError);
});

test('any bytes at all are either a frame or a FrameError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (raw) => {
      try {
        const { payload } = decodeFrame(raw);
        for (const read of [frameJson, frameCredit, frameBytes])
          try {
            read(payload);
          } catch (error) {
            assert.ok(error instanceof FrameError);
          }
      } catch (error) {
        assert.ok(error instanceof FrameError);
      }
    }),
    { numRuns: 2_000 },
  );
});
