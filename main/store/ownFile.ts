// A SQLite file that one part of the station keeps for itself, on its own thread, beside the store: not shared, not in the change log.
import SQLite, { type Database as Raw } from 'better-sqlite3';

export type OwnFile = Raw;

const LARGEST_LOG = 16 << 20;

export function openOwnFile(file: string): OwnFile {
  const raw = new SQLite(file, { timeout: 5_000 });
  try {
    // Before the first table: later it would need a VACUUM, which needs the room of the whole file once more.
    raw.pragma('auto_vacuum = INCREMENTAL');
    raw.pragma('journal_mode = WAL');
    raw.pragma('synchronous = FULL');
    raw.pragma('temp_store = MEMORY');
    raw.pragma(`journal_size_limit = ${LARGEST_LOG}`);
    return raw;
  } catch (error) {
    raw.close();
    throw error;
  }
}
