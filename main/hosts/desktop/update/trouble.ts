// Every way an update can come to nothing, as one word the page has a sentence for; what was said in detail is for the log.
import { basename } from 'node:path';
import type { UpdateTroubleKind } from '../../../../contract/watch/updates.ts';

export class UpdateTrouble extends Error {
  override name = 'UpdateTrouble';
  readonly kind: UpdateTroubleKind;

  constructor(kind: UpdateTroubleKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

const FULL = ['ENOSPC', 'EDQUOT'];

/** What electron-updater, the disk and the net throw, in our words. */
export function troubleOf(error: unknown): UpdateTrouble {
  if (error instanceof UpdateTrouble) return error;
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && FULL.includes(code)) return new UpdateTrouble('diskFull', message, error);
  if (code === 'ERR_CHECKSUM_MISMATCH') return new UpdateTrouble('damaged', message, error);
  // Without it electron-updater does not know where to keep a download.
  if (code === 'ENOENT' && path !== undefined && basename(path) === 'app-update.yml')
    return new UpdateTrouble('incomplete', message, error);
  return new UpdateTrouble('unknown', message, error);
}
