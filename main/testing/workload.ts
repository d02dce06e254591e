// Seeded work on a store's shared records, and beside it, kept apart, what they must then hold.
import * as people from '../people/entities.ts';
import type { Entity } from '../store/entities.ts';
import type { Store, Tx } from '../store/index.ts';
import * as watch from '../watch/entities.ts';
import { type Dice, dice } from './dice.ts';
import { author } from './store.ts';

/** A record as code sees it. */
type Values = Record<string, unknown>;
/** What the records must hold, by entity and id. */
export type Expected = Map<Entity, Map<string, Values>>;

const WORDS = ['', 'Hall', 'Größe', '"quoted"', "it's", '🏭', 'a0', 'Zz', '%', '_', '\\', 'line\nbreak', 'null', '0'];

/** Entities with fields of every type, and how to make up a value for each. */
const CASES: { entity: Entity; scope: 'platform' | 'site:s1' | 'user:u1'; fields: Record<string, (with_: Dice) => unknown> }[] = [
  {
    entity: people.place,
    scope: 'site:s1',
    fields: {
      site: () => 's1',
      name: (d) => d.pick(WORDS),
      rank: (d) => d.pick(WORDS),
      parent: (d) => (d.chance(50) ? null : d.pick(WORDS)),
      kind: (d) => d.pick(['building', 'system']),
    },
  },
  {
    entity: people.site,
    scope: 'site:s1',
    fields: {
      name: (d) => d.pick(WORDS),
      workAllowed: (d) => d.chance(50),
      operatorsControl: (d) => d.chance(50),
      quietHours: (d) => d.pick([null, '22:00-06:00']),
      archivedAt: (d) => d.pick([null, 0, -1, Number.MAX_SAFE_INTEGER]),
    },
  },
  {
    entity: people.person,
    scope: 'platform',
    fields: {
      email: (d) => d.pick(WORDS),
      name: (d) => d.pick(WORDS),
      picture: (d) => d.pick([null, 'x']),
      disabledAt: (d) => d.pick([null, 5]),
    },
  },
  {
    entity: watch.notice,
    scope: 'user:u1',
    fields: {
      person: () => 'u1',
      data: (d) => d.pick<unknown>([{}, { a: d.pick(WORDS), b: d.below(100) }, [], null, 'text', 0, true, { deep: [{ er: null }] }]),
      at: (d) => d.below(2 ** 40),
      readAt: (d) => d.pick([null, 0, 1]),
    },
  },
];

const DEFAULTS = (entity: Entity): Values => ({
  ...Object.fromEntries(Object.entries(entity.fields).map(([name, field]) => [name, field.default])),
  deletedAt: null,
});

/** Does `count` changes of one to four steps each, some of them at the same moment, some failing; gives what must be there afterwards. */
export async function work(store: Store, seed: number, count: number, now: () => number): Promise<Expected> {
  const chance = dice(seed);
  const expected: Expected = new Map(CASES.map(({ entity }) => [entity, new Map()]));
  let made = 0;
  for (let done = 0; done < count; ) {
    const atOnce = Math.min(count - done, chance.pick([1, 1, 2, 5]));
    done += atOnce;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        // Decided now, in the order the changes are handed in, which is the order they run in.
        const fails = chance.chance(15);
        const steps: ((tx: Tx) => Promise<unknown>)[] = [];
        const before = fails ? new Map([...expected].map(([entity, rows]) => [entity, new Map(rows)])) : undefined;
        for (let n = chance.below(4); n >= 0; n--) steps.push(step(chance, expected, `${seed}-${made++}`, now));
        if (before) for (const [entity, rows] of before) expected.set(entity, rows);
        const outcome = store.change(author('test.work'), async (tx) => {
          for (const one of steps) await one(tx);
          if (fails) throw new Error('thrown on purpose');
        });
        await outcome.catch((error: Error) => {
          if (!fails) throw error;
        });
      }),
    );
  }
  return expected;
}

/** One step of a change, noted in `expected` as if it were done. */
function step(chance: Dice, expected: Expected, freshId: string, now: () => number): (tx: Tx) => Promise<unknown> {
  const { entity, scope, fields } = chance.pick(CASES);
  const rows = expected.get(entity) as Map<string, Values>;
  const some = (names: string[]) => Object.fromEntries(names.map((name) => [name, fields[name]?.(chance)]));
  const names = chance.shuffled(Object.keys(fields));
  const kind = rows.size === 0 ? 'create' : chance.pick(['create', 'update', 'update', 'update', 'same', 'remove', 'restore']);
  if (kind === 'create') {
    const values = some(names.slice(0, 1 + chance.below(names.length)));
    rows.set(freshId, { ...DEFAULTS(entity), ...values });
    return (tx) => tx.create(entity, freshId, scope, values);
  }
  const id = chance.pick([...rows.keys()]);
  const row = rows.get(id) as Values;
  if (kind === 'update') {
    const values = some(names.slice(0, 1 + chance.below(2)));
    rows.set(id, { ...row, ...values });
    return (tx) => tx.update(entity, id, values);
  }
  if (kind === 'same') {
    const { deletedAt: _, ...same } = row;
    return (tx) => tx.update(entity, id, same);
  }
  if (kind === 'remove') {
    rows.set(id, { ...row, deletedAt: row.deletedAt ?? now() });
    return (tx) => tx.remove(entity, id);
  }
  rows.set(id, { ...row, deletedAt: null });
  return (tx) => tx.restore(entity, id);
}
