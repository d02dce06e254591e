// Passwords: argon2id, and slower and slower answers to whoever guesses.

/** 19 MiB, two passes, one lane: what OWASP names for argon2id. A password hashed with other parameters is hashed anew at sign-in. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const MARK = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

// Loaded on first use: nobody signs in while the station starts.
const argon2 = () => import('@node-rs/argon2');

export const hashPassword = async (password: string): Promise<string> => (await argon2()).hash(password.normalize('NFC'), PARAMETERS);

export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  return (await argon2()).verify(hash, password.normalize('NFC'));
}

export const isOutdated = (hash: string): boolean => !hash.startsWith(MARK);

/** Looks like one of ours, and is nobody's. Written out, for one made at first use would take twice as long that once. */
const DECOY = `${MARK}bm9ib2R5J3Mgc2FsdCEhIQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBub2JvZHk`;

/** Takes as long as a real check, so that an unknown e-mail cannot be told from a wrong password by the clock. */
export async function verifyNobody(password: string): Promise<false> {
  await verifyPassword(DECOY, password);
  return false;
}

// ---- throttle

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
    wait: (account, source) => Math.max(0, (tries.get(keyOf(account, source))?.until ?? 0) - clock()),
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
