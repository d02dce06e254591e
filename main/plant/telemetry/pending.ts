// Samples that are in the log and not yet in a chunk: one pool of small blocks, a chain of them for each series.
import { type Batch, bitsOf, type Columns, emptyColumns, KIND } from './sample.ts';

const BLOCK = 32;
const NONE = -1;

type Chain = {
  head: number;
  tail: number;
  count: number;
  /** The first record of the log that holds any of them. */
  record: number;
  first: number;
  last: number;
  /** Values that are texts, and reasons. */
  texts: string[];
  places?: Map<string, number>;
};

export class Pending {
  total = 0;
  /** By series: handles are small and dense. */
  private readonly chains: (Chain | undefined)[] = [];
  private pool: Columns = emptyColumns(1 << 14);
  private bits = bitsOf(this.pool.values);
  private next = new Int32Array(this.pool.times.length / BLOCK);
  private free = NONE;
  private used = 0;

  /** Takes a batch over; tells of each series that has reached so many. */
  add(
    batch: Batch,
    record: number,
    full: number,
    onFull: (series: number) => void,
    /** Which series are taken; all of them without it. */
    wanted?: (series: number) => boolean,
  ): void {
    const { series, times, values, kinds, quality, reasons } = batch;
    const bits = bitsOf(values);
    let chain: Chain | undefined;
    let of = NONE;
    const plain = reasons === undefined && (kinds === undefined || kinds.every((kind) => kind <= KIND.boolean));
    for (let i = 0; i < series.length; i++) {
      if (series[i] !== of) {
        of = series[i] as number;
        chain = wanted === undefined || wanted(of) ? (this.chains[of] ?? this.chainOf(of, record)) : undefined;
      }
      if (chain === undefined) continue;
      const time = times[i] as number;
      const at = this.place(chain);
      this.pool.times[at] = time;
      if (plain) {
        this.pool.values[at] = values[i] as number;
        this.pool.kinds[at] = kinds === undefined ? KIND.number : (kinds[i] as number);
        this.pool.reasons[at] = 0;
      } else this.addWhole(chain, at, batch, bits, i);
      this.pool.quality[at] = quality === undefined ? 0 : (quality[i] as number);
      if (time < chain.first) chain.first = time;
      if (time > chain.last) chain.last = time;
      chain.count += 1;
      if (chain.count % full === 0) onFull(of);
    }
  }

  private addWhole(chain: Chain, at: number, { values, kinds, reasons, texts }: Batch, bits: BigInt64Array, i: number): void {
    const { pool } = this;
    const kind = kinds === undefined ? KIND.number : (kinds[i] as number);
    if (kind === KIND.text) pool.values[at] = placeOf(chain, texts?.[values[i] as number] ?? '');
    else if (kind === KIND.integer || kind === KIND.unsigned) this.bits[at] = bits[i] as bigint;
    else pool.values[at] = values[i] as number;
    pool.kinds[at] = kind;
    const reason = reasons === undefined ? 0 : (reasons[i] as number);
    pool.reasons[at] = reason === 0 ? 0 : placeOf(chain, texts?.[reason - 1] ?? '') + 1;
  }

  counts(series: number): number {
    return this.chains[series]?.count ?? 0;
  }

  /** The first and the last time of what waits of a series. */
  span(series: number): { first: number; last: number } | undefined {
    return this.chains[series];
  }

  /** What waits of a series, in order of time; of two at one time the later one. Columns given must be long enough. */
  read(series: number, into = emptyColumns(this.counts(series))): Columns {
    const chain = this.chains[series];
    if (chain === undefined) return emptyColumns(0);
    into.texts = chain.texts;
    // In halves: as a number the bits of an integer might change, and as BigInts they would each be an object.
    const halves = new Uint32Array(into.values.buffer);
    const ownHalves = new Uint32Array(this.pool.values.buffer);
    const { times, kinds, quality, reasons } = this.pool;
    let at = 0;
    for (let block = chain.head; at < chain.count; block = this.next[block] as number) {
      const end = block * BLOCK + Math.min(BLOCK, chain.count - at);
      for (let from = block * BLOCK; from < end; from++, at++) {
        into.times[at] = times[from] as number;
        halves[at * 2] = ownHalves[from * 2] as number;
        halves[at * 2 + 1] = ownHalves[from * 2 + 1] as number;
        into.kinds[at] = kinds[from] as number;
        into.quality[at] = quality[from] as number;
        into.reasons[at] = reasons[from] as number;
      }
    }
    into.count = chain.count;
    return inOrder(into);
  }

  /** Forgets a series: it is sealed. */
  release(series: number): void {
    const chain = this.chains[series];
    if (chain === undefined) return;
    this.next[chain.tail] = this.free;
    this.free = chain.head;
    this.total -= chain.count;
    this.chains[series] = undefined;
  }

  /** Every series with samples that wait. */
  series(): number[] {
    return this.waiting().map(([series]) => series);
  }

  /** Those with samples in a record older than this one. */
  olderThan(record: number): number[] {
    return this.waiting()
      .filter(([, chain]) => chain.record < record)
      .map(([series]) => series);
  }

  /** The series with the most samples, as many as it takes to have so many of them. */
  longest(samples: number): number[] {
    const longest = this.waiting().sort(([, a], [, b]) => b.count - a.count);
    let sum = 0;
    return longest
      .filter(([, { count }]) => {
        const wanted = sum < samples;
        sum += count;
        return wanted;
      })
      .map(([series]) => series);
  }

  /** The oldest record that is still needed; infinite where none is. */
  oldestRecord(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const chain of this.chains) if (chain !== undefined && chain.record < oldest) oldest = chain.record;
    return oldest;
  }

  private waiting(): [number, Chain][] {
    return this.chains.flatMap((chain, series): [number, Chain][] => (chain === undefined ? [] : [[series, chain]]));
  }

  private chainOf(series: number, record: number): Chain {
    let chain = this.chains[series];
    if (chain === undefined) {
      chain = {
        head: NONE,
        tail: NONE,
        count: 0,
        record,
        first: Number.POSITIVE_INFINITY,
        last: Number.NEGATIVE_INFINITY,
        texts: [],
      };
      // Without holes, which would make an array of this kind slow.
      while (this.chains.length <= series) this.chains.push(undefined);
      this.chains[series] = chain;
    }
    return chain;
  }

  private place(chain: Chain): number {
    const inBlock = chain.count % BLOCK;
    if (inBlock === 0) {
      const block = this.takeBlock();
      if (chain.head === NONE) chain.head = block;
      else this.next[chain.tail] = block;
      chain.tail = block;
    }
    this.total += 1;
    return chain.tail * BLOCK + inBlock;
  }

  private takeBlock(): number {
    if (this.free !== NONE) {
      const block = this.free;
      this.free = this.next[block] as number;
      this.next[block] = NONE;
      return block;
    }
    if (this.used === this.next.length) this.grow();
    this.next[this.used] = NONE;
    return this.used++;
  }

  private grow(): void {
    const larger = emptyColumns(this.pool.times.length * 2);
    larger.times.set(this.pool.times);
    const bits = bitsOf(larger.values);
    bits.set(this.bits);
    larger.kinds.set(this.pool.kinds);
    larger.quality.set(this.pool.quality);
    larger.reasons.set(this.pool.reasons);
    this.pool = larger;
    this.bits = bits;
    const next = new Int32Array(this.next.length * 2);
    next.set(this.next);
    this.next = next;
  }
}

function placeOf(chain: Chain, text: string): number {
  // Most series have neither texts nor reasons.
  chain.places ??= new Map();
  let place = chain.places.get(text);
  if (place === undefined) {
    place = chain.texts.push(text) - 1;
    chain.places.set(text, place);
  }
  return place;
}

/** In order of time, and of those at one time the last. The columns themselves where they are so already. */
export function inOrder(columns: Columns): Columns {
  const { count, times } = columns;
  let ordered = true;
  for (let i = 1; i < count && ordered; i++) ordered = (times[i] as number) > (times[i - 1] as number);
  if (ordered) return columns;
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  return pick(
    columns,
    order.filter((one, i) => i === count - 1 || times[order[i + 1] as number] !== times[one]),
  );
}

export function pick(columns: Columns, places: Uint32Array): Columns {
  const into = emptyColumns(places.length);
  const [bits, from] = [bitsOf(into.values), bitsOf(columns.values)];
  for (let i = 0; i < places.length; i++) {
    const at = places[i] as number;
    into.times[i] = columns.times[at] as number;
    bits[i] = from[at] as bigint;
    into.kinds[i] = columns.kinds[at] as number;
    into.quality[i] = columns.quality[at] as number;
    into.reasons[i] = columns.reasons[at] as number;
  }
  into.count = places.length;
  into.texts = columns.texts;
  return into;
}

/** A part of columns, which stays shared with them. */
export function part(columns: Columns, from: number, to: number): Columns {
  return {
    count: to - from,
    times: columns.times.subarray(from, to),
    values: columns.values.subarray(from, to),
    kinds: columns.kinds.subarray(from, to),
    quality: columns.quality.subarray(from, to),
    reasons: columns.reasons.subarray(from, to),
    texts: columns.texts,
  };
}

/** The first place whose time is not before this one. */
export function placeAt({ count, times }: Columns, time: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Several columns as one, in order of time; of two at one time the one of the later part. */
export function joined(parts: readonly Columns[]): Columns {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const into = emptyColumns(parts.reduce((sum, one) => sum + one.count, 0));
  const bits = bitsOf(into.values);
  for (const one of parts) {
    const at = into.count;
    const before = into.texts.length;
    into.times.set(one.times.subarray(0, one.count), at);
    bits.set(bitsOf(one.values).subarray(0, one.count), at);
    into.kinds.set(one.kinds.subarray(0, one.count), at);
    into.quality.set(one.quality.subarray(0, one.count), at);
    into.reasons.set(one.reasons.subarray(0, one.count), at);
    if (one.texts.length > 0) {
      for (const text of one.texts) into.texts.push(text);
      for (let i = at; i < at + one.count; i++) {
        if (into.kinds[i] === KIND.text) (into.values[i] as number) += before;
        if (into.reasons[i] !== 0) (into.reasons[i] as number) += before;
      }
    }
    into.count = at + one.count;
  }
  return inOrder(into);
}
