import assert from 'node:assert/strict';
import { test } from 'node:test';
import { below, childrenOf, type PlaceOfTree } from './tree.ts';

const place = (id: string, parent: string | null, rank: string): PlaceOfTree => ({ id, parent, rank, kind: 'system', name: id, key: id });
const places = [
  place('c', 'a', 'a0'),
  place('a', null, 'a0'),
  place('b', null, 'Zz'),
  place('d', 'a', 'Zz'),
  place('e', 'c', 'a0'),
  place('f', 'a', 'a0'),
];

test('children come in the order of their ranks by code unit, equal ranks by id', () => {
  assert.deepEqual(
    childrenOf(places, null).map(({ id }) => id),
    ['b', 'a'],
  );
  assert.deepEqual(
    childrenOf(places, 'a').map(({ id }) => id),
    ['d', 'c', 'f'],
  );
});

test('below a place is its whole branch without itself', () => {
  assert.deepEqual(
    below(places, 'a').map(({ id }) => id),
    ['d', 'c', 'e', 'f'],
  );
  assert.deepEqual(below(places, 'e'), []);
});

test('a place whose parent is gone is shown at the top', () => {
  assert.deepEqual(
    childrenOf([place('x', 'gone', 'a0'), place('y', null, 'a1')], null).map(({ id }) => id),
    ['x', 'y'],
  );
});
