// Opens a station in its data folder, whatever host it then wears: settings, log, database, areas, and what it begins with.
import { existsSync, statSync } from 'node:fs';
import { openLogSink } from '../log.ts';
import type { Brought, SetUp } from '../people/index.ts';
import type { Platform, Updates } from '../platform.ts';
import { openSite, type Site } from '../site.ts';
import { type Backup, listBackups, putBackInPlace } from '../store/backup.ts';
import type { Database } from '../store/database.ts';
import { FolderInUse, isDamage, StoreDamaged } from '../store/faults.ts';
import { type Folder, openFolder } from '../store/folder.ts';
import { BadSettings, readSettings, type StationSettings } from '../store/settings.ts';
import { openSqlite } from '../store/sqlite.ts';
import { fillWithDemo } from './demo.ts';
import { fileKey } from './secretKey.ts';

export type OpenOptions = {
  data: string;
  /** Fill an empty station with the example plant. */
  demo: boolean;
  setUp: SetUp | undefined;
  restore: string | undefined;
  /** Fill an empty station with an organisation from a file. */
  bring?: { file: string; administrator: string | undefined } | undefined;
  /** Flags that are settings as well. */
  flags: Record<string, unknown>;
};

export type OpenStation = { site: Site; folder: Folder; settings: StationSettings; brought: Brought | undefined; stop(): Promise<void> };

/** What a host has of its own, where the others have what is usual or nothing. */
export type Lent = {
  /** Where the key of the secrets comes from, whose folder this is. */
  key?: (secrets: string) => Platform['secretKey'];
  updates?: Updates;
};

/** `console` gets the log as well as the file does. */
export async function openStation(
  options: OpenOptions,
  host: Platform['host'],
  console: { write(line: string): void } | undefined,
  { key = fileKey, updates }: Lent = {},
): Promise<OpenStation> {
  const folder = openFolder(options.data);
  const closing: (() => Promise<void> | void)[] = [() => folder.release()];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const settings = readSettings(folder.settings, process.env, options.flags);
    const sink = openLogSink(folder.logs, console);
    closing.push(() => sink.close());
    const backup = options.restore === undefined ? undefined : await backupNamed(folder, options.restore);
    const database = settings.database === undefined ? await openFile(folder, backup) : await openServer(folder, settings.database, backup);
    const platform: Platform = { host, secretKey: key(folder.secrets), ...(updates && { updates }) };
    const site = await openSite({
      folder,
      database,
      settings,
      platform,
      sink,
    }).catch(async (error: unknown) => {
      await database.close().catch(() => {});
      throw isDamage(error) ? await damaged(folder, error) : error;
    });
    closing.push(() => site.stop());
    const brought = options.bring && (await bring(site, options.bring));
    if (await site.people.firstStart.needed()) {
      if (options.setUp) await site.people.firstStart.fromConsole(options.setUp);
      else if (options.demo) await fillWithDemo(site);
    }
    return { site, folder, settings, brought, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bring({ people }: Site, { file, administrator }: NonNullable<OpenOptions['bring']>): Promise<Brought> {
  try {
    return await people.organisationFile.bring(file, administrator);
  } catch (error) {
    throw unusable(file, error);
  }
}

/** What is wrong with the file itself is said of the file. */
export function unusable(file: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'invalid') return new BadSettings(`The file ${file} cannot be used: ${message}`);
  if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES') return new BadSettings(`The file ${file} cannot be read: ${message}.`);
  return error;
}

export async function openServer(folder: Folder, url: string, backup: Backup | undefined): Promise<Database> {
  const { openPostgres } = await import('../store/postgres.ts');
  const database = await openPostgres({ url }).catch((error: Error) => {
    if (error instanceof FolderInUse) throw error;
    throw new Error(`The database cannot be used (${error.message}): start it, or correct --database.`, { cause: error });
  });
  if (backup === undefined) return database;
  try {
    const { restorePostgres } = await import('../store/restorePostgres.ts');
    await restorePostgres(database, folder, backup);
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
}

export async function openFile(folder: Folder, backup: Backup | undefined): Promise<Database> {
  if (backup !== undefined) await putBackInPlace(folder, backup, Date.now());
  // A station that lost its records must not begin an empty life, open to whoever comes first.
  const bytes = statSync(folder.database, { throwIfNoEntry: false })?.size;
  if (!bytes && (await listBackups(folder.backups)).length > 0)
    throw await damaged(folder, new Error(bytes === undefined ? 'it is missing' : 'it is empty'));
  // What the last run did not close in order is looked at before it is trusted.
  const unclean = existsSync(`${folder.database}-wal`);
  try {
    const database = openSqlite({ file: folder.database });
    const faults = unclean ? await database.faults(true) : [];
    if (faults.length === 0) return database;
    await database.close();
    throw new StoreDamaged(faults[0]);
  } catch (error) {
    throw isDamage(error) ? await damaged(folder, error) : error;
  }
}

/** Says what is broken and the way out of it, with the name of the backup to take. */
async function damaged(folder: Folder, error: unknown): Promise<StoreDamaged> {
  const [newest] = await listBackups(folder.backups);
  const way = newest
    ? `Start once with --restore latest to put the backup of ${new Date(newest.at).toISOString().slice(0, 16)}Z (${newest.name}) in place; the damaged files are kept beside.`
    : `There is no backup in ${folder.backups}: move the file away to start empty, and keep it for a repair.`;
  return new StoreDamaged(`The database ${folder.database} is damaged (${(error as Error).message}). ${way}`);
}

async function backupNamed(folder: Folder, name: string): Promise<Backup> {
  const backups = await listBackups(folder.backups);
  const backup = name === 'latest' ? backups[0] : backups.find((one) => one.name === name);
  if (backup === undefined)
    throw new BadSettings(
      backups.length === 0
        ? `There is no backup in ${folder.backups}.`
        : `There is no backup “${name}”. There are: ${backups.map((one) => one.name).join(', ')}.`,
    );
  return backup;
}
