// Randomness from the system, fetched in larger pieces: an id a call, one at a time, would cost more than the id.
import { randomFillSync } from 'node:crypto';
import type { Random } from '../contract/ids.ts';

const POOL_BYTES = 8 * 1024;

export function systemRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    // A copy: nobody may see or keep what another one was given.
    const taken = pool.slice(used, used + bytes);
    pool.fill(0, used, used + bytes);
    used += bytes;
    return taken;
  };
}
