// The key that seals the station's secrets, where no operating system keeps one for us: a file only this account reads.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../store/files.ts';

const KEY_BYTES = 32;

export function fileKey(secrets: string): () => Promise<Uint8Array> {
  const file = join(secrets, 'key');
  let key: Promise<Uint8Array> | undefined;
  return () => {
    key ??= readOrMake(file);
    return key;
  };
}

async function readOrMake(file: string): Promise<Uint8Array> {
  if (!existsSync(file)) await writeWhole(file, randomBytes(KEY_BYTES));
  const key = await readFile(file);
  if (key.length !== KEY_BYTES)
    throw new Error(`${file} is not a key of this program. Move it away to start with a new one; secrets must then be entered again.`);
  return key;
}
