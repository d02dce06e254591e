// Settings of the station itself: outpost.json, then OUTPOST_… variables, then flags; one schema for all three.
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { isNetwork } from './networks.ts';

// Variables and flags are words, the file is JSON: what is meant by a word is read here, and nothing else becomes a number.
const whole = (from: number, to: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value.trim()) ? Number(value) : value),
    z.int(`a whole number from ${from} to ${to} is wanted`).min(from).max(to),
  );
const WORDS: Record<string, boolean> = { true: true, false: false, 1: true, 0: false };
const yes = z.preprocess((value) => (typeof value === 'string' ? (WORDS[value] ?? value) : value), z.boolean('true or false is wanted'));
const list = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((word) => word.trim())
          .filter(Boolean)
      : value,
  z.array(z.string(), 'names are wanted, in a list or with commas between them'),
);

/** What a proxy, a browser or we ourselves say by: none of them can be the name of a person. */
const SPOKEN_FOR =
  /^(authorization|connection|content-.*|cookie|forwarded|host|origin|outpost-.*|referer|sec-.*|upgrade|user-agent|via|x-real-ip)$|^x-forwarded-(for|host|port|proto)$/i;

export const stationSettings = z.strictObject({
  name: z
    .string()
    .min(1, 'a name is wanted')
    .max(60, 'a name of 60 characters at most is wanted')
    .default('Outpost')
    .describe('What this station is called on every screen.'),
  host: z.string().min(1, 'an address to listen on is wanted').default('127.0.0.1').describe('Address to listen on.'),
  port: whole(0, 65535).default(8480).describe('Port to listen on; 0 takes a free one.'),
  tlsCert: z.string().optional().describe('Certificate file (PEM). Without one a self-made certificate serves beyond this machine.'),
  tlsKey: z.string().optional().describe('Key file (PEM) of that certificate.'),
  insecureHttp: yes.default(false).describe('Serve plain HTTP beyond this machine. Every screen then says so.'),
  allowedHosts: list.default([]).describe('More names under which browsers may reach this station, as behind a proxy.'),
  trustedProxies: list
    .pipe(z.array(z.string().refine(isNetwork, 'addresses are wanted, or networks like 10.0.0.0/8 and fd00::/8')))
    .default([])
    .describe('Reverse proxies that are believed: where a request came from, how the browser sent it, who sits there.'),
  forwardedHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header is wanted, like X-Forwarded-Email')
    .refine((name) => !SPOKEN_FOR.test(name), 'a header that means nothing else is wanted, like X-Forwarded-Email')
    .optional()
    .describe('Header in which a trusted proxy names the person it has signed in, by their e-mail. Without one nobody signs in that way.'),
  announce: yes
    .default(false)
    .describe('Say on the local network where this station is, so that desktop windows find it. Beyond this machine only.'),
  metricsToken: z.string().optional().describe('Lets other machines read /metrics with “Authorization: Bearer …”.'),
  database: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'postgres://user:password@host/name is wanted')
    .optional()
    .describe('postgres://… instead of a file in the data folder.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('How much the log tells.'),
  updateFeed: z
    .string()
    .optional()
    .describe('Where the desktop looks for updates: a folder or an https address. Otherwise where its installer says.'),
  updateChannel: z.enum(['latest', 'beta'], 'latest or beta is wanted').default('latest').describe('Which updates the desktop takes.'),
  backupHour: whole(0, 23).default(2).describe('Hour of the nightly backup, in the station’s own time.'),
  backupsKept: whole(1, 365).default(14).describe('How many nightly backups are kept.'),
});
export type StationSettings = z.infer<typeof stationSettings>;

/** What a person wrote cannot be used; the message names the place and what is allowed there. */
export class BadSettings extends Error {
  override name = 'BadSettings';
}

/** insecureHttp → OUTPOST_INSECURE_HTTP */
export const variableOf = (name: string) => `OUTPOST_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

export function readSettings(file: string, env: NodeJS.ProcessEnv, flags: Record<string, unknown>): StationSettings {
  const merged: Record<string, unknown> = { ...readFile(file) };
  const origin: Record<string, string> = Object.fromEntries(Object.keys(merged).map((name) => [name, `${name} in ${file}`]));
  for (const name of Object.keys(stationSettings.shape)) {
    const variable = env[variableOf(name)];
    if (variable !== undefined && variable !== '') {
      merged[name] = variable;
      origin[name] = variableOf(name);
    }
    if (flags[name] !== undefined) {
      merged[name] = flags[name];
      origin[name] = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    }
  }
  const parsed = stationSettings.safeParse(merged);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? '');
  if (issue?.code === 'unrecognized_keys')
    throw new BadSettings(
      `${file} holds a setting nobody knows: ${issue.keys.join(', ')}. Known are ${Object.keys(stationSettings.shape).join(', ')}.`,
    );
  throw new BadSettings(`${origin[name] ?? name} cannot be used: ${issue?.message}.`);
}

function readFile(file: string): Record<string, unknown> {
  if (!existsSync(file)) return {};
  const parsed = parse(file, textOf(file));
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new BadSettings(`${file} must hold one JSON object.`);
}

function textOf(file: string): string {
  try {
    // Some editors put a mark before the first letter, which JSON does not know.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new BadSettings(`${file} cannot be read: ${(error as Error).message}.`);
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadSettings(`${file} is not JSON: ${(error as Error).message}.`);
  }
}
