// npm run edge: reads the command line, runs the station, ends with a code that says why.

import { Refusal } from '../../../contract/errors.ts';
import { openLog } from '../../log.ts';
import type { Verdict } from '../../store/audit.ts';
import { FolderInUse, NewerStore, storeError } from '../../store/faults.ts';
import { folderPaths } from '../../store/folder.ts';
import { BadSettings, readSettings, variableOf } from '../../store/settings.ts';
import { exported, looked, saidOf } from './carry.ts';
import { readOptions, USAGE } from './options.ts';
import { type Edge, runEdge } from './run.ts';
import { verifyStore } from './verify.ts';

export const EXIT = { clean: 0, other: 1, usage: 2, inUse: 3, newer: 4 } as const;

/** So long is the link good that the first administrator gets. */
const LINK_MS = 72 * 60 * 60_000;

/** After this a stop is no longer waited for: whoever asked for it will not wait longer either. */
const STOP_MS = 4_500;

export async function main(args: string[]): Promise<void> {
  // Whoever reads along may go: the station works on, and its log goes on in its file.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const options = readOptions(args);
    if (options === 'help') return void process.stdout.write(USAGE);
    if (options.printConfig) return void process.stdout.write(`${JSON.stringify(shown(options.data, options.flags), null, 2)}\n`);
    if (options.verifyAudit) return sayVerdict(await verifyStore(options));
    if (options.exportOrganisation) return tell(await exported(options, options.exportOrganisation));
    if (options.bring && options.dryRun) return tell(await looked(options.bring.file));
    const edge = await runEdge(options, 'edge', process.stdout);
    // First of all: whoever reads the line that says listening may end the station at once.
    stopOnSignal(edge);
    await say(edge).catch(async (error: unknown) => {
      await edge.stop();
      throw error;
    });
  } catch (error) {
    process.stderr.write(`${inWords(error).replace(/\s*\n\s*/g, ' ')}\n`);
    process.exitCode = exitCode(error);
    if (process.exitCode === EXIT.other)
      openLog('error', process.stdout).error({ error, event: 'notStarted' }, 'the station could not start');
  }
}

const tell = (line: string) => void process.stdout.write(`${line}\n`);

function sayVerdict({ rows, fault }: Verdict): void {
  if (fault === null) return void process.stdout.write(`The audit is intact: ${rows} ${rows === 1 ? 'row' : 'rows'}.\n`);
  process.stderr.write(`The audit is not intact: ${fault}.\n`);
  process.exitCode = EXIT.other;
}

export function exitCode(error: unknown): number {
  if (error instanceof BadSettings) return EXIT.usage;
  if (error instanceof FolderInUse) return EXIT.inUse;
  if (error instanceof NewerStore) return EXIT.newer;
  return EXIT.other;
}

/** One sentence that says what to do. */
function inWords(error: unknown): string {
  const { code, message, port, path } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program: choose another one with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'This machine has no such address: choose another one with --host.';
  if (code === 'EACCES' && port !== undefined)
    return `Port ${port} needs more rights than this account has: choose one above 1023 with --port.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `The data folder cannot be written (${path ?? message}): give this account the right to, or name another folder with --data.`;
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return 'The disk is full: free some space, then start again.';
  if (code?.startsWith('SQLITE_READONLY') || code?.startsWith('SQLITE_CANTOPEN'))
    return `The database in the data folder cannot be opened for writing (${message}): look at the folder’s rights and its disk.`;
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return `The data folder cannot be made (${path ?? message}): something on the way to it is a file; name another folder with --data.`;
  // What has a code is a driver's or the system's complaint; the rest are sentences of ours.
  const meaning = code === undefined ? error : storeError(error);
  return meaning instanceof Refusal ? meaning.message : message;
}

function shown(data: string, flags: Record<string, unknown>) {
  const settings = readSettings(folderPaths(data).settings, process.env, flags);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, { value: withoutSecrets(name, value), variable: variableOf(name) }]),
  );
}

function withoutSecrets(name: string, value: unknown): unknown {
  if (name === 'metricsToken') return '[set]';
  // Of a password that is not written as it should be, nothing must be left over either.
  return name === 'database'
    ? String(value)
        .replace(/\/\/([^:/?]*):.*@/, '//$1:[set]@')
        .replace(/\b(password=)[^&]*/g, '$1[set]')
    : value;
}

/** The line others wait for. Nothing in it opens the station: codes and links go to the terminal alone. */
async function say({ site, web, settings, brought }: Edge): Promise<void> {
  const { log } = site.station;
  if (brought !== undefined) {
    process.stderr.write(`${saidOf(brought)}\n`);
    if (brought.administrator !== undefined) {
      const secret = await site.people.consoleLink(brought.administrator.email, LINK_MS);
      process.stderr.write(`${brought.administrator.email} signs in by this link once, within three days: ${web.url}/#link=${secret}\n`);
    }
  }
  const setUpNeeded = await site.people.firstStart.needed();
  if (setUpNeeded)
    process.stderr.write(
      `This station is not set up yet. Open ${web.url}; from another machine it asks for the code ${site.people.firstStart.code}\n`,
    );
  log.info(
    {
      event: 'listening',
      url: web.url,
      host: settings.host,
      setUpNeeded,
      ...(web.certificate && { fingerprint: web.certificate.fingerprint }),
      ...(settings.insecureHttp && { insecure: true }),
    },
    setUpNeeded ? 'listening; not set up yet' : 'listening',
  );
}

function stopOnSignal(edge: Edge): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    const { log } = edge.site.station;
    log.info({ event: 'stopping', signal }, 'stopping');
    const late = setTimeout(() => process.exit(EXIT.other), STOP_MS);
    edge.stop().then(
      () => {
        clearTimeout(late);
        process.exit(EXIT.clean);
      },
      (error: unknown) => {
        process.stderr.write(`${(error as Error).message}\n`);
        process.exit(EXIT.other);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
