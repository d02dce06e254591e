// npm run edge -- --verify-audit: the audit of a store, walked from end to end while no station works on it.
import { existsSync } from 'node:fs';
import { type Verdict, verifyAudit } from '../../store/audit.ts';
import { folderPaths, openFolder } from '../../store/folder.ts';
import { BadSettings, readSettings } from '../../store/settings.ts';
import { openFile, openServer } from '../open.ts';
import type { EdgeOptions } from './options.ts';

/** Brings nothing to a newer version and writes nothing into the store. */
export async function verifyStore({ data, flags }: Pick<EdgeOptions, 'data' | 'flags'>): Promise<Verdict> {
  const settings = readSettings(folderPaths(data).settings, process.env, flags);
  // Asked of a folder by a slip of the pen, it must not make one.
  const empty = () => new BadSettings(`There is no store in ${data}: name the data folder of a station with --data.`);
  if (!existsSync(data)) throw empty();
  const folder = openFolder(data);
  try {
    if (settings.database === undefined && !existsSync(folder.database)) throw empty();
    const database =
      settings.database === undefined ? await openFile(folder, undefined) : await openServer(folder, settings.database, undefined);
    try {
      if (!(await database.tables()).includes('audit')) throw empty();
      return await database.snapshot((at) => verifyAudit(at));
    } finally {
      await database.close();
    }
  } finally {
    folder.release();
  }
}
