// Files that are whole or not there: written beside, flushed, then put in place.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeWhole(file: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    const handle = await open(beside, 'wx', mode);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
    await flushFolder(dirname(file));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** A copy that is on disk when it returns. Under its name at once: for places nobody looks at before it is done. */
export async function copyFlushed(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await flush(to, 'r+');
}

/** A rename is on disk only once its folder is. Windows has no such call, and needs none. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform !== 'win32') await flush(folder, 'r');
}

/** The same, where a start cannot go on before it. */
export function flushFolderSync(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

async function flush(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
