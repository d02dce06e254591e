// Who a database is: the station's id, made on the first opening, and the incarnation, new whenever it may be a copy.
import { growingIds, type Id, type Random } from '../../contract/ids.ts';
import type { Database, WriteConnection } from './database.ts';
import { emptyHead, type Head, readHead, writeHead } from './log.ts';

/** A key of `meta`: put there by whoever makes a copy of a database, before anybody opens it. Its value says why. */
export const COPIED = 'copied';

/** Ids that only grow, also where the clock was set back or another process gave out the last one: an id is the cursor of many a list. */
export function idsAfter(head: Head, clock: () => number, random: Random): () => Id {
  let own = '';
  const msOf = (id: Id) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  const grow = growingIds(() => (head.id > own ? Math.max(clock(), msOf(head.id) + 1) : clock()), random);
  return () => {
    own = grow();
    head.id = own;
    return own;
  };
}

/** In a transaction of its own. Fills in `head`, and returns the station's id. */
export async function readIdentity(
  { writer: connection, shared }: Pick<Database, 'writer' | 'shared'>,
  head: Head,
  nextId: () => Id,
  clock: () => number,
): Promise<Id> {
  await connection.begin();
  try {
    const known = await readHead(connection);
    Object.assign(head, known);
    const stationId = await stationOf(connection, nextId);
    const reason = (await metaValue(connection, COPIED)) ?? (known === undefined ? 'first start' : undefined);
    if (reason !== undefined) {
      // Where the old chain ended is kept, so that nobody can shorten it later.
      if (known !== undefined) await writeHead(connection, known, true);
      await beginIncarnation(connection, head, nextId(), clock(), reason);
    }
    if (shared) {
      head.holder = nextId();
      await writeHead(connection, head);
    }
    await connection.commit();
    return stationId;
  } catch (error) {
    if (connection.inTransaction()) await connection.rollback();
    throw error;
  }
}

async function stationOf(connection: WriteConnection, nextId: () => Id): Promise<Id> {
  const known = await metaValue(connection, 'station');
  if (known !== undefined) return known;
  const id = nextId();
  await connection.run(`insert into "meta" ("key", "value") values ('station', ?)`, [id]);
  return id;
}

/** The log goes on where it was; counting within the incarnation and its audit chain begin anew. */
async function beginIncarnation(connection: WriteConnection, head: Head, id: Id, at: number, reason: string): Promise<void> {
  Object.assign(head, { ...emptyHead(id), seq: head.seq, hlc: head.hlc, id });
  await writeHead(connection, head);
  await connection.run('insert into "incarnation" ("id", "startedAt", "reason") values (?, ?, ?)', [id, at, reason]);
  await connection.run('delete from "meta" where "key" = ?', [COPIED]);
}

async function metaValue(connection: WriteConnection, key: string): Promise<string | undefined> {
  const [row] = await connection.all<{ value: string }>('select "value" from "meta" where "key" = ?', [key]);
  return row?.value;
}
