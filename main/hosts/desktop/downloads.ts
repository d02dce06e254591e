// Files that the page hands out: those it has put together itself, and only to where the person says. Everything else is denied.
import { ORIGIN } from './navigation.ts';

const LONGEST_NAME = 120;
/** Devices that Windows finds under any ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** `chain` are the addresses a download went through, as Electron tells them. */
export const isHandedOut = (chain: readonly string[]): boolean => chain.length === 1 && (chain[0]?.startsWith(`blob:${ORIGIN}/`) ?? false);

/** A name to begin with in the dialog: the last part of what the page said, of plain letters. */
export function nameFor(suggested: string): string {
  const [last = ''] = suggested.split(/[\\/]/).slice(-1);
  const plain = last
    .replace(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '')
    .replace(/^[. ]+|[. ]+$/g, '')
    .slice(-LONGEST_NAME);
  return plain === '' || RESERVED.test(plain) ? 'outpost-file' : plain;
}
