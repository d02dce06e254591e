// Times as people read them: in the plant's zone, with the age in words.

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let known = formatters.get(key);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, hourCycle: 'h23', ...options });
    formatters.set(key, known);
  }
  return known;
}

const DATE = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;

export const date = (ms: number, zone: string) => formatter(zone, DATE).format(ms);
export const clock = (ms: number, zone: string) => formatter(zone, CLOCK).format(ms);
export const clockSeconds = (ms: number, zone: string) => formatter(zone, { ...CLOCK, second: '2-digit' }).format(ms);
export const dateTime = (ms: number, zone: string) => `${date(ms, zone)} ${clock(ms, zone)}`;
export const dateTimeSeconds = (ms: number, zone: string) => `${date(ms, zone)} ${clockSeconds(ms, zone)}`;

/** What a native field of date and time holds: '2026-11-21T08:30' in the zone. */
export const fieldOf = (ms: number, zone: string) => `${date(ms, zone)}T${clock(ms, zone)}`;

/** The moment such a field means in the zone; undefined while it is not filled. Of an hour that comes twice the first is meant. */
export function momentOf(field: string, zone: string): number | undefined {
  const plain = Date.parse(`${field}Z`);
  if (Number.isNaN(plain)) return undefined;
  const offset = (ms: number) => Date.parse(`${fieldOf(ms, zone)}Z`) - Math.floor(ms / MINUTE) * MINUTE;
  // The offset of a day before and of a day after: around a change of the clocks one of the two is right.
  const [before, after] = [plain - offset(plain - DAY), plain - offset(plain + DAY)];
  return fieldOf(before, zone) === field.slice(0, 16) ? before : after;
}

/** 'CET', 'GMT+1': what the zone is called at that moment. */
export function zoneName(ms: number, zone: string): string {
  const part = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'short' })
    .formatToParts(ms)
    .find(({ type }) => type === 'timeZoneName');
  return part?.value ?? zone;
}

export type Age = { unit: 'now' | 'seconds' | 'minutes' | 'hours' | 'days'; count: number };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in the largest unit that says enough. */
export function ageOf(ms: number): Age {
  if (ms < 10_000) return { unit: 'now', count: 0 };
  if (ms < MINUTE) return { unit: 'seconds', count: Math.floor(ms / 1000) };
  if (ms < HOUR) return { unit: 'minutes', count: Math.floor(ms / MINUTE) };
  if (ms < 2 * DAY) return { unit: 'hours', count: Math.floor(ms / HOUR) };
  return { unit: 'days', count: Math.floor(ms / DAY) };
}
