// A disk that is full: appending says so, nothing that is stored is harmed, and it goes on by itself when there is room.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallDisk } from '../../testing/disk.ts';
import { everything, good, MIDNIGHT, openTestTelemetry, type TestTelemetry, uuid } from '../../testing/telemetry.ts';
import type { Sample } from './index.ts';

const TAG = uuid(1);

/** Values that cannot be packed: the disk fills up soon. */
const noise = (from: number, count: number): Sample[] =>
  Array.from({ length: count }, (_, i) => good(MIDNIGHT + (from + i) * 1_000, Math.sin((from + i) * 12.9898) * 43_758.5453));

const isFull = (error: { code: string; data: object }) => {
  assert.deepEqual([error.code, error.data], ['unavailable', { cause: 'diskFull' }]);
  return true;
};

/** Appends until the disk is full; gives what was acknowledged. */
async function fill(store: TestTelemetry, series: number): Promise<Sample[]> {
  const acknowledged: Sample[] = [];
  let refusals = 0;
  for (let at = 0; refusals < 5; at += 2_000) {
    const samples = noise(at, 2_000);
    await store.put(series, samples).then(
      () => acknowledged.push(...samples),
      (error) => {
        isFull(error);
        refusals += 1;
      },
    );
  }
  return acknowledged;
}

test('a full disk refuses what does not fit, keeps all that was acknowledged, and goes on once there is room', async (t) => {
  const disk = smallDisk(t, 8);
  if (disk === undefined) return;
  const ballast = join(disk.path, 'ballast');
  writeFileSync(ballast, new Uint8Array(4_000_000));
  const folder = join(disk.path, 'telemetry');
  const store = await openTestTelemetry(t, { folder, segmentBytes: 100_000 });
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 1_000 }])) as [number];
  const acknowledged = await fill(store, series);
  assert.ok(acknowledged.length > 10_000);
  const { trouble, damage } = await store.status();
  assert.deepEqual([trouble?.code, trouble?.data], ['unavailable', { cause: 'diskFull' }]);
  assert.deepEqual(damage, []);
  // Questions are answered all the while.
  assert.deepEqual(await everything(store, TAG), acknowledged);
  const question = { tag: TAG, from: MIDNIGHT, to: MIDNIGHT + acknowledged.length * 1_000 + 9e6, width: 20 };
  const counted = (await store.query(question)).points.reduce((sum, point) => sum + point[4], 0);
  assert.equal(counted, acknowledged.length);

  rmSync(ballast);
  const more = noise(1_000_000, 5_000);
  await store.put(series, more);
  await store.seal();
  assert.equal((await store.status()).trouble, undefined);
  assert.deepEqual(await everything(store, TAG), [...acknowledged, ...more]);
  await store.close();
  const again = await openTestTelemetry(t, { folder });
  assert.deepEqual(await everything(again, TAG), [...acknowledged, ...more]);
  assert.deepEqual((await again.status()).damage, []);
});

test('a store that was left on a full disk opens on it, answers, and takes more once there is room', async (t) => {
  const disk = smallDisk(t, 4);
  if (disk === undefined) return;
  const folder = join(disk.path, 'telemetry');
  const store = await openTestTelemetry(t, { folder, segmentBytes: 100_000 });
  const [series] = (await store.series([{ tag: TAG, epoch: 1, period: 1_000 }])) as [number];
  const ballast = join(disk.path, 'ballast');
  writeFileSync(ballast, new Uint8Array(1_500_000));
  const acknowledged = await fill(store, series);
  // Not closed: as after a kill.
  const second = await openTestTelemetry(t, { folder });
  assert.deepEqual(await everything(second, TAG), acknowledged);
  assert.deepEqual((await second.status()).damage, [], 'what did not fit was taken out of the log again');
  rmSync(ballast);
  await second.put(series, noise(1_000_000, 10));
  assert.equal((await everything(second, TAG)).length, acknowledged.length + 10);
});
