// Everything that goes wrong on lines, by seed: never a wrong value. The bare library, asked the same, shows that this can fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Run, runBare, runInMemory, runOverPorts, runOverSockets } from '../../testing/plant/faultRun.ts';
import { ptyMissing, ptyPair } from '../../testing/plant/peers.ts';
import { type Scenario, scenario, WAYS } from '../../testing/plant/scenario.ts';

const SEEDS = 500;
const REAL_SEEDS = 50;
/** So many real ones at once: most of their time they wait. */
const AT_ONCE = 25;
const ATTEMPTS = 3;

const seedsFrom = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n);
const count = (runs: Run[], outcome: Run['outcomes'][number]) =>
  runs.flatMap(({ outcomes }) => outcomes).filter((one) => one === outcome).length;

test(`${SEEDS} seeds: no wrong value, and much that is right`, async () => {
  const runs: Run[] = [];
  for (const seed of seedsFrom(1, SEEDS)) {
    const run = await runInMemory(scenario(seed));
    assert.equal(run.wrong, 0, `seed ${seed}: ${run.outcomes.join(' ')}`);
    runs.push(run);
  }
  assert.ok(count(runs, 'right') > SEEDS * 8, `${count(runs, 'right')} right`);
  assert.ok(count(runs, 'confirmed') > SEEDS / 4, `${count(runs, 'confirmed')} confirmed`);
});

test('the same seed goes the same way', async () => {
  for (const seed of [3, 4, 5]) assert.deepEqual(await runInMemory(scenario(seed)), await runInMemory(scenario(seed)), `seed ${seed}`);
});

test('the bare library gives wrong values on every kind of line', async () => {
  for (const way of WAYS) {
    let wrong = 0;
    for (const seed of seedsFrom(1, 180)) wrong += (await runBare(scenario(seed, { way }))).wrong;
    assert.ok(wrong > 0, way);
  }
});

test('a reply that comes 256 requests late is not given to the one whose short id would be the same', async () => {
  const one = scenario(1, { way: 'tcp' });
  const unit = one.units[0] as number;
  const steps = Array.from({ length: 300 }, (_, n) => ({ read: [`${unit}.h${n === 0 ? 0 : 200}`] }));
  // The second reading begins with the time-out of the first; from then on one takes two milliseconds.
  const late = { kind: 'late', ms: one.timeoutMs + 255 * 2 - 1 } as const;
  const wrapped = { ...one, steps, faults: [late] };
  assert.equal((await runInMemory(wrapped)).wrong, 0);
  assert.equal((await runBare(wrapped)).wrong, 1);
});

test('without faults everything is right, by our driver and by the bare library', async () => {
  for (const seed of seedsFrom(1, 30)) {
    const calm = { ...scenario(seed), faults: [] };
    for (const { outcomes } of [await runInMemory(calm), await runBare(calm)])
      assert.ok(
        outcomes.length > 0 && outcomes.every((one) => one === 'right' || one === 'confirmed'),
        `seed ${seed}: ${outcomes.join(' ')}`,
      );
  }
});

/** Runs each both ways; what became of each thing asked for must be the same. */
async function equally(scenarios: Scenario[], real: (one: Scenario, lane: number) => Promise<Run>): Promise<void> {
  const left: { one: Scenario; expected: Run }[] = [];
  for (const one of scenarios) left.push({ one, expected: await runInMemory(one) });
  await Promise.all(
    seedsFrom(0, AT_ONCE).map(async (lane) => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { one, expected } = next;
        for (let attempt = 1; ; attempt++) {
          const run = await real(one, lane);
          assert.equal(run.wrong, 0, `seed ${one.seed} (${one.way}): ${run.outcomes.join(' ')}`);
          // On a machine that is busy elsewhere a reply in time may be late: once more, then.
          if (isDeepStrictEqual(run.outcomes, expected.outcomes)) break;
          if (attempt === ATTEMPTS) assert.deepEqual(run.outcomes, expected.outcomes, `seed ${one.seed} (${one.way})`);
        }
      }
    }),
  );
}

test(`${REAL_SEEDS / 2} seeds over sockets have the outcomes they have in memory`, async () => {
  const ways = ['tcp', 'rtu-tcp'] as const;
  await equally(
    seedsFrom(1, REAL_SEEDS / 2).map((seed) => scenario(seed, { gentle: true, way: ways[seed % 2] as (typeof ways)[number] })),
    runOverSockets,
  );
});

test(`${REAL_SEEDS / 2} seeds over serial ports have the outcomes they have in memory`, { skip: ptyMissing() }, async (t) => {
  const pairs = await Promise.all(seedsFrom(0, AT_ONCE).map(() => ptyPair(t)));
  await equally(
    seedsFrom(1, REAL_SEEDS / 2).map((seed) => scenario(seed, { gentle: true, way: 'rtu' })),
    (one, lane) => runOverPorts(one, pairs[lane] as [string, string]),
  );
});
