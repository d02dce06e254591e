// Appends as fast as it can until it is killed, and says what was acknowledged. One argument: the work as JSON.
import { writeSync } from 'node:fs';
import { openTelemetry } from '../plant/telemetry/index.ts';
import { dice } from './dice.ts';

export type TelemetryWork = {
  folder: string;
  seed: number;
  tags: string[];
  from: number;
  start: number;
  chunkSamples: number;
  fileBytes: number;
};

const work = JSON.parse(process.argv[2] as string) as TelemetryWork;
const chance = dice(work.seed);
const store = await openTelemetry({ ...work, incarnation: '00000000-0000-7000-8000-000000999999', clock: Date.now, groupMs: 2 });
const handles = await store.series(work.tags.map((tag) => ({ tag, epoch: 1, period: 1_000 })));

/** Batch n: one sample of every tag, whose value is n and whose time follows from it. */
async function append(n: number): Promise<void> {
  await store.append({
    series: Uint32Array.from(handles),
    times: new Float64Array(handles.length).fill(work.start + n * 1_000),
    values: Float64Array.from(handles, (_, i) => n + i / 10),
  });
  writeSync(1, `${n}\n`);
}

for (let n = work.from; ; ) {
  await Promise.all(Array.from({ length: chance.below(20) + 1 }, () => append(n++)));
  if (chance.chance(5)) void store.seal();
  if (chance.chance(3)) void store.retain({ classes: { standard: { minutes: 1 } } });
}
