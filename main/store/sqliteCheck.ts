// The check of a SQLite file: one statement that reads all of it, on a thread of its own so that nobody waits for it.
import { Worker } from 'node:worker_threads';
import type { Database as Raw } from 'better-sqlite3';
import { isDamage } from './faults.ts';

/** Sentences about damage; none when whole. */
export function checkSqlite(raw: Raw, quick: boolean): string[] {
  try {
    const check = raw.pragma(quick ? 'quick_check(10)' : 'integrity_check(10)') as Record<string, string>[];
    const sentences = check.map((row) => String(Object.values(row)[0])).filter((sentence) => sentence !== 'ok');
    const orphans = raw.pragma('foreign_key_check') as { table: string }[];
    return [...sentences, ...orphans.slice(0, 10).map((orphan) => `a row of ${orphan.table} points to nothing`)];
  } catch (error) {
    // Damage of the first pages lets not even the check begin.
    if (isDamage(error)) return [(error as Error).message];
    throw error;
  }
}

/** Beside this file when run from source; an entry of its own where everything is bundled. */
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './sqliteCheckThread.ts' : './sqlite-check.js', import.meta.url);

/** The same over a connection and a thread of its own. */
export async function checkSqliteAside(file: string, signal?: AbortSignal): Promise<string[]> {
  signal?.throwIfAborted();
  const thread = new Worker(THREAD, { workerData: file });
  try {
    return await new Promise<string[]>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => reject(new Error('The check ended without an answer.')));
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } finally {
    // Not awaited: SQLite ends its statement first, and whoever asked to stop must not wait for that.
    void thread.terminate();
  }
}
