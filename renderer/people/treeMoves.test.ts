import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { below, childrenOf, type PlaceOfTree } from './tree.ts';
import { type Part, parentsFor, partOf, spotFor } from './treeMoves.ts';

const place = (id: string, parent: string | null, rank: string, kind: PlaceOfTree['kind'] = 'system'): PlaceOfTree => ({
  id,
  parent,
  rank,
  kind,
  name: id,
  key: id,
});
// hall: heat (boiler, pump), air · yard: (empty) · lost: its parent is gone
const [hall, yard] = [place('hall', null, 'a0', 'building'), place('yard', null, 'a1', 'building')];
const [heat, air] = [place('heat', 'hall', 'a0'), place('air', 'hall', 'a1')];
const [boiler, pump] = [place('boiler', 'heat', 'a0'), place('pump', 'heat', 'a1')];
const lost = place('lost', 'gone', 'a2');
const places = [pump, yard, air, boiler, lost, hall, heat];

test('a place is dropped above, into or under another one', () => {
  const cases: [PlaceOfTree, PlaceOfTree, Part, ReturnType<typeof spotFor>][] = [
    [air, heat, 'above', { parent: 'hall', before: 'heat' }],
    [boiler, pump, 'under', { parent: 'heat', before: null }],
    [boiler, heat, 'above', { parent: 'hall', before: 'heat' }],
    [boiler, heat, 'under', { parent: 'hall', before: 'air' }],
    [pump, air, 'inside', { parent: 'air', before: null }],
    [pump, yard, 'inside', { parent: 'yard', before: null }],
    [heat, lost, 'above', { parent: null, before: 'lost' }],
    [lost, hall, 'above', { parent: null, before: 'hall' }],
    [heat, air, 'under', { parent: 'hall', before: null }],
    [boiler, heat, 'inside', { parent: 'heat', before: null }],
  ];
  for (const [moved, target, part, spot] of cases)
    assert.deepEqual(spotFor(places, moved, target, part), spot, `${moved.id} ${part} ${target.id}`);
});

test('where it may not go, or stands already, nothing is offered', () => {
  const none: [PlaceOfTree, PlaceOfTree, Part][] = [
    [heat, heat, 'inside'],
    [heat, boiler, 'inside'],
    [heat, boiler, 'above'],
    [hall, heat, 'inside'],
    [yard, boiler, 'under'],
    [yard, heat, 'inside'],
    [heat, air, 'above'],
    [pump, boiler, 'under'],
    [pump, heat, 'inside'],
  ];
  for (const [moved, target, part] of none)
    assert.equal(spotFor(places, moved, target, part), undefined, `${moved.id} ${part} ${target.id}`);
});

test('every other parent is offered, in the order of the tree', () => {
  const names = (moved: PlaceOfTree) => parentsFor(places, moved).map((parent) => parent?.id ?? 'top');
  assert.deepEqual(names(heat), ['top', 'air', 'yard', 'lost']);
  assert.deepEqual(names(boiler), ['top', 'hall', 'pump', 'air', 'yard', 'lost']);
  assert.deepEqual(names(hall), ['yard']);
  assert.deepEqual(names(lost), ['hall', 'heat', 'boiler', 'pump', 'air', 'yard']);
});

test('the outer quarters of a row are the gaps beside it', () => {
  assert.deepEqual(
    [0, 9, 10, 20, 30, 31, 40].map((y) => partOf(y, 40)),
    ['above', 'above', 'inside', 'inside', 'inside', 'under', 'under'],
  );
});

test('a drop that is offered never makes a ring, and puts the place where it was dropped', () => {
  const tree = fc.array(fc.record({ parent: fc.nat(9), building: fc.boolean(), rank: fc.constantFrom('a0', 'a1', 'a2') }), {
    minLength: 2,
    maxLength: 9,
  });
  fc.assert(
    fc.property(tree, fc.nat(8), fc.nat(8), fc.constantFrom<Part>('above', 'inside', 'under'), (drawn, a, b, part) => {
      // A parent always stands before its children in the list, so that the tree has no ring to begin with.
      const all = drawn.map(({ parent, building, rank }, n) =>
        place(`p${n}`, parent < n ? `p${parent}` : null, rank, building && parent >= n ? 'building' : 'system'),
      );
      const [moved, target] = [all[a % all.length] as PlaceOfTree, all[b % all.length] as PlaceOfTree];
      const spot = spotFor(all, moved, target, part);
      if (spot === undefined) return;
      assert.ok(spot.parent === null || !below(all, moved.id).some(({ id }) => id === spot.parent));
      const others = childrenOf(all, spot.parent).filter(({ id }) => id !== moved.id);
      const at = spot.before === null ? others.length : others.findIndex(({ id }) => id === spot.before);
      assert.ok(at >= 0);
      if (part === 'above') assert.equal(spot.before, target.id);
      if (part === 'under') assert.equal(others[at - 1]?.id, target.id);
    }),
  );
});
