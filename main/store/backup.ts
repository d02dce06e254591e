// Backups: a folder each, whole or absent, that says what it holds. Without the secrets, which open only here anyway.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, renameSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import SQLite from 'better-sqlite3';
import { z } from 'zod';
import { Refusal } from '../../contract/errors.ts';
import { freeKey } from '../../contract/ids.ts';
import type { BackupStep, Database, DialectName } from './database.ts';
import { copyFlushed, flushFolder, writeWhole } from './files.ts';
import { ASIDE, COMING, finishRestore } from './folder.ts';
import { COPIED } from './identity.ts';
import { mustKnow, schemaVersion } from './migrate.ts';
import { migrations } from './migrations/index.ts';

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
  // A folder of its own for each, for two may be under way at once; its name says that it is not whole yet.
  const beside = join(places.backups, `${randomBytes(6).toString('hex')}.part`);
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
    const name = freeName(places.backups, `${stamp(about.at)}-${about.reason}`);
    renameSync(beside, join(places.backups, name));
    await flushFolder(places.backups);
    step.progress(1);
    return { name, ...manifest };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

const stamp = (at: number) => `${new Date(at).toISOString().slice(0, 19).replaceAll(':', '')}Z`;

/** Two of one second get a name each: no backup takes the place of another. */
const freeName = (folder: string, wanted: string) => freeKey(wanted, new Set(readdirSync(folder)));

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

/** What can be said without touching anything: whether the backup is whole, and this program's to restore. */
export async function mustBeRestorable(folder: string, backup: Backup, dialect: DialectName): Promise<void> {
  if (backup.dialect !== dialect)
    throw new Refusal('invalid', `The backup ${backup.name} is one of ${backup.dialect}: it cannot be restored into ${dialect}.`);
  mustKnow(backup.schema, migrations.at(-1)?.version ?? 0);
  await checkBackup(folder, backup);
}

/**
 * Puts a backup's files in the place of the present ones, which are kept beside. Returns where. Until one rename the present
 * ones stay as they are; after it the restore is finished here, or by the next start. `done` hears of each step: where tests stop it.
 */
export async function putBackInPlace(
  places: Places & { path: string; database: string },
  backup: Backup,
  at: number,
  done: (step: string) => void = () => {},
): Promise<string> {
  await mustBeRestorable(places.backups, backup, 'sqlite');
  await copyBlobs(join(places.backups, backup.name, 'blobs'), places.blobs, new AbortController().signal);
  const fresh = `${places.database}.part`;
  await copyFlushed(join(places.backups, backup.name, backup.file), fresh);
  done('copied');
  markCopied(fresh, `restored from ${backup.name}`);
  done('marked');
  const aside = join(places.path, freeName(places.path, `${ASIDE}${stamp(at)}`));
  await mkdir(aside, { mode: 0o700 });
  done('folder made');
  await rename(fresh, join(aside, COMING));
  for (const folder of [aside, places.path]) await flushFolder(folder);
  done('decided');
  finishRestore(places, done);
  return aside;
}

/** The copy itself knows that it is one: whoever opens it, and when, begins a new incarnation. */
function markCopied(file: string, reason: string): void {
  const raw = new SQLite(file);
  try {
    // One file, without one beside it that could be left behind.
    raw.pragma('journal_mode = DELETE');
    raw.pragma('synchronous = FULL');
    raw.prepare('insert or replace into "meta" ("key", "value") values (?, ?)').run(COPIED, reason);
  } finally {
    raw.close();
  }
}

/** Blobs never change: a second name for the same file is a copy that costs nothing, where the disk allows it. */
export async function copyBlobs(from: string, to: string, signal: AbortSignal): Promise<number> {
  let copied = 0;
  for (const part of existsSync(from) ? await readdir(from) : []) {
    await mkdir(join(to, part), { recursive: true, mode: 0o700 });
    for (const name of await readdir(join(from, part))) {
      signal.throwIfAborted();
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      copied += 1;
      if (existsSync(join(to, part, name))) continue;
      await secondName(join(from, part, name), join(to, part, name));
    }
  }
  return copied;
}

const secondName = (file: string, name: string) => link(file, name).catch(() => copyFlushed(file, name));

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
