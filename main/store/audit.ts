// The audit: append-only, one hash chain per incarnation. The chain covers salted digests of what names people and
// values; erasing that side row leaves the chain whole.
import { createHash } from 'node:crypto';
import type { Random } from '../../contract/ids.ts';
import type { Connection } from './database.ts';
import type { Head } from './log.ts';

export type AuditChange = { entity: string; id: string; field: string; before: unknown; after: unknown };

export type AuditRecord = {
  at: number;
  actor: string | null;
  session: string | null;
  action: string;
  outcome: 'done' | 'refused' | 'failed';
  organisation: string | null;
  site: string | null;
  /** Erasable: where from, why, and from what to what. */
  detail: { from: string; message: string | null; changes: AuditChange[] };
};

type ChainedRow = Omit<AuditRecord, 'detail'> & { incarnation: string; seq: number; digest: string; hash: string };

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
    ]),
  );

export async function appendAudit(connection: Connection, head: Head, random: Random, record: AuditRecord): Promise<void> {
  const { detail, ...plain } = record;
  const body = JSON.stringify(detail);
  const salt = Buffer.from(random(16)).toString('hex');
  const row = { ...plain, incarnation: head.incarnation, seq: head.auditSeq + 1, digest: sha256(salt, body) };
  const hash = chained(head.auditHash, row);
  await connection.run(
    `insert into "audit" ("incarnation", "seq", "at", "actor", "session", "action", "outcome", "organisation", "site", "digest", "hash")
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [row.incarnation, row.seq, row.at, row.actor, row.session, row.action, row.outcome, row.organisation, row.site, row.digest, hash],
  );
  await connection.run('insert into "auditDetail" ("incarnation", "seq", "salt", "body") values (?, ?, ?, ?)', [
    row.incarnation,
    row.seq,
    salt,
    body,
  ]);
  head.auditSeq = row.seq;
  head.auditHash = hash;
}

const PAGE = 1_000;

/** Walks every chain. Names the first row that was changed, removed or put in; null when whole. */
export async function verifyAudit(connection: Connection, head: Head): Promise<{ rows: number; fault: string | null }> {
  const incarnations = await connection.all<{ id: string }>('select distinct "incarnation" as "id" from "audit" order by "id"');
  let rows = 0;
  for (const { id } of incarnations) {
    let seq = 0;
    let previous = '';
    for (;;) {
      const page = await connection.all<ChainedRow & { salt: string | null; body: string | null }>(
        `select a.*, d."salt", d."body" from "audit" a
         left join "auditDetail" d on d."incarnation" = a."incarnation" and d."seq" = a."seq"
         where a."incarnation" = ? and a."seq" > ? order by a."seq" limit ?`,
        [id, seq, PAGE],
      );
      for (const row of page) {
        const where = `row ${row.seq} of incarnation ${id}`;
        if (row.seq !== seq + 1) return { rows, fault: `${where}: the ${row.seq - seq - 1} row(s) before it are missing` };
        if (row.body !== null && sha256(row.salt ?? '', row.body) !== row.digest)
          return { rows, fault: `${where}: its details were changed` };
        if (chained(previous, row) !== row.hash) return { rows, fault: `${where}: it was changed, or a row was put in before it` };
        previous = row.hash;
        seq = row.seq;
        rows += 1;
      }
      if (page.length < PAGE) break;
    }
    if (id === head.incarnation && seq !== head.auditSeq)
      return { rows, fault: `after row ${seq} of incarnation ${id}: ${head.auditSeq - seq} row(s) are missing` };
  }
  return { rows, fault: null };
}
