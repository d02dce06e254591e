// A disk of a few megabytes, for tests of a full or a read-only one. Made in memory, by root on Linux alone.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export type SmallDisk = {
  path: string;
  /** What is opened while it is read-only can be read, and not written. */
  readOnly(): void;
  writable(): void;
};

/** Undefined, and the test skipped with the reason, where no disk can be made. Unmounted with the test. */
export function smallDisk(t: TestContext, megabytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    t.skip('a small disk is mounted, which only root on Linux may do');
    return undefined;
  }
  const path = mkdtempSync(join(tmpdir(), 'outpost-disk-'));
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: 'ignore' });
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path);
  } catch (error) {
    rmdirSync(path);
    t.skip(`a small disk cannot be mounted here: ${(error as Error).message}`);
    return undefined;
  }
  t.after(() => {
    // Lazily: also where something is still open in it. What is open goes with the process.
    run('umount', '-l', path);
    rmdirSync(path);
  });
  return {
    path,
    readOnly: () => run('mount', '-o', 'remount,ro', path),
    writable: () => run('mount', '-o', 'remount,rw', path),
  };
}
