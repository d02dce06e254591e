// The pulse: taken once a second, and only while somebody looks.
import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { testClock } from '../testing/station.ts';
import { openVitals } from './vitals.ts';

type Sample = [key: string, time: number, value: number];

function open(t: TestContext) {
  mock.timers.enable({ apis: ['setInterval', 'setImmediate'] });
  const clock = testClock();
  let streams = 0;
  const vitals = openVitals(clock, () => ({ streams: ++streams }));
  t.after(() => {
    vitals.stop();
    mock.timers.reset();
  });
  const look = () => {
    const samples: Sample[] = [];
    return { samples, stop: vitals.source((...sample) => samples.push(sample)) };
  };
  const second = () => {
    clock.advance(1_000);
    mock.timers.tick(1_000);
  };
  return { clock, vitals, look, second, taken: () => streams };
}

test('whoever looks sees numbers at once, and then every second', (t) => {
  const { clock, look, second } = open(t);
  const { samples } = look();
  mock.timers.tick(0);
  assert.deepEqual(
    samples.map(([key, time]) => [key, time]),
    ['processor', 'memory', 'delay', 'streams'].map((key) => [key, clock()]),
  );
  for (const [key, , value] of samples) assert.ok(Number.isFinite(value) && value >= 0, `${key} ${value}`);
  assert.ok((samples.find(([key]) => key === 'memory')?.[2] ?? 0) > 10_000_000);
  for (let n = 0; n < 3; n++) second();
  assert.deepEqual(
    samples.filter(([key]) => key === 'streams').map(([, time, value]) => [clock() - time, value]),
    [
      [3_000, 1],
      [2_000, 2],
      [1_000, 3],
      [0, 4],
    ],
  );
});

test('several who look share one pulse, and it ends with the last of them', (t) => {
  const { look, second, taken } = open(t);
  const [one, two] = [look(), look()];
  mock.timers.tick(0);
  assert.deepEqual(one.samples, two.samples);
  one.stop();
  second();
  assert.equal(one.samples.length, 4);
  assert.equal(two.samples.length, 8);
  two.stop();
  const before = taken();
  for (let n = 0; n < 5; n++) second();
  assert.equal(taken(), before, 'nobody looks');
  const three = look();
  mock.timers.tick(0);
  second();
  assert.equal(three.samples.length, 8);
});

test('a station that stops takes its pulse no more', (t) => {
  const { vitals, look, second, taken } = open(t);
  look();
  mock.timers.tick(0);
  vitals.stop();
  const before = taken();
  second();
  assert.equal(taken(), before);
});
