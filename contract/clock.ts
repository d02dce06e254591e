// The hybrid logical clock: 16 lower-case hex digits, 48 bits of milliseconds then a 16-bit counter.
// A string everywhere: as an integer it silently loses bits in SQLite bindings and in JSON.

export type Hlc = string;

export const HLC = /^[0-9a-f]{16}$/;
export const HLC_ZERO: Hlc = '0000000000000000';

const COUNTER_LIMIT = 0x10000;
const MS_LIMIT = 0x1_0000_0000_0000;

export function hlcOf(ms: number, counter: number): Hlc {
  // One digit more would stand before all others as text: rather no stamp than one that loses against every older one.
  if (ms >= MS_LIMIT) throw new RangeError('The clock is beyond what a stamp can hold: set it right.');
  return ms.toString(16).padStart(12, '0') + counter.toString(16).padStart(4, '0');
}

export const hlcMs = (hlc: Hlc): number => Number.parseInt(hlc.slice(0, 12), 16);
const hlcCounter = (hlc: Hlc): number => Number.parseInt(hlc.slice(12), 16);

/** The stamp after `last` at wall time `now`. Never goes back: a clock set to yesterday only advances the counter. */
export function hlcNext(last: Hlc, now: number): Hlc {
  const lastMs = hlcMs(last);
  if (now > lastMs) return hlcOf(now, 0);
  const counter = hlcCounter(last) + 1;
  return counter < COUNTER_LIMIT ? hlcOf(lastMs, counter) : hlcOf(lastMs + 1, 0);
}

export const hlcMax = (a: Hlc, b: Hlc): Hlc => (a > b ? a : b);
