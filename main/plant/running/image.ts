// The present value of every tag: as it was read, with how old it may grow before nobody should trust it.
import type { Id } from '../../../contract/ids.ts';
import type { CurrentValue } from '../../../contract/plant.ts';
import type { Sample } from '../driver.ts';

/** So many readings may be missed before a value is old. */
const STALE_AFTER = 3;
/** What a busy line may be late with its fastest tags. */
const GRACE_MS = 1_000;

export type Watched = { id: Id; key: string; scanMs: number };

export type Image = {
  /** The tags there are from now on; what is known of the others is forgotten. */
  expect(tags: Iterable<Watched>): void;
  take(samples: readonly Sample[]): void;
  now(id: Id): Omit<CurrentValue, 'tag'>;
  /** Hears of ids whose values are new, all of one request together. */
  watch(hear: (ids: readonly Id[]) => void): () => void;
};

export function openImage(clock: () => number): Image {
  const present = new Map<Id, Sample>();
  const expected = new Map<Id, Watched>();
  const listeners = new Set<(ids: readonly Id[]) => void>();
  return {
    expect(tags) {
      expected.clear();
      for (const tag of tags) expected.set(tag.id, tag);
      for (const id of present.keys()) if (!expected.has(id)) present.delete(id);
    },
    take(samples) {
      for (const sample of samples) if (expected.has(sample.tag)) present.set(sample.tag, sample);
      const ids = samples.map(({ tag }) => tag);
      for (const hear of [...listeners]) hear(ids);
    },
    now(id) {
      const sample = present.get(id);
      if (sample === undefined) return { time: null, value: null, quality: 'bad', reason: 'not read yet' };
      const { time, value, quality, reason } = sample;
      // By its own time: however often it is asked for, an old value is never dressed as new.
      const old = clock() - time > STALE_AFTER * (expected.get(id)?.scanMs ?? 0) + GRACE_MS;
      if (quality === 'good' && old) return { time, value: onTheWire(value), quality: 'uncertain', reason: 'stale' };
      return { time, value: onTheWire(value), quality, ...(reason !== undefined && { reason }) };
    },
    watch(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
  };
}

/** JSON holds no 64 bits, no NaN and no ±∞: these travel as text. */
export function onTheWire(value: Sample['value']): CurrentValue['value'] {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
