// The hot log: batches as they came, each a record with a number and a checksum, in segments that go when all of theirs is sealed.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { flushFolderSync } from '../../store/files.ts';
import { AppendFile } from './appendFile.ts';
import { ByteReader, ByteWriter, Damaged } from './bytes.ts';
import { type Batch, KIND } from './sample.ts';

/** “OPTL” */
const MAGIC = 0x4c54504f;
const HEADER_BYTES = 20;

const SMALL = 1 << 20;

/** What a handle in a segment means: it must be read without the catalog. */
export type SeriesName = { tag: string; epoch: number; class: string; period: number };
type Segment = { number: number; file: AppendFile; last: number; named: boolean[] };
/** A batch, its number, and the names of the handles in it as far as they are known. */
type Take = (batch: Required<Batch>, number: number, names: ReadonlyMap<number, SeriesName>) => void;

export type LogDamage = { file: string; at: number; why: string };

export class HotLog {
  /** The number of the last record. */
  last = 0;
  private readonly folder: string;
  private readonly segmentBytes: number;
  private readonly segments: Segment[] = [];
  private readonly out = new ByteWriter();

  constructor(folder: string, segmentBytes: number) {
    this.folder = folder;
    this.segmentBytes = segmentBytes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Reads everything there is, oldest first; what is damaged costs its record alone. A torn last record was never acknowledged. */
  replay(take: Take): LogDamage[] {
    const damage: LogDamage[] = [];
    const numbers = readdirSync(this.folder)
      .filter((name) => /^\d+\.log$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
    for (const [i, number] of numbers.entries()) {
      const file = new AppendFile(this.pathOf(number));
      const segment: Segment = { number, file, last: this.last, named: [] };
      const { whole, faults } = readSegment(readFileSync(file.path), (batch, record, names) => {
        take(batch, record, names);
        this.last = Math.max(this.last, record);
        segment.last = this.last;
      });
      damage.push(...faults.map((fault) => ({ file: file.path, ...fault })));
      if (i === numbers.length - 1 && whole < file.length) file.cut(whole);
      this.segments.push(segment);
    }
    return damage;
  }

  /** Written, though not yet on disk. Throws where it was not. */
  write(batch: Batch, nameOf: (series: number) => SeriesName): number {
    const segment = this.current();
    const number = this.last + 1;
    const { out } = this;
    out.at = HEADER_BYTES;
    const fresh = unnamed(batch.series, segment.named);
    writeNames(out, fresh, nameOf);
    writeBatch(out, batch);
    const end = out.at;
    out.at = 12;
    out.f64(number);
    const sum = crc32(out.bytes.subarray(12, end));
    out.at = 0;
    out.u32(MAGIC);
    out.u32(end);
    out.u32(sum);
    segment.file.append(out.bytes.subarray(0, end));
    for (const series of fresh) segment.named[series] = true;
    this.last = number;
    segment.last = number;
    return number;
  }

  async flush(): Promise<void> {
    const file = this.segments.at(-1)?.file;
    try {
      await file?.flush();
    } catch (error) {
      // What a failed flush leaves in a file is not known: nothing more is written behind it.
      if (file === this.segments.at(-1)?.file) this.begin();
      throw error;
    }
  }

  /** Segments of which every record is older than this one are no longer needed. */
  dropBefore(record: number): void {
    while (this.segments.length > 0) {
      const [oldest] = this.segments as [Segment];
      if (oldest.last >= record) return;
      // The last one stays while it is small: it will be written to.
      if (this.segments.length === 1 && oldest.file.length < SMALL) return;
      oldest.file.close();
      rmSync(oldest.file.path, { force: true });
      this.segments.shift();
    }
  }

  bytes(): number {
    return this.segments.reduce((sum, { file }) => sum + file.length, 0);
  }

  /** The first record that is not in the oldest segment: sealing all before it frees that segment. */
  afterOldest(): number {
    return (this.segments[0]?.last ?? 0) + 1;
  }

  close(): void {
    for (const { file } of this.segments) file.close();
  }

  private pathOf(number: number): string {
    return join(this.folder, `${String(number).padStart(10, '0')}.log`);
  }

  private current(): Segment {
    const last = this.segments.at(-1);
    if (last !== undefined && last.file.length < this.segmentBytes) return last;
    last?.file.flushSync();
    return this.begin();
  }

  private begin(): Segment {
    const number = (this.segments.at(-1)?.number ?? 0) + 1;
    const segment = { number, file: new AppendFile(this.pathOf(number)), last: this.last, named: [] };
    flushFolderSync(this.folder);
    this.segments.push(segment);
    return segment;
  }
}

/** Gives the length up to which the segment is whole. Behind a damaged record the next whole one is looked for. */
function readSegment(bytes: Uint8Array, take: Take): { whole: number; faults: Omit<LogDamage, 'file'>[] } {
  const faults: Omit<LogDamage, 'file'>[] = [];
  let whole = 0;
  let broken: number | undefined;
  const names = new Map<number, SeriesName>();
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const record = readRecord(bytes, at, names);
    if (record === undefined) {
      broken ??= at;
      at += 1;
      continue;
    }
    if (broken !== undefined) faults.push({ at: broken, why: `${at - broken} bytes are damaged` });
    broken = undefined;
    take(record.batch, record.number, names);
    at += record.length;
    whole = at;
  }
  return { whole, faults };
}

function readRecord(
  bytes: Uint8Array,
  at: number,
  names: Map<number, SeriesName>,
): { batch: Required<Batch>; number: number; length: number } | undefined {
  if (bytes[at] !== (MAGIC & 255) || bytes[at + 1] !== ((MAGIC >>> 8) & 255)) return undefined;
  const from = new ByteReader(bytes, at);
  if (from.u32() !== MAGIC) return undefined;
  const length = from.u32();
  if (length < HEADER_BYTES || at + length > bytes.length) return undefined;
  if (from.u32() !== crc32(bytes.subarray(at + 12, at + length))) return undefined;
  const number = from.f64();
  try {
    const record = new ByteReader(bytes.subarray(0, at + length), from.at);
    for (const [series, name] of readNames(record)) names.set(series, name);
    return { batch: readBatch(record), number, length };
  } catch (error) {
    if (error instanceof Damaged) return undefined;
    throw error;
  }
}

// ---- a batch as bytes: columns as they are, or in short where they are all alike

const SAME = 0;
const GROWING = 1;
const SHORT = 2;
const LONG = 3;

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBufferLike>) => new Uint8Array(buffer, byteOffset, byteLength);

/** The series that this segment has not named yet, each once. */
function unnamed(series: Uint32Array, named: readonly boolean[]): number[] {
  const fresh = new Set<number>();
  for (let i = 0; i < series.length; i++) if (named[series[i] as number] !== true) fresh.add(series[i] as number);
  return [...fresh];
}

function writeNames(out: ByteWriter, series: readonly number[], nameOf: (series: number) => SeriesName): void {
  out.varint(series.length);
  for (const one of series) {
    const { tag, epoch, class: className, period } = nameOf(one);
    out.u32(one);
    out.text(tag);
    out.u32(epoch);
    out.text(className);
    out.varint(period);
  }
}

function readNames(from: ByteReader): [number, SeriesName][] {
  const count = from.varint();
  if (count > from.bytes.length) throw new Damaged(`${count} names`);
  return Array.from({ length: count }, (): [number, SeriesName] => {
    const series = from.u32();
    return [series, { tag: from.text(), epoch: from.u32(), class: from.text(), period: from.varint() }];
  });
}

function writeBatch(out: ByteWriter, { series, times, values, kinds, quality, reasons, texts }: Batch): void {
  const count = series.length;
  out.u32(count);
  if (count === 0) return;
  writeSeries(out, series);
  writeTimes(out, times);
  // As numbers only what is one: the bits of an integer may read as any number.
  const numbers = kinds === undefined || kinds.every((kind) => kind !== KIND.integer && kind !== KIND.unsigned);
  const single = numbers && values.every((value) => Math.fround(value) === value);
  out.u8(single ? SHORT : LONG);
  out.raw(bytesOf(single ? Float32Array.from(values) : values));
  writeSmall(out, kinds, KIND.number);
  writeSmall(out, quality, 0);
  const noReasons = reasons === undefined || reasons.every((reason) => reason === 0);
  out.u8(noReasons ? SAME : LONG);
  if (!noReasons) out.raw(bytesOf(reasons));
  out.varint(texts?.length ?? 0);
  for (const text of texts ?? []) out.text(text);
}

function writeSeries(out: ByteWriter, series: Uint32Array): void {
  const first = series[0] as number;
  const step = series.length > 1 ? (series[1] as number) - first : 0;
  const line = (step === 0 || step === 1) && series.every((one, i) => one === first + i * step);
  out.u8(line ? (step === 0 ? SAME : GROWING) : LONG);
  if (line) out.u32(first);
  else out.raw(bytesOf(series));
}

function writeTimes(out: ByteWriter, times: Float64Array): void {
  let least = times[0] as number;
  let most = least;
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    if (time < least) least = time;
    if (time > most) most = time;
  }
  const mode = least === most ? SAME : most - least < 2 ** 32 ? SHORT : LONG;
  out.u8(mode);
  if (mode === LONG) {
    out.raw(bytesOf(times));
    return;
  }
  out.f64(least);
  if (mode === SAME) return;
  const offsets = new Uint32Array(times.length);
  for (let i = 0; i < times.length; i++) offsets[i] = (times[i] as number) - least;
  out.raw(bytesOf(offsets));
}

function writeSmall(out: ByteWriter, column: Uint8Array | undefined, usual: number): void {
  const first = column?.[0] ?? usual;
  const same = column === undefined || column.every((one) => one === first);
  out.u8(same ? SAME : LONG);
  if (same) out.u8(first);
  else out.raw(column);
}

function readBatch(from: ByteReader): Required<Batch> {
  const count = from.u32();
  if (count > from.bytes.length * 1024) throw new Damaged(`${count} samples`);
  const batch: Required<Batch> = {
    series: new Uint32Array(count),
    times: new Float64Array(count),
    values: new Float64Array(count),
    kinds: new Uint8Array(count),
    quality: new Uint8Array(count),
    reasons: new Uint32Array(count),
    texts: [],
  };
  if (count === 0) return batch;
  const mode = from.u8();
  if (mode === LONG) bytesOf(batch.series).set(from.raw(count * 4));
  else {
    const first = from.u32();
    for (let i = 0; i < count; i++) batch.series[i] = mode === GROWING ? first + i : first;
  }
  readTimes(from, batch.times);
  if (from.u8() === SHORT) batch.values.set(new Float32Array(from.raw(count * 4).slice().buffer));
  else bytesOf(batch.values).set(from.raw(count * 8));
  readSmall(from, batch.kinds);
  readSmall(from, batch.quality);
  if (from.u8() === LONG) bytesOf(batch.reasons).set(from.raw(count * 4));
  const texts = from.varint();
  for (let i = 0; i < texts; i++) batch.texts.push(from.text());
  return batch;
}

function readTimes(from: ByteReader, times: Float64Array): void {
  const mode = from.u8();
  if (mode === LONG) {
    bytesOf(times).set(from.raw(times.length * 8));
    return;
  }
  times.fill(from.f64());
  if (mode === SAME) return;
  const offsets = new Uint32Array(from.raw(times.length * 4).slice().buffer);
  for (let i = 0; i < times.length; i++) (times[i] as number) += offsets[i] as number;
}

function readSmall(from: ByteReader, column: Uint8Array): void {
  if (from.u8() === SAME) column.fill(from.u8());
  else column.set(from.raw(column.length));
}
