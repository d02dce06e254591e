// What was answered to commands that carried an opId: sent again after a lost answer, they are answered, not carried out, again.
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Author } from './change.ts';
import type { Connection } from './database.ts';

/** Nobody waits longer to repeat a command. What is kept may be long, and is nobody's business later. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

type By = Pick<Author, 'person' | 'action'>;

export async function commandAnswer(connection: Connection, opId: Id, by: By): Promise<{ result: unknown } | undefined> {
  const [row] = await connection.all<{ person: string | null; action: string; result: string }>(
    'select "person", "action", "result" from "command" where "opId" = ?',
    [opId],
  );
  if (row === undefined) return undefined;
  if (row.person !== by.person || row.action !== by.action) throw new Refusal('conflict', 'This opId was used for another command.');
  return { result: JSON.parse(row.result) as unknown };
}

/** Keeps one answer, and forgets those that have become old. */
export async function keepAnswer(connection: Connection, opId: Id, by: By, result: unknown, at: number): Promise<void> {
  await connection.run('delete from "command" where "at" < ?', [at - KEPT_MS]);
  await connection.run('insert into "command" ("opId", "person", "action", "result", "at") values (?, ?, ?, ?, ?)', [
    opId,
    by.person,
    by.action,
    JSON.stringify(result ?? {}),
    at,
  ]);
}
