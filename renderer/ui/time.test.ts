import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageOf, clockSeconds, dateTime, fieldOf, momentOf, zoneName } from './time.ts';

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

test('a field of date and time means a moment in the zone of the plant, around a change of clocks too', () => {
  for (const [field, moment] of [
    ['2026-11-21T08:30', '2026-11-21T07:30:00Z'],
    ['2026-07-01T08:30', '2026-07-01T06:30:00Z'],
    ['2026-03-29T01:59', '2026-03-29T00:59:00Z'],
    ['2026-03-29T03:00', '2026-03-29T01:00:00Z'],
    ['2026-10-25T02:30', '2026-10-25T00:30:00Z'], // comes twice: the first
    ['2026-10-25T03:00', '2026-10-25T02:00:00Z'],
  ] as const) {
    assert.equal(momentOf(field, 'Europe/Berlin'), Date.parse(moment), field);
    assert.equal(fieldOf(Date.parse(moment), 'Europe/Berlin'), field);
  }
  assert.equal(momentOf('', 'UTC'), undefined);
});
