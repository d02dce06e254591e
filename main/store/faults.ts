// What a database's or a disk's complaint means to people. One place; everything else throws Refusals.
import { Refusal } from '../../contract/errors.ts';

/** The store's file is damaged: nothing more is written, and the way out is said. */
export class StoreDamaged extends Error {
  override name = 'StoreDamaged';
}

/** The data folder was written by a newer version of the program. */
export class NewerStore extends Error {
  override name = 'NewerStore';
}

/** Another process works in the same data folder, or on the same database. */
export class FolderInUse extends Error {
  override name = 'FolderInUse';
}

/** While the connection was lost another process opened the database: what this one remembers of it may be true no longer. */
export class TakenOver extends Error {
  override name = 'TakenOver';
}

/** The connection was lost after the commit was sent, and nobody answers who could say whether it happened. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');

export const isDamage = (error: unknown): boolean =>
  error instanceof StoreDamaged || /^(SQLITE_(CORRUPT|NOTADB)|XX00[12]$)/.test(codeOf(error));

/** The driver of PostgreSQL gives its own complaints about a lost connection no code. */
const LOST_CODE = /^(ECONN|EPIPE$|ENOTFOUND$|EHOST|ENET|ETIMEDOUT$|08|57P|53[0234]|25P03)/;
const LOST_WORDS = /^(Connection terminated|Client (has encountered a connection error|was closed)|timeout (exceeded when trying|expired))/;
export const isLostConnection = (error: unknown): boolean =>
  LOST_CODE.test(codeOf(error)) || (error instanceof Error && LOST_WORDS.test(error.message));

export const damagedStore = () =>
  new Refusal('unavailable', 'The store is damaged. Nothing more is written; see “Health” for the way out.', { cause: 'damaged' });

/** Why a whole transaction was lost: by this error where it is the database's own, by a broken connection where it is a job's. */
export const lostTransaction = (error: unknown): unknown =>
  !(error instanceof Refusal) && storeError(error) instanceof Refusal
    ? error
    : Object.assign(new Error('The database dropped the transaction.', { cause: error }), { code: '08006' });

/** Gives a driver's error its meaning; what is not the driver's passes unchanged. */
export function storeError(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof Refusal) return error;
  if (isDamage(error)) return damagedStore();
  if (error instanceof OutcomeUnknown)
    return new Refusal(
      'unavailable',
      'The database was lost in the middle of a commit: look whether the change was made before you repeat it.',
      {
        cause: 'connection',
        outcome: 'unknown',
      },
    );
  if (error instanceof TakenOver)
    return new Refusal(
      'unavailable',
      'Another Outpost took the database over while the connection to it was lost. Nothing was changed, and nothing more is written here: stop one of the two, then start the other anew.',
      { cause: 'takenOver' },
    );
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === '53100')
    return new Refusal('unavailable', 'The disk is full. Nothing was changed; free some space and try again.', { cause: 'diskFull' });
  if (code === 'SQLITE_READONLY_DBMOVED')
    return new Refusal(
      'unavailable',
      'The file of the database is gone or was replaced. Nothing was changed; stop the station and put it back.',
      {
        cause: 'moved',
      },
    );
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === '25006')
    return new Refusal('unavailable', 'The data folder cannot be written. Nothing was changed.', { cause: 'readOnly' });
  if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN') || code === 'EIO' || code === '58030')
    return new Refusal('unavailable', 'The disk does not answer properly. Nothing was changed.', { cause: 'disk' });
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new Refusal('unavailable', 'Another program holds the store. Nothing was changed; close it and try again.', { cause: 'busy' });
  if (isLostConnection(error))
    return new Refusal('unavailable', 'The database does not answer. Nothing was changed; try again in a moment.', { cause: 'connection' });
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === '23505')
    return new Refusal('conflict', 'This exists already.');
  return error;
}
