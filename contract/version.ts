// The contract's own version. A station serves its own minor version and the one before; anything else is told to reload.

export const CONTRACT = '0.1';

/** May a caller that speaks `theirs` talk to a station that speaks `ours`? */
export function speaks(theirs: string, ours: string = CONTRACT): boolean {
  const [theirMajor, theirMinor] = parts(theirs);
  const [ourMajor, ourMinor] = parts(ours);
  return theirMajor === ourMajor && (theirMinor === ourMinor || theirMinor === ourMinor - 1);
}

function parts(version: string): [number, number] {
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(version);
  return match ? [Number(match[1]), Number(match[2])] : [Number.NaN, Number.NaN];
}
