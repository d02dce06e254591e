// Pictures and files, each under the SHA-256 of its content: written once, never changed, whole or absent.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushFolder, writeWhole } from './files.ts';

const HASH = /^[0-9a-f]{64}$/;

export type Blobs = {
  /** Durable when it returns: put first, then name the hash in a record. */
  put(bytes: Uint8Array): Promise<string>;
  /** Undefined where it is missing, or no longer what its name says. */
  get(hash: string): Promise<Uint8Array | undefined>;
};

export function openBlobs(folder: string): Blobs {
  const fileOf = (hash: string) => {
    if (!HASH.test(hash)) throw new Error('not the hash of a blob');
    return join(folder, hash.slice(0, 2), hash);
  };
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  return {
    async put(bytes) {
      const hash = hashOf(bytes);
      const file = fileOf(hash);
      if (existsSync(file)) return hash;
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await flushFolder(folder);
      await writeWhole(file, bytes);
      return hash;
    },
    async get(hash) {
      const bytes = await readFile(fileOf(hash)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return bytes !== undefined && hashOf(bytes) === hash ? bytes : undefined;
    },
  };
}
