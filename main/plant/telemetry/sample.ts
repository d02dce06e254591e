// Samples as people see them, and as columns: what travels between threads, lies in the log and is sealed into chunks.

export const QUALITIES = ['good', 'uncertain', 'bad', 'substituted'] as const;
export type Quality = (typeof QUALITIES)[number];
export type Value = boolean | number | bigint | string | null;

export type Sample = {
  /** Milliseconds since 1970, UTC. */
  time: number;
  value: Value;
  quality: Quality;
  /** Why it is not good: a small text or code. */
  reason?: string;
};

/** What the value of a sample is, and where to find it in the columns. */
export const KIND = {
  /** No value. */
  none: 0,
  number: 1,
  /** 0 or 1 in `values`. */
  boolean: 2,
  /** 64 bits in place of the number; `unsigned` from 2⁶³ on. */
  integer: 3,
  unsigned: 4,
  /** An index into `texts`, in `values`. */
  text: 5,
} as const;
export const QUALITY = { good: 0, uncertain: 1, bad: 2, substituted: 3 } as const;

/** From the best to the worst: a value entered by hand is better than one that was not trusted. */
const RANKS = [0, 2, 3, 1];
export const worse = (a: number, b: number): number => ((RANKS[a] as number) >= (RANKS[b] as number) ? a : b);

/** Samples of one series, column by column. In what this folder makes, times grow from sample to sample. */
export type Columns = {
  count: number;
  times: Float64Array;
  values: Float64Array;
  kinds: Uint8Array;
  quality: Uint8Array;
  /** 0 where there is none, else one more than an index into `texts`. */
  reasons: Uint32Array;
  texts: string[];
};

/** Samples of many series on their way to the store. What is left out is the same for all: numbers, good, without a reason. */
export type Batch = {
  /** Handles given by `series()`. */
  series: Uint32Array<ArrayBuffer>;
  times: Float64Array<ArrayBuffer>;
  values: Float64Array<ArrayBuffer>;
  kinds?: Uint8Array<ArrayBuffer>;
  quality?: Uint8Array<ArrayBuffer>;
  reasons?: Uint32Array<ArrayBuffer>;
  texts?: string[];
};

export const LARGEST_TIME = 8.64e15;
/** More different reasons and texts than this do not fit into one batch. */
export const MOST_TEXTS = 65_534;
export const LONGEST_TEXT = 65_536;

export function emptyColumns(room: number): Columns {
  return {
    count: 0,
    times: new Float64Array(room),
    values: new Float64Array(room),
    kinds: new Uint8Array(room),
    quality: new Uint8Array(room),
    reasons: new Uint32Array(room),
    texts: [],
  };
}

/** The 64 bits of each value, for integers that a number cannot hold. */
export const bitsOf = (values: Float64Array): BigInt64Array => new BigInt64Array(values.buffer, values.byteOffset, values.length);

export function valueAt(columns: Columns, i: number, bits = bitsOf(columns.values)): Value {
  switch (columns.kinds[i]) {
    case KIND.number:
      return columns.values[i] as number;
    case KIND.boolean:
      return columns.values[i] === 1;
    case KIND.integer:
      return bits[i] as bigint;
    case KIND.unsigned:
      return BigInt.asUintN(64, bits[i] as bigint);
    case KIND.text:
      return columns.texts[columns.values[i] as number] as string;
    default:
      return null;
  }
}

export function samplesOf(columns: Columns): Sample[] {
  const bits = bitsOf(columns.values);
  return Array.from({ length: columns.count }, (_, i) => {
    const reason = columns.reasons[i] as number;
    return {
      time: columns.times[i] as number,
      value: valueAt(columns, i, bits),
      quality: QUALITIES[columns.quality[i] as number] as Quality,
      ...(reason > 0 && { reason: columns.texts[reason - 1] as string }),
    };
  });
}

/** Columns of samples in the order given. */
export function columnsOf(samples: readonly Sample[]): Columns {
  const into = new BatchBuilder(samples.length);
  for (const sample of samples) into.add(0, sample);
  const batch = into.take();
  return { ...emptyColumns(0), ...batch, count: samples.length };
}

/** Collects samples into the columns of a batch. */
export class BatchBuilder {
  count = 0;
  private series: Uint32Array<ArrayBuffer>;
  private columns: Columns;
  private readonly places = new Map<string, number>();

  constructor(room = 256) {
    this.series = new Uint32Array(room);
    this.columns = emptyColumns(room);
  }

  add(series: number, { time, value, quality, reason }: Sample): void {
    if (!Number.isInteger(time) || Math.abs(time) > LARGEST_TIME) throw new RangeError(`${time} is not a time in milliseconds.`);
    if (this.count === this.series.length) this.grow();
    const at = this.count;
    const { times, values, kinds, quality: qualities, reasons } = this.columns;
    switch (typeof value) {
      case 'number':
        kinds[at] = KIND.number;
        values[at] = value;
        break;
      case 'boolean':
        kinds[at] = KIND.boolean;
        values[at] = value ? 1 : 0;
        break;
      case 'bigint':
        if (value !== BigInt.asIntN(64, value) && value !== BigInt.asUintN(64, value))
          throw new RangeError(`${value} has more than 64 bits.`);
        kinds[at] = value === BigInt.asIntN(64, value) ? KIND.integer : KIND.unsigned;
        bitsOf(values)[at] = value;
        break;
      case 'string':
        kinds[at] = KIND.text;
        values[at] = this.place(value);
        break;
      default:
        kinds[at] = KIND.none;
        values[at] = 0;
    }
    this.series[at] = series;
    times[at] = time;
    qualities[at] = QUALITY[quality];
    reasons[at] = reason === undefined ? 0 : this.place(reason) + 1;
    this.count = at + 1;
  }

  /** What was collected; the builder begins anew. */
  take(): Required<Batch> {
    const { times, values, kinds, quality, reasons, texts } = this.columns;
    const batch = {
      series: this.series.slice(0, this.count),
      times: times.slice(0, this.count),
      values: values.slice(0, this.count),
      kinds: kinds.slice(0, this.count),
      quality: quality.slice(0, this.count),
      reasons: reasons.slice(0, this.count),
      texts,
    } as Required<Batch>;
    this.count = 0;
    this.columns.texts = [];
    this.places.clear();
    return batch;
  }

  private place(text: string): number {
    if (text.length > LONGEST_TEXT) throw new RangeError(`A text of ${text.length} characters is too long: ${LONGEST_TEXT} at most.`);
    let place = this.places.get(text);
    if (place === undefined) {
      if (this.columns.texts.length >= MOST_TEXTS) throw new RangeError('Too many different texts in one batch.');
      place = this.columns.texts.push(text) - 1;
      this.places.set(text, place);
    }
    return place;
  }

  private grow(): void {
    const room = Math.max(16, this.count * 2);
    const series = new Uint32Array(room);
    series.set(this.series);
    this.series = series;
    const larger = emptyColumns(room);
    larger.times.set(this.columns.times);
    // As bits: a copy as numbers might change the bits of an integer that reads as NaN.
    bitsOf(larger.values).set(bitsOf(this.columns.values));
    larger.kinds.set(this.columns.kinds);
    larger.quality.set(this.columns.quality);
    larger.reasons.set(this.columns.reasons);
    this.columns = { ...larger, texts: this.columns.texts };
  }
}
