// Passwords: argon2id.
import { availableParallelism } from 'node:os';
import { openQueue } from './queue.ts';

/** 19 MiB, two passes, one lane: what OWASP names for argon2id. A password hashed with other parameters is hashed anew at sign-in. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const MARK = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

/** One core stays free for everything else: where all were busy with many sign-ins at once, streams stood still meanwhile. */
const MOST_AT_ONCE = Math.min(4, Math.max(1, availableParallelism() - 1));
const inTurn = openQueue(MOST_AT_ONCE);

// Loaded on first use: nobody signs in while the station starts.
const argon2 = () => import('@node-rs/argon2');

export const hashPassword = (password: string): Promise<string> =>
  inTurn(async () => (await argon2()).hash(password.normalize('NFC'), PARAMETERS));

export const verifyPassword = (hash: string, password: string): Promise<boolean> =>
  inTurn(async () => (await argon2()).verify(hash, password.normalize('NFC')));

export const isOutdated = (hash: string): boolean => !hash.startsWith(MARK);

/** Looks like one of ours, and is nobody's. Written out, for one made at first use would take twice as long that once. */
const DECOY = `${MARK}bm9ib2R5J3Mgc2FsdCEhIQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBub2JvZHk`;

/** Takes as long as a real check, so that an unknown e-mail cannot be told from a wrong password by the clock. */
export async function verifyNobody(password: string): Promise<false> {
  await verifyPassword(DECOY, password);
  return false;
}
