// Reading what happened: the audit of a place, and the history of one record.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { AuditEntry } from '../../contract/people.ts';
import type { Place } from '../../contract/permissions.ts';
import { type EventSource, FROM_THE_FIRST, type Procedures, type Station } from '../area.ts';
import type { PeopleTables } from './entities.ts';

type Detail = {
  from: string;
  message: string | null;
  changes: { entity: string; id: string; field: string; before: unknown; after: unknown }[];
};
type Row = PeopleTables['audit'] & { body: string | null; actorName: string | null };
type Where = { site?: string | undefined; organisation?: string | undefined; person?: string | undefined };

/** What everybody may read about who sees the plant. The rest concerns people and settings, and is for whoever reads the audit. */
const OF_THE_PLANT = new Set(['organisation', 'site', 'place']);

const CURSOR = /^([0-9a-f-]{36})\.(\d{1,15})$/;
const cursorOf = (row: { incarnation: string; seq: number }) => `${row.incarnation}.${row.seq}`;

function position(cursor: string): { incarnation: string; seq: number } {
  if (cursor === FROM_THE_FIRST) return { incarnation: '', seq: 0 };
  const match = CURSOR.exec(cursor);
  if (!match) throw new Refusal('invalid', 'This is not a cursor of the audit.');
  return { incarnation: match[1] as string, seq: Number(match[2]) };
}

function rowsWhere(db: Kysely<PeopleTables>, where: Where) {
  let query = db
    .selectFrom('audit')
    .leftJoin('auditDetail', (join) =>
      join.onRef('auditDetail.incarnation', '=', 'audit.incarnation').onRef('auditDetail.seq', '=', 'audit.seq'),
    )
    .leftJoin('people', 'people.id', 'audit.actor')
    .selectAll('audit')
    .select(['auditDetail.body', 'people.name as actorName']);
  if (where.site !== undefined) query = query.where('audit.site', '=', where.site);
  if (where.organisation !== undefined) query = query.where('audit.organisation', '=', where.organisation);
  if (where.person !== undefined) query = query.where('audit.actor', '=', where.person);
  return query;
}

function entry(row: Row): AuditEntry {
  const detail = row.body === null ? null : (JSON.parse(row.body) as Detail);
  return {
    incarnation: row.incarnation,
    seq: row.seq,
    at: row.at,
    actor: row.actor === null ? null : { id: row.actor, name: row.actorName },
    action: row.action,
    outcome: row.outcome,
    organisation: row.organisation,
    site: row.site,
    from: detail?.from ?? '',
    message: detail?.message ?? null,
    changes: (detail?.changes ?? null) as AuditEntry['changes'],
  };
}

export function auditProcedures({ store }: Station): Pick<Procedures<'people'>, 'listAudit' | 'verifyAudit' | 'history'> {
  const read = () => store.read as Kysely<PeopleTables>;
  return {
    async listAudit(input) {
      let query = rowsWhere(read(), input);
      if (input.before !== undefined) {
        const { incarnation, seq } = position(input.before);
        query = query.where(({ eb, refTuple, tuple }) => eb(refTuple('audit.incarnation', 'audit.seq'), '<', tuple(incarnation, seq)));
      }
      const rows = await query
        .orderBy('audit.incarnation', 'desc')
        .orderBy('audit.seq', 'desc')
        .limit(input.limit + 1)
        .execute();
      const page = rows.slice(0, input.limit);
      const last = page.at(-1);
      return { entries: page.map(entry), next: rows.length > page.length && last ? cursorOf(last) : null };
    },

    async verifyAudit() {
      const { rows, fault } = await store.verifyAudit();
      return { intact: fault === null, rows, fault };
    },

    async history(input, { caller, place }) {
      if (!OF_THE_PLANT.has(input.entity) && !(place && caller.may('site.audit', place)))
        throw new Refusal('forbidden', 'You may not read this history.', { permission: 'site.audit' });
      const ops = (await store.changeLog.ofRecord(input.entity, input.id)).filter((op) => op.state !== 'rejected');
      const actors = [...new Set(ops.map((op) => op.actor).filter((actor) => actor !== null))];
      const people = actors.length > 0 ? await read().selectFrom('people').select(['id', 'name']).where('id', 'in', actors).execute() : [];
      const names = new Map(people.map((person) => [person.id, person.name]));
      const last = new Map<string, string>();
      const entries = ops.map((op) => {
        const before = last.get(op.field) ?? 'null';
        last.set(op.field, op.value);
        return {
          at: op.at,
          actor: op.actor === null ? null : { id: op.actor, name: names.get(op.actor) ?? null },
          field: op.field,
          before: JSON.parse(before),
          after: JSON.parse(op.value),
        };
      });
      return { entries: entries.reverse() };
    },
  };
}

/** The audit as it grows. A newcomer starts with the last hundred; a returning reader after its cursor, with nothing left out. */
export function auditStream({ store }: Station, where: Where, place: Place | undefined): EventSource<AuditEntry> {
  const NEWEST = 100;
  const read = () => store.read as Kysely<PeopleTables>;
  return {
    async read(after, limit) {
      if (after === undefined) {
        const rows = await rowsWhere(read(), where)
          .orderBy('audit.incarnation', 'desc')
          .orderBy('audit.seq', 'desc')
          .limit(NEWEST)
          .execute();
        return rows.reverse().map((row) => [cursorOf(row), entry(row)]);
      }
      const { incarnation, seq } = position(after);
      const rows = await rowsWhere(read(), where)
        .where(({ eb, refTuple, tuple }) => eb(refTuple('audit.incarnation', 'audit.seq'), '>', tuple(incarnation, seq)))
        .orderBy('audit.incarnation')
        .orderBy('audit.seq')
        .limit(limit)
        .execute();
      return rows.map((row) => [cursorOf(row), entry(row)]);
    },
    watch: (wake) =>
      store.events.on('people.audited', (event) => {
        if (place === undefined || place.kind === 'platform' || event.organisation === null || event.organisation === place.organisation)
          wake();
      }),
  };
}
