// What the updater knows beyond a run: the newest manifests it has seen, and what is to be installed at the next launch.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeWhole } from '../../../store/files.ts';

const memory = z.object({
  /** By the manifest's name: when the newest one was signed. */
  seen: z.record(z.string(), z.number()).default({}),
  next: z.object({ name: z.string(), yml: z.string(), signature: z.string() }).optional(),
  /** The version whose installation was begun. */
  tried: z.string().optional(),
});
export type Memory = z.infer<typeof memory>;

/** One that is missing or damaged begins anew: what is older than this program is refused all the same. */
export async function recall(file: string): Promise<Memory> {
  try {
    return memory.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return { seen: {} };
  }
}

export const remember = (file: string, known: Memory): Promise<void> => writeWhole(file, JSON.stringify(known));
