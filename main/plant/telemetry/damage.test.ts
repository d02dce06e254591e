// Damage on the disk: it costs the chunk, the record or the block it is in, is named, and no question fails because of it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import SQLite from 'better-sqlite3';
import { temporaryFolder } from '../../testing/databases.ts';
import { everything, good, LIFE, MIDNIGHT, openTestTelemetry, uuid } from '../../testing/telemetry.ts';
import { HEADER_BYTES, readHeader } from './chunk.ts';

const TAG = uuid(1);
const samples = Array.from({ length: 6_400 }, (_, i) => good(MIDNIGHT + i * 1_000, i));
const RANGE = { tag: TAG, from: MIDNIGHT, to: MIDNIGHT + 6_400_000 };

function changeByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 64;
  writeFileSync(file, bytes);
}

test('a damaged chunk costs its samples alone, is named, and leaves the chart of minutes whole', async (t) => {
  const folder = temporaryFolder(t);
  const store = await openTestTelemetry(t, { folder, chunkSamples: 64 });
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 1_000 }])) as [number];
  for (let from = 0; from < samples.length; from += 64) {
    await store.put(series, samples.slice(from, from + 64));
    await store.seal();
  }
  await store.close();

  const [name] = readdirSync(join(folder, 'chunks')) as [string];
  const file = join(folder, 'chunks', name);
  const bytes = readFileSync(file);
  let at = 0;
  for (let chunk = 1; chunk < 30; chunk++) at += readHeader(bytes.subarray(at)).length;
  const harmed = readHeader(bytes.subarray(at));
  changeByte(file, at + HEADER_BYTES + 3);

  const again = await openTestTelemetry(t, { folder });
  const left = samples.filter(({ time }) => time < harmed.from || time > harmed.to);
  assert.equal(left.length, samples.length - harmed.count);
  assert.deepEqual(await everything(again, TAG), left);
  const raw = await again.query({ ...RANGE, from: harmed.from - 10_000, to: harmed.to + 10_001, width: 500 });
  assert.deepEqual(raw.gaps, [[harmed.from - 1_000, harmed.to + 1_000]]);
  const named = {
    what: 'chunk',
    name: `${LIFE} ${harmed.sequence}`,
    tag: TAG,
    epoch: 1,
    from: harmed.from,
    to: harmed.to,
    why: 'its checksum differs',
  };
  assert.deepEqual(raw.damage, [named]);
  assert.deepEqual((await again.status()).damage, [named]);
  const minutes = await again.query({ ...RANGE, to: MIDNIGHT + 6_360_000, width: 20 });
  assert.equal(minutes.source, 'minute');
  assert.equal(
    minutes.points.reduce((sum, point) => sum + point[4], 0),
    6_360,
  );
  // Late data beside the damage does not end in an error, either.
  await again.put(series, [good(harmed.from + 1, 7)]);
  await again.seal();
  assert.equal((await everything(again, TAG)).length, left.length + 1);
});

test('files of chunks that are cut short or gone cost what they held', async (t) => {
  for (const harm of ['cut', 'gone'] as const) {
    const folder = temporaryFolder(t);
    const store = await openTestTelemetry(t, { folder, chunkSamples: 64, fileBytes: 2_000 });
    const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 1_000 }])) as [number];
    for (let from = 0; from < samples.length; from += 640) {
      await store.put(series, samples.slice(from, from + 640));
      await store.seal();
    }
    await store.close();
    const files = readdirSync(join(folder, 'chunks'));
    assert.ok(files.length > 3);
    for (const name of [files[1], files.at(-1)] as string[]) {
      const file = join(folder, 'chunks', name);
      if (harm === 'gone') rmSync(file);
      else writeFileSync(file, readFileSync(file).subarray(0, 500));
    }
    const again = await openTestTelemetry(t, { folder });
    const left = await everything(again, TAG);
    assert.ok(left.length > 2_000 && left.length < samples.length);
    const { damage } = await again.status();
    assert.ok(damage.length > 0 && damage.every(({ what, tag }) => what === 'chunk' && tag === TAG));
    // What comes now does not land where the lost chunks are expected.
    await again.put(series, [good(MIDNIGHT + 1e9, 5)]);
    await again.seal();
    assert.deepEqual((await everything(again, TAG)).at(-1), good(MIDNIGHT + 1e9, 5));
    assert.equal((await everything(again, TAG)).length, left.length + 1);
  }
});

test('a damaged record of the log costs its batch alone; a torn end is nobody’s loss', async (t) => {
  const folder = temporaryFolder(t);
  const store = await openTestTelemetry(t, { folder });
  const [series] = (await store.series([{ tag: TAG, epoch: 1 }])) as [number];
  for (let from = 0; from < 1_000; from += 100) await store.put(series, samples.slice(from, from + 100));
  const [name] = readdirSync(join(folder, 'hot')) as [string];
  const log = join(folder, 'hot', name);
  const whole = readFileSync(log);
  await store.close();

  writeFileSync(log, whole);
  changeByte(log, Math.floor(whole.length / 20));
  const again = await openTestTelemetry(t, { folder });
  assert.deepEqual(await everything(again, TAG), samples.slice(100, 1_000), 'the first batch is gone');
  const [damage] = (await again.status()).damage;
  assert.deepEqual([damage?.what, damage?.name], ['log', `${log}:0`]);
  await again.close();

  writeFileSync(log, whole.subarray(0, whole.length - 10));
  const third = await openTestTelemetry(t, { folder });
  assert.deepEqual(await everything(third, TAG), samples.slice(0, 900));
  assert.deepEqual((await third.status()).damage, []);
  await third.put(series, samples.slice(900, 1_000));
  await third.close();
  assert.deepEqual(await everything(await openTestTelemetry(t, { folder }), TAG), samples.slice(0, 1_000));
});

test('a damaged block of minutes is made anew from the samples', async (t) => {
  const folder = temporaryFolder(t);
  const store = await openTestTelemetry(t, { folder });
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 10_000 }])) as [number];
  const day = Array.from({ length: 8_640 }, (_, i) => good(MIDNIGHT + i * 10_000, i));
  await store.put(series, day);
  await store.seal();
  const question = { tag: TAG, from: MIDNIGHT, to: MIDNIGHT + 86_400_000, width: 24 };
  const before = await store.query(question);
  await store.close();
  const raw = new SQLite(join(folder, 'catalog.db'));
  const { changes } = raw
    .prepare("update block set body = cast(substr(body, 1, 40) || x'5a' || substr(body, 42) as blob) where level = 0 and start = ?")
    .run(BigInt(MIDNIGHT));
  raw.close();
  assert.equal(changes, 1);
  const again = await openTestTelemetry(t, { folder });
  const { damage, ...after } = await again.query(question);
  assert.deepEqual(
    damage.map(({ what }) => what),
    ['rollup'],
  );
  assert.deepEqual({ ...after, damage: [] }, before);
});

for (const [how, harm] of [
  ['lost', (file: string) => rmSync(file)],
  ['no database any more', (file: string) => writeFileSync(file, 'x'.repeat(5_000))],
  [
    'damaged somewhere within',
    (file: string) => {
      const bytes = readFileSync(file);
      bytes.fill(0x5a, 8_192);
      writeFileSync(file, bytes);
    },
  ],
] as const)
  test(`a catalog that is ${how} is made anew from chunks and log`, async (t) => {
    const folder = temporaryFolder(t);
    const store = await openTestTelemetry(t, { folder, chunkSamples: 64 });
    const wanted = [1, 2].map((n) => ({ tag: uuid(n), epoch: 1, period: 1_000 }));
    const [first, second] = (await store.series(wanted)) as [number, number];
    // The second first: its chunks come first in the file, and the handles are others afterwards.
    const others = samples.map(({ time, value }) => good(time, -(value as number) - 1));
    await store.put(second, others.slice(0, 3_200));
    await store.seal();
    await store.put(first, samples);
    await store.seal();
    await store.put(second, others.slice(3_200));
    const question = { ...RANGE, width: 40 };
    const before = await store.query(question);
    await store.close();
    harm(join(folder, 'catalog.db'));

    let again = await openTestTelemetry(t, { folder }).catch(() => undefined);
    // Damage that is met only when a question is asked: refused then, and mended by the next start.
    if (again === undefined || (await again.status()).damage.length === 0) {
      await again?.query(question).catch((error) => assert.equal(error.code, 'unavailable'));
      await again?.close();
      again = await openTestTelemetry(t, { folder });
    }
    assert.deepEqual(
      (await again.status()).damage.map(({ what }) => what),
      ['catalog'],
    );
    assert.deepEqual(await everything(again, TAG), samples);
    assert.deepEqual(await everything(again, uuid(2)), others);
    const { damage: _, ...after } = await again.query(question);
    assert.deepEqual({ ...after, damage: [] }, before);
    await again.put((await again.series(wanted))[0] as number, [good(MIDNIGHT + 1e9, 1)]);
    await again.seal();
    await again.close();
    const third = await openTestTelemetry(t, { folder });
    assert.deepEqual([(await third.status()).damage, (await everything(third, TAG)).length], [[], samples.length + 1]);
  });
