// Retention: it tells first what it would delete, deletes exactly that, the oldest raw samples first and rollups last, and holds nobody up.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { everything, good, MIDNIGHT, openTestTelemetry, type TestTelemetry, uuid } from '../../testing/telemetry.ts';
import type { RetentionRules } from './index.ts';

const DAY = 86_400_000;
const [LONG, SHORT] = [uuid(1), uuid(2)];
const DAYS = 20;
const NOW = MIDNIGHT + DAYS * DAY;

/** Twenty days of a value every ten seconds, kept long and kept short. */
async function filled(store: TestTelemetry): Promise<void> {
  const [long, short] = (await store.series([
    { tag: LONG, epoch: 1, period: 10_000, class: 'long' },
    { tag: SHORT, epoch: 1, period: 10_000, class: 'short' },
  ])) as [number, number];
  for (let day = 0; day < DAYS; day++) {
    const samples = Array.from({ length: 8_640 }, (_, i) => good(MIDNIGHT + day * DAY + i * 10_000, Math.sin(i) * 100 + day));
    await store.put(long, samples);
    await store.put(short, samples);
    await store.seal();
  }
}

const onDisk = (folder: string) =>
  readdirSync(join(folder, 'chunks')).reduce((sum, name) => sum + statSync(join(folder, 'chunks', name)).size, 0);

const count = async (store: TestTelemetry, tag: string) => (await everything(store, tag)).length;
const counted = async (store: TestTelemetry, tag: string) => {
  const { points } = await store.query({ tag, from: MIDNIGHT, to: NOW, width: 240 });
  return points.reduce((sum, point) => sum + point[4], 0);
};

/** Retention, with the proof that it did what it had said. */
async function retained(store: TestTelemetry, rules: RetentionRules) {
  const told = await store.plan(rules);
  const raw = onDisk(store.folder);
  const rawTold = told.removals.filter(({ what }) => what === 'raw').reduce((sum, one) => sum + one.bytes, 0);
  assert.equal(onDisk(store.folder), raw, 'a plan deletes nothing');
  assert.deepEqual(await store.retain(rules), told);
  assert.equal(onDisk(store.folder), raw - rawTold, 'as many bytes as it had said');
  assert.deepEqual((await store.plan(rules)).removals, [], 'and nothing is left to do');
  return told;
}

test('each class is kept as long as its rule says, and charts go on with what is left', async (t) => {
  const store = await openTestTelemetry(t, { clock: () => NOW });
  await filled(store);
  const all = DAYS * 8_640;
  assert.deepEqual(await store.plan({ classes: {} }), { ...(await store.plan({ classes: {} })), removals: [] });
  const told = await retained(store, { classes: { short: { raw: 5 * DAY }, long: {} } });
  assert.deepEqual(
    told.removals.map(({ what, class: of, why }) => [what, of, why]),
    [['raw', 'short', 'age']],
  );
  assert.ok((told.removals[0]?.to ?? 0) < NOW - 5 * DAY);
  assert.equal(await count(store, LONG), all);
  const left = await count(store, SHORT);
  assert.ok(left >= 5 * 8_640 && left <= 6.5 * 8_640, `${left} samples are left`);
  // Of what is deleted the minutes still tell.
  assert.equal(await counted(store, SHORT), all);
  const minute = await store.query({ tag: SHORT, from: MIDNIGHT, to: MIDNIGHT + 3_600_000, width: 600 });
  assert.equal(minute.points.length, 60);

  await retained(store, { classes: { short: { raw: 5 * DAY, minutes: 8 * DAY } } });
  assert.equal(await counted(store, SHORT), all, 'and then the hours');
  await retained(store, { classes: { short: { raw: 5 * DAY, minutes: 8 * DAY, hours: 8 * DAY } } });
  const rest = await counted(store, SHORT);
  assert.ok(rest >= 8 * 8_640 && rest < all, `${rest} samples are counted`);
  assert.equal(await counted(store, LONG), all);
});

test('what comes late where samples are deleted already adds to the rollups that are left', async (t) => {
  const store = await openTestTelemetry(t, { clock: () => NOW });
  await filled(store);
  const [, short] = (await store.series([LONG, SHORT].map((tag) => ({ tag, epoch: 1 })))) as [number, number];
  await retained(store, { classes: { short: { raw: 5 * DAY, minutes: 10 * DAY } } });
  await store.put(short, [good(MIDNIGHT + DAY + 5, 5_000), good(MIDNIGHT + 12 * DAY + 5, 6_000)]);
  await store.seal();
  const { points } = await store.query({ tag: SHORT, from: MIDNIGHT, to: NOW, width: 20 });
  assert.deepEqual([points[1]?.[2], points[1]?.[4], points[12]?.[2], points[12]?.[4]], [5_000, 8_641, 6_000, 8_641]);
});

test('above the cap the oldest samples go first, whatever their class, and rollups last', async (t) => {
  const store = await openTestTelemetry(t, { clock: () => NOW });
  await filled(store);
  const { bytes } = await store.status();
  const some = await retained(store, { classes: {}, mostBytes: Math.floor(bytes * 0.75) });
  assert.ok(some.bytesAfter <= bytes * 0.75);
  assert.deepEqual(new Set(some.removals.map(({ what, why }) => `${what} ${why}`)), new Set(['raw room']));
  for (const tag of [LONG, SHORT]) {
    const left = await everything(store, tag);
    assert.ok(left.length > 0 && left.length < DAYS * 8_640);
    assert.equal(left.at(-1)?.time, NOW - 10_000, 'the newest are there');
    assert.equal(await counted(store, tag), DAYS * 8_640);
  }
  const { removals } = await retained(store, { classes: {}, mostBytes: 1_500_000 });
  assert.deepEqual([...new Set(removals.map(({ what }) => what))], ['raw', 'minutes']);
  assert.equal(await count(store, LONG), 0);
  assert.ok((await counted(store, LONG)) > 0, 'hours are left');
});

test('while much is deleted, appending goes on', async (t) => {
  const store = await openTestTelemetry(t, { clock: () => NOW, chunkSamples: 16 });
  await filled(store);
  const [long] = (await store.series([{ tag: LONG, epoch: 1 }])) as [number];
  let appended = 0;
  let done = false;
  const deleting = store.retain({ classes: { short: { raw: DAY }, long: { raw: DAY } } }).then(() => {
    done = true;
  });
  while (!done) await store.put(long, [good(NOW + appended++, 1)]);
  await deleting;
  assert.ok(appended >= 10, `${appended} batches were appended meanwhile`);
  assert.equal((await everything(store, LONG, NOW)).length, appended);
});
