// How soon the window is there, under the double of Electron: what Electron itself takes on a machine comes on top.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measured } from './desktop.ts';
import { type Bench, figure } from './figure.ts';

const STARTS = 7;
const LIMITS = { window: 100, firstContent: 150, station: 700, screens: 900 } as const;
const WORDS = { window: 'window created', firstContent: 'first content', station: 'station ready', screens: 'screens shown' } as const;

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  await measured('start', folder); // the first start makes the data; it is the daily one that is measured
  const starts: Record<string, number>[] = [];
  for (let n = 0; n < STARTS; n++) starts.push(await measured('start', folder));
  rmSync(folder, { recursive: true, force: true });
  return (Object.keys(LIMITS) as (keyof typeof LIMITS)[]).map((step) => {
    const times = starts.map((marks) => (marks[step] ?? Number.NaN) - (marks.main ?? Number.NaN)).sort((a, b) => a - b);
    return figure(
      'desktop-start',
      `main to ${WORDS[step]} (median of ${STARTS})`,
      times[STARTS >> 1] as number,
      'ms',
      'limit',
      LIMITS[step],
    );
  });
};
