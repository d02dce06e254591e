// The audit as a file for a spreadsheet: a page at a time, so that its length costs no memory.
import type { Kysely } from 'kysely';
import type { AuditFilter } from '../../contract/people.ts';
import type { BytesSource, Station } from '../area.ts';
import { type AuditRow, auditPage, cursorOf, entry } from './audit.ts';
import { csvLine } from './csv.ts';
import type { PeopleTables } from './entities.ts';

const COLUMNS = ['time', 'who', 'action', 'outcome', 'organisation', 'site', 'from', 'message', 'changes', 'seen as'];
const PAGE = 500;

/**
 * Oldest first, so that what is added later stands behind what somebody has read already. It ends with the rows of the moment it was
 * asked for: on a busy station it would otherwise never end.
 */
export const auditFile = ({ store }: Pick<Station, 'store'>, where: AuditFilter): BytesSource =>
  async function* (offset, signal) {
    const db = store.read as Kysely<PeopleTables>;
    const newest = await db
      .selectFrom('audit')
      .select(['incarnation', 'seq'])
      .orderBy('incarnation', 'desc')
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    // By its place in the chain, not by its time: a clock that was set back would end the file too early.
    const present = ({ incarnation, seq }: AuditRow) =>
      newest !== undefined && (incarnation < newest.incarnation || (incarnation === newest.incarnation && seq <= newest.seq));
    const names = await namesOfPlaces(db);
    let skip = offset;
    let last: AuditRow | undefined;
    let text = csvLine(COLUMNS);
    for (;;) {
      const bytes = Buffer.from(text);
      if (bytes.length > skip) yield bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
      signal.throwIfAborted();
      const rows = await auditPage(db, where, { behind: last && cursorOf(last), newestFirst: false, limit: PAGE });
      if (rows.length === 0) return;
      text = rows
        .filter(present)
        .map((row) => line(row, names))
        .join('');
      last = rows.at(-1);
    }
  };

/** An organisation and a site by name where it is known, by its id where it is not. */
async function namesOfPlaces(db: Kysely<PeopleTables>): Promise<(id: string | null) => string | null> {
  const [organisations, sites] = await Promise.all([
    db.selectFrom('organisations').select(['id', 'name']).execute(),
    db.selectFrom('sites').select(['id', 'name']).execute(),
  ]);
  const names = new Map([...organisations, ...sites].map(({ id, name }) => [id, name]));
  return (id) => (id === null ? null : (names.get(id) ?? id));
}

function line(row: AuditRow, nameOf: (id: string | null) => string | null): string {
  const { at, actor, seenAs, action, outcome, organisation, site, from, message, changes } = entry(row);
  return csvLine([
    new Date(at).toISOString(),
    actor && (actor.name ?? actor.id),
    action,
    outcome,
    nameOf(organisation),
    nameOf(site),
    from,
    message,
    // Nothing once erased.
    changes && JSON.stringify(changes),
    seenAs && (seenAs.name ?? seenAs.id),
  ]);
}
