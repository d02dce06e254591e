// The data folder: where everything a station keeps has its place, for this account's eyes only, and one process at a time.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { FolderInUse, isDamage } from './faults.ts';
import { flushFolderSync } from './files.ts';

export type Folder = {
  path: string;
  database: string;
  blobs: string;
  secrets: string;
  backups: string;
  logs: string;
  settings: string;
  telemetry: string;
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
  for (const place of [path, folder.backups]) sweep(place);
  finishRestore(folder);
  return { ...folder, release };
}

/** What a kill left half made: nobody else is at work here, and a backup may be as large as the store. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) if (/\.part(-journal)?$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** The folder of what a restore replaces. While the restored file waits in it under this name, the restore is to be finished. */
export const ASIDE = 'before-restore-';
export const COMING = 'coming.db';

/**
 * Puts aside what was there, and the restored file in its place. A kill after any step leaves it to the next start: the old
 * database is never opened without the log of writes that belongs to it, nor the new one with it.
 */
export function finishRestore({ path, database }: Pick<Folder, 'path' | 'database'>, done: (step: string) => void = () => {}): void {
  for (const name of readdirSync(path)) {
    const aside = join(path, name);
    if (!name.startsWith(ASIDE) || !existsSync(join(aside, COMING))) continue;
    for (const suffix of ['-wal', '-shm', '-journal', ''])
      if (existsSync(database + suffix)) {
        renameSync(database + suffix, join(aside, `site.db${suffix}`));
        done(`site.db${suffix} aside`);
      }
    for (const folder of [aside, path]) flushFolderSync(folder);
    renameSync(join(aside, COMING), database);
    for (const folder of [aside, path]) flushFolderSync(folder);
    done('in place');
  }
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
    telemetry: join(path, 'telemetry'),
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
