// Rollups where they lie: minutes in blocks of six hours, hours in blocks of four days. What was sealed last waits in short rows until a block is worth writing.
import { Damaged } from './bytes.ts';
import type { Catalog, SeriesRow } from './catalog.ts';
import {
  type Buckets,
  bucketOf,
  chained,
  coarser,
  emptyBuckets,
  HOUR,
  MINUTE,
  mergeBuckets,
  readBuckets,
  slice,
  writeBuckets,
} from './rollup.ts';

/** The two levels: how long a bucket is, and how long a block of them. */
export const LEVELS = [
  { size: MINUTE, window: 6 * HOUR },
  { size: HOUR, window: 96 * HOUR },
] as const;
const MOST_TAILS = 20;
/** So many buckets at once are a block already. */
const ENOUGH = 120;

export class Rollups {
  private readonly catalog: Catalog;
  private readonly onDamage: (series: SeriesRow, from: number, to: number, why: string) => void;
  /** Minutes of a class up to here are deleted: what comes late cannot be put together with them any more. */
  private readonly deleted: (series: SeriesRow) => number;
  /** Minutes made anew from their samples; as far as there are any. */
  private readonly remade: (series: SeriesRow, from: number, to: number) => Buckets;

  constructor(
    catalog: Catalog,
    deleted: (series: SeriesRow) => number,
    remade: (series: SeriesRow, from: number, to: number) => Buckets,
    onDamage: (series: SeriesRow, from: number, to: number, why: string) => void,
  ) {
    this.catalog = catalog;
    this.deleted = deleted;
    this.remade = remade;
    this.onDamage = onDamage;
  }

  /** Minutes later than any before, but for the first, which may go on where the last one ended. */
  add(series: SeriesRow, minutes: Buckets): void {
    if (minutes.count < ENOUGH && series.tails + 1 < MOST_TAILS) {
      this.catalog.addTail(series.id, writeBuckets(minutes, MINUTE));
      series.tails += 1;
      return;
    }
    const all = chained([this.tails(series), minutes]);
    this.catalog.dropTails(series.id);
    series.tails = 0;
    this.apply(series, all, 'add');
  }

  /** Minutes made anew from their samples. */
  replace(series: SeriesRow, minutes: Buckets): void {
    this.fold(series);
    this.apply(series, minutes, 'replace');
  }

  /** Minutes that only add to what is known: their other samples are deleted. */
  addLate(series: SeriesRow, minutes: Buckets): void {
    this.fold(series);
    this.apply(series, minutes, 'add');
  }

  /** The buckets of a level that begin within. */
  read(series: SeriesRow, level: 0 | 1, from: number, to: number): Buckets {
    const { size } = LEVELS[level];
    const all = this.blocks(series, level, from, to);
    if (series.tails === 0) return within(all, from, to);
    const tails = this.tails(series);
    return within(mergeBuckets(all, level === 0 ? tails : coarser(tails, size), 'add'), from, to);
  }

  private blocks(series: SeriesRow, level: 0 | 1, from: number, to: number): Buckets {
    const { window } = LEVELS[level];
    const parts = this.catalog
      .blocks(series.id, level, bucketOf(from, window), to)
      .map(({ start, body }) => this.unpack(series, level, start, body));
    return chained(parts);
  }

  private fold(series: SeriesRow): void {
    if (series.tails === 0) return;
    const tails = this.tails(series);
    this.catalog.dropTails(series.id);
    series.tails = 0;
    this.apply(series, tails, 'add');
  }

  private tails(series: SeriesRow): Buckets {
    if (series.tails === 0) return emptyBuckets(0);
    return chained(this.catalog.tails(series.id).map((body) => this.unpackTail(series, body)));
  }

  private apply(series: SeriesRow, minutes: Buckets, how: 'add' | 'replace'): void {
    const { window } = LEVELS[0];
    for (let at = 0; at < minutes.count; ) {
      const start = bucketOf(minutes.starts[at] as number, window);
      let end = at + 1;
      while (end < minutes.count && (minutes.starts[end] as number) < start + window) end++;
      const part = slice(minutes, at, end);
      const all = this.merge(series, 0, start, part, how);
      // An hour is made of its minutes, unless these are gone.
      if (start < this.deleted(series)) this.hours(series, coarser(part, HOUR), 'add');
      else this.hours(series, coarser(all, HOUR), 'replace');
      at = end;
    }
  }

  private hours(series: SeriesRow, hours: Buckets, how: 'add' | 'replace'): void {
    // A block of minutes lies within one of hours.
    if (hours.count > 0) this.merge(series, 1, bucketOf(hours.starts[0] as number, LEVELS[1].window), hours, how);
  }

  private merge(series: SeriesRow, level: 0 | 1, start: number, part: Buckets, how: 'add' | 'replace'): Buckets {
    const body = this.catalog.block(series.id, level, start);
    const all = body === undefined ? part : mergeBuckets(this.unpack(series, level, start, body), part, how);
    this.catalog.putBlock(series.id, level, start, writeBuckets(all, LEVELS[level].size));
    return all;
  }

  /** A block that is damaged is made anew from what it was made of. */
  private unpack(series: SeriesRow, level: 0 | 1, start: number, body: Uint8Array): Buckets {
    const { size, window } = LEVELS[level];
    try {
      return readBuckets(body, size);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      this.onDamage(series, start, start + window, error.message);
    }
    if (level === 1) return coarser(within(this.blocks(series, 0, start, start + window), start, start + window), size);
    const minutes = this.remade(series, start, start + window);
    // What waits in short rows is added by whoever reads.
    const tails = this.tails(series);
    return tails.count === 0 ? minutes : within(minutes, start, tails.starts[0] as number);
  }

  private unpackTail(series: SeriesRow, body: Uint8Array): Buckets {
    try {
      return readBuckets(body, MINUTE);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      this.onDamage(series, series.until ?? 0, series.until ?? 0, error.message);
      return emptyBuckets(0);
    }
  }
}

export function within(buckets: Buckets, from: number, to: number): Buckets {
  let first = 0;
  let end = buckets.count;
  while (first < end && (buckets.starts[first] as number) < from) first++;
  while (end > first && (buckets.starts[end - 1] as number) >= to) end--;
  return slice(buckets, first, end);
}
