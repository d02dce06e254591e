// What must be used but never shown: passwords of other systems, tokens. AES-256-GCM under the platform's key, a file each.
// Written, never read back by a person; in no log, no change log, no backup.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './files.ts';

const NAME = /^[a-z0-9][a-z0-9.-]{0,100}$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export type Secrets = {
  set(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  isSet(name: string): boolean;
  /** The value, for the code that presents it to another system. Undefined where none is set, the key is another one, or the file is not whole. */
  use(name: string): Promise<string | undefined>;
};

export function openSecrets(folder: string, key: () => Promise<Uint8Array>): Secrets {
  const fileOf = (name: string) => {
    if (!NAME.test(name)) throw new Error('not a name for a secret');
    return join(folder, `${name}.secret`);
  };
  return {
    async set(name, value) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', await key(), iv);
      // The name is bound in: a file copied over another opens no more.
      cipher.setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
      await writeWhole(fileOf(name), Buffer.concat([iv, cipher.getAuthTag(), sealed]));
    },
    remove: (name) => rm(fileOf(name), { force: true }),
    isSet: (name) => existsSync(fileOf(name)),
    async use(name) {
      if (!existsSync(fileOf(name))) return undefined;
      const bytes = await readFile(fileOf(name));
      const opener = await key();
      try {
        const decipher = createDecipheriv('aes-256-gcm', opener, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(name));
        decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
