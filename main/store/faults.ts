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

/** Another process works in the same data folder. */
export class FolderInUse extends Error {
  override name = 'FolderInUse';
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');

export const isDamage = (error: unknown): boolean =>
  error instanceof StoreDamaged || /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error)) || codeOf(error) === 'XX001' || codeOf(error) === 'XX002';

/** Gives a driver's error its meaning; what is not the driver's passes unchanged. */
export function storeError(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof Refusal) return error;
  if (isDamage(error))
    return new Refusal('unavailable', 'The store is damaged. Nothing more is written; see “Health” for the way out.', { cause: 'damaged' });
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === '53100')
    return new Refusal('unavailable', 'The disk is full. Nothing was changed; free some space and try again.', { cause: 'diskFull' });
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === '25006')
    return new Refusal('unavailable', 'The data folder cannot be written. Nothing was changed.', { cause: 'readOnly' });
  if (code.startsWith('SQLITE_IOERR') || code === 'EIO' || code.startsWith('SQLITE_CANTOPEN'))
    return new Refusal('unavailable', 'The disk does not answer properly. Nothing was changed.', { cause: 'disk' });
  if (/^(ECONN|57P|08)/.test(code) || code === 'ETIMEDOUT' || code === 'EPIPE')
    return new Refusal('unavailable', 'The database does not answer. Nothing was changed; try again in a moment.', { cause: 'connection' });
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === '23505')
    return new Refusal('conflict', 'This exists already.');
  return error;
}
