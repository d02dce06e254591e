// Hours of the day, on nights when the clock is set as well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOURS, within } from './hours.ts';

const BERLIN = 'Europe/Berlin';
const at = (iso: string) => Date.parse(iso);

test('hours are judged by the clock on the wall of their zone, over midnight too', () => {
  const cases: [string | null, string, boolean][] = [
    [null, '2026-11-21T02:00:00+01:00', false],
    ['22:00-06:00', '2026-11-21T21:59:59+01:00', false],
    ['22:00-06:00', '2026-11-21T22:00:00+01:00', true],
    ['22:00-06:00', '2026-11-21T00:00:00+01:00', true],
    ['22:00-06:00', '2026-11-21T05:59:59+01:00', true],
    ['22:00-06:00', '2026-11-21T06:00:00+01:00', false],
    ['12:00-13:00', '2026-11-21T12:59:00+01:00', true],
    ['12:00-13:00', '2026-11-21T13:00:00+01:00', false],
  ];
  for (const [hours, iso, quiet] of cases) assert.equal(within(hours, BERLIN, at(iso)), quiet, `${hours} at ${iso}`);
  assert.equal(within('22:00-06:00', 'Asia/Kolkata', at('2026-11-20T18:00:00Z')), true);
});

test('when the clock is set forward or back they begin and end where the wall says so', () => {
  // Forward in the night to 29 March 2026, back in the night to 25 October.
  assert.equal(within('22:00-06:00', BERLIN, at('2026-03-29T03:59:00Z')), true);
  assert.equal(within('22:00-06:00', BERLIN, at('2026-03-29T04:00:00Z')), false);
  assert.equal(within('22:00-06:00', BERLIN, at('2026-10-25T04:59:00Z')), true);
  assert.equal(within('22:00-06:00', BERLIN, at('2026-10-25T05:00:00Z')), false);
  for (const twice of ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z']) assert.equal(within('02:15-02:45', BERLIN, at(twice)), true);
});

test('only two times of a day are hours', () => {
  for (const wrong of ['', '22-06', '24:00-06:00', '22:60-06:00', '22:00 - 06:00', '22:00-06:00 ', '9:00-10:00'])
    assert.doesNotMatch(wrong, HOURS);
  assert.match('23:59-00:00', HOURS);
});
