// Passwords: argon2id.

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
