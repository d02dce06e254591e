// How far a value that is shown can be trusted, and how it is written. Pure: the same in every table and panel.
import type { CurrentValue, ListedTag } from '../../contract/plant.ts';

export type Trust = { quality: CurrentValue['quality']; reason: string | undefined };
/** What this page itself knows of a value, beside what the station says. */
export type Own = 'lost' | 'stale' | 'waiting';

/** So many readings may be missed before a value is old; the station counts alike. */
const STALE_AFTER = 3;
const GRACE_MS = 1_000;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

export function scanMs(scan: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(scan) as unknown as [string, string, keyof typeof UNITS];
  return Number(count) * UNITS[unit];
}

/**
 * The station tells of a value when it changes. That nothing more comes is seen here: a value that stands still grows old on the
 * screen, and without contact none is good. `say` puts what this page knows into words.
 */
export function trustOf(
  value: CurrentValue | undefined,
  { scan, now, contact, say }: { scan: string; now: number; contact: boolean; say(own: Own): string },
): Trust {
  if (value === undefined) return { quality: 'uncertain', reason: say(contact ? 'waiting' : 'lost') };
  const { quality, reason, time } = value;
  if (quality !== 'good') return { quality, reason: reason === 'stale' ? say('stale') : reason };
  if (!contact) return { quality: 'uncertain', reason: say('lost') };
  if (time !== null && now - time > STALE_AFTER * scanMs(scan) + GRACE_MS) return { quality: 'uncertain', reason: say('stale') };
  return { quality, reason: undefined };
}

/** What seven digits hold is what a device measures; more are the noise of its number format. */
const DIGITS = 7;

export function written(value: CurrentValue['value'] | undefined, labels: ListedTag['labels']): string {
  if (value === undefined || value === null) return '–';
  const label = labels?.[String(value)];
  if (label !== undefined) return label;
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(DIGITS)));
}
