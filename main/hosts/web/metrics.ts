// /metrics for Prometheus: what the station does, and what it costs.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Site } from '../../site.ts';

export type Metrics = {
  text(): Promise<string>;
  readonly contentType: string;
};

export function openMetrics(site: Site): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry, prefix: 'outpost_' });
  const calls = new Counter({
    name: 'outpost_calls_total',
    help: 'Procedure calls by outcome.',
    labelNames: ['procedure', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'outpost_call_seconds',
    help: 'Time from a call to its answer.',
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  new Gauge({
    name: 'outpost_streams',
    help: 'Open streams.',
    registers,
    collect() {
      this.set(site.channel.count().streams);
    },
  });
  new Gauge({
    name: 'outpost_connections',
    help: 'Open channel connections.',
    registers,
    collect() {
      this.set(site.channel.count().connections);
    },
  });
  new Gauge({
    name: 'outpost_store_bytes',
    help: 'Size of the store on disk.',
    registers,
    async collect() {
      this.set(await site.store.database.bytes());
    },
  });
  new Gauge({
    name: 'outpost_store_damaged',
    help: '1 once damage was met; nothing is written then.',
    registers,
    collect() {
      this.set(site.store.damage === undefined ? 0 : 1);
    },
  });
  site.router.observe((procedure) => {
    const stop = durations.startTimer();
    return (outcome) => {
      stop();
      calls.inc({ procedure, outcome });
    };
  });
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
