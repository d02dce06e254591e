// The phone of somebody who signs in with a second factor.
import { codeAt, STEP_MS } from '../people/totp.ts';
import type { TestStation } from './station.ts';

/** What an authenticator app does: it knows the secret and the time, and nothing else. */
export function app(station: Pick<TestStation, 'clock'>, address: string, offMs = 0): () => string {
  const letters = new URL(address).searchParams.get('secret') ?? '';
  const bits = [...letters].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return () => codeAt(secret, Math.floor((station.clock() + offMs) / STEP_MS));
}
