// The tree of a site out of its flat list.

export type PlaceOfTree = { id: string; parent: string | null; kind: 'building' | 'system'; name: string; key: string; rank: string };

/**
 * In the order people gave them; of two with the same rank the one with the smaller id comes first, as the station does it.
 * A place whose parent is gone (removed elsewhere at the same time) is shown at the top rather than not at all.
 */
export function childrenOf<P extends PlaceOfTree>(places: readonly P[], parent: string | null): P[] {
  const known = new Set(places.map((place) => place.id));
  return places
    .filter((place) => place.parent === parent || (parent === null && place.parent !== null && !known.has(place.parent)))
    .sort((a, b) => compare(a.rank, b.rank) || compare(a.id, b.id));
}

// By code unit, as the databases do: a language's order would turn 'a0' and 'Zz' round.
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Everything below a place, itself not counted, as it is shown; null: the whole tree. */
export function below<P extends PlaceOfTree>(places: readonly P[], root: string | null): P[] {
  return childrenOf(places, root).flatMap((child) => [child, ...below(places, child.id)]);
}
