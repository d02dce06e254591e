// The tree of a site: buildings and systems, in the order people gave them.
import { generateKeyBetween } from 'fractional-indexing';
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
  id: Id = tx.id(),
): Promise<Id> {
  const rows = await placesOf(inside(tx), input.site);
  mustBeParent(rows, input.parent);
  const siblings = siblingsOf(rows, input.parent);
  await tx.create(place, id, `site:${input.site}`, {
    site: input.site,
    parent: input.parent,
    kind: input.kind,
    name: input.name,
    key: pickKey(input.key, input.name, new Set(rows.map((row) => row.key))),
    rank: generateKeyBetween(siblings.at(-1)?.rank ?? null, null),
  });
  tx.emit({ event: 'people.placesChanged', site: input.site, place: id });
  return id;
}

/** A system may hold systems, a building may hold both; nothing of another site may be a parent. */
function mustBeParent(rows: readonly PlaceRow[], parent: Id | null): void {
  if (parent !== null && !rows.some((row) => row.id === parent))
    throw new Refusal('notFound', 'The place to put it into is not at this site.');
}

/** The place itself and everything below it. */
function branch(rows: readonly PlaceRow[], root: Id): PlaceRow[] {
  const found = rows.filter((row) => row.id === root);
  for (const row of found) found.push(...siblingsOf(rows, row.id));
  return found;
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
        mustBeParent(rows, input.parent);
        if (branch(rows, row.id).some((inner) => inner.id === input.parent))
          throw new Refusal('conflict', 'A place cannot be moved into itself.');
        const siblings = siblingsOf(rows, input.parent).filter((sibling) => sibling.id !== row.id);
        const index = input.before === null ? siblings.length : siblings.findIndex((sibling) => sibling.id === input.before);
        if (index < 0) throw new Refusal('notFound', 'The place it should stand before is not there any more.');
        // Two may share a rank after edits in two places at once: their order is then that of their ids, and nothing fits between.
        const above = siblings[index - 1]?.rank ?? null;
        const below = siblings.slice(index).find((sibling) => above === null || sibling.rank > above)?.rank ?? null;
        await tx.update(place, row.id, { parent: input.parent, rank: generateKeyBetween(above, below) });
        tx.emit({ event: 'people.placesChanged', site: row.site, place: row.id });
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
