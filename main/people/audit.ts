// Reading what happened: the audit of a place, and the history of one record.

import { type Kysely, sql } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { AuditEntry, AuditFilter } from '../../contract/people.ts';
import type { Place } from '../../contract/permissions.ts';
import { type EventSource, FROM_THE_FIRST, type Procedures, type Station } from '../area.ts';
import type { PeopleTables } from './entities.ts';

type Detail = {
  from: string;
  message: string | null;
  changes: { entity: string; id: string; field: string; before: unknown; after: unknown }[];
};
type Row = PeopleTables['audit'] & { body: string | null; actorName: string | null; seenAsName: string | null };

/** What everybody may read about who sees the plant. The rest concerns people and settings, and is for whoever reads the audit. */
const OF_THE_PLANT = new Set(['organisation', 'site', 'place']);

const CURSOR = /^([0-9a-f-]{36})\.(\d{1,15})$/;
export const cursorOf = (row: { incarnation: string; seq: number }) => `${row.incarnation}.${row.seq}`;

function position(cursor: string): { incarnation: string; seq: number } {
  if (cursor === FROM_THE_FIRST) return { incarnation: '', seq: 0 };
  const match = CURSOR.exec(cursor);
  if (!match) throw new Refusal('invalid', 'This is not a cursor of the audit.');
  return { incarnation: match[1] as string, seq: Number(match[2]) };
}

const everyRow = (db: Kysely<PeopleTables>) =>
  db
    .selectFrom('audit')
    .leftJoin('auditDetail', (join) =>
      join.onRef('auditDetail.incarnation', '=', 'audit.incarnation').onRef('auditDetail.seq', '=', 'audit.seq'),
    )
    .leftJoin('people', 'people.id', 'audit.actor')
    .leftJoin('people as seen', 'seen.id', 'audit.seenAs')
    .selectAll('audit')
    .select(['auditDetail.body', 'people.name as actorName', 'seen.name as seenAsName']);
type Rows = ReturnType<typeof everyRow>;

function rowsWhere(db: Kysely<PeopleTables>, where: AuditFilter): Rows {
  let query = everyRow(db);
  const { site, organisation, person, outcome, about } = where;
  if (about !== undefined) return rowsAbout(query, where, about);
  const notDone = outcome !== undefined && outcome !== 'done';
  // One index answers, and it is chosen here rather than guessed by the database, which would often take a shorter one and read
  // on and on: what else narrows is written in a way that no index knows. See migration 60.
  const place = (column: 'site' | 'organisation', beside: boolean) => {
    const at = sql.ref<string>(`audit.${column}`);
    if (beside || (notDone && person !== undefined)) return sql<string>`${at} || ''`;
    return person === undefined ? at : sql<string>`coalesce(${at}, '')`;
  };
  if (site !== undefined) query = query.where(place('site', false), '=', site);
  if (organisation !== undefined) query = query.where(place('organisation', site !== undefined), '=', organisation);
  if (person !== undefined) query = query.where('audit.actor', '=', person);
  if (outcome !== undefined) query = query.where('audit.outcome', '=', outcome);
  if (notDone) query = query.where(sql<boolean>`"audit"."outcome" <> 'done'`);
  else if (person !== undefined && site === undefined && organisation === undefined) query = query.where(sql<boolean>`"audit"."seq" > 0`);
  return query;
}

/** Of one record the table of things knows the rows, and their order: nothing else that narrows may tempt the database to another index. */
function rowsAbout(
  all: Rows,
  { site, organisation, person, outcome }: AuditFilter,
  { entity, id }: NonNullable<AuditFilter['about']>,
): Rows {
  let query = all.$if(true, (rows) =>
    rows
      .innerJoin('auditThing', (join) =>
        join.onRef('auditThing.incarnation', '=', 'audit.incarnation').onRef('auditThing.seq', '=', 'audit.seq'),
      )
      .where('auditThing.entity', '=', entity)
      .where('auditThing.id', '=', id),
  );
  for (const [column, wanted] of Object.entries({ site, organisation, actor: person, outcome }))
    if (wanted !== undefined) query = query.where(sql<string>`${sql.ref(`audit.${column}`)} || ''`, '=', wanted);
  return query;
}

/** A clock may have been set back: in the order of the chain a time is no stretch of it. */
const askedInTime = ({ person, from, to, outcome, about }: AuditFilter) => (person ?? from ?? to ?? outcome ?? about) !== undefined;

export type AuditRow = Row;

/** So many rows behind a cursor, newest or oldest first: in the order of the chain, or of time where more than a place is asked for. */
export async function auditPage(
  db: Kysely<PeopleTables>,
  where: AuditFilter,
  { behind, newestFirst, limit }: { behind: string | undefined; newestFirst: boolean; limit: number },
): Promise<AuditRow[]> {
  const direction = newestFirst ? 'desc' : 'asc';
  const beyond = newestFirst ? '<' : '>';
  const start = behind === undefined ? undefined : position(behind);
  const of = where.about === undefined ? 'audit' : 'auditThing';
  const [at, incarnation, seq] = [sql.ref<number>(`${of}.at`), sql.ref<string>(`${of}.incarnation`), sql.ref<number>(`${of}.seq`)];
  let query = rowsWhere(db, where);
  if (askedInTime(where)) {
    const last = start && (await timeOf(db, start));
    let { from, to } = where;
    if (start !== undefined && last !== undefined) {
      query = query.where(sql<boolean>`(${at}, ${incarnation}, ${seq}) ${sql.raw(beyond)} (${last}, ${start.incarnation}, ${start.seq})`);
      // One bound on each side: of two the database may take the one that makes it read all the pages before.
      if (newestFirst && to !== undefined && last < to) to = undefined;
      if (!newestFirst && from !== undefined && last >= from) from = undefined;
    }
    if (from !== undefined) query = query.where(at, '>=', from);
    if (to !== undefined) query = query.where(at, '<', to);
    query = query.orderBy(at, direction);
  } else if (start !== undefined)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('audit.incarnation', 'audit.seq'), beyond, tuple(start.incarnation, start.seq)),
    );
  return query.orderBy(incarnation, direction).orderBy(seq, direction).limit(limit).execute();
}

async function timeOf(db: Kysely<PeopleTables>, { incarnation, seq }: { incarnation: string; seq: number }): Promise<number> {
  const row = await db.selectFrom('audit').select('at').where('incarnation', '=', incarnation).where('seq', '=', seq).executeTakeFirst();
  if (row === undefined) throw new Refusal('invalid', 'This is not a cursor of the audit.');
  return row.at;
}

export function entry(row: Row): AuditEntry {
  const detail = row.body === null ? null : (JSON.parse(row.body) as Detail);
  return {
    incarnation: row.incarnation,
    seq: row.seq,
    at: row.at,
    actor: row.actor === null ? null : { id: row.actor, name: row.actorName },
    seenAs: row.seenAs === null ? null : { id: row.seenAs, name: row.seenAsName },
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
      const { before, limit, ...where } = input;
      const rows = await auditPage(read(), where, { behind: before, newestFirst: true, limit: limit + 1 });
      const page = rows.slice(0, limit);
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
export function auditStream({ store }: Station, where: AuditFilter, place: Place | undefined): EventSource<AuditEntry> {
  const NEWEST = 100;
  const read = () => store.read as Kysely<PeopleTables>;
  return {
    async read(after, limit) {
      const rows =
        after === undefined
          ? (await auditPage(read(), where, { behind: undefined, newestFirst: true, limit: NEWEST })).reverse()
          : await auditPage(read(), where, { behind: after, newestFirst: false, limit });
      return rows.map((row) => [cursorOf(row), entry(row)]);
    },
    watch: (wake) =>
      store.events.on('people.audited', (event) => {
        if (place === undefined || place.kind === 'platform' || event.organisation === null || event.organisation === place.organisation)
          wake();
      }),
  };
}
