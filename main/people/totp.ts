// One-time codes of a phone (RFC 6238): six digits, thirty seconds, SHA-1, as every authenticator app knows them.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../contract/ids.ts';

export const STEP_MS = 30_000;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** A code is good this many steps before and after its own: people type slowly. */
const NEAR = 1;
/** So far off may a clock be before a right code cannot be told from a wrong one: a day, and the hours of a wrong zone. */
const FAR = (26 * 60 * 60 * 1000) / STEP_MS;
/** A second code that proves a wrong clock is one of the next ones. */
const NEXT_ONES = 10;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What is kept of a phone: the phone's own step of the last code, and how far its clock is from the station's. */
export type Phone = {
  secret: Uint8Array;
  /** Steps the phone is ahead. */
  ahead: number;
  /** No code of this step or an earlier one is good any more. */
  lastStep: number;
  /** A code was right for another time: the next one decides. */
  doubt: { step: number; ahead: number } | null;
};

export type Verdict =
  | { verdict: 'right'; step: number; ahead: number }
  /** Right, if the station's clock were off by so much. */
  | { verdict: 'otherTime'; step: number; ahead: number }
  | { verdict: 'used' }
  | { verdict: 'wrong' };

export const newSecret = (random: Random): Uint8Array => random(SECRET_BYTES);

export function codeAt(secret: Uint8Array, step: number): string {
  const moment = Buffer.alloc(8);
  moment.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(moment).digest();
  const offset = (digest.at(-1) as number) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** DIGITS).padStart(DIGITS, '0');
}

/**
 * A plant's clock may be wrong, the phone's seldom is. A code near the time we expect is right; one that fits another time is
 * doubted, and the next one that fits the same time settles it. No code is good twice, whatever the clocks do in between: steps
 * are counted in the phone's time.
 */
export function verify(phone: Phone, typed: string, now: number): Verdict {
  const code = typed.replace(/\s/g, '');
  if (!/^\d{6}$/.test(code)) return { verdict: 'wrong' };
  const here = Math.floor(now / STEP_MS);
  const fits = (step: number) => step >= 0 && timingSafeEqual(Buffer.from(codeAt(phone.secret, step)), Buffer.from(code));

  for (const ahead of outwards(phone.ahead, NEAR)) {
    const step = here + ahead;
    if (fits(step)) return step > phone.lastStep ? { verdict: 'right', step, ahead } : { verdict: 'used' };
  }
  if (phone.doubt)
    for (let step = phone.doubt.step + 1; step <= phone.doubt.step + NEXT_ONES; step++) {
      const ahead = step - here;
      if (step > phone.lastStep && Math.abs(ahead - phone.doubt.ahead) <= NEAR && fits(step)) return { verdict: 'right', step, ahead };
    }
  for (const ahead of outwards(0, FAR)) {
    const step = here + ahead;
    if (step > phone.lastStep && fits(step)) return { verdict: 'otherTime', step, ahead };
  }
  return { verdict: 'wrong' };
}

/** The nearest first: the middle, then a step to either side, and so on. */
function* outwards(middle: number, most: number): Generator<number> {
  yield middle;
  for (let far = 1; far <= most; far++) yield* [middle + far, middle - far];
}

/** What an authenticator app reads as a picture, or a person types. */
export function enrolmentAddress(secret: Uint8Array, station: string, account: string): string {
  const label = `${encodeURIComponent(station)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(station)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`;
}

export function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => LETTERS[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}
