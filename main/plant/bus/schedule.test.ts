// What repeats keeps its beat, whatever happens to the clock, to other work and to the list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../testing/plant/virtualClock.ts';
import { Schedule } from './schedule.ts';

test('each at its own pace, from its own beginning', async () => {
  const clock = virtualClock();
  const schedule = new Schedule(clock);
  const ran: string[] = [];
  const one = (key: string, period: number, offset: number) => ({
    key,
    period,
    offset,
    run: () => void ran.push(`${key}${clock.monotonic()}`),
  });
  schedule.set([one('a', 100, 0), one('b', 100, 50), one('c', 250, 0)]);
  await clock.run(300);
  assert.deepEqual(ran, ['a0', 'c0', 'b50', 'a100', 'b150', 'a200', 'b250', 'c250', 'a300']);
  ran.length = 0;
  schedule.set([one('b', 100, 0), one('d', 1_000, 10)]);
  await clock.run(200);
  assert.deepEqual(ran, ['d310', 'b350', 'b450']);
  schedule.stop();
  ran.length = 0;
  await clock.run(5_000);
  assert.deepEqual(ran, []);
});

test('what was missed is counted, not made up for', () => {
  let now = 0;
  let ring = () => {};
  const schedule = new Schedule({
    now: () => 0,
    monotonic: () => now,
    after(_ms, work) {
      ring = work;
      return () => {};
    },
  });
  const missed: number[] = [];
  schedule.set([{ key: 'a', period: 100, offset: 0, run: (times) => void missed.push(times) }]);
  for (const time of [0, 100, 575, 600, 700]) {
    now = time;
    ring();
  }
  assert.deepEqual(missed, [0, 0, 3, 0, 0]);
});
