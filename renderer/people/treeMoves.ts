// Where a place may go: onto which part of which other place it can be dropped, and what that means.
import { below, childrenOf, type PlaceOfTree } from './tree.ts';

/** Under this parent, before this sibling; null: at the top, or last. */
export type Spot = { parent: string | null; before: string | null };
export type Part = 'above' | 'inside' | 'under';

/** Its outer quarters stand for the gaps beside a row, its middle for the place itself. */
export function partOf(fromTop: number, height: number): Part {
  if (fromTop < height / 4) return 'above';
  return fromTop > (height * 3) / 4 ? 'under' : 'inside';
}

/** Undefined where it may not go there, or stands there already. */
export function spotFor(places: readonly PlaceOfTree[], moved: PlaceOfTree, target: PlaceOfTree, part: Part): Spot | undefined {
  if (target.id === moved.id) return undefined;
  const parent = part === 'inside' ? target.id : shownParent(places, target);
  if (!mayHold(places, parent, moved)) return undefined;
  const siblings = childrenOf(places, parent);
  const others = siblings.filter(({ id }) => id !== moved.id);
  const after = part === 'inside' ? others.length : others.findIndex(({ id }) => id === target.id) + (part === 'under' ? 1 : 0);
  const before = others[after]?.id ?? null;
  const index = siblings.findIndex(({ id }) => id === moved.id);
  const staysHere = index >= 0 && (siblings[index + 1]?.id ?? null) === before;
  return staysHere ? undefined : { parent, before };
}

/** Every other parent it may have, the top among them. */
export function parentsFor(places: readonly PlaceOfTree[], moved: PlaceOfTree): (PlaceOfTree | null)[] {
  const present = shownParent(places, moved);
  return [null, ...below(places, null)].filter((parent) => (parent?.id ?? null) !== present && mayHold(places, parent?.id ?? null, moved));
}

/** A system may hold systems, a building may hold both; nothing goes into itself. The station refuses by the same rule. */
function mayHold(places: readonly PlaceOfTree[], parent: string | null, moved: PlaceOfTree): boolean {
  if (parent === null) return true;
  const holder = places.find(({ id }) => id === parent);
  if (holder === undefined || holder.id === moved.id || below(places, moved.id).some(({ id }) => id === parent)) return false;
  return holder.kind === 'building' || moved.kind === 'system';
}

const shownParent = (places: readonly PlaceOfTree[], { parent }: PlaceOfTree) => (places.some(({ id }) => id === parent) ? parent : null);
