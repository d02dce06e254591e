// Slower and slower answers to whoever guesses: one account from one source, and one source that tries all accounts there are.
import { isIPv6 } from 'node:net';

const FREE_TRIES = 3;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
const REMEMBERED = 10_000;

export type Throttle = {
  /** Milliseconds to wait before the next try; 0 when one may try now. */
  wait(account: string, source: string): number;
  failed(account: string, source: string): void;
  succeeded(account: string, source: string): void;
};

/** Per account and source together, doubling to 30 s, never a lock: a thousand failures elsewhere do not keep the owner out. */
export function openThrottle(clock: () => number): Throttle {
  const tries = new Map<string, { failures: number; until: number }>();
  const keyOf = (account: string, source: string) => `${account}\n${source}`;
  return {
    wait(account, source) {
      const ms = (tries.get(keyOf(account, source))?.until ?? 0) - clock();
      // Longer than the longest: the clock was set back meanwhile.
      return ms > LONGEST_DELAY_MS ? 0 : Math.max(0, ms);
    },
    failed(account, source) {
      const key = keyOf(account, source);
      const failures = (tries.get(key)?.failures ?? 0) + 1;
      const delay = failures < FREE_TRIES ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - FREE_TRIES));
      tries.delete(key); // to the end of the order: the oldest is forgotten first
      tries.set(key, { failures, until: clock() + delay });
      if (tries.size > REMEMBERED) tries.delete(tries.keys().next().value as string);
    },
    succeeded: (account, source) => void tries.delete(keyOf(account, source)),
  };
}

const MINUTE_MS = 60_000;
const MOST_A_MINUTE = 60;

export type Crowd = {
  /** Milliseconds until this source may try any account again; 0 when it may now. Counts the try. */
  enter(source: string): number;
};

/** So many tries a minute from one source, whoever they are for: each one costs a slow check and a row in the audit. */
export function openCrowd(clock: () => number): Crowd {
  let minute = 0;
  let tries = new Map<string, number>();
  return {
    enter(source) {
      const now = clock();
      // Nothing is kept beyond its minute, so nothing grows.
      if (Math.floor(now / MINUTE_MS) !== minute) tries = new Map();
      minute = Math.floor(now / MINUTE_MS);
      const key = networkOf(source);
      const count = (tries.get(key) ?? 0) + 1;
      tries.set(key, count);
      return count > MOST_A_MINUTE ? MINUTE_MS - (now % MINUTE_MS) : 0;
    },
  };
}

/** Whoever has one IPv6 address has 2⁶⁴ of them: its first half names the source. */
function networkOf(source: string): string {
  if (!isIPv6(source)) return source;
  const [head = '', tail] = source.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}
