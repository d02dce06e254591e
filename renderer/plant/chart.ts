// A tag's history as the columns a chart draws: times, least, greatest, mean; nothing where nothing was said.
import type { StationClient } from '../app/calls.ts';

export type History = Awaited<ReturnType<StationClient['plant']['readHistory']>>;
export type Columns = [times: number[], least: Bound[], greatest: Bound[], mean: Bound[]];
type Bound = number | null;

/** Integers beyond 2⁵³ come as text and are drawn as near as a pixel goes; NaN and ±∞ lie on no chart. */
function bound(value: number | string | null): Bound {
  const number = Number(value);
  return value === null || !Number.isFinite(number) ? null : number;
}

export function columnsOf({ points, gaps }: Pick<History, 'points' | 'gaps'>): Columns {
  const rows: [number, Bound, Bound, Bound][] = [
    ...points.map(([time, least, greatest, mean]): [number, Bound, Bound, Bound] => [time, bound(least), bound(greatest), bound(mean)]),
    // Inside of a gap the line is broken.
    ...gaps.map(([from, to]): [number, Bound, Bound, Bound] => [(from + to) / 2, null, null, null]),
  ].sort((a, b) => a[0] - b[0]);
  return [rows.map(([time]) => time), rows.map(([, least]) => least), rows.map(([, , greatest]) => greatest), rows.map((row) => row[3])];
}

/** What the chart shows, for whoever does not see it. */
export function extentOf([, least, greatest]: Columns): { least: number; greatest: number } | undefined {
  const lows = least.filter((one) => one !== null);
  const highs = greatest.filter((one) => one !== null);
  if (lows.length === 0 || highs.length === 0) return undefined;
  return {
    least: lows.reduce((a, b) => Math.min(a, b)),
    greatest: highs.reduce((a, b) => Math.max(a, b)),
  };
}
