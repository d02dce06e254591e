// Whether a passphrase is good enough: not how many kinds of characters it has, but how many tries it takes somebody who tries first what
// everybody tries first. Reads it as the cheapest row of pieces a guesser knows, and adds up what these are worth.
import { Refusal } from '../../contract/errors.ts';
import { commonWords } from './commonWords.ts';

/** Who chooses it, and where: what a guesser knows as well. */
export type Known = { person: readonly string[]; place: readonly string[] };

type Reason = 'person' | 'place' | 'word' | 'row' | 'repeat' | 'rare';
type Piece = { bits: number; reason: Reason };

/** Three ordinary words are worth as much, two with a year and a mark behind them are not. */
const ENOUGH_BITS = 32;
const BITS = { known: 2, row: 5, repeat: 3, year: 5, word: 11, space: 1, digit: Math.log2(10), letter: Math.log2(26), mark: 4 } as const;

/** As many as may be typed; one letter can fold to many. */
const LONGEST = 256;

/** What lies side by side: on keyboards, in columns of them, in the alphabet. */
const ROWS = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  ...['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm', '8ik', '9ol', '1qay', '6zhn', '2wsy'],
  ...['1q2w3e4r5t6y7u8i9o0p', '1q2w3e4r5t6z7u8i9o0p', 'q1w2e3r4t5y6u7i8o9p0', 'a1b2c3d4e5f6g7h8i9j0', '1a2b3c4d5e6f7g8h9i0j'],
  ...['!@#$%^&*()', '!"§$%&/()=', '147258369', '789456123', '159357', '147896325', '1379'],
].flatMap((row) => [row, [...row].reverse().join('')]);

const SENTENCE: Record<Reason, string> = {
  person: 'This is hardly more than your own name or e-mail address, which is tried first.',
  place: 'This is hardly more than a name of this station or its organisation, which is tried first.',
  word: 'This is made of words that are tried first.',
  row: 'This is made of keys or characters that follow each other, which are tried first.',
  repeat: 'This repeats the same few characters.',
  rare: 'This is made of too little to be hard to guess.',
};
const ADVICE = 'Put four or more words together that have nothing to do with each other.';

/** As letters without marks or capitals; ß as ss. */
const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');
const german = (text: string): string =>
  text.normalize('NFC').toLowerCase().replaceAll('ä', 'ae').replaceAll('ö', 'oe').replaceAll('ü', 'ue');

const LEET: Record<string, string> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', $: 's', '!': 'i' };
const unleet = (text: string, one: string): string => [...text].map((c) => (c === '1' ? one : (LEET[c] ?? c))).join('');

let asRead: ReadonlySet<string> | undefined;
/** The common words, and each as it is read with letters in the place of its digits: a “formula1” may be written “f0rmula1”. */
function commonReadings(): ReadonlySet<string> {
  asRead ??= new Set([...commonWords()].flatMap((word) => [word, unleet(word, 'i'), unleet(word, 'l')]));
  return asRead;
}

/** What is repeated over and over is worth no more than what is repeated once. */
function onceRepeated(text: string): string {
  for (let period = 1; period * 2 <= text.length; period++)
    if (text.slice(period) === text.slice(0, -period)) return text.slice(0, period * 2);
  return text;
}

/** The words of a name or an address, alone and run together; “the” and “von” are in every sentence. */
function wordsOf(texts: readonly string[]): Set<string> {
  const words = texts.flatMap((text) =>
    [fold(text), fold(german(text))].flatMap((folded) => {
      const local = folded.split('@')[0] as string;
      const parts = folded.split(/[^\p{L}\p{N}]+/u);
      return [...parts, parts.join(''), local, folded];
    }),
  );
  return new Set(words.filter((word) => word.length > 3 || (word.length === 3 && !commonWords().has(word))));
}

/** Why it is too easy to guess, in one sentence with what to do; undefined where it is good. Its length is the contract's matter. */
export function weakness(passphrase: string, { person, place }: Known): string | undefined {
  const text = onceRepeated(fold(passphrase).slice(0, LONGEST));
  const readings = [...new Set([text, unleet(text, 'i'), unleet(text, 'l')])];
  const own = wordsOf(person);
  const house = wordsOf(place);
  const common = commonReadings();
  const longest = Math.min(64, Math.max(32, ...[...own, ...house].map((word) => word.length)));
  // A phrase that has become famous is one word.
  if (common.has(text.replace(/[^\p{L}\p{N}]/gu, ''))) return `${SENTENCE.word} ${ADVICE}`;

  const pieceOf = (from: number, to: number): Piece | undefined => {
    const piece = text.slice(from, to);
    const length = to - from;
    if (length === 1) return single(piece);
    if ([...piece].every((c) => c === piece[0])) return { bits: BITS.repeat, reason: 'repeat' };
    const said = readings.map((reading) => reading.slice(from, to));
    if (said.some((word) => own.has(word))) return { bits: BITS.known, reason: 'person' };
    if (said.some((word) => house.has(word))) return { bits: BITS.known, reason: 'place' };
    if (length >= 3 && ROWS.some((row) => row.includes(piece))) return { bits: BITS.row, reason: 'row' };
    if (length >= 3 && text.slice(0, from).includes(piece)) return { bits: BITS.repeat, reason: 'repeat' };
    if (/^(19|20)\d\d$/.test(piece)) return { bits: BITS.year, reason: 'row' };
    return said.some((word) => common.has(word)) ? { bits: BITS.word, reason: 'word' } : undefined;
  };

  // cheapest[n]: the cheapest reading of the first n characters, and its last piece.
  const cheapest: { bits: number; from: number; reason: Reason }[] = [{ bits: 0, from: 0, reason: 'rare' }];
  for (let to = 1; to <= text.length; to++) {
    let best = { bits: Number.POSITIVE_INFINITY, from: to - 1, reason: 'rare' as Reason };
    for (let from = Math.max(0, to - longest); from < to; from++) {
      const piece = pieceOf(from, to);
      const bits = piece === undefined ? Number.POSITIVE_INFINITY : (cheapest[from]?.bits ?? 0) + piece.bits;
      if (piece && bits < best.bits) best = { bits, from, reason: piece.reason };
    }
    cheapest.push(best);
  }
  if ((cheapest[text.length]?.bits ?? 0) >= ENOUGH_BITS) return undefined;
  return `${SENTENCE[mainPart(cheapest)]} ${ADVICE}`;
}

/** A single character is known to nobody. */
function single(c: string): Piece {
  if (c === ' ') return { bits: BITS.space, reason: 'rare' };
  if (/\d/.test(c)) return { bits: BITS.digit, reason: 'rare' };
  return { bits: /\p{L}/u.test(c) ? BITS.letter : BITS.mark, reason: 'rare' };
}

/** What most of its characters belong to. */
function mainPart(cheapest: readonly { from: number; reason: Reason }[]): Reason {
  const held = new Map<Reason, number>();
  for (let to = cheapest.length - 1; to > 0; ) {
    const { from, reason } = cheapest[to] as { from: number; reason: Reason };
    held.set(reason, (held.get(reason) ?? 0) + to - from);
    to = from;
  }
  return [...held].sort(([, one], [, other]) => other - one)[0]?.[0] ?? 'rare';
}

/** Every place where a passphrase is chosen asks here. */
export function mustBeStrong(passphrase: string, known: Known): void {
  const why = weakness(passphrase, known);
  if (why !== undefined) throw new Refusal('invalid', why, { issues: [{ path: '', message: why }] });
}
