// The audit: append-only, one hash chain per incarnation. The chain covers salted digests of what names people and
// values; erasing that side row leaves the chain whole.
import { createHash } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import type { Random } from '../../contract/ids.ts';
import type { Connection } from './database.ts';
import { type Head, headsOf } from './log.ts';

export type AuditChange = { entity: string; id: string; field: string; before: unknown; after: unknown };

export type AuditThing = { entity: string; id: string };

export type AuditRecord = {
  at: number;
  actor: string | null;
  session: string | null;
  action: string;
  outcome: 'done' | 'refused' | 'failed';
  organisation: string | null;
  site: string | null;
  /** As whom the actor saw the station. */
  seenAs?: string | null | undefined;
  /** Erasable: where from, why, and from what to what. */
  detail: { from: string; message: string | null; changes: AuditChange[] };
  /** Records it belongs to beside those that it changed. */
  about?: readonly AuditThing[];
};

type ChainedRow = Omit<AuditRecord, 'detail' | 'about'> & { incarnation: string; seq: number; digest: string; hash: string };

const sha256 = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const chained = (previous: string, row: Omit<ChainedRow, 'hash'>) =>
  sha256(
    previous,
    JSON.stringify([
      row.incarnation,
      row.seq,
      row.at,
      row.actor,
      row.session,
      row.action,
      row.outcome,
      row.organisation,
      row.site,
      row.digest,
      // Rows from before there was such a thing stay as they are.
      ...(row.seenAs == null ? [] : [row.seenAs]),
    ]),
  );

const COLUMNS = [
  'incarnation',
  'seq',
  'at',
  'actor',
  'session',
  'action',
  'outcome',
  'organisation',
  'site',
  'seenAs',
  'digest',
  'hash',
] as const;

export async function appendAudit(connection: Connection, head: Head, random: Random, record: AuditRecord): Promise<void> {
  const { detail, about = [], ...plain } = record;
  const body = JSON.stringify(detail);
  const salt = Buffer.from(random(16)).toString('hex');
  const row = { ...plain, incarnation: head.incarnation, seq: head.auditSeq + 1, digest: sha256(salt, body) };
  const hash = chained(head.auditHash, row);
  await connection.run(
    `insert into "audit" (${COLUMNS.map((column) => `"${column}"`).join(', ')}) values (${COLUMNS.map(() => '?').join(', ')})`,
    COLUMNS.map((column) => (column === 'hash' ? hash : (row[column] ?? null))),
  );
  await connection.run('insert into "auditDetail" ("incarnation", "seq", "salt", "body") values (?, ?, ?, ?)', [
    row.incarnation,
    row.seq,
    salt,
    body,
  ]);
  const things = new Map([...detail.changes, ...about].map(({ entity, id }) => [JSON.stringify([entity, id]), { entity, id }]));
  for (const { entity, id } of things.values())
    await connection.run('insert into "auditThing" ("entity", "id", "at", "incarnation", "seq") values (?, ?, ?, ?, ?)', [
      entity,
      id,
      row.at,
      row.incarnation,
      row.seq,
    ]);
  head.auditSeq = row.seq;
  head.auditHash = hash;
}

const PAGE = 1_000;
export type Verdict = { rows: number; fault: string | null };

/**
 * Walks every chain to where it is known to end. Names the first row that was changed, removed or put in; null when whole.
 * `at` is one moment: rows added meanwhile are no fault.
 */
export async function verifyAudit(at: Connection, signal?: AbortSignal): Promise<Verdict> {
  const ends = new Map((await headsOf(at)).map((head) => [head.incarnation, head]));
  let rows = 0;
  for (const id of [...new Set([...ends.keys(), ...(await writtenChains(at))])].sort()) {
    const end = ends.get(id);
    if (end === undefined) return { rows, fault: `incarnation ${id}: its rows were put in, this store never lived it` };
    const chain = await verifyChain(at, end, signal);
    rows += chain.rows;
    if (chain.fault !== null) return { rows, fault: chain.fault };
  }
  return { rows, fault: null };
}

/** From one to the next: “distinct” would read every row for a handful of ids. */
async function writtenChains(at: Connection): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const [next] = await at.all<{ id: string }>(
      'select "incarnation" as "id" from "audit" where "incarnation" > ? order by "incarnation" limit 1',
      [ids.at(-1) ?? ''],
    );
    if (next === undefined) return ids;
    ids.push(next.id);
  }
}

async function verifyChain(at: Connection, end: Head, signal?: AbortSignal): Promise<Verdict> {
  const { incarnation: id } = end;
  let rows = 0;
  let previous = '';
  for (;;) {
    // SQLite answers at once: without a pause nobody else would have a turn before the last page.
    await pause();
    signal?.throwIfAborted();
    const page = await at.all<ChainedRow & { salt: string | null; body: string | null }>(
      `select a."incarnation", a."seq", a."at", a."actor", a."session", a."action", a."outcome", a."organisation", a."site", a."seenAs",
         a."digest", a."hash", d."salt", d."body"
       from "audit" a left join "auditDetail" d on d."incarnation" = a."incarnation" and d."seq" = a."seq"
       where a."incarnation" = ? and a."seq" > ? order by a."seq" limit ?`,
      [id, rows, PAGE],
    );
    for (const row of page) {
      const where = `row ${row.seq} of incarnation ${id}`;
      if (row.seq !== rows + 1) return { rows, fault: `${where}: the ${row.seq - rows - 1} row(s) before it are missing` };
      if (row.seq > end.auditSeq) return { rows, fault: `${where}: it was put in behind the last one` };
      if (chained(previous, row) !== row.hash) return { rows, fault: `${where}: it was changed, or a row was put in before it` };
      if (row.body !== null && sha256(row.salt ?? '', row.body) !== row.digest)
        return { rows, fault: `${where}: its details were changed` };
      previous = row.hash;
      rows += 1;
    }
    if (page.length < PAGE) break;
  }
  if (rows < end.auditSeq) return { rows, fault: `after row ${rows} of incarnation ${id}: ${end.auditSeq - rows} row(s) are missing` };
  // Whoever rewrites a whole chain makes it whole again; its end was written down elsewhere.
  if (previous !== end.auditHash) return { rows, fault: `row ${rows} of incarnation ${id}: the chain before it was written anew` };
  return { rows, fault: null };
}
