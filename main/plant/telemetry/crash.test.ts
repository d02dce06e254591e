// kill −9 at any moment of full load: no acknowledged sample is missing, none is there twice, and rollups and charts agree with the samples.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startChild } from '../../testing/child.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { dice } from '../../testing/dice.ts';
import { everything, MIDNIGHT, openTestTelemetry, uuid } from '../../testing/telemetry.ts';
import type { TelemetryWork } from '../../testing/telemetryChild.ts';

const KILLS = 16;
/** Kills upon one store, one after the other. */
const EACH = 4;
const TAGS = Array.from({ length: 20 }, (_, n) => uuid(n + 1));

test(`${KILLS} kills under full load lose nothing that was acknowledged`, async (t) => {
  let acknowledged = 0;
  for (let seed = 1; seed <= KILLS; ) {
    const work = { folder: temporaryFolder(t), tags: TAGS, start: MIDNIGHT, chunkSamples: 32, fileBytes: 1 << 15 };
    let from = 0;
    for (let kill = 0; kill < EACH; kill++, seed++) {
      const told = await runAndKill(t, { ...work, seed, from });
      acknowledged += told.length;
      await assertThere(t, work, told, seed);
      // Behind everything that may have been written, acknowledged or not.
      from += 100_000;
    }
  }
  assert.ok(acknowledged > 2_000, `there was something to lose: ${acknowledged}`);
});

async function runAndKill(t: TestContext, work: TelemetryWork): Promise<number[]> {
  const chance = dice(work.seed);
  const child = startChild(t, 'telemetryChild.ts', work);
  const answers = chance.pick([0, 20, 400, 1_500]) + chance.below(300);
  const told: number[] = [];
  for (let line = await child.line(); line !== undefined; line = await child.line()) {
    told.push(Number(line));
    if (told.length === answers + 1) child.process.kill('SIGKILL');
  }
  assert.equal((await child.ended).signal, 'SIGKILL', child.complaints());
  return told;
}

async function assertThere(
  t: TestContext,
  work: Omit<TelemetryWork, 'seed' | 'from'>,
  told: readonly number[],
  seed: number,
): Promise<void> {
  const store = await openTestTelemetry(t, work);
  assert.deepEqual((await store.status()).damage, [], `seed ${seed}`);
  for (const [i, tag] of TAGS.entries()) {
    const all = await everything(store, tag);
    const there = new Map(all.map(({ time, value }) => [(time - MIDNIGHT) / 1_000, value]));
    assert.equal(there.size, all.length);
    for (const n of told) assert.equal(there.get(n), n + i / 10, `seed ${seed}: sample ${n} of tag ${i} was acknowledged and is lost`);
    if (i > 1) continue;
    const [first, last] = [all[0]?.time ?? 0, all.at(-1)?.time ?? 0];
    const { points } = await store.query({ tag, from: first, to: last + 1, width: 100 });
    assert.equal(
      points.reduce((sum, point) => sum + point[4], 0),
      all.length,
      `seed ${seed}: the chart counts the samples`,
    );
  }
  await store.close();
}
