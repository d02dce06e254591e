// The pulse of the station itself, taken once a second and only while somebody looks.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SampleSource } from '../area.ts';

const EVERY_MS = 1_000;

export type Vitals = { source: SampleSource; stop(): void };

/** `counts` adds what only the host knows, like open streams. */
export function openVitals(clock: () => number, counts: () => Record<string, number>): Vitals {
  const watchers = new Set<(key: string, time: number, value: number) => void>();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  let timer: NodeJS.Timeout | undefined;
  let processor = process.cpuUsage();
  let at = performance.now();

  function take(): void {
    const used = process.cpuUsage(processor);
    const now = performance.now();
    const values: Record<string, number> = {
      // Of one core, so that 1.0 means one core is busy with this station.
      processor: (used.user + used.system) / 1_000 / Math.max(1, now - at),
      memory: process.memoryUsage.rss(),
      // The longest wait of this second: what a screen would have felt.
      delay: Number.isFinite(delay.max) ? delay.max / 1e6 : 0,
      ...counts(),
    };
    processor = process.cpuUsage();
    at = now;
    delay.reset();
    for (const watcher of watchers) for (const [key, value] of Object.entries(values)) watcher(key, clock(), value);
  }

  function end(): void {
    clearInterval(timer);
    timer = undefined;
    delay.disable();
  }

  return {
    source: (push) => {
      watchers.add(push);
      if (timer === undefined) {
        delay.enable();
        timer = setInterval(take, EVERY_MS);
        timer.unref();
        // Whoever opens the screen sees numbers at once: the mean since somebody last looked.
        setImmediate(take);
      }
      return () => {
        watchers.delete(push);
        if (watchers.size === 0) end();
      };
    },
    stop: end,
  };
}
