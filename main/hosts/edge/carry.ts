// npm run edge -- --export-organisation, and what is said of a file to import.
import { existsSync } from 'node:fs';
import { type Brought, examine, type Summary } from '../../people/index.ts';
import { sharedEntities } from '../../site.ts';
import { folderPaths } from '../../store/folder.ts';
import { BadSettings, readSettings } from '../../store/settings.ts';
import { openStation, unusable } from '../open.ts';
import type { EdgeOptions } from './options.ts';

/** Opens the store as a start does, for the act stands in its audit, but serves nobody. */
export async function exported({ data, flags }: EdgeOptions, { key, file }: { key: string; file: string }): Promise<string> {
  const settings = readSettings(folderPaths(data).settings, process.env, flags);
  // Asked of a folder by a slip of the pen, it must not make one.
  if (!existsSync(data) || (settings.database === undefined && !existsSync(folderPaths(data).database)))
    throw new BadSettings(`There is no store in ${data}: name the data folder of a station with --data.`);
  if (existsSync(file)) throw new BadSettings(`The file ${file} is there already: name a new one with --file.`);
  const { site, stop } = await openStation({ data, demo: false, setUp: undefined, restore: undefined, flags }, 'edge', undefined);
  try {
    const { organisation, lines, digest } = await site.people.organisationFile.toFile(key, file);
    return `Exported the organisation “${organisation.name}” into ${file}: ${lines} lines, digest ${digest}.`;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? new BadSettings(`The file ${file} cannot be written: its folder is missing.`)
      : error;
  } finally {
    await stop();
  }
}

export async function looked(file: string): Promise<string> {
  try {
    return `The file holds ${contents(await examine(file, sharedEntities, Date.now()))}. Nothing was written.`;
  } catch (error) {
    throw unusable(file, error);
  }
}

/** Both figures: that of the file, and that of what the station would write now. */
export const saidOf = ({ file, digest, new: isNew }: Brought): string =>
  isNew
    ? `Imported ${contents(file)}; the station’s own export has ${digest}.`
    : `The organisation “${file.organisation.name}” is there already: the digest of the file is ${file.digest}, that of the station ${digest}.`;

function contents({ organisation, records, blobs, changes, lines, digest }: Summary): string {
  const counted = [...records].map(([entity, count]) => `${entity} ${count}`);
  return `the organisation “${organisation.name}” (${[...counted, `blob ${blobs}`, `change ${changes}`].join(', ')}): ${lines} lines, digest ${digest}`;
}
