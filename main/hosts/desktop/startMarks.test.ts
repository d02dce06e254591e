// The marks of a start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Marks, startMarks } from './startMarks.ts';

test('each step counts once, in whatever order they come, and the whole is told once', () => {
  let now = 0.4;
  const told: Marks[] = [];
  const { reach, marks } = startMarks(
    () => now++,
    (whole) => told.push(whole),
  );
  for (const step of ['main', 'window', 'station', 'window'] as const) reach(step);
  assert.deepEqual(marks, { main: 0, window: 1, station: 2 });
  assert.deepEqual(told, []);
  for (const step of ['firstContent', 'screens', 'screens', 'station'] as const) reach(step);
  assert.deepEqual(told, [{ main: 0, window: 1, station: 2, firstContent: 3, screens: 4 }]);
});
