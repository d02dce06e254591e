// Undoing one's own last change: what it set is set back, as one more change. Refused where somebody has changed the same since,
// where the right to it is gone, and where what stands around it would not fit any more.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import { procedures } from '../../contract/index.ts';
import type { LastChange } from '../../contract/people.ts';
import type { Place, Role, TreePlace } from '../../contract/permissions.ts';
import type { Call, Procedures, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import { type Entity, fieldOf } from '../store/entities.ts';
import type { LastChangeRow, Tx } from '../store/index.ts';
import type { LoggedOp } from '../store/log.ts';
import { type Directory, teamsOf } from './directory.ts';
import { entities, type PeopleTables } from './entities.ts';
import { mustBeATree } from './places.ts';
import { dropLinksFromElsewhere, mustBeGrantable, mustLeaveAnAdministrator, nameOf } from './roles.ts';

type Db = Kysely<PeopleTables>;
const inside = (tx: Tx) => tx.db as Db;
const declared = new Map<string, Entity>(entities.map((entity) => [entity.name, entity]));

/** A record as one change left it: made by it, or with these fields set from what to what. */
type Touched = {
  entity: Entity;
  id: Id;
  scope: string;
  made: boolean;
  fields: { field: string; before: unknown; after: unknown; op: LoggedOp }[];
  /** What came later, and counts. */
  since: LoggedOp[];
};

const isLater = (a: LoggedOp, b: LoggedOp) => a.hlc > b.hlc || (a.hlc === b.hlc && a.opId > b.opId);

async function touchedBy(db: Db, { first, last }: LastChangeRow): Promise<Touched[]> {
  const own = await db.selectFrom('op').selectAll().where('seq', '>=', first).where('seq', '<=', last).orderBy('seq').execute();
  const records = Map.groupBy(own, ({ entity, rowId }) => `${entity} ${rowId}`);
  const found: Touched[] = [];
  for (const ops of records.values()) {
    const [{ entity: name, rowId, scope }] = ops as [LoggedOp];
    const entity = declared.get(name);
    // Only commands of this area can be undone, and they write its records.
    if (entity === undefined) throw new Error(`a ${name} cannot be undone here`);
    const all = await db.selectFrom('op').selectAll().where('entity', '=', name).where('rowId', '=', rowId).orderBy('seq').execute();
    const counting = all.filter(({ state }) => state !== 'rejected');
    const earlier = counting.filter(({ seq }) => seq < first);
    const made = earlier.length === 0;
    const fields = [...Map.groupBy(ops, ({ field }) => field)].map(([field, set]) => {
      const before = earlier
        .filter((op) => op.field === field)
        .reduce<LoggedOp | undefined>((a, b) => (a && isLater(a, b) ? a : b), undefined);
      const op = set.at(-1) as LoggedOp;
      return { field, before: before ? JSON.parse(before.value) : fieldOf(entity, field)?.default, after: JSON.parse(op.value), op };
    });
    const since = counting.filter((op) => {
      if (op.seq <= last) return false;
      const ours = fields.find(({ field }) => field === op.field);
      // What it made goes as a whole: anything about it counts.
      return ours === undefined ? made : isLater(op, ours.op);
    });
    found.push({ entity, id: rowId, scope, made, fields, since });
  }
  return found;
}

export function undoProcedures({ store, blobs }: Station, directory: Directory): Pick<Procedures<'people'>, 'lastChange' | 'undo'> {
  const read = () => store.read as Db;
  const lastOf = (db: Db, person: Id): Promise<LastChangeRow | undefined> =>
    db.selectFrom('lastChange').selectAll().where('person', '=', person).executeTakeFirst();

  return {
    async lastChange(_, { caller }) {
      const row = await lastOf(read(), caller.person);
      if (row === undefined || (await whyNotNow(caller, row, await placeOf(row))) !== undefined) return { last: null };
      const touched = await touchedBy(read(), row);
      return { last: await shown(read(), row, touched) };
    },

    async undo(input, call) {
      const { caller } = call;
      const row = await lastOf(read(), caller.person);
      if (row === undefined || row.change !== input.change) throw notTheLast();
      const place = await placeOf(row);
      const refusal = await whyNotNow(caller, row, place);
      if (refusal) throw refusal;
      for (const { fields } of await touchedBy(read(), row))
        for (const { field, before } of fields)
          if (field === 'picture' && before !== null && (await blobs.get(before as string)) === undefined)
            throw new Refusal('conflict', 'The picture of before is not kept any more.');
      const { organisation, site, action } = row;
      return store.change({ ...caller.author, organisation, site, undoable: { action, again: row.again === 0 } }, async (tx) => {
        // Two tabs, two clicks: only the one that is there first.
        if ((await lastOf(inside(tx), caller.person))?.change !== input.change) throw notTheLast();
        const touched = await touchedBy(inside(tx), row);
        await mustBeUntouchedSince(tx, caller, touched);
        for (const { entity, id, made, fields } of touched)
          if (made) await tx.remove(entity, id);
          else await tx.update(entity, id, Object.fromEntries(fields.map(({ field, before }) => [field, before])));
        for (const one of touched) await mustFit(tx, { ...call, place }, one, touched);
        tx.note(`${row.again === 1 ? 'Did again' : 'Undid'}: ${action}`);
        return {};
      });
    },
  };

  /** Where the change was allowed, as it is today. */
  function placeOf({ organisation, site }: LastChangeRow): Promise<Place | undefined> {
    if (site !== null) return directory.placeOf({ site });
    return directory.placeOf(organisation !== null ? { organisation } : 'platform');
  }

  async function whyNotNow(caller: Caller, { action }: LastChangeRow, place: Place | undefined): Promise<Refusal | undefined> {
    const needs = procedures.get(action)?.['~orpc'].meta.needs;
    if (needs === undefined || 'session' in needs) return undefined;
    if (place !== undefined && caller.may(needs.permission, place)) return undefined;
    return new Refusal('forbidden', 'You may not do this here any more.', { permission: needs.permission });
  }
}

const notTheLast = () => new Refusal('notFound', 'This is not your last change any more, or it has been undone already.');

async function mustBeUntouchedSince(tx: Tx, caller: Caller, touched: readonly Touched[]): Promise<void> {
  const since = touched.flatMap((one) => one.since.map((op) => ({ one, op })));
  const latest = since.reduce<(typeof since)[number] | undefined>((a, b) => (a && isLater(a.op, b.op) ? a : b), undefined);
  if (latest === undefined) return;
  const { one, op } = latest;
  const actor = op.actor && (await inside(tx).selectFrom('people').select('name').where('id', '=', op.actor).executeTakeFirst());
  const who = op.actor === caller.person ? 'You have' : `${actor ? actor.name : 'The station'} has`;
  const name = await recordName(inside(tx), one.entity.name, one.id);
  throw new Refusal('conflict', `${who} changed ${name === null ? 'the same' : `“${name}”`} since. To undo would take that back too.`, {
    by: op.actor,
    at: op.at,
    entity: one.entity.name,
    id: one.id,
    field: op.field,
  });
}

/** The rules its own commands keep, once more; and who must hear of it. */
async function mustFit(tx: Tx, call: Call, one: Touched, all: readonly Touched[]): Promise<void> {
  const { person: by } = call.caller;
  switch (one.entity.name) {
    case 'organisation':
      return tx.emit({ event: 'people.organisationChanged', organisation: one.id });
    case 'site':
      return tx.emit({ event: 'people.siteChanged', site: one.id });
    case 'place': {
      const { site } = await inside(tx).selectFrom('places').select('site').where('id', '=', one.id).executeTakeFirstOrThrow();
      const places = all.filter(({ entity }) => entity === one.entity);
      if (places[0] === one) await mustBeATree(tx, site, new Set(places.map(({ id }) => id)));
      return tx.emit({ event: 'people.placesChanged', site, place: one.id });
    }
    case 'person':
      return tx.emit({ event: 'people.personChanged', person: one.id });
    case 'preference':
      return tx.emit({ event: 'people.preferenceChanged', person: by });
    case 'membership': {
      const { person, organisation, deletedAt } = await inside(tx)
        .selectFrom('memberships')
        .selectAll()
        .where('id', '=', one.id)
        .executeTakeFirstOrThrow();
      if (deletedAt !== null && (await rolesIn(tx, person, organisation)) > 0)
        throw new Refusal('conflict', 'The person has another role in the organisation by now.');
      // Only who belongs to an organisation is in its teams.
      if (deletedAt !== null && (await teamsOf(inside(tx), person)).some((team) => team.organisation === organisation))
        throw new Refusal('conflict', 'The person is in a team of the organisation by now.');
      return tx.emit({ event: 'people.personChanged', person });
    }
    case 'grant':
      return grantMustFit(tx, call, one.id);
  }
}

async function grantMustFit(tx: Tx, call: Call, id: Id): Promise<void> {
  const given = await inside(tx).selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const { person, scope, at } = given;
  const role = given.role as Role;
  const place = call.place as TreePlace;
  mustBeGrantable(call, role, place);
  if (given.deletedAt !== null) {
    if (role === 'platformAdmin') await mustLeaveAnAdministrator(tx, { person, grant: id });
  } else {
    const known = await inside(tx)
      .selectFrom('people')
      .select('mergedInto')
      .where('id', '=', person)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    if (known === undefined) throw new Refusal('conflict', 'There is no such person any more.');
    if (known.mergedInto !== null) throw new Refusal('conflict', 'This account was merged into another one, and stays closed.');
    if (scope !== 'platform' && !(await isMember(tx, person, scope.slice('org:'.length))))
      throw new Refusal('conflict', 'The person does not belong to the organisation any more.');
    const twice = await inside(tx)
      .selectFrom('grants')
      .select('id')
      .where('person', '=', person)
      .where('role', '=', role)
      .where('at', '=', at)
      .where('id', '!=', id)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    if (twice) throw new Refusal('conflict', 'The person has been given this role again by now.');
    await dropLinksFromElsewhere(tx, person, scope, id);
  }
  const where = await nameOf(tx, place);
  tx.emit({ event: 'people.grantsChanged', person, by: call.caller.person, role, where, given: given.deletedAt === null });
}

async function rolesIn(tx: Tx, person: Id, organisation: Id): Promise<number> {
  const rows = await inside(tx)
    .selectFrom('grants')
    .select('id')
    .where('person', '=', person)
    .where('scope', '=', `org:${organisation}`)
    .where('deletedAt', 'is', null)
    .execute();
  return rows.length;
}

async function isMember(tx: Tx, person: Id, organisation: Id): Promise<boolean> {
  const row = await inside(tx)
    .selectFrom('memberships')
    .select('id')
    .where('person', '=', person)
    .where('organisation', '=', organisation)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

// ---- in words

const NAMED = ['organisation', 'site', 'place', 'person'];

async function recordName(db: Db, entity: string, id: Id): Promise<string | null> {
  const table = NAMED.includes(entity) && declared.get(entity)?.table;
  if (!table) return null;
  const row = await db
    .selectFrom(table as 'places')
    .select('name')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.name ?? null;
}

/** More than this nobody reads. */
const MOST_SHOWN = 50;

async function shown(db: Db, { change, at, action, again }: LastChangeRow, touched: readonly Touched[]): Promise<LastChange> {
  const records = touched.slice(0, MOST_SHOWN);
  return {
    change,
    at,
    action,
    again: again === 1,
    records: await Promise.all(
      records.map(async ({ entity, id }) => ({ entity: entity.name, id, name: await recordName(db, entity.name, id) })),
    ),
    changes: records.flatMap(({ entity, id, fields }) =>
      fields.map(({ field, before, after }) => ({ entity: entity.name, id, field, before: before as string, after: after as string })),
    ),
  };
}
