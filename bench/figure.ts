// What a benchmark says: a figure, and what stands beside it, measured in the same run on the same machine.

export type Figure = {
  name: string;
  figure: string;
  value: number;
  unit: string;
  /** What it is compared with: another way to do the same, or a limit. */
  rival: string;
  rivalValue: number;
  /** value / rivalValue. Whether more or less is better follows from the unit. */
  ratio: number;
};

export type Bench = () => Promise<Figure[]>;

export const figure = (name: string, what: string, value: number, unit: string, rival: string, rivalValue: number): Figure => ({
  name,
  figure: what,
  value,
  unit,
  rival,
  rivalValue,
  ratio: value / rivalValue,
});

/** The better of several rounds of each, taken in turns, so that a busy moment of the machine harms both alike. */
export async function bestOfEach(rounds: number, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<[number, number]> {
  let best: [number, number] = [0, 0];
  for (let n = 0; n < rounds; n++) best = [Math.max(best[0], await ours()), Math.max(best[1], await theirs())];
  return best;
}

/** How often a second `work` is done, with so many under way at once. */
export async function perSecond(total: number, atOnce: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let left = total;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await work();
    }),
  );
  return total / ((performance.now() - started) / 1000);
}
