// What the lines say, kept: collected for a moment, appended together, and counted where it could not be kept.
import type { Refusal } from '../../../contract/errors.ts';
import type { Id } from '../../../contract/ids.ts';
import type { Station } from '../../area.ts';
import type { Sample } from '../driver.ts';
import { BatchBuilder, openTelemetry, type TelemetryStore } from '../telemetry/index.ts';

/** Samples wait so long for others to be written with them. */
const COLLECT_MS = 100;

export type Series = { id: Id; epoch: number; period: number };

export type History = {
  /** Where the samples of each tag go from now on. */
  expect(series: readonly Series[]): Promise<void>;
  keep(samples: readonly Sample[]): void;
  store(): Promise<TelemetryStore>;
  /** Why samples are being lost just now, and how many were; undefined while all is well. */
  trouble(): { message: string; lost: number } | undefined;
  stop(): Promise<void>;
};

export function openHistory({ folder, store, clock, log }: Station): History {
  let opening: Promise<TelemetryStore> | undefined;
  const handles = new Map<Id, number>();
  const collected = new BatchBuilder();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let trouble: { message: string; lost: number } | undefined;

  // A thread of its own, which a station without devices does not need.
  const telemetry = () => {
    opening ??= openTelemetry({ folder: folder.telemetry, incarnation: store.incarnation, clock });
    return opening;
  };

  function write(): void {
    timer = undefined;
    const { count } = collected;
    if (count === 0) return;
    const batch = collected.take();
    writing = telemetry()
      .then((kept) => kept.append(batch))
      .then(
        () => {
          if (trouble) log.info({ area: 'plant', event: 'historyGoesOn', lost: trouble.lost }, 'samples are kept again');
          trouble = undefined;
        },
        (error: Refusal) => {
          if (trouble === undefined) log.error({ error, area: 'plant', event: 'historyLost' }, 'samples could not be kept');
          trouble = { message: error.message, lost: (trouble?.lost ?? 0) + count };
        },
      );
  }

  return {
    store: telemetry,
    trouble: () => trouble,
    async expect(series) {
      handles.clear();
      if (series.length === 0) return;
      const given = await (await telemetry()).series(series.map(({ id, epoch, period }) => ({ tag: id, epoch, period })));
      for (const [n, { id }] of series.entries()) handles.set(id, given[n] as number);
    },
    keep(samples) {
      for (const sample of samples) {
        const handle = handles.get(sample.tag);
        if (handle !== undefined) collected.add(handle, sample);
      }
      timer ??= setTimeout(write, COLLECT_MS);
    },
    async stop() {
      clearTimeout(timer);
      write();
      await writing;
      if (opening) await (await opening).close();
    },
  };
}
