import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageOf, clockSeconds, dateTime, zoneName } from './time.ts';

test('a time is shown in the zone of the plant, on both sides of a change of clocks', () => {
  const before = Date.parse('2026-10-25T00:59:59Z');
  assert.equal(dateTime(before, 'Europe/Berlin'), '2026-10-25 02:59');
  assert.equal(clockSeconds(before + 1000, 'Europe/Berlin'), '02:00:00');
  assert.equal(dateTime(Date.parse('2026-03-01T23:30:00Z'), 'Asia/Tokyo'), '2026-03-02 08:30');
  assert.equal(zoneName(Date.parse('2026-07-01T00:00:00Z'), 'UTC'), 'UTC');
});

test('an age is given in the largest unit that says enough', () => {
  const minute = 60_000;
  assert.deepEqual(ageOf(9_999), { unit: 'now', count: 0 });
  assert.deepEqual(ageOf(59_999), { unit: 'seconds', count: 59 });
  assert.deepEqual(ageOf(minute), { unit: 'minutes', count: 1 });
  assert.deepEqual(ageOf(59 * minute), { unit: 'minutes', count: 59 });
  assert.deepEqual(ageOf(47 * 60 * minute), { unit: 'hours', count: 47 });
  assert.deepEqual(ageOf(48 * 60 * minute), { unit: 'days', count: 2 });
});
