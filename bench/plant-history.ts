// How long a chart takes: thirty days of one value a second at a thousand pixels, against the same question to a row per sample in SQLite.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { openTelemetry } from '../main/plant/telemetry/index.ts';
import { type Bench, figure } from './figure.ts';

const DAYS = 30;
const DAY_MS = 86_400_000;
const SAMPLES = (DAYS * DAY_MS) / 1_000;
const WIDTH = 1_000;
const ASKED = 9;
const LIMIT_MS = 20;
const START = Date.UTC(2026, 0, 1);
/** One sample among them all, which must be seen. */
const SPIKE = { at: START + 17 * DAY_MS + 1_000, value: 9_999 };
const RANGE = { from: START, to: START + DAYS * DAY_MS };
const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

const valueAt = (time: number) =>
  time === SPIKE.at ? SPIKE.value : Math.round((50 + Math.sin(time / 3e6) * 20 + ((time / 1_000) % 7) * 0.1) * 10) / 10;

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const ours = await openStore(join(folder, 'telemetry'));
  const rows = openRows(join(folder, 'rows.db'));
  const chart: number[] = [];
  const whole: number[] = [];
  for (let n = 0; n < ASKED; n++) {
    chart.push(await timed(ours.chart));
    if (n < 3) whole.push(await timed(async () => rows.chart()));
  }
  await ours.close();
  rows.close();
  rmSync(folder, { recursive: true });
  const [one, other] = [median(chart), median(whole)];
  const what = `${DAYS} days of 1 s at ${WIDTH.toLocaleString('en-US')} px, ${ASKED} times (median)`;
  return [
    figure('plant-history', what, one, 'ms', 'SQLite, a row each', other),
    figure('plant-history', what, one, 'ms', 'limit', LIMIT_MS),
  ];
};

const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] as number;

async function timed(work: () => Promise<number>): Promise<number> {
  const started = performance.now();
  const greatest = await work();
  const ms = performance.now() - started;
  if (greatest !== SPIKE.value) throw new Error(`the spike is lost: ${greatest}`);
  return ms;
}

async function openStore(folder: string) {
  const telemetry = await openTelemetry({ folder, incarnation: uuid(0), clock: () => RANGE.to });
  const [series] = (await telemetry.series([{ tag: uuid(1), epoch: 1, period: 1_000 }])) as [number];
  const together = 43_200;
  for (let from = 0; from < SAMPLES; from += together) {
    const times = Float64Array.from({ length: together }, (_, i) => START + (from + i) * 1_000);
    await telemetry.append({ series: new Uint32Array(together).fill(series), times, values: times.map(valueAt) });
  }
  await telemetry.seal();
  return {
    async chart() {
      const { points } = await telemetry.query({ tag: uuid(1), ...RANGE, width: WIDTH });
      if (points.length !== WIDTH) throw new Error(`${points.length} points`);
      return Math.max(...points.map((point) => point[2]));
    },
    close: () => telemetry.close(),
  };
}

function openRows(file: string) {
  const raw = new SQLite(file);
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = NORMAL');
  raw.exec('create table sample (tag integer, time integer, value real, quality integer, primary key (tag, time)) without rowid');
  const insert = raw.prepare('insert into sample values (1, ?, ?, 0)');
  raw.transaction(() => {
    for (let time = RANGE.from; time < RANGE.to; time += 1_000) insert.run(time, valueAt(time));
  })();
  // Whole numbers are bound as such: JavaScript's would be reals, and every sample a pixel of its own.
  const ask = raw.prepare(
    `select (time - :from) * :width / (:to - :from) as pixel, min(value), max(value) as greatest, avg(value), count(*) from sample
     where tag = 1 and time >= :from and time < :to group by pixel order by pixel`,
  );
  const params = { from: BigInt(RANGE.from), to: BigInt(RANGE.to), width: BigInt(WIDTH) };
  return {
    chart() {
      const points = ask.all(params) as { greatest: number }[];
      if (points.length !== WIDTH) throw new Error(`${points.length} points`);
      return Math.max(...points.map((point) => point.greatest));
    },
    close: () => raw.close(),
  };
}
