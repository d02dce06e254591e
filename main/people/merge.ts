// Two accounts of the same human made one: what the one has and the other lacks goes over, and nobody signs in as the first any more.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import { type Role, TEAM_ROLES, type TeamRole } from '../../contract/permissions.ts';
import type { Procedures, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import type { Tx } from '../store/index.ts';
import { grantPlace, type RolePlace, teamsOf } from './directory.ts';
import { grant, membership, type PeopleTables, person, preference } from './entities.ts';
import { giveRole, joinOrganisation } from './roles.ts';
import type { SecondFactor } from './secondFactor.ts';
import type { Sessions } from './sessions.ts';
import { putInTeam, takeOutOfTeam } from './teams.ts';

type Db = Kysely<PeopleTables>;
type Pair = { from: Id; into: Id };
type Account = { id: Id; name: string; email: string };
type Moving = Awaited<ReturnType<typeof whatMoves>>;

const inside = (tx: Tx) => tx.db as Db;

async function accountOf(db: Db, id: Id): Promise<Account> {
  const row = await db.selectFrom('people').selectAll().where('id', '=', id).where('deletedAt', 'is', null).executeTakeFirst();
  if (row === undefined) throw new Refusal('notFound', 'There is no such person at this station.');
  if (row.machine === 1) throw new Refusal('conflict', `“${row.name}” stands for a key. Only accounts of people can be merged.`);
  if (row.mergedInto !== null) throw new Refusal('conflict', `The account of ${row.name} has been merged into another one already.`);
  return { id: row.id, name: row.name, email: row.email };
}

async function mustBeTwo(db: Db, { from, into }: Pair, caller: Caller): Promise<{ from: Account; into: Account }> {
  if (from === into) throw new Refusal('conflict', 'This is one and the same account.');
  if (from === caller.person) throw new Refusal('conflict', 'You cannot merge your own account away. Merge the other one into yours.');
  const accounts = { from: await accountOf(db, from), into: await accountOf(db, into) };
  const { disabledAt } = await db.selectFrom('people').select('disabledAt').where('id', '=', into).executeTakeFirstOrThrow();
  if (disabledAt !== null) throw new Refusal('conflict', `${accounts.into.name} is barred from signing in. Let them in again first.`);
  return accounts;
}

/** Of everything `from` has, what `into` lacks. `has` is all of it, which ends with the account. */
async function whatMoves(db: Db, { from, into }: Pair) {
  const grantsOf = (id: Id) =>
    db.selectFrom('grants').selectAll().where('person', '=', id).where('deletedAt', 'is', null).orderBy('id').execute();
  const membershipsOf = (id: Id) =>
    db.selectFrom('memberships').selectAll().where('person', '=', id).where('deletedAt', 'is', null).orderBy('id').execute();
  const preferencesOf = (id: Id) =>
    db.selectFrom('preferences').selectAll().where('person', '=', id).where('deletedAt', 'is', null).orderBy('name').execute();
  const has = {
    grants: await grantsOf(from),
    memberships: await membershipsOf(from),
    teams: await teamsOf(db, from),
    preferences: await preferencesOf(from),
  };
  const theirs = {
    grants: await grantsOf(into),
    memberships: await membershipsOf(into),
    teams: await teamsOf(db, into),
    preferences: await preferencesOf(into),
  };
  const rank = (role: string) => TEAM_ROLES.indexOf(role as TeamRole);
  return {
    has,
    grants: has.grants.filter((one) => !theirs.grants.some((other) => other.role === one.role && other.at === one.at)),
    organisations: [...new Set(has.memberships.map(({ organisation }) => organisation))].filter(
      (id) => !theirs.memberships.some(({ organisation }) => organisation === id),
    ),
    // In a team of both the higher of the two counts.
    teams: has.teams.filter((one) => !theirs.teams.some((other) => other.id === one.id && rank(other.role) >= rank(one.role))),
    preferences: has.preferences.filter(({ name }) => !theirs.preferences.some((other) => other.name === name)),
  };
}

export function mergeProcedures(
  { store }: Station,
  sessions: Sessions,
  secondFactor: SecondFactor,
): Pick<Procedures<'people'>, 'mergePreview' | 'mergePeople'> {
  const read = () => store.read as Db;

  return {
    async mergePreview(input, { caller }) {
      const db = read();
      const accounts = await mustBeTwo(db, input, caller);
      const moving = await whatMoves(db, input);
      const sites = await db.selectFrom('sites').select(['id', 'name']).execute();
      const organisations = await db.selectFrom('organisations').select(['id', 'name']).execute();
      const nameOf = (id: Id) => [...sites, ...organisations].find((one) => one.id === id)?.name ?? '';
      const { ended } = await db
        .selectFrom('session')
        .select((eb) => eb.fn.countAll<number>().as('ended'))
        .where('person', '=', input.from)
        .executeTakeFirstOrThrow();
      const password = await db.selectFrom('credential').select('person').where('person', '=', input.from).executeTakeFirst();
      return {
        ...accounts,
        organisations: moving.organisations.map(nameOf),
        roles: moving.grants.map((one) => ({
          role: one.role as Role,
          at: grantPlace(one.at),
          where: one.at === 'platform' ? '' : nameOf(one.at.split(':')[1] ?? ''),
        })),
        teams: moving.teams.map(({ name, role }) => ({ name, role: role as TeamRole })),
        preferences: moving.preferences.map(({ name }) => name),
        sessions: Number(ended),
        hasPassword: password !== undefined,
        hasSecondFactor: await secondFactor.has(input.from),
      };
    },

    async mergePeople(input, { caller }) {
      await store.change(caller.author, async (tx) => {
        await mustBeTwo(inside(tx), input, caller);
        const moving = await whatMoves(inside(tx), input);
        await bringOver(tx, input, moving, caller.person);
        await endAccount(tx, input, moving);
        return {};
      });
      await secondFactor.forgetKey(input.from);
      return {};
    },
  };

  async function bringOver(tx: Tx, { into }: Pair, moving: Moving, by: Id): Promise<void> {
    for (const organisation of moving.organisations) await joinOrganisation(tx, into, organisation);
    for (const one of moving.grants) await giveRole(tx, into, one.role as Role, rolePlace(one), by);
    for (const one of moving.teams) await putInTeam(tx, one, into, one.role as TeamRole);
    for (const { name, value } of moving.preferences) {
      const id = `${into}:${name}`;
      await ((await takenBack(tx, id))
        ? tx.update(preference, id, { value: JSON.parse(value) })
        : tx.create(preference, id, `user:${into}`, { person: into, name, value: JSON.parse(value) }));
    }
    for (const { id } of moving.teams) tx.emit({ event: 'people.teamChanged', team: id });
    tx.emit({ event: 'people.personChanged', person: into });
  }

  async function endAccount(tx: Tx, { from, into }: Pair, { has }: Moving): Promise<void> {
    for (const { id } of has.grants) await tx.remove(grant, id);
    for (const { id } of has.memberships) await tx.remove(membership, id);
    for (const { id } of has.teams) await takeOutOfTeam(tx, id, from);
    for (const { id } of has.preferences) await tx.remove(preference, id);
    await tx.update(person, from, { mergedInto: into, disabledAt: tx.now() });
    await inside(tx).deleteFrom('credential').where('person', '=', from).execute();
    await sessions.dropLinks(tx, from);
    await secondFactor.drop(tx, from);
    await sessions.end(tx, { person: from });
    tx.emit({ event: 'people.rightsChanged', person: from });
    tx.emit({ event: 'people.personChanged', person: from });
  }
}

/** A choice that was removed once: there is a record of that name still. */
async function takenBack(tx: Tx, id: string): Promise<boolean> {
  const known = await inside(tx).selectFrom('preferences').select('id').where('id', '=', id).executeTakeFirst();
  if (known !== undefined) await tx.restore(preference, id);
  return known !== undefined;
}

/** Where a role that is kept stands, with the organisation its scope names. */
function rolePlace({ at, scope }: { at: string; scope: string }): RolePlace {
  const place = grantPlace(at);
  return place.kind === 'site' ? { ...place, organisation: scope.slice('org:'.length) } : place;
}
