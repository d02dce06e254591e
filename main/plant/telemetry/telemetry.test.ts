// The telemetry store through its door: what is appended can be asked for, before and after sealing, and after a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../testing/databases.ts';
import { anySamples, anyValue, everything, good, LIFE, lastOfEach, MIDNIGHT, openTestTelemetry, uuid } from '../../testing/telemetry.ts';
import { BatchBuilder, type Sample } from './index.ts';

const TAG = uuid(1);
const MINUTE = 60_000;
const seconds = (count: number, value: (i: number) => Sample['value'], from = MIDNIGHT) =>
  Array.from({ length: count }, (_, i) => good(from + i * 1_000, value(i)));

test('samples are there as soon as they are appended, once they are sealed, and after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const samples = seconds(5_000, (i) => i / 10);
  const store = await openTestTelemetry(t, { folder });
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 1_000 }])) as [number];
  await store.put(series, samples.slice(0, 3_000));
  assert.deepEqual(await everything(store, TAG), samples.slice(0, 3_000));
  await store.seal();
  assert.equal((await store.status()).waiting, 0);
  assert.deepEqual(await everything(store, TAG), samples.slice(0, 3_000));
  await store.put(series, samples.slice(3_000));
  await store.close();

  const again = await openTestTelemetry(t, { folder });
  assert.equal((await again.status()).waiting, 2_000, 'what was not sealed comes out of the log');
  assert.deepEqual(await everything(again, TAG), samples);
  assert.deepEqual(await again.series([{ tag: TAG, epoch: 1 }]), [series]);
  await again.seal();
  assert.deepEqual(await everything(again, TAG), samples);
});

test('any samples, in any order, sealed at any moment, over any restarts: of two at one time the later counts', async (t) => {
  let tags = 100;
  const folder = temporaryFolder(t);
  let store = await openTestTelemetry(t, { folder, chunkSamples: 16 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ samples: anySamples(anyValue, 60), afterwards: fc.constantFrom('nothing', 'nothing', 'seal', 'restart') }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.integer({ min: 1, max: 50 }),
      async (steps, pageSamples) => {
        const tag = uuid(++tags);
        for (const { samples, afterwards } of steps) {
          const [series] = (await store.series([{ tag, epoch: 1 }])) as [number];
          await store.put(series, samples);
          if (afterwards === 'seal') await store.seal();
          if (afterwards === 'restart') {
            await store.close();
            store = await openTestTelemetry(t, { folder, chunkSamples: 16 });
          }
        }
        const all = steps.flatMap(({ samples }) => samples);
        assert.deepEqual(await everything(store, tag, undefined, undefined, pageSamples), lastOfEach(all));
        const middle = (all[0] as Sample).time;
        assert.deepEqual(
          await everything(store, tag, middle - 5_000, middle + 50_000, pageSamples),
          lastOfEach(all).filter(({ time }) => time >= middle - 5_000 && time < middle + 50_000),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test('a chart of a minute reads samples, of a day minutes, of a year hours', async (t) => {
  const store = await openTestTelemetry(t);
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 10_000 }])) as [number];
  const samples = Array.from({ length: 3 * 8_640 }, (_, i) => good(MIDNIGHT + i * 10_000, i % 100));
  await store.put(series, samples);
  await store.seal();
  const day = 86_400_000;
  const minute = await store.query({ tag: TAG, from: MIDNIGHT, to: MIDNIGHT + MINUTE, width: 6 });
  assert.equal(minute.source, 'raw');
  assert.deepEqual(
    minute.points,
    [0, 1, 2, 3, 4, 5].map((n) => [MIDNIGHT + n * 10_000, n, n, n, 1]),
  );
  const days = await store.query({ tag: TAG, from: MIDNIGHT, to: MIDNIGHT + 3 * day, width: 300 });
  assert.equal(days.source, 'minute');
  assert.equal(days.points.length, 300);
  assert.equal(
    days.points.reduce((sum, point) => sum + point[4], 0),
    samples.length,
  );
  assert.deepEqual(days.gaps, []);
  const year = await store.query({ tag: TAG, from: MIDNIGHT - 300 * day, to: MIDNIGHT + 65 * day, width: 1_000 });
  assert.equal(year.source, 'hour');
  assert.equal(
    year.points.reduce((sum, point) => sum + point[4], 0),
    samples.length,
  );
  assert.deepEqual(year.gaps, [
    [MIDNIGHT - 300 * day, MIDNIGHT],
    [MIDNIGHT + 3 * day, MIDNIGHT + 65 * day],
  ]);
});

test('what was bad, and what did not come, is a gap; a value entered by hand is not', async (t) => {
  const store = await openTestTelemetry(t, { clock: () => MIDNIGHT + 100_000 });
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 1_000 }])) as [number];
  const at = (second: number) => MIDNIGHT + second * 1_000;
  const samples = [
    ...seconds(10, () => 1),
    { time: at(10), value: 999, quality: 'bad' as const, reason: 'timeout' },
    { time: at(11), value: null, quality: 'bad' as const, reason: 'timeout' },
    ...seconds(5, () => 2, at(12)),
    { time: at(17), value: 3, quality: 'substituted' as const },
    // Two periods without a value are not missed yet, three are.
    good(at(19), 4),
    good(at(22), 5),
  ];
  await store.put(series, samples);
  for (const sealed of [false, true]) {
    if (sealed) await store.seal();
    const { gaps, points } = await store.query({ tag: TAG, from: MIDNIGHT, to: at(60), width: 60 });
    assert.deepEqual(gaps, [
      [at(10), at(12)],
      [at(19), at(22)],
      [at(22), at(60)],
    ]);
    const earlier = await store.query({ tag: TAG, from: at(-2), to: at(5), width: 7 });
    assert.deepEqual(earlier.gaps, [], 'nor is anything missed before the first value so soon');
    assert.ok(
      points.every((point) => point[2] <= 5),
      'a bad value is in no point',
    );
    assert.equal(points.length, 10 + 5 + 1 + 2);
  }
});

test('a new epoch is marked, and never mixed with the one before, not even within a pixel', async (t) => {
  const store = await openTestTelemetry(t);
  const wanted = [1, 2].map((epoch) => ({ tag: TAG, epoch, period: 1_000 }));
  const [first, second] = (await store.series(wanted)) as [number, number];
  await store.put(
    first,
    seconds(90, () => 5),
  );
  await store.put(
    second,
    seconds(90, () => 5_000, MIDNIGHT + 90_000),
  );
  const all = await store.query({ tag: TAG, from: MIDNIGHT, to: MIDNIGHT + 180_000, width: 3 });
  assert.deepEqual(all.epochs, [
    { epoch: 1, from: MIDNIGHT },
    { epoch: 2, from: MIDNIGHT + 90_000 },
  ]);
  assert.deepEqual(all.points, [
    [MIDNIGHT, 5, 5, 5, 60],
    [MIDNIGHT + 60_000, 5, 5, 5, 30],
    [MIDNIGHT + 90_000, 5_000, 5_000, 5_000, 30],
    [MIDNIGHT + 120_000, 5_000, 5_000, 5_000, 60],
  ]);
  assert.deepEqual(all.gaps, []);
  const one = await store.query({ tag: TAG, epochs: [2], from: MIDNIGHT, to: MIDNIGHT + 180_000, width: 3 });
  assert.deepEqual(one.points, all.points.slice(2));
});

test('the export comes in pages of bounded size, epoch by epoch, tells how far it is, and ends when nobody wants more', async (t) => {
  const store = await openTestTelemetry(t);
  const [first, second] = (await store.series([1, 2].map((epoch) => ({ tag: TAG, epoch })))) as [number, number];
  await store.put(
    first,
    seconds(5_000, (i) => i),
  );
  await store.seal();
  await store.put(
    second,
    seconds(500, (i) => i, MIDNIGHT + 5_000_000),
  );
  const pages: [number, number][] = [];
  let before = 0;
  for await (const { epoch, columns, progress } of store.export({
    tag: TAG,
    from: MIDNIGHT,
    to: MIDNIGHT + 6_000_000,
    pageSamples: 1_000,
  })) {
    pages.push([epoch, columns.count]);
    assert.ok(columns.count <= 1_000 && columns.times.length === columns.count);
    assert.ok(progress > 0 && progress <= 1 && (progress >= before || epoch === 2));
    before = progress;
  }
  assert.equal(
    pages.reduce((sum, [, count]) => sum + count, 0),
    5_500,
  );
  assert.deepEqual([...new Set(pages.map(([epoch]) => epoch))], [1, 2]);
  for await (const _ of store.export({ tag: TAG, from: MIDNIGHT, to: MIDNIGHT + 6_000_000, pageSamples: 10 })) break;
  assert.deepEqual(await everything(store, uuid(77)), [], 'of a tag nobody knows there is nothing');
});

test('chunks of another station are taken once, whole, and only when they are sound', async (t) => {
  const source = await openTestTelemetry(t);
  const [series] = (await source.series([{ tag: TAG, epoch: 1 }])) as [number];
  const samples = seconds(5_000, (i) => (i % 50 === 0 ? `text ${i}` : i / 3));
  await source.put(series, samples);
  await source.seal();
  const chunks = await source.sealed(LIFE, 0, 100);
  assert.ok(chunks.length >= 4);
  assert.deepEqual((await source.sealed(LIFE, 2, 100)).length, chunks.length - 2);

  const hub = await openTestTelemetry(t, { incarnation: uuid(5) });
  const damaged = (chunks[0] as Uint8Array).slice();
  damaged[150] = (damaged[150] as number) ^ 1;
  // In any order, twice, with noise among them.
  const mixed = [chunks[2], damaged, chunks[0], chunks[2], new Uint8Array(7), ...chunks.slice(3), chunks[1]] as Uint8Array[];
  const told = await hub.ingest(mixed, { period: 1_000 });
  assert.deepEqual([told.taken, told.known], [chunks.length, 1]);
  assert.deepEqual(
    told.refused.map(({ place }) => place),
    [1, 4],
  );
  assert.deepEqual(await everything(hub, TAG), samples);
  assert.deepEqual(await hub.ingest(chunks), { taken: 0, known: chunks.length, refused: [] });
  const question = { tag: TAG, from: MIDNIGHT, to: MIDNIGHT + 86_400_000, width: 10 };
  assert.deepEqual((await hub.query(question)).points, (await source.query(question)).points);

  // The same name on other bytes is refused.
  const other = await openTestTelemetry(t);
  const [again] = (await other.series([{ tag: TAG, epoch: 1 }])) as [number];
  await other.put(
    again,
    seconds(1, () => 1),
  );
  await other.seal();
  const { refused } = await hub.ingest(await other.sealed(LIFE, 0, 1));
  assert.match((refused[0] as { why: string }).why, /is here with other bytes/);
});

test('a batch that is not sound is refused as a whole, and says why', async (t) => {
  const store = await openTestTelemetry(t);
  const [series] = (await store.series([{ tag: TAG, epoch: 1 }])) as [number];
  const batch = (change: object) => {
    const builder = new BatchBuilder();
    for (const sample of seconds(3, () => 1)) builder.add(series, sample);
    return { ...builder.take(), ...change };
  };
  for (const [change, why] of [
    [{ series: Uint32Array.of(series, 99, series) }, /no series 99/],
    [{ times: Float64Array.of(1, Number.NaN, 3) }, /NaN is not a time/],
    [{ times: Float64Array.of(1, 2, 1e300) }, /1e\+300 is not a time/],
    [{ times: Float64Array.of(1, 2.5, 3) }, /2.5 is not a time/],
    [{ values: Float64Array.of(1) }, /not of one length/],
    [{ kinds: Uint8Array.of(1, 9, 1) }, /no kind 9/],
    [{ kinds: Uint8Array.of(5, 1, 1) }, /a text is missing/],
    [{ kinds: Uint8Array.of(2, 2, 2), values: Float64Array.of(0, 1, 2) }, /neither 0 nor 1/],
    [{ quality: Uint8Array.of(0, 0, 4) }, /four qualities/],
    [{ reasons: Uint32Array.of(0, 0, 1) }, /a reason is missing/],
  ] as const)
    await assert.rejects(store.append(batch(change)), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'invalid');
      assert.match(error.message, why);
      return true;
    });
  const builder = new BatchBuilder();
  assert.throws(() => builder.add(series, good(0.5, 1)), /not a time/);
  assert.throws(() => builder.add(series, good(0, 2n ** 64n)), /more than 64 bits/);
  assert.deepEqual(await everything(store, TAG), []);
  await assert.rejects(store.series([{ tag: 'pump-1', epoch: 1 }]), { code: 'invalid' });
  await assert.rejects(store.query({ tag: TAG, from: 5, to: 5, width: 1 }), { code: 'invalid' });
  await assert.rejects(store.query({ tag: TAG, from: 0, to: 5, width: 0 }), { code: 'invalid' });
});

test('after it is closed, and where it cannot be opened, every question is refused', async (t) => {
  const store = await openTestTelemetry(t);
  await store.close();
  await assert.rejects(store.status(), { code: 'unavailable' });
  await store.close();
  await assert.rejects(openTestTelemetry(t, { folder: '/dev/null/telemetry' }), /ENOTDIR/);
});
