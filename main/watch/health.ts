// How the station is, in a word and a sentence a check.
import { statfs } from 'node:fs/promises';
import type { Check } from '../../contract/watch.ts';
import type { Station } from '../area.ts';
import { listBackups } from '../store/backup.ts';

const HOUR_MS = 3_600_000;
const BACKUP_OLD_MS = 36 * HOUR_MS;
const DISK_LOW = 0.1;
const DISK_BAD = 0.03;

/** Files are put aside by the restore itself; a PostgreSQL database is restored into an empty one. */
const WAY_OUT = {
  sqlite: 'Stop the station and start it with --restore latest: the newest backup is put in place, the damaged files are kept beside.',
  postgres:
    'Stop the station, make an empty database, and start it on that one with --restore latest: the newest backup is put into it, the damaged one stays.',
};

export const worst = (checks: readonly Check[]): Check['state'] =>
  checks.some((check) => check.state === 'bad') ? 'bad' : checks.some((check) => check.state === 'attention') ? 'attention' : 'good';

export async function stationChecks({ store, folder, clock }: Station): Promise<Check[]> {
  return [await storeCheck(), await diskCheck(), await backupCheck()];

  async function storeCheck(): Promise<Check> {
    if (store.damage !== undefined)
      return {
        name: 'store',
        state: 'bad',
        message: `The store is damaged (${store.damage}). Nothing more is written. ${WAY_OUT[store.database.dialect]}`,
      };
    return { name: 'store', state: 'good', message: `Whole as far as was read. ${megabytes(await store.database.bytes())} MB on disk.` };
  }

  async function diskCheck(): Promise<Check> {
    const disk = await statfs(folder.path);
    const free = disk.bavail / Math.max(1, disk.blocks);
    const words = `${megabytes(disk.bavail * disk.bsize)} MB free, ${Math.round(free * 100)} %.`;
    if (free < DISK_BAD)
      return { name: 'disk', state: 'bad', message: `${words} The station stops writing when the disk is full: free some space now.` };
    return { name: 'disk', state: free < DISK_LOW ? 'attention' : 'good', message: words };
  }

  async function backupCheck(): Promise<Check> {
    const [newest] = await listBackups(folder.backups);
    if (newest === undefined)
      return {
        name: 'backup',
        state: 'attention',
        message: 'There is no backup yet. The first one is made tonight, or now if you start it.',
      };
    const age = clock() - newest.at;
    const words = `The newest backup is ${Math.max(0, Math.round(age / HOUR_MS))} h old.`;
    if (age > BACKUP_OLD_MS)
      return {
        name: 'backup',
        state: 'attention',
        message: `${words} No nightly one was made since: start one now, and look into the log for what went wrong.`,
      };
    return { name: 'backup', state: 'good', message: words };
  }
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6).toLocaleString('en-GB');
