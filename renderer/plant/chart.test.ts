// History on a chart: spikes stay, gaps are gaps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, extentOf } from './chart.ts';

test('a gap breaks the line where it lies; what is no number is not drawn', () => {
  const columns = columnsOf({
    points: [
      [1_000, 1, 9, 5, 3],
      [5_000, 'NaN', 'NaN', 'NaN', 1],
      [6_000, '1152921504606846977', '1152921504606846977', '1152921504606846977', 1],
    ],
    gaps: [[2_000, 4_000]],
  });
  assert.deepEqual(columns, [
    [1_000, 3_000, 5_000, 6_000],
    [1, null, null, 2 ** 60],
    [9, null, null, 2 ** 60],
    [5, null, null, 2 ** 60],
  ]);
  assert.deepEqual(extentOf(columns), { least: 1, greatest: 2 ** 60 });
});

test('nothing was said: there is no extent', () => {
  assert.equal(extentOf(columnsOf({ points: [], gaps: [[0, 10]] })), undefined);
});
