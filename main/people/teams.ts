// Teams of an organisation: who belongs to them, and who looks after them.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import { grantableInTeam, type Place, type TeamRole } from '../../contract/permissions.ts';
import type { Call, Procedures, Station } from '../area.ts';
import type { Caller } from '../caller.ts';
import type { Tx } from '../store/index.ts';
import type { Authority } from './directory.ts';
import { type PeopleTables, team, teamMember } from './entities.ts';
import { pickKey } from './organisations.ts';
import { emailKeyOf } from './sessions.ts';

type Db = Kysely<PeopleTables>;
const inside = (tx: Tx) => tx.db as Db;

const MOST_CANDIDATES = 20;

/** The people who belong to an organisation; the persons behind keys are not among them. */
const peopleOf = (db: Db, organisation: Id) =>
  db
    .selectFrom('memberships')
    .innerJoin('people', 'people.id', 'memberships.person')
    .where('memberships.organisation', '=', organisation)
    .where('memberships.deletedAt', 'is', null)
    .where('people.deletedAt', 'is', null)
    .where('people.machine', '=', 0);

const membersOf = (db: Db, id: Id) =>
  db.selectFrom('teamMembers').select(['person', 'role']).where('team', '=', id).where('deletedAt', 'is', null).execute();

async function roleIn(tx: Tx, id: Id, person: Id): Promise<TeamRole | undefined> {
  return (await membersOf(inside(tx), id)).find((one) => one.person === person)?.role as TeamRole | undefined;
}

/** Makes a person this in a team, whatever they were in it before. */
export async function putInTeam(tx: Tx, inTeam: { id: Id; organisation: Id }, person: Id, role: TeamRole): Promise<void> {
  const id = `${inTeam.id}:${person}`;
  const known = await inside(tx).selectFrom('teamMembers').select('id').where('id', '=', id).executeTakeFirst();
  if (known === undefined) await tx.create(teamMember, id, `org:${inTeam.organisation}`, { team: inTeam.id, person, role });
  else {
    await tx.restore(teamMember, id);
    await tx.update(teamMember, id, { role });
  }
  tx.emit({ event: 'people.rightsChanged', person });
}

export async function takeOutOfTeam(tx: Tx, id: Id, person: Id): Promise<void> {
  await tx.remove(teamMember, `${id}:${person}`);
  tx.emit({ event: 'people.rightsChanged', person });
}

/** Whoever leaves an organisation leaves its teams. One may be left without an owner: administrators count as owners. */
export async function takeOutOfTeams(tx: Tx, person: Id, organisation: Id): Promise<void> {
  const rows = await inside(tx)
    .selectFrom('teamMembers')
    .select('team')
    .where('person', '=', person)
    .where('scope', '=', `org:${organisation}`)
    .where('deletedAt', 'is', null)
    .execute();
  for (const row of rows) await takeOutOfTeam(tx, row.team, person);
}

/** An admin looks after members; whoever is more than that is an owner's affair. */
function mustHandle({ caller, place }: Call, ...roles: (TeamRole | undefined)[]): void {
  const mine = grantableInTeam(caller.grants, place as Place);
  if (roles.every((role) => role === undefined || mine.includes(role))) return;
  throw new Refusal('forbidden', 'Only an owner of the team says who its owners and admins are.', { permission: 'team.own' });
}

/** A team that nobody owns is nobody's: its last owner stays one. Whoever is barred from signing in looks after nothing. */
async function mustLeaveAnOwner(tx: Tx, id: Id, leaving: Id): Promise<void> {
  const other = await inside(tx)
    .selectFrom('teamMembers')
    .innerJoin('people', 'people.id', 'teamMembers.person')
    .select('people.id')
    .where('teamMembers.team', '=', id)
    .where('teamMembers.role', '=', 'owner')
    .where('teamMembers.person', '!=', leaving)
    .where('teamMembers.deletedAt', 'is', null)
    .where('people.disabledAt', 'is', null)
    .executeTakeFirst();
  if (other === undefined) throw new Refusal('conflict', 'This is the last owner of the team. Make somebody else an owner first.');
}

async function mustBelong(tx: Tx, person: Id, organisation: Id): Promise<void> {
  const known = await peopleOf(inside(tx), organisation).select('people.id').where('people.id', '=', person).executeTakeFirst();
  if (known === undefined) throw new Refusal('notFound', 'There is no such person in this organisation.');
}

async function ownerOf(tx: Tx, input: { organisation: Id; owner?: Id | undefined }, caller: Caller): Promise<Id> {
  if (input.owner !== undefined) {
    await mustBelong(tx, input.owner, input.organisation);
    return input.owner;
  }
  const self = await peopleOf(inside(tx), input.organisation).select('people.id').where('people.id', '=', caller.person).executeTakeFirst();
  if (self === undefined) throw new Refusal('conflict', 'You do not belong to this organisation. Say who of it is to own the team.');
  return self.id;
}

export function teamProcedures(
  { store }: Station,
  authority: Authority,
): Pick<
  Procedures<'people'>,
  'listTeams' | 'createTeam' | 'updateTeam' | 'removeTeam' | 'listTeamCandidates' | 'setTeamMember' | 'removeTeamMember'
> {
  const read = () => store.read as Db;

  return {
    async listTeams(input, { caller }) {
      const place = await authority.placeOf({ organisation: input.organisation });
      if (place === undefined || !caller.sees(place)) throw new Refusal('notFound', 'There is no such thing here.');
      const all = await read()
        .selectFrom('teams')
        .select(['id', 'organisation', 'key', 'name'])
        .where('organisation', '=', input.organisation)
        .where('deletedAt', 'is', null)
        .orderBy('name')
        .orderBy('id')
        .execute();
      const shown = all.filter(({ id, organisation }) => caller.may('team.view', { kind: 'team', organisation, team: id }));
      if (shown.length === 0) return { teams: [] };
      const members = await read()
        .selectFrom('teamMembers')
        .innerJoin('people', 'people.id', 'teamMembers.person')
        .select(['people.id', 'people.name', 'people.picture', 'teamMembers.team', 'teamMembers.role'])
        .where(
          'teamMembers.team',
          'in',
          shown.map(({ id }) => id),
        )
        .where('teamMembers.deletedAt', 'is', null)
        .where('people.deletedAt', 'is', null)
        .orderBy('people.name')
        .orderBy('people.id')
        .execute();
      return {
        teams: shown.map((one) => ({
          ...one,
          members: members.filter((member) => member.team === one.id).map(({ role, ...who }) => ({ ...who, role: role as TeamRole })),
        })),
      };
    },

    createTeam: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const { organisation } = input;
        const owner = await ownerOf(tx, input, caller);
        const rows = await inside(tx)
          .selectFrom('teams')
          .select('key')
          .where('organisation', '=', organisation)
          .where('deletedAt', 'is', null)
          .execute();
        const key = pickKey(input.key, input.name, new Set(rows.map((row) => row.key)));
        const id = tx.id();
        await tx.create(team, id, `org:${organisation}`, { organisation, key, name: input.name });
        await putInTeam(tx, { id, organisation }, owner, 'owner');
        tx.emit({ event: 'people.teamChanged', team: id });
        return { team: id };
      }),

    updateTeam: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        await tx.update(team, input.team, { name: input.name });
        tx.emit({ event: 'people.teamChanged', team: input.team });
        return {};
      }),

    removeTeam: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        for (const { person } of await membersOf(inside(tx), input.team)) await takeOutOfTeam(tx, input.team, person);
        await tx.remove(team, input.team);
        tx.emit({ event: 'people.teamChanged', team: input.team });
        return {};
      }),

    async listTeamCandidates(input, { place }) {
      const { organisation } = place as Extract<Place, { kind: 'team' }>;
      const inIt = new Set((await membersOf(read(), input.team)).map(({ person }) => person));
      const people = await peopleOf(read(), organisation)
        .select(['people.id', 'people.name', 'people.picture', 'people.emailKey'])
        .distinct()
        .where('people.disabledAt', 'is', null)
        .orderBy('people.name')
        .orderBy('people.id')
        .execute();
      const wanted = input.search.toLowerCase();
      const address = emailKeyOf(input.search);
      return {
        people: people
          .filter(({ id, name, emailKey }) => !inIt.has(id) && (name.toLowerCase().includes(wanted) || emailKey === address))
          .slice(0, MOST_CANDIDATES),
      };
    },

    setTeamMember: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        const { organisation } = call.place as Extract<Place, { kind: 'team' }>;
        const before = await roleIn(tx, input.team, input.person);
        if (before === undefined) await mustBelong(tx, input.person, organisation);
        mustHandle(call, before, input.role);
        if (before === 'owner' && input.role !== 'owner') await mustLeaveAnOwner(tx, input.team, input.person);
        if (before !== input.role) await putInTeam(tx, { id: input.team, organisation }, input.person, input.role);
        tx.emit({ event: 'people.teamChanged', team: input.team });
        return {};
      }),

    removeTeamMember: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        const role = await roleIn(tx, input.team, input.person);
        if (input.person !== call.caller.person) mustHandle(call, role ?? 'member');
        if (role === undefined) throw new Refusal('notFound', 'This person is not in the team.');
        if (role === 'owner') await mustLeaveAnOwner(tx, input.team, input.person);
        await takeOutOfTeam(tx, input.team, input.person);
        tx.emit({ event: 'people.teamChanged', team: input.team });
        return {};
      }),
  };
}
