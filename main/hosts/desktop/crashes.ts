// What broke: a short list in the profile, for the person and whoever helps them. It never leaves this machine by itself.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keep, readKept } from './kept.ts';

/** `what` broke and `how`, in words of Electron's or ours; `said` is the end of what it wrote. */
export type Crash = { at: string; what: string; how: string; said: string };

const MOST_CRASHES = 20;
const MOST_DUMPS = 5;
const LONGEST = { what: 100, how: 300, said: 4_000 };

export function readCrashes(kept: unknown): Crash[] {
  if (!Array.isArray(kept)) return [];
  return kept
    .filter((one): one is Crash =>
      ['at', 'what', 'how', 'said'].every((name) => typeof (one as Record<string, unknown> | null)?.[name] === 'string'),
    )
    .slice(-MOST_CRASHES);
}

export const withCrash = (before: readonly Crash[], { at, what, how, said }: Crash): Crash[] =>
  [...before, { at, what: what.slice(0, LONGEST.what), how: how.slice(0, LONGEST.how), said: said.slice(-LONGEST.said) }].slice(
    -MOST_CRASHES,
  );

/** In a file at once: what comes next may be the end. */
export const openCrashes = (file: string, now: () => Date) => ({
  all: () => readCrashes(readKept(file)),
  add(what: string, how: string, said = ''): void {
    keep(file, withCrash(readCrashes(readKept(file)), { at: now().toISOString(), what, how, said }));
  },
});
export type Crashes = ReturnType<typeof openCrashes>;

/** Dumps of memory are large, and the newest tell enough. Crashpad keeps them in folders of its own. */
export function sweepDumps(folder: string): void {
  const dumps = filesWithin(folder)
    .filter((file) => file.endsWith('.dmp'))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const { file } of dumps.slice(MOST_DUMPS)) rmSync(file, { force: true });
}

function filesWithin(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** A page that was ended in order is no crash. */
export const isCrash = (reason: string): boolean => reason !== 'clean-exit' && reason !== 'killed';

/** Whether something that broke may be loaded again by itself: so often within so long, and no more. */
export function again(most: number, withinMs: number, now: () => number): () => boolean {
  let at: number[] = [];
  return () => {
    at = [...at.filter((one) => one > now() - withinMs), now()];
    return at.length <= most;
  };
}
