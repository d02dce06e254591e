// The tree of a site: buildings and systems, in the order people gave them.
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import type { Kysely, Selectable } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Procedures, StateSource, Station } from '../area.ts';
import type { Tx } from '../store/index.ts';
import { type PeopleTables, place } from './entities.ts';
import { pickKey } from './organisations.ts';

type PlaceRow = Selectable<PeopleTables['places']>;
const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;

const siblingsOf = (rows: readonly PlaceRow[], parent: Id | null) => rows.filter((row) => row.parent === parent);

const placesOf = (db: Kysely<PeopleTables>, site: Id) =>
  db.selectFrom('places').selectAll().where('site', '=', site).where('deletedAt', 'is', null).orderBy('rank').orderBy('id').execute();

const shown = (row: PlaceRow) => ({
  id: row.id,
  site: row.site,
  parent: row.parent,
  kind: row.kind as 'building' | 'system',
  key: row.key,
  name: row.name,
  rank: row.rank,
});

export async function createPlace(
  tx: Tx,
  input: { site: Id; parent: Id | null; kind: 'building' | 'system'; name: string; key?: string | undefined },
): Promise<Id> {
  const rows = await placesOf(inside(tx), input.site);
  mustBeParent(rows, input.parent, input.kind);
  const key = pickKey(input.key, input.name, new Set(rows.map((row) => row.key)));
  const values = {
    site: input.site,
    parent: input.parent,
    kind: input.kind,
    name: input.name,
    key,
    rank: generateKeyBetween(siblingsOf(rows, input.parent).at(-1)?.rank ?? null, null),
  };
  const removed = await removedWithKey(tx, input.site, input.kind, key);
  const id = removed ?? tx.id();
  if (removed === undefined) await tx.create(place, id, `site:${input.site}`, values);
  else {
    await tx.restore(place, id);
    await tx.update(place, id, values);
  }
  tx.emit({ event: 'people.placesChanged', site: input.site, place: id });
  return id;
}

/** The key is what files and addresses know a place by: given again, it is the same place with its history. */
async function removedWithKey(tx: Tx, site: Id, kind: string, key: string): Promise<Id | undefined> {
  const row = await inside(tx)
    .selectFrom('places')
    .select('id')
    .where('site', '=', site)
    .where('kind', '=', kind)
    .where('key', '=', key)
    .where('deletedAt', 'is not', null)
    .orderBy('deletedAt', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row?.id;
}

/** A system may hold systems, a building may hold both; nothing of another site may be a parent. */
function mustBeParent(rows: readonly PlaceRow[], parent: Id | null, kind: string): void {
  if (parent === null) return;
  const row = rows.find((other) => other.id === parent);
  if (row === undefined) throw new Refusal('notFound', 'The place to put it into is not at this site.');
  if (row.kind === 'system' && kind === 'building') throw new Refusal('conflict', 'A building cannot stand inside a system.');
}

/** The place itself and everything below it, once each: two moves made apart may have met in a ring. */
function branch(rows: readonly PlaceRow[], root: Id): PlaceRow[] {
  const found = new Set(rows.filter((row) => row.id === root));
  for (const row of found) for (const inner of siblingsOf(rows, row.id)) found.add(inner);
  return [...found];
}

/** What every act on the tree keeps, for these places of a site after they were put back as they were. */
export async function mustBeATree(tx: Tx, site: Id, touched: ReadonlySet<Id>): Promise<void> {
  const rows = await placesOf(inside(tx), site);
  const known = new Map(rows.map((row) => [row.id, row]));
  const keys = Map.groupBy(rows, ({ key }) => key);
  for (const row of rows) {
    if (row.parent !== null && touched.has(row.parent) && !known.has(row.parent))
      throw new Refusal('conflict', `“${row.name}” stands inside by now.`);
    if (!touched.has(row.id)) continue;
    mustBeParent(rows, row.parent, row.kind);
    const above = new Set([row.id]);
    for (let up = row.parent; up !== null; up = known.get(up)?.parent ?? null) {
      if (above.has(up)) throw new Refusal('conflict', 'A place cannot stand inside itself.');
      above.add(up);
    }
    if ((keys.get(row.key) ?? []).length > 1)
      throw new Refusal('conflict', `The key “${row.key}” is used by another place by now.`, { key: row.key });
  }
}

async function siteOf(tx: Tx, id: Id): Promise<{ row: PlaceRow; rows: PlaceRow[] }> {
  const row = await inside(tx).selectFrom('places').selectAll().where('id', '=', id).where('deletedAt', 'is', null).executeTakeFirst();
  if (row === undefined) throw new Refusal('notFound', 'This place has been removed.');
  return { row, rows: await placesOf(inside(tx), row.site) };
}

export function placeProcedures({
  store,
}: Station): Pick<Procedures<'people'>, 'listPlaces' | 'createPlace' | 'updatePlace' | 'movePlace' | 'removePlace'> {
  return {
    listPlaces: async (input) => ({ places: (await placesOf(store.read as Kysely<PeopleTables>, input.site)).map(shown) }),

    createPlace: (input, { caller }) => store.change(caller.author, async (tx) => ({ place: await createPlace(tx, input) })),

    updatePlace: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const { row } = await siteOf(tx, input.place);
        await tx.update(place, input.place, { name: input.name });
        tx.emit({ event: 'people.placesChanged', site: row.site, place: row.id });
        return {};
      }),

    movePlace: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const { row, rows } = await siteOf(tx, input.place);
        mustBeParent(rows, input.parent, row.kind);
        if (branch(rows, row.id).some((inner) => inner.id === input.parent))
          throw new Refusal('conflict', 'A place cannot be moved into itself.');
        const siblings = siblingsOf(rows, input.parent).filter((sibling) => sibling.id !== row.id);
        const index = input.before === null ? siblings.length : siblings.findIndex((sibling) => sibling.id === input.before);
        if (index < 0) throw new Refusal('notFound', 'The place it should stand before is not there any more.');
        // Two may share a rank after edits in two places at once, and nothing fits between them: those behind are ranked anew.
        const above = siblings[index - 1]?.rank ?? null;
        const tied = siblings.slice(index).filter((sibling) => sibling.rank === above);
        const below = siblings[index + tied.length]?.rank ?? null;
        const ranks = generateNKeysBetween(above, below, 1 + tied.length);
        await tx.update(place, row.id, { parent: input.parent });
        for (const [n, { id }] of [row, ...tied].entries()) {
          await tx.update(place, id, { rank: ranks[n] });
          tx.emit({ event: 'people.placesChanged', site: row.site, place: id });
        }
        return {};
      }),

    removePlace: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const { row, rows } = await siteOf(tx, input.place);
        for (const inner of branch(rows, row.id)) {
          await tx.remove(place, inner.id);
          tx.emit({ event: 'people.placesChanged', site: row.site, place: inner.id });
        }
        return {};
      }),
  };
}

export function placesStream({ store }: Station, site: Id): StateSource<ReturnType<typeof shown>> {
  return {
    async read(keys) {
      const rows = await placesOf(store.read as Kysely<PeopleTables>, site);
      return new Map(rows.filter((row) => keys?.has(row.id) ?? true).map((row) => [row.id, shown(row)]));
    },
    watch: (changed) =>
      store.events.on('people.placesChanged', (event) => {
        if (event.site === site) changed(event.place);
      }),
  };
}
