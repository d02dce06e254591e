// Who a database is: the station's id, made on the first opening, and the incarnation, new whenever it may be a copy.
import { hlcMs } from '../../contract/clock.ts';
import type { Id } from '../../contract/ids.ts';
import type { WriteConnection } from './database.ts';
import { emptyHead, type Head, readHead, writeHead } from './log.ts';

/** A key of `meta`: put there by whoever makes a copy of a database, before anybody opens it. Its value says why. */
export const COPIED = 'copied';

export type Identity = { stationId: Id; head: Head };

/** In a transaction of its own. `nextId` is given the time below which no id may lie. */
export async function readIdentity(
  connection: WriteConnection,
  nextId: (notBefore: number) => Id,
  clock: () => number,
  newIncarnation: string | undefined,
): Promise<Identity> {
  await connection.begin();
  try {
    const known = await readHead(connection);
    const idAfter = () => nextId(known === undefined ? 0 : hlcMs(known.hlc));
    const stationId = await stationOf(connection, idAfter);
    const reason = newIncarnation ?? (await metaValue(connection, COPIED)) ?? (known === undefined ? 'first start' : undefined);
    const head = known !== undefined && reason === undefined ? known : await begin(connection, idAfter(), known, clock(), reason as string);
    await connection.commit();
    return { stationId, head };
  } catch (error) {
    if (connection.inTransaction()) await connection.rollback();
    throw error;
  }
}

async function stationOf(connection: WriteConnection, newId: () => Id): Promise<Id> {
  const known = await metaValue(connection, 'station');
  if (known !== undefined) return known;
  const id = newId();
  await connection.run(`insert into "meta" ("key", "value") values ('station', ?)`, [id]);
  return id;
}

/** The log goes on where it was; counting within the incarnation and its audit chain begin anew. */
async function begin(connection: WriteConnection, id: Id, before: Head | undefined, at: number, reason: string): Promise<Head> {
  const head = { ...emptyHead(id), ...(before && { seq: before.seq, hlc: before.hlc }) };
  // Where the old chain ended is kept, so that nobody can shorten it later.
  if (before !== undefined) await writeHead(connection, before, true);
  await writeHead(connection, head);
  await connection.run('insert into "incarnation" ("id", "startedAt", "reason") values (?, ?, ?)', [id, at, reason]);
  await connection.run('delete from "meta" where "key" = ?', [COPIED]);
  return head;
}

async function metaValue(connection: WriteConnection, key: string): Promise<string | undefined> {
  const [row] = await connection.all<{ value: string }>('select "value" from "meta" where "key" = ?', [key]);
  return row?.value;
}
