// A whole station for a test: real store in a temporary folder, clock and randomness in the test's hand.
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { openLogSink } from '../log.ts';
import type { Platform } from '../platform.ts';
import { openSite, type Site } from '../site.ts';
import { openFolder } from '../store/folder.ts';
import { readSettings, type StationSettings } from '../store/settings.ts';
import { sqliteFor, type TestDatabase } from './databases.ts';

export const START = Date.parse('2026-03-01T08:00:00Z');

export type TestClock = { (): number; advance(ms: number): void; set(ms: number): void };

export function testClock(start = START): TestClock {
  let now = start;
  const clock = () => now;
  return Object.assign(clock, {
    advance: (ms: number) => {
      now += ms;
    },
    set: (ms: number) => {
      now = ms;
    },
  });
}

/** Bytes that look random and are the same in every run with this seed. */
export function seededRandom(seed: number | string): (bytes: number) => Uint8Array {
  let block = 0;
  let rest = Buffer.alloc(0);
  return (bytes) => {
    while (rest.length < bytes) rest = Buffer.concat([rest, createHash('sha256').update(`${seed}/${block++}`).digest()]);
    const taken = rest.subarray(0, bytes);
    rest = rest.subarray(bytes);
    return new Uint8Array(taken);
  };
}

/** At the station's own machine, as the person who started it. */
export const CONSOLE = { from: 'console', local: true, agent: 'test', page: 'http://127.0.0.1:8480' } as const;

export type TestStation = Site & {
  clock: TestClock;
  /** Everything the station logged. */
  logged(): string;
};

/** Goes by itself, for what waits for a real device; it can be put ahead all the same. */
export function wallClock(): TestClock {
  let ahead = 0;
  return Object.assign(() => Date.now() + ahead, {
    advance: (ms: number) => {
      ahead += ms;
    },
    set: (ms: number) => {
      ahead = ms - Date.now();
    },
  });
}

export type TestStationOptions = {
  database?: TestDatabase;
  clock?: TestClock;
  seed?: number | string;
  settings?: Partial<StationSettings>;
  folder?: string;
  /** What a host lends that offers updates. */
  updates?: Platform['updates'];
};

export async function openTestStation(t: TestContext, options: TestStationOptions = {}): Promise<TestStation> {
  const { temporaryFolder } = await import('./databases.ts');
  const clock = options.clock ?? testClock();
  const folder = openFolder(options.folder ?? temporaryFolder(t));
  const lines: string[] = [];
  const sink = openLogSink(folder.logs, { write: (line) => void lines.push(line) });
  const database = await (options.database ?? sqliteFor(t)).open();
  const site = await openSite({
    folder,
    database,
    settings: { ...readSettings(folder.settings, {}, {}), ...options.settings },
    platform: { host: 'edge', secretKey: async () => new Uint8Array(32).fill(7), ...(options.updates && { updates: options.updates }) },
    sink,
    clock,
    ...(options.seed !== undefined && { random: seededRandom(options.seed) }),
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= site.stop().then(async () => {
      await sink.close();
      folder.release();
    });
    return stopping;
  };
  t.after(stop);
  return { ...site, stop, clock, logged: () => lines.join('') };
}
