// One file for whoever helps: versions, settings, the end of the log, what broke. Made here, kept where the person says, sent by nobody.
import type { Crash } from './crashes.ts';

export type Facts = {
  at: string;
  versions: Record<string, string | undefined>;
  settings: unknown;
  marks: unknown;
  crashes: readonly Crash[];
  log: string;
  /** The person's own folder: their name is in it. */
  home: string;
};

const LOG_LINES = 500;
/** By the name of what they belong to; whatever is not known to be harmless at these is left out. */
const SECRET_NAME = /pass|secret|token|key|code|cookie|authori[sz]ation|totp|link/i;

export function diagnosticsOf({ at, versions, settings, marks, crashes, log, home }: Facts): string {
  const lines = log.split('\n').filter(Boolean).slice(-LOG_LINES);
  const whole = { at, versions, settings: withoutSecrets(settings), marks, crashes, log: lines.map(parsed) };
  return `${JSON.stringify(whole, (_, value) => (typeof value === 'string' ? redacted(value, home) : value), 2)}\n`;
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, SECRET_NAME.test(name) ? '[removed]' : withoutSecrets(inner)]),
  );
}

/** A line that is no JSON was cut by a crash, or is somebody else's: as text it is still worth reading. */
function parsed(line: string): unknown {
  try {
    return withoutSecrets(JSON.parse(line));
  } catch {
    return line;
  }
}

/** What may stand inside a sentence: addresses with passwords, tokens, people's addresses, the name of the account. */
export function redacted(text: string, home: string): string {
  const shorter = home.length > 1 ? text.replaceAll(home, '~') : text;
  return (
    shorter
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1[removed]@')
      .replace(/\b(bearer|basic)\s+\S+/gi, '$1 [removed]')
      .replace(/([#?&](?:link|key|token|code)=)[^\s&#"]+/gi, '$1[removed]')
      .replace(/\b(pass(?:word|wd)?|secret|token|key)(["']?\s*[=:]\s*["']?)[^\s"',;]+/gi, '$1$2[removed]')
      .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[address]')
      // As sessions and one-time links are made: long, and of letters in both cases and digits.
      .replace(/\b(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{22,}\b/g, '[removed]')
  );
}
