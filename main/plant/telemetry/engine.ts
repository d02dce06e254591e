// The telemetry store on its thread: samples into the log, from the log into chunks and rollups. Reading is in reading.ts, retention in retention.ts.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../../../contract/errors.ts';
import { Damaged } from './bytes.ts';
import type { Catalog, ChunkRow, SeriesRow } from './catalog.ts';
import { decodeChunk, encodeChunk, type Header, type Identity, isUuid, mustAgree, type Summary, summaryOf } from './chunk.ts';
import { ChunkFiles } from './chunkFiles.ts';
import { HotLog, type SeriesName } from './log.ts';
import { Pending, part, placeAt } from './pending.ts';
import { openOrReplace, rebuild } from './rebuild.ts';
import { type Buckets, bucketOf, bucketsOf, MINUTE, slice } from './rollup.ts';
import { LEVELS, Rollups } from './rollups.ts';
import { type Batch, type Columns, emptyColumns, KIND, LARGEST_TIME } from './sample.ts';
import { readSealed } from './sealed.ts';

export type EngineOptions = {
  folder: string;
  /** The present life of the station: with a number it names a chunk everywhere. */
  incarnation: string;
  /** Samples in a chunk, where they come often enough. */
  chunkSamples?: number;
  /** Samples of all series that may wait in memory for their chunk to fill. */
  waitingSamples?: number;
  logBytes?: number;
  segmentBytes?: number;
  fileBytes?: number;
};

export type SeriesWanted = {
  tag: string;
  epoch: number;
  /** Of retention. */
  class?: string;
  /** What is expected between two samples, in ms; 0 where they come as they please. */
  period?: number;
};

export type Damage = {
  what: 'chunk' | 'log' | 'rollup' | 'catalog';
  /** Where it lies: a chunk by its incarnation and number, or by its file where that is all that is known. */
  name: string;
  tag?: string;
  epoch?: number;
  from?: number;
  to?: number;
  why: string;
};

export const USUAL_CLASS = 'standard';
const USUAL = { chunkSamples: 1_024, waitingSamples: 4_000_000, logBytes: 128 << 20, segmentBytes: 16 << 20, fileBytes: 16 << 20 };
/** Samples that are sealed in one transaction. */
const SEALED_AT_ONCE = 256 * 1_024;
/** A chunk does not reach over a longer silence. */
const LONGEST_SILENCE = 7 * 86_400_000;
/** Runs of late minutes that are nearer to each other are read as one. */
const NEAR = 6 * 3_600_000;
const SCRATCH = 4_096;
const RETRY_MS = 2_000;
const MOST_DAMAGE = 1_000;

type Part = { series: SeriesRow; minutes: Buckets; summary: Summary; identity: Identity; bytes: Uint8Array };
type Placed = Part & { file: number; place: number };

export class Engine {
  readonly catalog: Catalog;
  readonly files: ChunkFiles;
  readonly rollups: Rollups;
  readonly pending = new Pending();
  readonly log: HotLog;
  readonly damage = new Map<string, Damage>();
  /** Why sealing does not go on, until it does. */
  trouble: unknown;
  private readonly options: Required<EngineOptions>;
  private readonly rows = new Map<number, SeriesRow>();
  /** By handle, of which every one in a batch is looked up. */
  private readonly handles: boolean[] = [];
  private readonly byTag = new Map<string, SeriesRow[]>();
  private readonly ready = new Set<number>();
  private readySamples = 0;
  /** What is being sealed: columns made anew for every chunk would keep the collector busy. */
  private readonly scratch = emptyColumns(SCRATCH);
  private sequence: number;
  private notBefore = 0;

  constructor(options: EngineOptions) {
    if (!isUuid(options.incarnation)) throw new Error(`${options.incarnation} is not an incarnation.`);
    this.options = { ...USUAL, ...options };
    const { folder, segmentBytes, fileBytes } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { catalog, why } = openOrReplace(folder);
    this.catalog = catalog;
    for (const row of this.catalog.allSeries()) this.know(row);
    this.files = new ChunkFiles(join(folder, 'chunks'), this.catalog, fileBytes);
    this.rollups = new Rollups(
      this.catalog,
      (series) => this.minutesDeleted(series),
      (series, from, to) => bucketsOf(readSealed(this, series, from, to), MINUTE),
      (series, from, to, why) =>
        this.report({ what: 'rollup', name: `${series.tag} ${from}`, tag: series.tag, epoch: series.epoch, from, to, why }),
    );
    this.log = new HotLog(join(folder, 'hot'), segmentBytes);
    if (why !== undefined) {
      this.report({ what: 'catalog', name: 'catalog.db', why });
      rebuild(this, join(folder, 'chunks'));
    }
    this.sequence = this.catalog.lastSequence(options.incarnation);
    this.replay();
  }

  // ---- series

  /** Handles, in the order asked for; what is new or changed is written. */
  series(wanted: readonly SeriesWanted[]): number[] {
    for (const { tag, epoch, period = 0 } of wanted) {
      if (!isUuid(tag)) throw new Refusal('invalid', `${tag} is not the id of a tag.`);
      if (!Number.isInteger(epoch) || epoch < 0 || epoch >= 2 ** 32) throw new Refusal('invalid', `${epoch} is not an epoch.`);
      if (!Number.isInteger(period) || period < 0) throw new Refusal('invalid', `${period} ms is not a period.`);
    }
    const changed = wanted.filter((one) => {
      const row = this.find(one.tag, one.epoch);
      return row === undefined || (one.class ?? row.class) !== row.class || (one.period ?? row.period) !== row.period;
    });
    if (changed.length > 0)
      for (const row of this.catalog.transaction(() => changed.map((one) => this.write(one)))) if (!this.rows.has(row.id)) this.know(row);
    return wanted.map((one) => (this.find(one.tag, one.epoch) as SeriesRow).id);
  }

  find(tag: string, epoch: number): SeriesRow | undefined {
    return this.byTag.get(tag)?.find((row) => row.epoch === epoch);
  }

  /** The series of a tag, by their epochs. */
  epochs(tag: string): readonly SeriesRow[] {
    return this.byTag.get(tag) ?? [];
  }

  private write({ tag, epoch, class: className, period }: SeriesWanted): SeriesRow {
    const known = this.find(tag, epoch);
    if (known !== undefined) {
      known.class = className ?? known.class;
      known.period = period ?? known.period;
      this.catalog.changeSeries(known.id, known.class, known.period);
      return known;
    }
    const [of, every] = [className ?? USUAL_CLASS, period ?? 0];
    const id = this.catalog.addSeries(tag, epoch, of, every);
    return { id, tag, epoch, class: of, period: every, sealed: 0, until: null, span: 0, deleted: null, tails: 0 };
  }

  private know(row: SeriesRow): void {
    this.rows.set(row.id, row);
    while (this.handles.length <= row.id) this.handles.push(false);
    this.handles[row.id] = true;
    const epochs = this.byTag.get(row.tag) ?? [];
    epochs.push(row);
    this.byTag.set(
      row.tag,
      epochs.sort((a, b) => a.epoch - b.epoch),
    );
  }

  // ---- appending

  /** Into the log and into memory; on disk with the next flush of the log. Refused as a whole where anything in it is wrong. */
  append(batch: Batch): void {
    this.mustBeSound(batch);
    if (this.pending.total > this.options.waitingSamples * 2) throw this.trouble ?? new Error('Samples wait that cannot be sealed.');
    this.take(
      batch,
      this.log.write(batch, (id) => this.rows.get(id) as SeriesRow),
    );
    this.tidy();
  }

  /** Seals what is ready, and what holds up the log or memory. Called after each batch, and now and then. */
  tidy(evenIfFew = false): void {
    const { waitingSamples, logBytes } = this.options;
    if (performance.now() < this.notBefore) return;
    if (this.log.bytes() > logBytes) for (const series of this.pending.olderThan(this.log.afterOldest())) this.ready.add(series);
    else if (this.pending.total > waitingSamples) for (const series of this.pending.longest(SEALED_AT_ONCE)) this.ready.add(series);
    else if (this.readySamples < SEALED_AT_ONCE && !evenIfFew) return;
    try {
      this.seal(this.nextReady());
    } catch {
      // The samples are safe in the log; the reason is kept in `trouble`, and it is tried again.
      this.notBefore = performance.now() + RETRY_MS;
    }
  }

  /** As many as are sealed together: whoever appends does not wait for more than that. */
  private nextReady(): number[] {
    const next: number[] = [];
    let samples = 0;
    for (const series of this.ready) {
      if (samples >= SEALED_AT_ONCE) break;
      next.push(series);
      samples += this.pending.counts(series);
    }
    return next;
  }

  private take(batch: Batch, record: number, wanted?: (series: number) => boolean): void {
    const full = (series: number) => {
      this.ready.add(series);
      this.readySamples += this.options.chunkSamples;
    };
    this.pending.add(batch, record, this.options.chunkSamples, full, wanted);
  }

  private replay(): void {
    const ids = new Map<SeriesName, number>();
    const faults = this.log.replay((batch, record, names) => {
      // By name, since the catalog may have been made anew; where the name was in a damaged record, by handle.
      for (let i = 0; i < batch.series.length; i++) {
        const name = names.get(batch.series[i] as number);
        if (name === undefined) continue;
        let id = ids.get(name);
        if (id === undefined) {
          id = this.series([this.find(name.tag, name.epoch) ?? name])[0] as number;
          ids.set(name, id);
        }
        batch.series[i] = id;
      }
      this.take(batch, record, (id) => {
        const row = this.rows.get(id);
        return row !== undefined && row.sealed < record;
      });
    });
    for (const { file, at, why } of faults) this.report({ what: 'log', name: `${file}:${at}`, why });
    for (const row of this.rows.values()) this.log.last = Math.max(this.log.last, row.sealed);
    this.log.dropBefore(this.pending.oldestRecord());
  }

  private mustBeSound({ series, times, values, kinds, quality, reasons, texts }: Batch): void {
    const count = series.length;
    const wrong = (why: string) => new Refusal('invalid', `A batch of samples is not sound: ${why}.`);
    for (const column of [times, values, kinds, quality, reasons])
      if (column !== undefined && column.length !== count) throw wrong('its columns are not of one length');
    let before = -1;
    for (let i = 0; i < count; i++) {
      const of = series[i] as number;
      if (of !== before && this.handles[of] !== true) throw wrong(`there is no series ${of}`);
      before = of;
      const time = times[i] as number;
      if (!(time >= -LARGEST_TIME && time <= LARGEST_TIME && Math.floor(time) === time)) throw wrong(`${time} is not a time`);
    }
    const known = texts?.length ?? 0;
    if (kinds !== undefined)
      for (let i = 0; i < count; i++) {
        const kind = kinds[i] as number;
        if (kind > KIND.text) throw wrong(`there is no kind ${kind} of value`);
        if (kind === KIND.text && !((values[i] as number) < known && Number.isInteger(values[i]))) throw wrong('a text is missing');
        if (kind === KIND.boolean && values[i] !== 0 && values[i] !== 1) throw wrong('a boolean is neither 0 nor 1');
      }
    if (quality?.some((one) => one > 3)) throw wrong('there are four qualities');
    if (reasons?.some((one) => one > known)) throw wrong('a reason is missing');
  }

  // ---- sealing

  /** Makes chunks of what waits of these series; of all of them without a list. */
  seal(series: readonly number[] = this.pending.series()): void {
    try {
      for (let at = 0; at < series.length; ) {
        let samples = 0;
        const from = at;
        while (at < series.length && (samples < SEALED_AT_ONCE || at === from)) samples += this.pending.counts(series[at++] as number);
        this.sealTogether(series.slice(from, at));
        // At once: the room may be needed for the next ones.
        this.log.dropBefore(this.pending.oldestRecord());
      }
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error;
      throw error;
    }
  }

  private sealTogether(ids: readonly number[]): void {
    const before = this.sequence;
    const rows = ids.map((id) => this.rows.get(id) as SeriesRow);
    const parts = rows.flatMap((row) => this.partsOf(row));
    try {
      this.store(parts, () => {
        for (const row of rows) {
          row.sealed = this.log.last;
          this.catalog.keepSeries(row);
        }
      });
    } catch (error) {
      this.sequence = before;
      throw error;
    }
    for (const id of ids) {
      this.pending.release(id);
      this.ready.delete(id);
    }
    this.readySamples = Math.max(0, this.readySamples - parts.reduce((sum, { summary }) => sum + summary.count, 0));
    if (this.ready.size === 0) this.readySamples = 0;
  }

  private partsOf(series: SeriesRow): Part[] {
    const columns = this.pending.counts(series.id) <= SCRATCH ? this.pending.read(series.id, this.scratch) : this.pending.read(series.id);
    return cuts(columns, series.until, this.options.chunkSamples).map(([from, to]) => {
      const own = part(columns, from, to);
      const minutes = bucketsOf(own, MINUTE);
      const summary = summaryOf(own, minutes);
      const { tag, epoch } = series;
      const identity = { tag, epoch, incarnation: this.options.incarnation, sequence: ++this.sequence };
      return { series, minutes, summary, identity, bytes: encodeChunk(identity, summary, own) };
    });
  }

  /** Chunks into their files, and once these are on disk into the catalog; or nothing of them. */
  private store(parts: readonly Part[], within: () => void): void {
    const remembered = parts.map(({ series }) => ({ series, ...series }));
    try {
      const placed = parts.map(
        (one): Placed => ({ ...one, ...this.files.stage(one.series.class, one.summary.from, one.summary.to, one.bytes) }),
      );
      this.files.write();
      this.catalog.transaction(() => {
        for (const one of placed) this.enter(one);
        this.files.count();
        within();
      });
      this.files.done();
    } catch (error) {
      for (const { series, until, span, tails, sealed } of remembered) Object.assign(series, { until, span, tails, sealed });
      this.files.forget();
      throw error;
    }
  }

  private enter({ series, minutes, summary, identity, bytes, file, place }: Placed): void {
    const late = series.until !== null && summary.from <= series.until;
    series.span = Math.max(series.span, summary.to - summary.from);
    this.catalog.addChunk(series.id, identity, summary, file, place, bytes.length);
    if (late) this.enterLate(series, minutes);
    else this.rollups.add(series, minutes);
    series.until = Math.max(series.until ?? Number.NEGATIVE_INFINITY, summary.to);
    this.catalog.keepSeries(series);
  }

  /** Minutes that may hold samples already are made anew from all of them; a sample may have taken the place of another. */
  private enterLate(series: SeriesRow, minutes: Buckets): void {
    for (let at = 0; at < minutes.count; ) {
      let end = at + 1;
      while (end < minutes.count && (minutes.starts[end] as number) - (minutes.starts[end - 1] as number) < NEAR) end++;
      const from = minutes.starts[at] as number;
      const to = (minutes.starts[end - 1] as number) + MINUTE;
      if (series.deleted !== null && from <= series.deleted) this.rollups.addLate(series, slice(minutes, at, end));
      else this.rollups.replace(series, bucketsOf(readSealed(this, series, from, to), MINUTE));
      at = end;
    }
  }

  // ---- chunks of others

  /** Takes over a chunk as it is. False where it is here already; Damaged where it is not what it should be. */
  ingest(bytes: Uint8Array, wanted: Pick<SeriesWanted, 'class' | 'period'> = {}): boolean {
    const { header, columns } = decodeChunk(bytes);
    const minutes = mustAgree(header, columns);
    if (this.isHere(header, bytes)) return false;
    const [id] = this.series([{ tag: header.tag, epoch: header.epoch, ...wanted }]) as [number];
    const series = this.rows.get(id) as SeriesRow;
    const { tag, epoch, incarnation, sequence } = header;
    const identity = { tag, epoch, incarnation, sequence };
    this.store([{ series, minutes, summary: header, identity, bytes }], () => {});
    if (incarnation === this.options.incarnation) this.sequence = Math.max(this.sequence, sequence);
    return true;
  }

  /** A chunk found in a file, which the catalog does not know. */
  adopt(file: number, place: number, bytes: Uint8Array): void {
    const { header, columns } = decodeChunk(bytes);
    const { tag, epoch, incarnation, sequence } = header;
    if (this.catalog.chunk(incarnation, sequence) !== undefined) return;
    const series = this.find(tag, epoch) ?? this.write({ tag, epoch });
    if (!this.rows.has(series.id)) this.know(series);
    const identity = { tag, epoch, incarnation, sequence };
    this.enter({ series, minutes: bucketsOf(columns, MINUTE), summary: header, identity, bytes, file, place });
  }

  private isHere(header: Header, bytes: Uint8Array): boolean {
    const known = this.catalog.chunk(header.incarnation, header.sequence);
    if (known === undefined) return false;
    const own = this.files.read(known.file, known.place, known.length);
    // One that is damaged here is not compared: its better copy is refused like any other, and the damage stays reported.
    if (this.bytesAreWhole(own) && !Buffer.from(own).equals(bytes))
      throw new Refusal('conflict', `Chunk ${header.sequence} of ${header.incarnation} is here with other bytes.`);
    return true;
  }

  private bytesAreWhole(bytes: Uint8Array): boolean {
    try {
      decodeChunk(bytes);
      return true;
    } catch (error) {
      if (error instanceof Damaged) return false;
      throw error;
    }
  }

  /** The samples of a chunk that is here; undefined, and reported, where it is damaged. */
  samplesOf(row: ChunkRow): Columns | undefined {
    const series = this.rows.get(row.series) as SeriesRow;
    try {
      const { header, columns } = decodeChunk(this.files.read(row.file, row.place, row.length));
      if (header.sequence !== row.sequence || header.incarnation !== row.incarnation) throw new Damaged('another chunk lies in its place');
      return columns;
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      const { tag, epoch } = series;
      const { from, to } = row;
      this.report({ what: 'chunk', name: `${row.incarnation} ${row.sequence}`, tag, epoch, from, to, why: error.message });
      return undefined;
    }
  }

  report(damage: Damage): void {
    if (this.damage.size < MOST_DAMAGE) this.damage.set(`${damage.what} ${damage.name}`, damage);
  }

  /** Up to which time the minutes of a series may be deleted. */
  minutesDeleted({ class: className }: SeriesRow): number {
    return Number(this.catalog.meta(`minutes ${className}`) ?? Number.NEGATIVE_INFINITY);
  }

  /** Within a transaction, before the blocks go that begin before: whatever these hold is gone then. */
  forgetMinutes(className: string | undefined, before: number): void {
    const { window } = LEVELS[0];
    const until = bucketOf(before + window - 1, window);
    const classes = className === undefined ? new Set([...this.rows.values()].map((row) => row.class)) : [className];
    for (const one of classes) {
      const known = Number(this.catalog.meta(`minutes ${one}`) ?? Number.NEGATIVE_INFINITY);
      this.catalog.putMeta(`minutes ${one}`, String(Math.max(known, until)));
    }
  }

  rawDeleted(series: number, to: number): void {
    const row = this.rows.get(series);
    if (row !== undefined) row.deleted = Math.max(row.deleted ?? to, to);
  }

  /** On disk, all of it. */
  bytes(): number {
    return this.log.bytes() + this.catalog.bytes() + this.catalog.files().reduce((sum, file) => sum + file.bytes, 0);
  }

  close(): void {
    this.log.close();
    this.files.closeAll();
    this.catalog.close();
  }
}

/** Where samples in order of time are cut into chunks: where late ones end, at a long silence, and at their size. */
function cuts(columns: Columns, until: number | null, size: number): [number, number][] {
  const late = until === null ? 0 : placeAt(columns, until + 1);
  const edges = [0];
  for (let i = 1; i < columns.count; i++)
    if (i === late || (columns.times[i] as number) - (columns.times[i - 1] as number) > LONGEST_SILENCE) edges.push(i);
  edges.push(columns.count);
  return edges
    .slice(1)
    .flatMap((end, i) => {
      const from = edges[i] as number;
      const pieces = Math.max(1, Math.floor((end - from) / size));
      return Array.from({ length: pieces }, (_, n): [number, number] => [
        from + Math.floor(((end - from) * n) / pieces),
        from + Math.floor(((end - from) * (n + 1)) / pieces),
      ]);
    })
    .filter(([from, to]) => to > from);
}
