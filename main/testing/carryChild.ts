// A process that fills a station from the file of an organisation, and dies before one statement of it.
import { openLogSink } from '../log.ts';
import { openSite } from '../site.ts';
import { openFolder } from '../store/folder.ts';
import { readSettings } from '../store/settings.ts';

export type CarryWork = { dialect: 'sqlite' | 'postgres'; data: string; where: string; file: string; killAt: number };

const { dialect, data, where, file, killAt } = JSON.parse(process.argv[2] as string) as CarryWork;
let statements = Number.NEGATIVE_INFINITY;
const beforeStatement = () => {
  statements += 1;
  if (statements === killAt) process.kill(process.pid, 'SIGKILL');
};

const database =
  dialect === 'sqlite'
    ? (await import('../store/sqlite.ts')).openSqlite({ file: where, beforeStatement })
    : await (await import('../store/postgres.ts')).openPostgres({ url: where, beforeStatement });
const folder = openFolder(data);
const site = await openSite({
  folder,
  database,
  settings: readSettings(folder.settings, {}, {}),
  platform: { host: 'edge', secretKey: async () => new Uint8Array(32).fill(7) },
  sink: openLogSink(folder.logs, undefined),
});
// Counted from here on: how a station comes to its tables is another test's.
statements = 0;
await site.people.organisationFile.bring(file, undefined);
process.stdout.write(`${statements}\n`);
await site.stop();
process.exit(0);
