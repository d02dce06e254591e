// The data folder: where everything a station keeps has its place, for this account's eyes only, and one process at a time.
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { FolderInUse, isDamage } from './faults.ts';

export type Folder = {
  path: string;
  database: string;
  blobs: string;
  secrets: string;
  backups: string;
  logs: string;
  settings: string;
  /** Lets another process have the folder. */
  release(): void;
};

/** Makes the folder where it is missing and takes it for this process. */
export function openFolder(path: string): Folder {
  const folder = folderPaths(path);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  for (const inner of [folder.blobs, folder.secrets, folder.backups, folder.logs]) mkdirSync(inner, { recursive: true, mode: 0o700 });
  const release = lock(path);
  sweep(folder.backups);
  return { ...folder, release };
}

/** What a kill left half made: nobody else is at work here, and a backup may be as large as the store. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith('.part')) rmSync(join(folder, name), { recursive: true, force: true });
}

export function folderPaths(path: string): Omit<Folder, 'release'> {
  return {
    path,
    database: join(path, 'site.db'),
    blobs: join(path, 'blobs'),
    secrets: join(path, 'secrets'),
    backups: join(path, 'backups'),
    logs: join(path, 'logs'),
    settings: join(path, 'outpost.json'),
  };
}

/** An exclusive transaction on a database of its own: the system frees it at once after kill −9, where a pid file would lie. */
function lock(path: string): () => void {
  const raw = new SQLite(join(path, 'lock.db'), { timeout: 0 });
  try {
    raw.pragma('journal_mode = DELETE');
    raw.exec('begin exclusive');
  } catch (error) {
    raw.close();
    if (/^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: string }).code)))
      throw new FolderInUse(`Another Outpost works in ${path}. Stop it, or start this one with another --data folder.`);
    if (isDamage(error)) throw new Error(`${join(path, 'lock.db')} is not a lock of this program. Move it away and start again.`);
    throw error;
  }
  return () => raw.close();
}
