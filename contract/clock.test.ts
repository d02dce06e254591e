import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HLC, HLC_ZERO, hlcMs, hlcNext, hlcOf } from './clock.ts';

test('every next stamp is later, whatever the wall clock says', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 1, maxLength: 50 }), (times) => {
      let last = HLC_ZERO;
      for (const now of times) {
        const next = hlcNext(last, now);
        assert.match(next, HLC);
        assert.ok(next > last);
        assert.ok(hlcMs(next) >= now);
        last = next;
      }
    }),
  );
});

test('there is no stamp behind the last one: a longer one would stand before all others', () => {
  const last = 'ffffffffffffffff';
  assert.match(last, HLC);
  assert.throws(() => hlcNext(last, 5), RangeError);
  assert.throws(() => hlcNext(HLC_ZERO, 2 ** 48), RangeError);
  assert.equal(hlcNext('fffffffffffffffe', 5), last);
  assert.equal(hlcNext('fffffffffffeffff', 5), 'ffffffffffff0000');
});

test('a full counter moves the milliseconds on', () => {
  assert.equal(hlcNext(hlcOf(1000, 0xffff), 5), hlcOf(1001, 0));
});

test('stamps order as text as they do in time', () => {
  assert.ok(hlcOf(255, 0) > hlcOf(16, 0xffff));
});
