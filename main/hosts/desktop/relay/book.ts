// The stations this window knows, in a small file beside its others: address, name, the certificate that was confirmed.

import { Refusal } from '../../../../contract/errors.ts';
import { fingerprint, type KnownStation } from '../../../../contract/relay.ts';
import { keep, readKept } from '../kept.ts';
import { readAddress } from './address.ts';

const MOST = 30;
const LONGEST_NAME = 60;

export type Book = ReturnType<typeof openBook>;

export function openBook(file: string, now: () => number) {
  let known = readBook(readKept(file));
  function write(next: readonly KnownStation[]): boolean {
    const newest = [...next].sort((a, b) => b.lastUsed - a.lastUsed).slice(0, MOST);
    if (!keep(file, newest)) return false;
    known = newest;
    return true;
  }
  const others = (address: string) => known.filter((one) => one.address !== address);
  return {
    all: (): readonly KnownStation[] => known,
    find: (address: string): KnownStation | undefined => known.find((one) => one.address === address),
    confirm(address: string, confirmed: string | null): void {
      const name = known.find((one) => one.address === address)?.name ?? '';
      if (!write([...others(address), { address, name, fingerprint: confirmed, lastUsed: now() }])) throw notWritten();
    },
    forget(address: string): void {
      if (!write(others(address))) throw notWritten();
    },
    /** Somebody is signed in there. What cannot be written now is written the next time. */
    used(address: string, name: string): void {
      const one = known.find((each) => each.address === address);
      if (one !== undefined) write([...others(address), { ...one, name: oneLine(name), lastUsed: now() }]);
    },
  };
}

/** A file somebody may have edited, or a disk has damaged: a station that is not whole in it is not known. */
export function readBook(kept: unknown): KnownStation[] {
  if (!Array.isArray(kept)) return [];
  return kept.filter(isKnownStation).slice(0, MOST);
}

function isKnownStation(one: unknown): one is KnownStation {
  const { address, name, fingerprint: confirmed, lastUsed } = (one ?? {}) as Record<string, unknown>;
  if (typeof address !== 'string' || typeof name !== 'string' || name.length > LONGEST_NAME || !Number.isSafeInteger(lastUsed))
    return false;
  try {
    const { text, secure } = readAddress(address);
    return text === address && (secure ? fingerprint.safeParse(confirmed).success : confirmed === null);
  } catch {
    return false;
  }
}

/** Names come from elsewhere: without what ends a line or turns its direction round. */
export const oneLine = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME);

const notWritten = () =>
  new Refusal('unavailable', 'It could not be written into the folder of this window: look at its rights and its disk.');
