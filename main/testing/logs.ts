// What stations logged during a test, kept beyond it: at the end of the whole suite it is searched for secrets.
import { randomUUID } from 'node:crypto';
import { copyFileSync, globSync } from 'node:fs';
import { join } from 'node:path';

export const LOGS_VARIABLE = 'OUTPOST_TEST_LOGS';

/** Before a folder of a test is removed. */
export function keepLogs(folder: string, to = process.env[LOGS_VARIABLE]): void {
  if (to === undefined) return;
  for (const file of globSync('**/logs/*.log*', { cwd: folder })) copyFileSync(join(folder, file), join(to, `${randomUUID()}.log`));
}
