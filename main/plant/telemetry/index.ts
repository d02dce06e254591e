// The telemetry store: samples in, charts and raw samples out, on a thread of its own.
import { Worker } from 'node:worker_threads';
import { Refusal } from '../../../contract/errors.ts';
import type { Answered, Call, Calls, ExportPage, Ingested, Status, ThreadOptions } from './calls.ts';
import type { SeriesWanted } from './engine.ts';
import type { Answer, Question } from './reading.ts';
import type { RetentionPlan, RetentionRules } from './retention.ts';
import type { Batch } from './sample.ts';

export type { ExportPage, Ingested, Status } from './calls.ts';
export type { Damage, SeriesWanted } from './engine.ts';
export type { Point, Span } from './pixels.ts';
export type { Answer, Question } from './reading.ts';
export type { Keep, Removal, RetentionPlan, RetentionRules } from './retention.ts';
export { type Batch, BatchBuilder, type Columns, type Quality, type Sample, samplesOf, type Value } from './sample.ts';

export type TelemetryStore = {
  /** Makes series known, and gives the handle of each; a handle holds as long as the store is open. */
  series(wanted: readonly SeriesWanted[]): Promise<number[]>;
  /**
   * Resolves when the samples are on disk, in a group with others. Refused as a whole: `unavailable` with the cause `diskFull` where
   * there is no room, and the next one is tried again. The columns are handed over and are empty afterwards. Of two samples of one
   * series at one time the later one counts, so that repeating a batch is harmless.
   */
  append(batch: Batch): Promise<void>;
  /** Seals all that waits. It happens by itself; for a backup, or before chunks are shipped. */
  seal(): Promise<void>;
  /** Takes over chunks that were sealed elsewhere. */
  ingest(chunks: readonly Uint8Array[], as?: Pick<SeriesWanted, 'class' | 'period'>): Promise<Ingested>;
  /** The bytes of chunks sealed in one life of a station, from a number on. */
  sealed(incarnation: string, after: number, most: number): Promise<Uint8Array[]>;
  query(question: Omit<Question, 'now'>): Promise<Answer>;
  /** Every sample of a range, epoch by epoch, page by page; leave the loop to stop. */
  export(wanted: { tag: string; epochs?: readonly number[]; from: number; to: number; pageSamples?: number }): AsyncGenerator<ExportPage>;
  /** What `retain` would delete now. */
  plan(rules: RetentionRules): Promise<RetentionPlan>;
  retain(rules: RetentionRules): Promise<RetentionPlan>;
  status(): Promise<Status>;
  close(): Promise<void>;
};

export type TelemetryOptions = ThreadOptions & { clock: () => number };

/** Beside this file when run from source; an entry of its own where everything is bundled. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './telemetry.js', import.meta.url);
const PAGE_SAMPLES = 10_000;
const MOST_PIXELS = 20_000;

export async function openTelemetry({ clock, ...options }: TelemetryOptions): Promise<TelemetryStore> {
  const thread = new Thread(new Worker(THREAD, { workerData: options }));
  // Also where it cannot be opened: the thread ends with the reason, and this question is refused with it.
  await thread.ask('status', undefined);
  return {
    series: (wanted) => thread.ask('series', wanted),
    append: (batch) => thread.ask('append', batch, buffersOf(batch)),
    seal: () => thread.ask('seal', undefined),
    ingest: (chunks, as = {}) => thread.ask('ingest', { chunks, as }),
    sealed: (incarnation, after, most) => thread.ask('sealed', { incarnation, after, most }),
    async query(question) {
      mustBeRange(question);
      if (!Number.isInteger(question.width) || question.width < 1 || question.width > MOST_PIXELS)
        throw new Refusal('invalid', `A chart is 1 to ${MOST_PIXELS} pixels wide, not ${question.width}.`);
      return thread.ask('query', { ...question, now: clock() });
    },
    export: (wanted) => pages(thread, wanted),
    plan: (rules) => thread.ask('plan', { rules, now: clock() }),
    retain: (rules) => thread.ask('retain', { rules, now: clock() }),
    status: () => thread.ask('status', undefined),
    close: () => thread.close(),
  };
}

function mustBeRange({ from, to }: { from: number; to: number }): void {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from >= to)
    throw new Refusal('invalid', 'A range begins before it ends, in whole milliseconds.');
}

const buffersOf = ({ series, times, values, kinds, quality, reasons }: Batch): ArrayBuffer[] =>
  // Columns may share one buffer, which goes once.
  [...new Set([series, times, values, kinds, quality, reasons].filter((column) => column !== undefined).map((column) => column.buffer))];

async function* pages(
  thread: Thread,
  { tag, epochs, from, to, pageSamples = PAGE_SAMPLES }: Parameters<TelemetryStore['export']>[0],
): AsyncGenerator<ExportPage> {
  mustBeRange({ from, to });
  for (let at: { epoch: number; from: number } | undefined; ; ) {
    const page = await thread.ask('page', { tag, epochs, from, to, at, most: pageSamples });
    if (page === undefined) return;
    at = page.next;
    const { epoch, columns } = page;
    if (columns.count > 0) yield { epoch, columns, progress: ((at?.from ?? to) - from) / (to - from) };
  }
}

class Thread {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve(given: unknown): void; reject(error: unknown): void }>();
  private readonly ended: Promise<void>;
  private gone: unknown;
  private asked = 0;

  constructor(worker: Worker) {
    this.worker = worker;
    worker.on('message', (answered: Answered) => this.hear(answered));
    worker.on('error', (error) => this.end(error));
    this.ended = new Promise((resolve) =>
      worker.once('exit', () => {
        this.end(new Refusal('unavailable', 'The telemetry store is closed.', { cause: 'closed' }));
        resolve();
      }),
    );
  }

  ask<C extends Call>(call: C, wanted: Calls[C][0], transfer: ArrayBuffer[] = []): Promise<Calls[C][1]> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.gone !== undefined) {
        reject(this.gone);
        return;
      }
      const id = ++this.asked;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, call, wanted }, transfer);
    }) as Promise<Calls[C][1]>;
  }

  async close(): Promise<void> {
    if (this.gone === undefined) await this.ask('close', undefined);
    await this.ended;
  }

  private hear(answered: Answered): void {
    const one = this.waiting.get(answered.id);
    this.waiting.delete(answered.id);
    if ('refused' in answered) {
      const { code, message, data } = answered.refused;
      one?.reject(new Refusal(code, message, data));
    } else one?.resolve(answered.given);
  }

  private end(error: unknown): void {
    this.gone ??= error;
    for (const { reject } of this.waiting.values()) reject(this.gone);
    this.waiting.clear();
  }
}
