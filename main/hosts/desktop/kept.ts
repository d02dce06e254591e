// What the window's process keeps in its profile: small JSON files, whole or not there. Trouble with them never takes the window.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Undefined where there is nothing that can be read; whoever asks judges what it is. */
export function readKept(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** At once: it is called when the program ends, and when it breaks. False where it could not be written; the old one stays then. */
export function keep(file: string, value: unknown): boolean {
  const beside = `${file}.part`;
  try {
    const handle = openSync(beside, 'w', 0o600);
    try {
      writeSync(handle, JSON.stringify(value));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(beside, file);
    return true;
  } catch {
    rmSync(beside, { force: true, recursive: true });
    return false;
  }
}
