// From buckets and samples to the columns of a chart. Pure. The least and the greatest of a range are always among the points.
import type { Buckets } from './rollup.ts';
import { countedValues } from './rollup.ts';
import { type Columns, QUALITY } from './sample.ts';

/** Time, least, greatest, mean, and of how many samples. */
export type Point = [t: number, min: number, max: number, mean: number, n: number];
export type Span = [from: number, to: number];

/** A value later than so many periods after the one before is missing. */
export const MISSING_AFTER = 2.5;

export class Pixels {
  private readonly from: number;
  private readonly width: number;
  private readonly perPixel: number;
  private readonly n: Float64Array;
  private readonly min: Float64Array;
  private readonly max: Float64Array;
  private readonly sum: Float64Array;

  constructor(from: number, to: number, width: number) {
    this.from = from;
    this.width = width;
    this.perPixel = (to - from) / width;
    this.n = new Float64Array(width);
    this.min = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
    this.max = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
    this.sum = new Float64Array(width);
  }

  /** A bucket that began before the range belongs to the first pixel. */
  at(time: number): number {
    const pixel = Math.floor((time - this.from) / this.perPixel);
    return pixel < 0 ? 0 : pixel >= this.width ? this.width - 1 : pixel;
  }

  add(time: number, n: number, min: number, max: number, sum: number): void {
    if (n === 0) return;
    const pixel = this.at(time);
    (this.n[pixel] as number) += n;
    (this.sum[pixel] as number) += sum;
    if (min < (this.min[pixel] as number)) this.min[pixel] = min;
    if (max > (this.max[pixel] as number)) this.max[pixel] = max;
  }

  addBuckets({ count, starts, n, min, max, sum }: Buckets): void {
    for (let i = 0; i < count; i++) this.add(starts[i] as number, n[i] as number, min[i] as number, max[i] as number, sum[i] as number);
  }

  addSamples(columns: Columns): void {
    const values = countedValues(columns);
    for (let i = 0; i < columns.count; i++) {
      const value = values[i] as number;
      if (!Number.isNaN(value)) this.add(columns.times[i] as number, 1, value, value, value);
    }
  }

  points(): Point[] {
    const points: Point[] = [];
    for (let pixel = 0; pixel < this.width; pixel++) {
      const n = this.n[pixel] as number;
      if (n === 0) continue;
      const [min, max] = [this.min[pixel] as number, this.max[pixel] as number];
      // Rounding must not carry a mean out of its band.
      const mean = Math.min(max, Math.max(min, (this.sum[pixel] as number) / n));
      points.push([Math.round(this.from + pixel * this.perPixel), min, max, mean, n]);
    }
    return points;
  }
}

/** Times at which something came, and times at which it was bad; fed in order of time. */
export class Presence {
  readonly present: Span[] = [];
  readonly bad: Span[] = [];
  private readonly period: number;
  private badFrom: number | undefined;

  constructor(period: number) {
    this.period = period;
  }

  /** Measured from one time to another, without a break. */
  seen(from: number, to: number): void {
    this.endBad(from);
    this.came(from, to);
  }

  /** Something came, and was bad: so it is from here until something is measured again. */
  unseen(from: number, to: number): void {
    this.badFrom ??= from;
    this.came(from, to);
  }

  private came(from: number, to: number): void {
    const last = this.present.at(-1);
    if (last !== undefined && (this.period === 0 || from - last[1] <= this.period * MISSING_AFTER)) last[1] = Math.max(last[1], to);
    else this.present.push([from, to]);
  }

  endBad(at: number): void {
    if (this.badFrom !== undefined && at > this.badFrom) this.bad.push([this.badFrom, at]);
    this.badFrom = undefined;
  }

  addBuckets({ count, starts, n, bad }: Buckets, size: number): void {
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number;
      if ((n[i] as number) > 0) this.seen(start, start + size);
      else if ((bad[i] as number) > 0) this.unseen(start, start + size);
    }
  }

  addSamples(columns: Columns): void {
    for (let i = 0; i < columns.count; i++) {
      const time = columns.times[i] as number;
      if (columns.quality[i] === QUALITY.bad) this.unseen(time, time);
      else this.seen(time, time);
    }
  }
}

/** What lies between the times of presence, where it is long enough, and what was bad. */
export function gapsOf(presences: readonly Presence[], period: number, from: number, to: number): Span[] {
  const gaps = presences.flatMap(({ bad }) => bad);
  if (period > 0) {
    const present = presences.flatMap((one) => one.present).sort((a, b) => a[0] - b[0]);
    let until = from;
    for (const [begin, end] of [...present, [to, to] as Span]) {
      if (begin - until > period * MISSING_AFTER) gaps.push([until, begin]);
      until = Math.max(until, end);
    }
  }
  const within = gaps.map(([a, b]): Span => [Math.max(a, from), Math.min(b, to)]).filter(([a, b]) => b > a);
  const joined: Span[] = [];
  for (const gap of within.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && gap[0] < last[1]) last[1] = Math.max(last[1], gap[1]);
    else joined.push([...gap]);
  }
  return joined;
}
