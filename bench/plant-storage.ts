// What it costs to keep samples: so many a second, all of it on disk, and bytes for each; against a row per sample in SQLite.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { type Batch, openTelemetry } from '../main/plant/telemetry/index.ts';
import { type Bench, type Figure, figure } from './figure.ts';

const TAGS = 500;
const SCANS = 24_000;
/** Scans of all tags that come in one batch, as from a poller that answers once in a while. */
const TOGETHER = 40;
/** The rival is given fewer, which is to its advantage: its tree is smaller. */
const ROW_SCANS = 4_000;
const IN_FLIGHT = 16;
const ROUNDS = 2;
const START = Date.UTC(2026, 0, 1);
/** The aims: bytes for each sample. */
const LIMITS = { quantised: 1.3, float32: 3, boolean: 1.3 };

type Signal = keyof typeof LIMITS;

export const bench: Bench = async () => {
  const figures: Figure[] = [];
  for (const signal of ['quantised', 'float32', 'boolean'] as const) {
    let [ours, rows] = [await store(signal), storeRows(signal, COUNT)];
    for (let round = 1; round < ROUNDS; round++) {
      const [one, other] = [await store(signal), storeRows(signal, COUNT)];
      if (one.perSecond > ours.perSecond) ours = one;
      if (other.perSecond > rows.perSecond) rows = other;
    }
    figures.push(
      figure(
        'plant-storage',
        `${signal}: appended, sealed, rolled up, on disk`,
        ours.perSecond,
        'samples/s',
        'SQLite, a row each',
        rows.perSecond,
      ),
      figure('plant-storage', `${signal}: everything on disk`, ours.bytes, 'B/sample', 'SQLite, a row each', rows.bytes),
      // What a program does that stores every scan when it comes.
      ...(signal === 'quantised'
        ? [
            figure(
              'plant-storage',
              `${signal}: appended, sealed, rolled up, on disk`,
              ours.perSecond,
              'samples/s',
              'SQLite, a row each, a commit each scan',
              storeRows(signal, TAGS).perSecond,
            ),
          ]
        : []),
      figure('plant-storage', `${signal}: everything on disk`, ours.bytes, 'B/sample', 'limit', LIMITS[signal]),
    );
  }
  return figures;
};

/** The value of each tag from scan to scan: a walk in steps of 0.1, a measurement with noise, a contact that seldom changes. */
function signalOf(signal: Signal): (tag: number) => number {
  let state = 1;
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const walks = new Float64Array(TAGS).fill(500);
  if (signal === 'quantised')
    return (tag) => {
      walks[tag] = (walks[tag] as number) + Math.floor(chance() * 9) - 4;
      return (walks[tag] as number) / 10;
    };
  return (tag) => {
    const step = walks[tag] as number;
    walks[tag] = signal === 'float32' || chance() < 0.01 ? step + 1 : step;
    return signal === 'boolean' ? step % 2 : Math.fround(50 + Math.sin(step / 300) * 10 + chance() * 0.2);
  };
}

/** Values of so many batches, given again and again: making them must not be what is measured. */
const PREPARED = 100;
const COUNT = TAGS * TOGETHER;

function* batches(signal: Signal, handles: readonly number[], scans: number): Generator<Batch> {
  const value = signalOf(signal);
  const series = Uint32Array.from({ length: COUNT }, (_, i) => handles[i % TAGS] as number);
  const offsets = Float64Array.from({ length: COUNT }, (_, i) => Math.floor(i / TAGS) * 1_000);
  const values = Array.from({ length: PREPARED }, () => Float64Array.from({ length: COUNT }, (_, i) => value(i % TAGS)));
  yield { series: new Uint32Array(0), times: new Float64Array(0), values: new Float64Array(0) };
  for (let n = 0; n < scans / TOGETHER; n++) {
    const start = START + n * TOGETHER * 1_000;
    const times = new Float64Array(COUNT);
    for (let i = 0; i < COUNT; i++) times[i] = start + (offsets[i] as number);
    const batch = { series: series.slice(), times, values: (values[n % PREPARED] as Float64Array<ArrayBuffer>).slice() };
    yield signal === 'boolean' ? { ...batch, kinds: new Uint8Array(COUNT).fill(2) } : batch;
  }
}

const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

async function store(signal: Signal): Promise<{ perSecond: number; bytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const telemetry = await openTelemetry({ folder, incarnation: uuid(0), clock: Date.now });
  const handles = await telemetry.series(Array.from({ length: TAGS }, (_, tag) => ({ tag: uuid(tag + 1), epoch: 1, period: 1_000 })));
  const waiting = batches(signal, handles, SCANS);
  waiting.next();
  const started = performance.now();
  const flight: Promise<void>[] = [];
  for (const batch of waiting) {
    flight.push(telemetry.append(batch));
    if (flight.length >= IN_FLIGHT) await flight.shift();
  }
  await Promise.all(flight);
  await telemetry.seal();
  const seconds = (performance.now() - started) / 1_000;
  const { waiting: left } = await telemetry.status();
  if (left > 0) throw new Error(`${left} samples are not sealed`);
  await telemetry.close();
  const bytes = bytesIn(folder);
  rmSync(folder, { recursive: true });
  return { perSecond: (TAGS * SCANS) / seconds, bytes: bytes / (TAGS * SCANS) };
}

/** The layout that is the quickest to ask: by tag and time. */
function storeRows(signal: Signal, commit: number): { perSecond: number; bytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const raw = new SQLite(join(folder, 'rows.db'));
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = NORMAL');
  raw.exec('create table sample (tag integer, time integer, value real, quality integer, primary key (tag, time)) without rowid');
  const insert = raw.prepare('insert into sample values (?,?,?,?)');
  const handles = Array.from({ length: TAGS }, (_, tag) => tag + 1);
  const waiting = batches(signal, handles, ROW_SCANS);
  const write = raw.transaction(({ series, times, values }: Batch, from: number) => {
    for (let i = from; i < from + commit && i < series.length; i++) insert.run(series[i], times[i], values[i], 0);
  });
  waiting.next();
  const started = performance.now();
  for (const batch of waiting) for (let from = 0; from < COUNT; from += commit) write(batch, from);
  const seconds = (performance.now() - started) / 1_000;
  raw.close();
  const bytes = bytesIn(folder);
  rmSync(folder, { recursive: true });
  return { perSecond: (TAGS * ROW_SCANS) / seconds, bytes: bytes / (TAGS * ROW_SCANS) };
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
