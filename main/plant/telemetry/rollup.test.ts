// Rollups and charts against what they should say, worked out anew from every sample: late data, repeated data, clocks that jump.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../testing/databases.ts';
import { anySamples, good, LIFE, lastOfEach, MIDNIGHT, openTestTelemetry, uuid } from '../../testing/telemetry.ts';
import { Engine } from './engine.ts';
import { BatchBuilder, type Point, type Sample, type Span } from './index.ts';
import { inOrder } from './pending.ts';
import { answer } from './reading.ts';
import { type Buckets, bucketsOf, coarser, HOUR, MINUTE } from './rollup.ts';
import { columnsOf } from './sample.ts';

const anyReading = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1_000, max: 1_000 }).map((n) => n / 10) },
  { weight: 1, arbitrary: fc.constantFrom(1e9, -1e9, Number.POSITIVE_INFINITY, Number.NaN, true, 5n, 2n ** 63n, 'text', null) },
);
const anySteps = fc.array(fc.record({ samples: anySamples(anyReading, 80), seal: fc.boolean() }), { minLength: 1, maxLength: 6 });
const DAY = 24 * HOUR;

function append(engine: Engine, series: number, samples: readonly Sample[]): void {
  const builder = new BatchBuilder();
  for (const sample of samples) builder.add(series, sample);
  engine.append(builder.take());
}

function assertSame(read: Buckets, expected: Buckets): void {
  assert.deepEqual([...read.starts.subarray(0, read.count)], [...expected.starts.subarray(0, expected.count)]);
  for (let i = 0; i < expected.count; i++) {
    for (const column of ['n', 'bad', 'min', 'max', 'first', 'last', 'worst'] as const)
      assert.equal(read[column][i], expected[column][i], `${column} of ${expected.starts[i]}`);
    const [sum, was] = [read.sum[i] as number, expected.sum[i] as number];
    const largest = Math.max(Math.abs(expected.min[i] as number), Math.abs(expected.max[i] as number)) * (expected.n[i] as number);
    assert.ok(Object.is(sum, was) || Math.abs(sum - was) <= largest * 1e-12, `sum ${sum} instead of ${was}`);
  }
}

test('minutes and hours are those of the samples, however late, often and mixed these came', (t) => {
  const engine = new Engine({ folder: temporaryFolder(t), incarnation: LIFE, chunkSamples: 16 });
  let tags = 0;
  fc.assert(
    fc.property(anySteps, (steps) => {
      const [series] = engine.series([{ tag: uuid(++tags), epoch: 1 }]) as [number];
      for (const { samples, seal } of steps) {
        append(engine, series, samples);
        if (seal) engine.seal([series]);
      }
      engine.seal([series]);
      const row = engine.epochs(uuid(tags))[0] as ReturnType<Engine['epochs']>[number];
      const minutes = bucketsOf(inOrder(columnsOf(lastOfEach(steps.flatMap(({ samples }) => samples)))), MINUTE);
      assertSame(engine.rollups.read(row, 0, -8e15, 8e15), minutes);
      assertSame(engine.rollups.read(row, 1, -8e15, 8e15), coarser(minutes, HOUR));
    }),
    { numRuns: 150 },
  );
  engine.close();
});

test('a chart tells the least and the greatest of its range exactly, and counts every sample once, sealed or not', (t) => {
  const engine = new Engine({ folder: temporaryFolder(t), incarnation: LIFE, chunkSamples: 16 });
  let tags = 0;
  const anyRange = fc.record({
    start: fc.integer({ min: -3 * DAY, max: 3 * DAY }),
    length: fc.oneof(
      fc.integer({ min: 1, max: 10 * MINUTE }),
      fc.integer({ min: MINUTE, max: 3 * DAY }),
      fc.integer({ min: DAY, max: 400 * DAY }),
    ),
    width: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 2_000 })),
    period: fc.constantFrom(0, 1_000),
  });
  fc.assert(
    fc.property(anySteps, anyRange, (steps, { start, length, width, period }) => {
      const tag = uuid(++tags);
      const [series] = engine.series([{ tag, epoch: 1, period }]) as [number];
      for (const { samples, seal } of steps) {
        append(engine, series, samples);
        if (seal) engine.seal([series]);
      }
      const from = MIDNIGHT + start;
      const to = from + length;
      const { points, gaps } = answer(engine, { tag, from, to, width, now: to });
      const counted = lastOfEach(steps.flatMap(({ samples }) => samples)).filter(
        ({ time, value, quality }) =>
          time >= from && time < to && quality !== 'bad' && value !== null && typeof value !== 'string' && !Number.isNaN(value),
      );
      const values = counted.map(({ value }) => Number(value));
      assert.equal(
        points.reduce((sum, point) => sum + point[4], 0),
        values.length,
      );
      assert.equal(Math.min(...points.map((point) => point[1])), Math.min(...values));
      assert.equal(Math.max(...points.map((point) => point[2])), Math.max(...values));
      assert.ok(points.length <= width);
      for (const [i, [time, min, max, mean]] of points.entries()) {
        assert.ok(time >= from && time < to && (i === 0 || time > (points[i - 1] as Point)[0]), 'in order');
        assert.ok(Number.isNaN(mean) || (mean >= min && mean <= max));
      }
      for (const [i, [begin, end]] of gaps.entries())
        assert.ok(begin >= from && end <= to && begin < end && (i === 0 || begin >= (gaps[i - 1] as Span)[1]));
    }),
    { numRuns: 300 },
  );
  engine.close();
});

test('a clock that jumps a day ahead and back spoils neither order nor chart', async (t) => {
  const store = await openTestTelemetry(t, { chunkSamples: 64 });
  const tag = uuid(1);
  const [series] = (await store.series([{ tag, epoch: 1, period: 1_000 }])) as [number];
  const run = (from: number, seconds: number, value: number) => Array.from({ length: seconds }, (_, i) => good(from + i * 1_000, value));
  await store.put(series, run(MIDNIGHT, 600, 1));
  await store.put(series, run(MIDNIGHT + DAY, 30, 2));
  await store.seal();
  // Set right again: for a while what comes is older than what is there.
  for (let minute = 10; minute < 40; minute++) await store.put(series, run(MIDNIGHT + minute * MINUTE, 60, 3));
  await store.seal();
  await store.put(series, run(MIDNIGHT - DAY, 30, 4));
  const { points, gaps } = await store.query({ tag, from: MIDNIGHT - 2 * DAY, to: MIDNIGHT + 2 * DAY, width: 96 });
  assert.deepEqual(
    points.map(([time, min, max, , n]) => [(time - MIDNIGHT) / HOUR, min, max, n]),
    [
      [-24, 4, 4, 30],
      [0, 1, 3, 2_400],
      [24, 2, 2, 30],
    ],
  );
  assert.equal(gaps.length, 4);
  const hour = await store.query({ tag, from: MIDNIGHT, to: MIDNIGHT + HOUR, width: 60 });
  assert.deepEqual(hour.gaps, [[MIDNIGHT + 2_399_000, MIDNIGHT + HOUR]]);
});
