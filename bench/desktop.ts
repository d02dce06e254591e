// Runs the desktop program under the double in a process of its own, and gives what it has measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./desktop.child.ts', import.meta.url));

/** In this folder, or in one of its own. */
export async function measured(what: 'start' | 'bridge', folder?: string): Promise<Record<string, number>> {
  const own = folder ?? mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const child = fork(CHILD, [what, join(own, 'station')], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const ended = once(child, 'exit');
  const said = await Promise.race([once(child, 'message'), ended.then(([code]) => Promise.reject(new Error(`it ended with ${code}`)))]);
  await ended;
  if (folder === undefined) rmSync(own, { recursive: true, force: true });
  return said[0] as Record<string, number>;
}
