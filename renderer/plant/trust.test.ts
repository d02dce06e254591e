// A value that is not good never looks good.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CurrentValue } from '../../contract/plant.ts';
import { trustOf, written } from './trust.ts';

const good: CurrentValue = { tag: 'a', time: 10_000, value: 1, quality: 'good' };
const seen = { scan: '500ms', now: 10_500, contact: true, say: (own: string) => own };

test('what the station says counts', () => {
  assert.deepEqual(trustOf(good, seen), { quality: 'good', reason: undefined });
  assert.deepEqual(trustOf({ ...good, quality: 'bad', reason: 'no answer' }, seen), { quality: 'bad', reason: 'no answer' });
  assert.deepEqual(trustOf({ ...good, quality: 'substituted' }, seen), { quality: 'substituted', reason: undefined });
});

test('a value grows old on the screen though nobody says so, at three missed readings and a second', () => {
  assert.equal(trustOf(good, { ...seen, now: 12_500 }).quality, 'good');
  assert.deepEqual(trustOf(good, { ...seen, now: 12_501 }), { quality: 'uncertain', reason: 'stale' });
  assert.equal(trustOf(good, { ...seen, scan: '1m', now: 180_000 }).quality, 'good');
});

test('without contact nothing is good, and what is bad stays bad', () => {
  assert.deepEqual(trustOf(good, { ...seen, contact: false }), { quality: 'uncertain', reason: 'lost' });
  assert.equal(trustOf({ ...good, quality: 'bad' }, { ...seen, contact: false }).quality, 'bad');
  assert.deepEqual(trustOf(undefined, seen), { quality: 'uncertain', reason: 'waiting' });
});

test('values are written as people read them', () => {
  assert.equal(written(null, null), '–');
  assert.equal(written(1, { '1': 'running' }), 'running');
  assert.equal(written(true, { true: 'open' }), 'open');
  assert.equal(written(0.10000000149011612, null), '0.1');
  assert.equal(written(123456789012, null), '123456789012');
  assert.equal(written('1152921504606846977', null), '1152921504606846977');
});
