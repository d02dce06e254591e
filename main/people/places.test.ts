// The tree of a site: against a second one kept in plain lists, and where two hands meet in it.
import assert from 'node:assert/strict';
import { Refusal } from '../../contract/errors.ts';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import { station as itself } from '../store/index.ts';
import { onBoth } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { as, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { CAST, OTHER } from '../testing/world.ts';
import { place } from './entities.ts';

type Kind = 'building' | 'system';
type Node = { id: Id; kind: Kind; name: string; key: string; parent: Id | null; removed: boolean };

const manager = (station: TestStation) => as(station, 'siteManager').people;
const codeOf = (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  return error.code;
};

/** The same tree without a database: who lies in whom, in which order. */
class Lists {
  readonly nodes = new Map<Id, Node>();
  private readonly order = new Map<Id | null, Id[]>();

  inside = (parent: Id | null): Id[] => {
    const list = this.order.get(parent) ?? [];
    this.order.set(parent, list);
    return list;
  };
  live = () => [...this.nodes.values()].filter(({ removed }) => !removed);
  branch = (id: Id): Id[] => [id, ...this.inside(id).flatMap(this.branch)];
  freeKey(name: string): string {
    const wanted = name.toLowerCase();
    const taken = new Set(this.live().map(({ key }) => key));
    for (let n = 1; ; n++) {
      const key = n === 1 ? wanted : `${wanted}-${n}`;
      if (!taken.has(key)) return key;
    }
  }
  /** What stands against a place of this kind inside that one. */
  against(parent: Id | null, kind: Kind): 'notFound' | 'conflict' | undefined {
    if (parent === null) return undefined;
    const node = this.nodes.get(parent);
    if (node === undefined || node.removed) return 'notFound';
    return node.kind === 'system' && kind === 'building' ? 'conflict' : undefined;
  }
  put(node: Node, before: Id | null): void {
    const list = this.inside(node.parent);
    list.splice(before === null ? list.length : list.indexOf(before), 0, node.id);
    this.nodes.set(node.id, node);
  }
  takeOut(node: Node): void {
    const list = this.inside(node.parent);
    list.splice(list.indexOf(node.id), 1);
  }
  shown(parent: Id | null = null): unknown[] {
    return this.inside(parent).map((id) => {
      const { kind, name, key } = this.nodes.get(id) as Node;
      return { id, kind, name, key, inside: this.shown(id) };
    });
  }
}

/** What a screen would draw of the answer. */
function drawn(places: { id: Id; parent: Id | null; kind: string; name: string; key: string }[], parent: Id | null = null): unknown[] {
  return places
    .filter((one) => one.parent === parent)
    .map(({ id, kind, name, key }) => ({ id, kind, name, key, inside: drawn(places, id) }));
}

for (const seed of [1, 2])
  onBoth(`whatever is added, moved, renamed and removed, the tree is that of plain lists (seed ${seed})`, async (database) => {
    const station = await openWorld(database);
    const { people } = as(station, 'platformAdmin');
    const { site } = await people.createSite({ organisation: EXAMPLE.organisation, name: 'Works 2' });
    const chance = dice(seed);
    const lists = new Lists();
    const met: Record<string, number> = {};
    const anyNode = () => chance.pick(chance.chance(85) ? lists.live() : [...lists.nodes.values()]);
    // Now and then one of another site.
    const anyParent = () => (lists.nodes.size === 0 || chance.chance(25) ? null : chance.chance(4) ? EXAMPLE.building : anyNode().id);

    for (let step = 0; step < 260; step++) {
      const kind = chance.pick(['building', 'system', 'system'] as const);
      const what = lists.live().length < 4 ? 0 : chance.below(10);
      let expected: string | undefined;
      let said = 'ok';
      const told = (error: unknown) => {
        said = codeOf(error);
        return undefined;
      };
      if (what < 3) {
        const parent = anyParent();
        const name = chance.pick(['Boiler', 'Pump', 'Hall', 'Roof']);
        expected = lists.against(parent, kind);
        const made = await people.createPlace({ site, parent, kind, name }).catch(told);
        if (made && expected === undefined) {
          const key = lists.freeKey(name);
          const known = [...lists.nodes.values()].find((node) => node.key === key && node.kind === kind);
          assert.equal(made.place, known?.id ?? made.place, `step ${step}: the key ${key} is that of a ${kind} that was removed`);
          lists.put({ id: made.place, kind, name, key, parent, removed: false }, null);
        }
      } else if (what < 7) {
        const node = anyNode();
        const { id } = node;
        const parent = anyParent();
        const before = chance.chance(60) ? (chance.pick(lists.inside(parent)) ?? null) : chance.chance(90) ? null : anyNode().id;
        expected = node.removed ? 'notFound' : lists.against(parent, node.kind);
        if (!expected && parent !== null && lists.branch(id).includes(parent)) expected = 'conflict';
        if (!expected && before !== null && (before === id || !lists.inside(parent).includes(before))) expected = 'notFound';
        await people.movePlace({ place: id, parent, before }).catch(told);
        if (!expected) {
          lists.takeOut(node);
          lists.put({ ...node, parent }, before);
        }
      } else if (what < 8) {
        const node = anyNode();
        expected = node.removed ? 'notFound' : undefined;
        await people.removePlace({ place: node.id }).catch(told);
        if (!expected) {
          lists.takeOut(node);
          for (const inner of lists.branch(node.id)) {
            (lists.nodes.get(inner) as Node).removed = true;
            lists.inside(inner).length = 0;
          }
        }
      } else if (what < 9) {
        const node = anyNode();
        expected = node.removed ? 'notFound' : undefined;
        await people.updatePlace({ place: node.id, name: `${node.key} ${step}` }).catch(told);
        if (!expected) node.name = `${node.key} ${step}`;
      } else {
        // As edits made apart leave it: all places of one parent on the same rank, in the order of their ids.
        const list = lists.inside(anyParent());
        await station.store.change(itself('test'), async (tx) => {
          for (const id of list) await tx.update(place, id, { rank: 'a1' });
        });
        list.sort();
      }
      assert.equal(said, expected ?? 'ok', `step ${step}`);
      met[said] = (met[said] ?? 0) + 1;
      const { places } = await people.listPlaces({ site });
      assert.equal(places.length, lists.live().length, `step ${step}`);
      assert.deepEqual(drawn(places), lists.shown(), `step ${step}`);
    }
    for (const code of ['ok', 'conflict', 'notFound']) assert.ok((met[code] ?? 0) > 5, `${code} was hardly met: ${JSON.stringify(met)}`);
    const { places } = await people.listPlaces({ site: EXAMPLE.site });
    assert.deepEqual(places.map(({ id }) => id).sort(), [EXAMPLE.building, EXAMPLE.system].sort(), 'the neighbouring site is as it was');
  });

onBoth('of two places that are moved into each other at the same time one moves, and no ring comes of it', async (database) => {
  const station = await openWorld(database);
  const people = manager(station);
  const [one, two] = await Promise.all(
    ['North', 'South'].map((name) => people.createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name })),
  );
  const ids = [one?.place as Id, two?.place as Id] as const;
  const answers = await Promise.allSettled([
    people.movePlace({ place: ids[0], parent: ids[1], before: null }),
    people.movePlace({ place: ids[1], parent: ids[0], before: null }),
  ]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const { places } = await people.listPlaces({ site: EXAMPLE.site });
  assert.deepEqual(
    ids.map((id) => places.find((one) => one.id === id)?.parent),
    answers[0]?.status === 'fulfilled' ? [ids[1], null] : [null, ids[0]],
  );
});

onBoth('a ring that came of moves made apart is opened by a move, and removed as a whole', async (database) => {
  const station = await openWorld(database);
  const people = manager(station);
  const ring = async () => {
    await station.store.change(itself('test'), async (tx) => {
      await tx.update(place, EXAMPLE.building, { parent: EXAMPLE.system });
      await tx.update(place, EXAMPLE.system, { parent: EXAMPLE.building, kind: 'building' });
    });
  };
  await ring();
  await people.movePlace({ place: EXAMPLE.building, parent: null, before: null });
  const { places } = await people.listPlaces({ site: EXAMPLE.site });
  assert.deepEqual(
    places.map(({ id, parent }) => [id, parent]).sort(),
    [
      [EXAMPLE.building, null],
      [EXAMPLE.system, EXAMPLE.building],
    ].sort(),
  );
  await ring();
  await people.removePlace({ place: EXAMPLE.building });
  assert.deepEqual((await people.listPlaces({ site: EXAMPLE.site })).places, []);
});

onBoth('a place that is removed takes with it what lies inside, keeps its history, and has it again under its key', async (database) => {
  const station = await openWorld(database);
  const people = manager(station);
  await people.removePlace({ place: EXAMPLE.building });
  assert.deepEqual((await people.listPlaces({ site: EXAMPLE.site })).places, []);
  const again = await people.createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name: 'Hall of old', key: 'hall-a' });
  assert.equal(again.place, EXAMPLE.building);
  const { places } = await people.listPlaces({ site: EXAMPLE.site });
  assert.deepEqual(
    places.map(({ id, name, key }) => [id, name, key]),
    [[EXAMPLE.building, 'Hall of old', 'hall-a']],
  );
  const { entries } = await people.history({ entity: 'place', id: EXAMPLE.building });
  const now = station.clock();
  assert.deepEqual(
    entries
      .filter(({ field }) => field === 'deletedAt' || field === 'name')
      .map(({ actor, field, before, after }) => [actor?.name ?? null, field, before, after]),
    [
      ['The siteManager', 'name', 'Hall A', 'Hall of old'],
      ['The siteManager', 'deletedAt', now, null],
      ['The siteManager', 'deletedAt', null, now],
      [null, 'name', null, 'Hall A'],
    ],
  );
});

onBoth('a key that is used at the site is refused, and free at another one', async (database) => {
  const station = await openWorld(database);
  const create = (site: Id, key: string) =>
    as(station, 'platformAdmin').people.createPlace({ site, parent: null, kind: 'building', name: 'X', key });
  await assert.rejects(create(EXAMPLE.site, 'heating'), { code: 'conflict', data: { key: 'heating' } });
  await create(OTHER.site, 'heating');
});

onBoth('who watches the tree hears of each place that was added, moved, re-ranked and removed', async (database) => {
  const station = await openWorld(database);
  const people = manager(station);
  const stream = memoryReader(station, CAST.viewer.token).open('people.places', { site: EXAMPLE.site });
  const shown = new Map<string, { parent: Id | null; rank: string } | null>();
  const settled = async () => {
    const { places } = await people.listPlaces({ site: EXAMPLE.site });
    const wanted = new Map(places.map((one) => [one.id, one]));
    const same = () => {
      const held = [...shown].filter(([, value]) => value !== null);
      return held.length === wanted.size && held.every(([id, value]) => JSON.stringify(value) === JSON.stringify(wanted.get(id)));
    };
    while (!same()) {
      const said = await stream.next();
      assert.equal(said.type, 'values');
      if (said.type !== 'values') return;
      if (said.values.reset) shown.clear();
      for (const [id, value] of said.values.set ?? []) shown.set(id, value as never);
      for (const id of said.values.gone ?? []) shown.delete(id);
    }
  };
  await settled();
  const { place: hall } = await people.createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name: 'Hall B' });
  await settled();
  await people.movePlace({ place: EXAMPLE.system, parent: hall, before: null });
  await settled();
  await people.removePlace({ place: hall });
  await settled();
  assert.deepEqual([...shown.keys()], [EXAMPLE.building]);
});
