// No log holds what lets somebody in: searched for by the look of what stations hand out, and by what the tests type.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SECRETS: readonly RegExp[] = [
  // Sessions, links, keys and remembered devices: 32 bytes in base64url.
  /(?<![\w-])[\w-]{43}(?![\w-])/g,
  // Of an open session in the small world of the tests.
  /token-of-[\w-]+/g,
  /\$argon2\w*\$[^"\s]*/g,
  /otpauth:\/\/[^"\s]*/g,
  /a long enough phrase|another long phrase|(?:another )?mail secret|the new phrase|hush-hush/gi,
];

export const secretsIn = (text: string): string[] => SECRETS.flatMap((secret) => text.match(secret) ?? []);

/** What is wrong with the logs in this folder, or nothing. */
export function searchLogs(folder: string): string {
  const files = globSync('*.log', { cwd: folder });
  if (files.length === 0) return 'There is no log to be searched.';
  const found = files.flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => secretsIn(line).length > 0),
  );
  // As many as make the point; the rest say the same.
  return found.slice(0, 20).join('\n');
}
