// The command line of the edge: flags, the set-up file, and what is said when they cannot be used.
import { readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { email, name, password, timeZone } from '../../../contract/values.ts';
import { type SetUp, weakness } from '../../people/index.ts';
import { BadSettings } from '../../store/settings.ts';

const setUpFile = z.strictObject({
  organisation: name,
  site: name,
  timeZone: timeZone.optional(),
  admin: z.strictObject({ email, name, password }),
});

export type EdgeOptions = {
  data: string;
  demo: boolean;
  setUp: SetUp | undefined;
  restore: string | undefined;
  printConfig: boolean;
  /** Walk the audit's chain and end, instead of starting. */
  verifyAudit: boolean;
  /** Write an organisation into a file and end, instead of starting. */
  exportOrganisation: { key: string; file: string } | undefined;
  bring: { file: string; administrator: string | undefined } | undefined;
  /** Look at the file to bring and end, instead of starting. */
  dryRun: boolean;
  /** Flags that are settings as well. */
  flags: Record<string, unknown>;
};

export const USAGE = `Usage: npm run edge -- --data DIR [--port N] [--host H] [--demo] [--setup FILE]

  --data DIR         where the station keeps everything (made if missing)
  --port N           port to listen on, 0 for a free one (8480)
  --host H           address to listen on (127.0.0.1)
  --name NAME        what the station is called on its screens
  --demo             fill an empty station with a small example plant
  --setup FILE       set an empty station up: {"organisation","site","admin":{"email","name","password"}}
  --tls-cert FILE --tls-key FILE   certificate to use beyond this machine
  --insecure-http    plain HTTP beyond this machine; every screen says so
  --announce         say on the local network where the station is, so that desktop windows find it
  --trusted-proxies LIST   addresses and networks of reverse proxies that are believed
  --forwarded-header NAME  header by which they name who has signed in, like X-Forwarded-Email
  --database URL     postgres://… instead of a file in the data folder
  --restore NAME     put a backup in place before starting; “latest” takes the newest
  --verify-audit     walk the chain of the audit without starting: 0 when it is intact, 1 and the first fault when not
  --export-organisation KEY --file FILE   write an organisation into a new file, without starting
  --import-organisation FILE   fill an empty station with an organisation; a link for its administrator is printed
  --administrator EMAIL   which member looks after the station then; else the organisation’s first administrator
  --dry-run          only look at the file to import: what it holds, and its digest
  --print-config     print the settings in force, and the variable that sets each, and end
`;

/** Throws BadSettings with one sentence for whatever cannot be used. */
export function readOptions(args: string[]): EdgeOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values.data === undefined || values.data === '')
    throw new BadSettings('--data DIR is missing: name the folder the station keeps its data in.');
  if (statSync(values.data, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new BadSettings(`--data ${values.data} is a file: name the folder the station keeps its data in.`);
  const flags: Record<string, unknown> = {
    port: values.port,
    host: values.host,
    name: values.name,
    tlsCert: values['tls-cert'],
    tlsKey: values['tls-key'],
    insecureHttp: values['insecure-http'],
    announce: values.announce,
    trustedProxies: values['trusted-proxies'],
    forwardedHeader: values['forwarded-header'],
    database: values.database,
  };
  return {
    data: values.data,
    demo: values.demo ?? false,
    setUp: values.setup === undefined ? undefined : readSetUp(values.setup),
    restore: values.restore,
    printConfig: values['print-config'] ?? false,
    verifyAudit: values['verify-audit'] ?? false,
    ...carried(values),
    flags,
  };
}

function carried(values: ReturnType<typeof parse>['values']): Pick<EdgeOptions, 'exportOrganisation' | 'bring' | 'dryRun'> {
  const { file, administrator } = values;
  const key = values['export-organisation'];
  const from = values['import-organisation'];
  const dryRun = values['dry-run'] ?? false;
  if ((key === undefined) !== (file === undefined))
    throw new BadSettings('--export-organisation KEY and --file FILE belong together: name both.');
  if (from === undefined && (dryRun || administrator !== undefined))
    throw new BadSettings('--dry-run and --administrator belong to --import-organisation FILE: name it as well.');
  if (from !== undefined && (values.setup !== undefined || values.demo || key !== undefined))
    throw new BadSettings('--import-organisation fills an empty station by itself: leave --setup, --demo and --export-organisation out.');
  return {
    exportOrganisation: key === undefined || file === undefined ? undefined : { key, file },
    bring: from === undefined ? undefined : { file: from, administrator },
    dryRun,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        name: { type: 'string' },
        demo: { type: 'boolean' },
        setup: { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'insecure-http': { type: 'boolean' },
        announce: { type: 'boolean' },
        'trusted-proxies': { type: 'string' },
        'forwarded-header': { type: 'string' },
        database: { type: 'string' },
        restore: { type: 'string' },
        'print-config': { type: 'boolean' },
        'verify-audit': { type: 'boolean' },
        'export-organisation': { type: 'string' },
        file: { type: 'string' },
        'import-organisation': { type: 'string' },
        administrator: { type: 'string' },
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new BadSettings(`${(error as Error).message.split('\n')[0]?.replace(/\.?$/, '.')} “npm run edge -- --help” lists the flags.`);
  }
}

function textOf(file: string): string {
  try {
    // Some editors put a mark before the first letter, which JSON does not know.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new BadSettings(`The set-up file ${file} cannot be read: ${(error as Error).message}.`);
  }
}

function readSetUp(file: string): SetUp {
  let parsed: unknown;
  try {
    parsed = JSON.parse(textOf(file));
  } catch (error) {
    if (error instanceof BadSettings) throw error;
    // Nothing of the text itself is repeated: there is a password in it.
    throw new BadSettings(`The set-up file ${file} is not JSON: {"organisation","site","admin":{"email","name","password"}} is wanted.`);
  }
  const checked = setUpFile.safeParse(parsed, { error: ({ input }) => (input === undefined ? 'is missing' : undefined) });
  if (checked.success) {
    const { organisation, site, admin } = checked.data;
    const why = weakness(admin.password, { person: [admin.email, admin.name], place: [organisation, site] });
    if (why !== undefined) throw new BadSettings(`The set-up file ${file} cannot be used: admin.password: ${why}`);
    return checked.data;
  }
  const [issue] = checked.error.issues;
  throw new BadSettings(`The set-up file ${file} cannot be used: ${issue?.path.join('.') || 'it'} ${issue?.message}.`);
}
