// The format: every sample comes back bit for bit, every changed byte is noticed, and the vectors of the document hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { anySamples, anyValue, lastOfEach, uuid } from '../../testing/telemetry.ts';
import { ByteReader, ByteWriter, Damaged } from './bytes.ts';
import { decodeChunk, encodeChunk, mustAgree, summaryOf } from './chunk.ts';
import { readInts, writeInts } from './ints.ts';
import { readNumbers, writeNumbers } from './numbers.ts';
import { inOrder } from './pending.ts';
import { bucketsOf, HOUR, MINUTE, readBuckets, writeBuckets } from './rollup.ts';
import { columnsOf, type Sample, samplesOf } from './sample.ts';

const IDENTITY = { tag: uuid(1), epoch: 3, incarnation: uuid(2), sequence: 7 };

function sealed(samples: readonly Sample[]): Uint8Array<ArrayBuffer> {
  const columns = inOrder(columnsOf(samples));
  return encodeChunk(IDENTITY, summaryOf(columns, bucketsOf(columns, MINUTE)), columns);
}

test('a column of integers comes back as it was, whatever its length and steps', () => {
  const anyInt = fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
  fc.assert(
    fc.property(fc.array(anyInt, { maxLength: 200 }), (numbers) => {
      const out = new ByteWriter();
      writeInts(out, Int32Array.from(numbers), numbers.length);
      const into = new Uint32Array(numbers.length);
      const from = new ByteReader(out.taken());
      readInts(from, into, numbers.length);
      assert.deepEqual(
        [...into].map((one) => one | 0),
        numbers,
      );
      assert.equal(from.at, out.at);
    }),
    { numRuns: 2_000 },
  );
  // Every width, alone and at the end of a block.
  for (let width = 1; width <= 32; width++)
    for (const count of [1, 2, 3, 31, 32, 33, 95]) {
      const most = 2 ** width - 1;
      const numbers = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? most : i % 3 === 1 ? 0 : Math.floor(most / 3)));
      const out = new ByteWriter();
      writeInts(out, Uint32Array.from(numbers), count);
      const into = new Uint32Array(count);
      readInts(new ByteReader(out.taken()), into, count);
      assert.deepEqual([...into], numbers, `${count} of ${width} bits`);
    }
});

test('a column of numbers comes back bit for bit, in the shortest way that is exact', () => {
  const decimals = fc.record({
    places: fc.integer({ min: 0, max: 9 }),
    values: fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 80 }),
  });
  const column = fc.oneof(
    fc.array(fc.double(), { minLength: 1, maxLength: 80 }),
    fc.array(fc.float(), { minLength: 1, maxLength: 80 }),
    decimals.map(({ places, values }) => values.map((value) => value / 10 ** places)),
  );
  fc.assert(
    fc.property(column, (numbers) => {
      const out = new ByteWriter();
      writeNumbers(out, Float64Array.from(numbers), numbers.length);
      const into = new Float64Array(numbers.length);
      readNumbers(new ByteReader(out.taken()), into, numbers.length);
      for (const [i, number] of numbers.entries()) assert.ok(Object.is(into[i], number), `${number} came back as ${into[i]}`);
    }),
    { numRuns: 2_000 },
  );
  const size = (numbers: number[]) => {
    const out = new ByteWriter();
    writeNumbers(out, Float64Array.from(numbers), numbers.length);
    return out.at / numbers.length;
  };
  const steps = Array.from({ length: 1_024 }, (_, i) => ((i * 7919) % 13) / 10 + 20);
  assert.ok(size(steps) < 0.7, `tenths: ${size(steps)}`);
  assert.ok(size(steps.map((value) => Math.fround(value + Math.sin(value * 1e6) / 50))) < 2.9);
});

test('a chunk gives back its samples: every kind of value, quality and reason, and times that jump', () => {
  fc.assert(
    fc.property(anySamples(anyValue, 120), (samples) => {
      const bytes = sealed(samples);
      const { header, columns } = decodeChunk(bytes);
      assert.deepEqual(samplesOf(columns), lastOfEach(samples));
      assert.deepEqual([header.tag, header.epoch, header.incarnation, header.sequence], Object.values(IDENTITY));
      mustAgree(header, columns);
    }),
    { numRuns: 1_000 },
  );
});

test('a chunk of which any bit was changed, or that was cut anywhere, is damaged and nothing else', () => {
  const samples = Array.from({ length: 100 }, (_, i) => ({
    time: i * 1_000,
    value: i % 9 === 0 ? `s${i}` : i / 7,
    quality: 'good' as const,
  }));
  const bytes = sealed(samples);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ (1 << (at % 8));
    assert.throws(() => decodeChunk(changed), Damaged, `byte ${at}`);
    assert.throws(() => decodeChunk(bytes.subarray(0, at)), Damaged, `cut at ${at}`);
  }
  assert.throws(() => decodeChunk(new Uint8Array(0)), Damaged);
  // Bytes that nobody meant, with a checksum that is right, end in Damaged as well: never in an endless loop, never in another error.
  fc.assert(
    fc.property(fc.nat(bytes.length - 5), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, noise) => {
      const changed = bytes.slice();
      changed.set(noise.subarray(0, Math.min(noise.length, bytes.length - 4 - at)), at);
      new DataView(changed.buffer).setUint32(changed.length - 4, crc32(changed.subarray(0, -4)), true);
      try {
        const { header, columns } = decodeChunk(changed);
        mustAgree(header, columns);
      } catch (error) {
        assert.ok(error instanceof Damaged, String((error as Error).stack));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('a header that lies about its samples is found out', () => {
  const columns = columnsOf([{ time: 1_000, value: 5, quality: 'good' }]);
  const summary = summaryOf(columns, bucketsOf(columns, MINUTE));
  for (const lie of [{ min: 4 }, { max: 9 }, { n: 0 }, { worst: 2 }, { to: 2_000 }, { from: 0 }])
    assert.throws(() => {
      const { header, columns: read } = decodeChunk(encodeChunk(IDENTITY, { ...summary, ...lie }, columns));
      mustAgree(header, read);
    }, Damaged);
});

test('rollups come back as they were, but for the last bits of a sum', () => {
  fc.assert(
    fc.property(anySamples(anyValue, 100), fc.constantFrom(MINUTE, HOUR), (samples, size) => {
      const buckets = bucketsOf(inOrder(columnsOf(samples)), size);
      const read = readBuckets(writeBuckets(buckets, size), size);
      for (let i = 0; i < buckets.count; i++) {
        for (const column of ['starts', 'n', 'bad', 'min', 'max', 'first', 'last', 'worst'] as const)
          assert.ok(Object.is(read[column][i], buckets[column][i]), `${column} of bucket ${i}`);
        const [sum, was] = [read.sum[i] as number, buckets.sum[i] as number];
        assert.ok(Object.is(sum, was) || Math.abs(sum - was) <= Math.abs(was) * 1e-13, `${was} came back as ${sum}`);
      }
    }),
    { numRuns: 500 },
  );
});

// ---- what docs/telemetry-format.md promises to other programs

type Vector = {
  name: string;
  identity: typeof IDENTITY;
  samples: { time: number; value: unknown; quality: Sample['quality']; reason?: string }[];
  hex: string;
};

/** Values that JSON cannot say are written as {"number": "NaN"} or {"integer": "…"}. */
const saidValue = (value: unknown): Sample['value'] => {
  if (value === null || typeof value !== 'object') return value as Sample['value'];
  return 'integer' in value ? BigInt(value.integer as string) : Number((value as { number: string }).number);
};

const VECTORS = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vector[];

for (const { name, identity, samples, hex } of VECTORS)
  test(`test vector: ${name}`, () => {
    const { header, columns } = decodeChunk(Uint8Array.from(Buffer.from(hex, 'hex')));
    const expected = samples.map(({ value, ...rest }) => ({ ...rest, value: saidValue(value) }));
    assert.deepEqual(samplesOf(columns), expected);
    assert.deepEqual({ tag: header.tag, epoch: header.epoch, incarnation: header.incarnation, sequence: header.sequence }, identity);
    // The same samples give the same bytes, unless deflate does it otherwise.
    const own = columnsOf(expected);
    const bytes = encodeChunk(identity, summaryOf(own, bucketsOf(own, MINUTE)), own);
    if (bytes[5] === 0) assert.equal(Buffer.from(bytes).toString('hex'), hex);
  });
