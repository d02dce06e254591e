// Samples out of chunks, as one row in order of time. Of two at one time counts the one of the later chunk: by incarnation, then by number.
import type { ChunkRow, SeriesRow } from './catalog.ts';
import type { Engine } from './engine.ts';
import { joined, part, placeAt } from './pending.ts';
import type { Columns } from './sample.ts';

export const byIdentity = (a: ChunkRow, b: ChunkRow): number =>
  a.incarnation < b.incarnation ? -1 : a.incarnation > b.incarnation ? 1 : a.sequence - b.sequence;

/** What is sealed of a series from a time up to, but not with, another. */
export function readSealed(engine: Engine, series: SeriesRow, from: number, to: number): Columns {
  return joinChunks(engine, engine.catalog.overlapping(series, from, to), from, to);
}

export function joinChunks(engine: Engine, rows: readonly ChunkRow[], from: number, to: number, after: readonly Columns[] = []): Columns {
  const parts = rows
    .toSorted(byIdentity)
    .map((row) => engine.samplesOf(row))
    .filter((one) => one !== undefined);
  return joined([...parts, ...after].map((one) => within(one, from, to)).filter(({ count }) => count > 0));
}

export function within(columns: Columns, from: number, to: number): Columns {
  const first = placeAt(columns, from);
  const end = placeAt(columns, to);
  return first === 0 && end === columns.count ? columns : part(columns, first, Math.max(first, end));
}
