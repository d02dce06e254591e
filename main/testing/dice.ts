// Chance that can be repeated: the same seed throws the same numbers. A failing test prints its seed.

export type Dice = {
  /** A whole number from 0 up to, but not with, `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  /** True in `percent` of a hundred. */
  chance(percent: number): boolean;
  shuffled<T>(items: readonly T[]): T[];
  bytes(length: number): Uint8Array;
};

/** mulberry32: small, quick, and good enough to choose what happens next. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    pick: <T>(from: readonly T[]) => from[below(from.length)] as T,
    chance: (percent) => below(100) < percent,
    shuffled: <T>(items: readonly T[]) => {
      const rest = [...items];
      return items.map(() => rest.splice(below(rest.length), 1)[0] as T);
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
