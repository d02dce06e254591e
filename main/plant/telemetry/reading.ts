// Questions to the store: a chart from the coarsest source that is fine enough, and raw samples page by page.
import type { ChunkRow, SeriesRow } from './catalog.ts';
import type { Damage, Engine } from './engine.ts';
import { gapsOf, Pixels, type Point, Presence, type Span } from './pixels.ts';
import { type Buckets, bucketOf, bucketsOf, coarser, HOUR, MINUTE, mergeBuckets, slice } from './rollup.ts';
import { LEVELS } from './rollups.ts';
import { type Columns, QUALITY } from './sample.ts';
import { joinChunks, within } from './sealed.ts';

export type Question = {
  tag: string;
  /** All of them when left out. */
  epochs?: readonly number[];
  from: number;
  /** Not included. */
  to: number;
  /** Pixels: at most so many points of each epoch. */
  width: number;
  /** Nothing is missing yet after this time. */
  now: number;
};

export type Answer = {
  points: Point[];
  gaps: Span[];
  /** From where on each epoch has samples within the range. */
  epochs: { epoch: number; from: number }[];
  /** The finest source that was read for the middle of the range. */
  source: 'raw' | 'minute' | 'hour';
  /** What could not be read and is missing in the answer. */
  damage: Damage[];
};

/** Buckets in a pixel that make a source fine enough. */
const FINE = 2;

export function answer(engine: Engine, { tag, epochs, from, to, width, now }: Question): Answer {
  const known = new Set(engine.damage.keys());
  const perPixel = (to - from) / width;
  const level = perPixel >= LEVELS[1].size * FINE ? 1 : perPixel >= LEVELS[0].size * FINE ? 0 : undefined;
  const read: { series: SeriesRow; pixels: Pixels; presence: Presence }[] = [];
  for (const series of engine.epochs(tag)) {
    if (epochs !== undefined && !epochs.includes(series.epoch)) continue;
    const pixels = new Pixels(from, to, width);
    const presence = new Presence(series.period);
    const reader = new SeriesReader(engine, series, pixels, presence);
    reader.read(level, from, to, perPixel);
    presence.endBad(to);
    read.push({ series, pixels, presence });
  }
  const period = read.at(-1)?.series.period ?? 0;
  const marks = read.flatMap(({ series, presence }) => {
    const [first] = presence.present;
    return first === undefined ? [] : [{ epoch: series.epoch, from: Math.max(from, first[0]) }];
  });
  const points = read.flatMap(({ series, pixels }) => {
    // Where two epochs share a pixel, the second begins where it does.
    const begins = marks.find(({ epoch }) => epoch === series.epoch)?.from ?? from;
    return pixels.points().map((point): Point => (point[0] < begins ? [begins, point[1], point[2], point[3], point[4]] : point));
  });
  if (read.length > 1) points.sort((a, b) => a[0] - b[0]);
  return {
    points,
    gaps: gapsOf(
      read.map(({ presence }) => presence),
      period,
      from,
      Math.min(to, Math.max(from, now)),
    ),
    epochs: marks,
    source: level === undefined ? 'raw' : level === 0 ? 'minute' : 'hour',
    damage: damageOf(engine, tag, from, to, known),
  };
}

/** Damage within the range, also that was known before. */
function damageOf(engine: Engine, tag: string, from: number, to: number, before: ReadonlySet<string>): Damage[] {
  return [...engine.damage]
    .filter(([key, one]) => one.tag === tag && (!before.has(key) || ((one.from ?? from) < to && (one.to ?? to) >= from)))
    .map(([, one]) => one);
}

class SeriesReader {
  private readonly engine: Engine;
  private readonly series: SeriesRow;
  private readonly pixels: Pixels;
  private readonly presence: Presence;
  private readonly waiting: Columns;

  constructor(engine: Engine, series: SeriesRow, pixels: Pixels, presence: Presence) {
    this.engine = engine;
    this.series = series;
    this.pixels = pixels;
    this.presence = presence;
    this.waiting = engine.pending.read(series.id);
  }

  /** From this source, or where it is deleted from the next coarser one. */
  read(level: 0 | 1 | undefined, from: number, to: number, perPixel: number): void {
    if (level === 1) {
      this.rolledUp(1, from, to, perPixel);
      return;
    }
    const { deleted } = this.series;
    const end =
      level === 0 ? bucketOf(this.engine.minutesDeleted(this.series), HOUR) : deleted === null ? from : bucketOf(deleted, MINUTE) + MINUTE;
    const edge = Math.min(to, Math.max(from, end));
    if (edge > from) this.read(level === 0 ? 1 : 0, from, edge, perPixel);
    if (edge === to) return;
    if (level === 0) this.rolledUp(0, edge, to, perPixel);
    else this.raw(edge, to, perPixel);
  }

  /** Whole buckets in the middle; at both ends the samples, unless these are deleted. */
  private rolledUp(level: 0 | 1, from: number, to: number, perPixel: number): void {
    const { size } = LEVELS[level];
    const { deleted } = this.series;
    const first = bucketOf(from + size - 1, size);
    const end = bucketOf(to, size);
    const begin = deleted !== null && from <= deleted ? bucketOf(from, size) : first;
    const close = deleted !== null && end <= deleted ? bucketOf(to + size - 1, size) : end;
    if (begin >= close) {
      // No whole bucket lies within.
      this.raw(from, to, perPixel);
      return;
    }
    if (begin > from) this.raw(from, begin, perPixel);
    const buckets = this.buckets(level, begin, close);
    this.pixels.addBuckets(buckets);
    this.presence.addBuckets(buckets, size);
    if (close < to) this.raw(close, to, perPixel);
  }

  /** Sealed buckets with what still waits. */
  private buckets(level: 0 | 1, from: number, to: number): Buckets {
    const { size } = LEVELS[level];
    const sealed = this.engine.rollups.read(this.series, level, from, to);
    const waiting = within(this.waiting, from, to);
    if (waiting.count === 0) return sealed;
    const [first, last] = [waiting.times[0] as number, waiting.times[waiting.count - 1] as number];
    if (this.series.until === null || first > this.series.until) return mergeBuckets(sealed, bucketsOf(waiting, size), 'add');
    // Some may take the place of sealed ones: those minutes are made from samples, all of them.
    let buckets = sealed;
    const touched = bucketsOf(waiting, LEVELS[0].size);
    for (let at = 0; at < touched.count; ) {
      let stop = at + 1;
      while (stop < touched.count && (touched.starts[stop] as number) - (touched.starts[stop - 1] as number) <= size) stop++;
      const begin = Math.max(from, bucketOf(touched.starts[at] as number, size));
      const end = bucketOf(touched.starts[stop - 1] as number, size) + size;
      at = stop;
      if (begin > last || end <= first) continue;
      const { deleted } = this.series;
      if (deleted !== null && begin <= deleted) buckets = mergeBuckets(buckets, bucketsOf(within(waiting, begin, end), size), 'add');
      else {
        const rows = this.engine.catalog.overlapping(this.series, begin, end);
        const minutes = bucketsOf(joinChunks(this.engine, rows, begin, end, [this.waiting]), LEVELS[0].size);
        buckets = mergeBuckets(buckets, level === 0 ? minutes : coarser(minutes, size), 'replace');
      }
    }
    return (buckets.starts[buckets.count - 1] as number) >= to ? slice(buckets, 0, buckets.count - 1) : buckets;
  }

  /** From samples. A chunk that falls into one pixel and shares its time with no other is taken by its header. */
  private raw(from: number, to: number, perPixel: number): void {
    const rows = this.engine.catalog.overlapping(this.series, from, to);
    const waiting = within(this.waiting, from, to);
    for (const group of groupsOf(rows, waiting)) {
      const [only] = group.rows as [ChunkRow];
      if (group.rows.length === 1 && group.waiting === undefined && this.byHeader(only, from, to, perPixel)) continue;
      const columns = joinChunks(this.engine, group.rows, from, to, group.waiting === undefined ? [] : [group.waiting]);
      this.pixels.addSamples(columns);
      this.presence.addSamples(columns);
    }
  }

  private byHeader(row: ChunkRow, from: number, to: number, perPixel: number): boolean {
    const { period } = this.series;
    if (row.from < from || row.to >= to || this.pixels.at(row.from) !== this.pixels.at(row.to)) return false;
    // A break within would have to show.
    const slack = row.to - row.from - (row.count - 1) * period;
    if (row.worst === QUALITY.bad || row.n !== row.count || (period > 0 && slack > period) || perPixel < row.to - row.from) return false;
    this.pixels.add(row.from, row.n, row.min, row.max, row.sum);
    this.presence.seen(row.from, row.to);
    return true;
  }
}

/** Chunks that share a time belong together, and so does what waits. In order of time. */
function groupsOf(rows: readonly ChunkRow[], waiting: Columns): { rows: ChunkRow[]; waiting?: Columns }[] {
  const groups: { rows: ChunkRow[]; waiting?: Columns; from: number; to: number }[] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last !== undefined && row.from <= last.to) {
      last.rows.push(row);
      last.to = Math.max(last.to, row.to);
    } else groups.push({ rows: [row], from: row.from, to: row.to });
  }
  if (waiting.count === 0) return groups;
  const [first, end] = [waiting.times[0] as number, waiting.times[waiting.count - 1] as number];
  const touching = groups.filter((group) => group.from <= end && group.to >= first);
  const together = {
    rows: touching.flatMap((group) => group.rows),
    waiting,
    from: Math.min(first, ...touching.map((group) => group.from)),
    to: end,
  };
  return [...groups.filter((group) => !touching.includes(group)), together].sort((a, b) => a.from - b.from);
}

// ---- raw, page by page

export type PageQuestion = { series: number; from: number; to: number; most: number };
export type Page = { columns: Columns /** Where the next page begins; undefined behind the last one. */; next: number | undefined };

/** About so many samples from a time on; never a part of those at one time. */
export function page(engine: Engine, series: SeriesRow, { from, to, most }: Omit<PageQuestion, 'series'>): Page {
  const waiting = within(engine.pending.read(series.id), from, to);
  // Until there are enough samples in chunks that begin before the next one does.
  const rows: ChunkRow[] = [];
  let until = to;
  let samples = 0;
  let begun = from;
  for (const row of engine.catalog.overlappingOneByOne(series, from, to)) {
    if (samples >= most && row.from > begun) {
      until = row.from;
      break;
    }
    rows.push(row);
    samples += row.count;
    begun = Math.max(begun, row.from);
  }
  const columns = joinChunks(engine, rows, from, until, [waiting]);
  if (columns.count <= most) return { columns, next: until < to ? until : undefined };
  return { columns: within(columns, from, columns.times[most] as number), next: columns.times[most] as number };
}
