// Pictures and files, each under the SHA-256 of its content: written once, never changed, whole or absent.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushFolder, writeWhole } from './files.ts';

const HASH = /^[0-9a-f]{64}$/;

export type Blobs = {
  /** Durable when it returns: put first, then name the hash in a record. */
  put(bytes: Uint8Array): Promise<string>;
  /** Undefined where it is missing, no longer what its name says, or the name is none: records come from other stations too. */
  get(hash: string): Promise<Uint8Array | undefined>;
  /** For one that was put for a record which then did not come about, and that no other names. */
  drop(hash: string): Promise<void>;
};

export function openBlobs(folder: string): Blobs {
  const fileOf = (hash: string) => join(folder, hash.slice(0, 2), hash);
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  async function get(hash: string): Promise<Uint8Array | undefined> {
    if (!HASH.test(hash)) return undefined;
    const bytes = await readFile(fileOf(hash)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return bytes !== undefined && hashOf(bytes) === hash ? bytes : undefined;
  }

  return {
    get,
    drop: (hash) => (HASH.test(hash) ? rm(fileOf(hash), { force: true }) : Promise.resolve()),
    async put(bytes) {
      const hash = hashOf(bytes);
      const file = fileOf(hash);
      // One that lies there already is looked at first: a damaged one is mended by putting it again.
      if ((await get(hash)) === undefined) {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        await flushFolder(folder);
        await writeWhole(file, bytes);
      } else await flushFolder(dirname(file));
      return hash;
    },
  };
}
