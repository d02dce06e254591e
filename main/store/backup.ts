// Backups: a folder each, whole or absent, that says what it holds. Without the secrets, which open only here anyway.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Refusal } from '../../contract/errors.ts';
import type { BackupStep, Database, DialectName } from './database.ts';
import { flushFolder, writeWhole } from './files.ts';
import { schemaVersion } from './migrate.ts';

const REASONS = ['asked', 'scheduled', 'migration'] as const;
export type BackupReason = (typeof REASONS)[number];

const manifestSchema = z.object({
  format: z.literal(1),
  at: z.int(),
  reason: z.enum(REASONS),
  version: z.string(),
  schema: z.int(),
  dialect: z.enum(['sqlite', 'postgres']),
  file: z.enum(['site.db', 'rows.gz']),
  bytes: z.int(),
  sha256: z.string(),
  blobs: z.int(),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type Backup = Manifest & { name: string };

const FILE: Record<DialectName, Manifest['file']> = { sqlite: 'site.db', postgres: 'rows.gz' };

type Places = { backups: string; blobs: string };

export async function makeBackup(
  database: Database,
  places: Places,
  about: { reason: BackupReason; version: string; at: number },
  step: BackupStep,
): Promise<Backup> {
  const name = `${new Date(about.at).toISOString().slice(0, 19).replaceAll(':', '')}Z-${about.reason}`;
  const target = join(places.backups, name);
  const beside = `${target}.part`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true, mode: 0o700 });
  try {
    const file = FILE[database.dialect];
    await database.backup(join(beside, file), { ...step, progress: (fraction) => step.progress(fraction * 0.8) });
    const blobs = await copyBlobs(places.blobs, join(beside, 'blobs'), step.signal);
    const manifest: Manifest = {
      format: 1,
      ...about,
      schema: await schemaVersion(database),
      dialect: database.dialect,
      file,
      bytes: (await stat(join(beside, file))).size,
      sha256: await hashOf(join(beside, file)),
      blobs,
    };
    await writeWhole(join(beside, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    step.signal.throwIfAborted();
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
    await flushFolder(places.backups);
    step.progress(1);
    return { name, ...manifest };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

/** Newest first. A folder without a readable manifest is no backup and is not listed. */
export async function listBackups(folder: string): Promise<Backup[]> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const found = await Promise.all(names.filter((name) => !name.endsWith('.part')).map((name) => readBackup(folder, name)));
  return found.filter((backup) => backup !== undefined).sort((a, b) => b.at - a.at);
}

async function readBackup(folder: string, name: string): Promise<Backup | undefined> {
  try {
    return { name, ...manifestSchema.parse(JSON.parse(await readFile(join(folder, name, 'manifest.json'), 'utf8'))) };
  } catch {
    return undefined;
  }
}

/** Removes the oldest nightly backups beyond `kept`; those somebody asked for, or made before a migration, stay. */
export async function pruneBackups(folder: string, kept: number): Promise<void> {
  const nightly = (await listBackups(folder)).filter((backup) => backup.reason === 'scheduled');
  for (const old of nightly.slice(kept)) await rm(join(folder, old.name), { recursive: true, force: true });
}

/** Compares a backup with what its manifest says of it. */
export async function checkBackup(folder: string, backup: Backup): Promise<void> {
  const file = join(folder, backup.name, backup.file);
  if (!existsSync(file) || (await hashOf(file)) !== backup.sha256)
    throw new Refusal('unavailable', `The backup ${backup.name} is damaged: ${backup.file} is not what its manifest says.`);
}

/** Puts a backup's files in the place of the present ones, which are kept beside. Returns where. */
export async function putBackInPlace(places: Places & { path: string; database: string }, backup: Backup, at: number): Promise<string> {
  await checkBackup(places.backups, backup);
  const aside = join(places.path, `before-restore-${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}Z`);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const suffix of ['-wal', '-shm', ''])
    if (existsSync(places.database + suffix)) await rename(places.database + suffix, join(aside, `site.db${suffix}`));
  await copyFile(join(places.backups, backup.name, backup.file), `${places.database}.part`);
  await rename(`${places.database}.part`, places.database);
  await flushFolder(places.path);
  await copyBlobs(join(places.backups, backup.name, 'blobs'), places.blobs, new AbortController().signal);
  return aside;
}

/** Blobs never change: a second name for the same file is a copy that costs nothing, where the disk allows it. */
async function copyBlobs(from: string, to: string, signal: AbortSignal): Promise<number> {
  let copied = 0;
  for (const part of existsSync(from) ? await readdir(from) : []) {
    await mkdir(join(to, part), { recursive: true, mode: 0o700 });
    for (const name of await readdir(join(from, part))) {
      signal.throwIfAborted();
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      copied += 1;
      if (existsSync(join(to, part, name))) continue;
      await link(join(from, part, name), join(to, part, name)).catch(() => copyFile(join(from, part, name), join(to, part, name)));
    }
  }
  return copied;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
