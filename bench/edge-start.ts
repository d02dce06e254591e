// How soon a station is there and what it weighs: process start to the listening line, resident memory at rest.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Bench, figure } from './figure.ts';

const EDGE = fileURLToPath(new URL('../dist/main/edge.js', import.meta.url));
const STARTS = 9;
const START_LIMIT_MS = 500;
const MEMORY_LIMIT_MB = 150;
/** Long enough for what start-up left behind to be collected. */
const REST_MS = 5_000;

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const setUp = join(folder, 'setup.json');
  writeFileSync(
    setUp,
    JSON.stringify({
      organisation: 'Bench',
      site: 'Works 1',
      admin: { email: 'ada@example.org', name: 'Ada', password: 'a long enough phrase' },
    }),
  );
  const args = ['--data', join(folder, 'station'), '--port', '0', '--setup', setUp];
  await stop((await start(args)).child); // the first start makes the data; it is the daily one that is measured
  const times: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    const { child, ms } = await start(args);
    times.push(ms);
    await stop(child);
  }
  const { child } = await start(args);
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const memory = residentMegabytes(child);
  await stop(child);
  rmSync(folder, { recursive: true, force: true });
  times.sort((a, b) => a - b);
  return [
    figure('edge-start', `process start to listening (median of ${STARTS})`, times[STARTS >> 1] as number, 'ms', 'limit', START_LIMIT_MS),
    figure('edge-start', 'idle memory (resident)', memory, 'MB', 'limit', MEMORY_LIMIT_MB),
  ];
};

async function start(args: string[]): Promise<{ child: ChildProcess; ms: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [EDGE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('"event":"listening"')) break;
  return { child, ms: performance.now() - started };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
}

function residentMegabytes({ pid }: ChildProcess): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? Number.NaN) / 1024;
}
