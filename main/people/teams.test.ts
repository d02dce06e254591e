// Teams: every act against a second, slow judgement written here; the last owner; and rights that change on open screens.
import assert from 'node:assert/strict';
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import type { Me } from '../../contract/people.ts';
import { TEAM_ROLES, type TeamRole } from '../../contract/permissions.ts';
import { onBoth } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { as, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { type Actor, CAST, MACHINE, OTHER, TEAM } from '../testing/world.ts';
import type { PeopleTables } from './entities.ts';

const team = EXAMPLE.team;
const NORTH = { organisation: EXAMPLE.organisation };

const outcome = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'ok',
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      return error.code;
    },
  );

const people = (station: TestStation, who: Actor) => as(station, who).people;
const teamsFor = async (station: TestStation, who: Actor) => (await people(station, who).listTeams(NORTH)).teams;

/** Who is what in the team, as an administrator reads it. */
async function present(station: TestStation): Promise<Record<Id, TeamRole>> {
  const [one] = await teamsFor(station, 'organisationAdmin');
  return Object.fromEntries((one?.members ?? []).map(({ id, role }) => [id, role]));
}

// ---- the slow judgement

const BELONGS: readonly Actor[] = ['viewer', 'operator', 'siteManager', 'organisationAdmin'];

class Book {
  readonly roles = new Map<Actor, TeamRole>(Object.entries(TEAM) as [Actor, TeamRole][]);

  counts = (by: Actor) => (by === 'organisationAdmin' || by === 'platformAdmin' ? 'owner' : this.roles.get(by));
  private isLastOwner = (who: Actor) =>
    this.roles.get(who) === 'owner' && [...this.roles.values()].filter((role) => role === 'owner').length === 1;
  private handles = (by: Actor, role: TeamRole) => this.counts(by) === 'owner' || (this.counts(by) === 'admin' && role === 'member');

  set(by: Actor, who: Actor, role: TeamRole): string {
    const before = this.roles.get(who);
    if (this.counts(by) === undefined) return 'notFound';
    if (this.counts(by) === 'member') return 'forbidden';
    if (before === undefined && !BELONGS.includes(who)) return 'notFound';
    if (!this.handles(by, role) || (before !== undefined && !this.handles(by, before))) return 'forbidden';
    if (this.isLastOwner(who) && role !== 'owner') return 'conflict';
    this.roles.set(who, role);
    return 'ok';
  }

  remove(by: Actor, who: Actor): string {
    const before = this.roles.get(who);
    if (this.counts(by) === undefined) return 'notFound';
    if (by !== who && !this.handles(by, before ?? 'member')) return 'forbidden';
    if (before === undefined) return 'notFound';
    if (this.isLastOwner(who)) return 'conflict';
    this.roles.delete(who);
    return 'ok';
  }

  rename(by: Actor): string {
    if (this.counts(by) === undefined) return 'notFound';
    return this.counts(by) === 'member' ? 'forbidden' : 'ok';
  }
}

onBoth('whatever anybody tries in a team ends as the slow judgement says, and leaves what it says', async (database) => {
  const station = await openWorld(database);
  const book = new Book();
  const die = dice(7);
  const actors = Object.keys(CAST) as Actor[];
  const seen = new Set<string>();
  for (let n = 0; n < 400; n++) {
    const by = die.pick(actors);
    const who = die.pick(actors);
    const role = die.pick(TEAM_ROLES);
    const act = die.pick(['set', 'set', 'remove', 'rename'] as const);
    const told = await outcome(
      act === 'set'
        ? people(station, by).setTeamMember({ team, person: CAST[who].id, role })
        : act === 'remove'
          ? people(station, by).removeTeamMember({ team, person: CAST[who].id })
          : people(station, by).updateTeam({ team, name: `Repair ${n}` }),
    );
    const expected = act === 'set' ? book.set(by, who, role) : act === 'remove' ? book.remove(by, who) : book.rename(by);
    assert.equal(told, expected, `step ${n}: ${by} would ${act} ${who} ${role}`);
    seen.add(`${act} ${told}`);
    assert.deepEqual(await present(station), Object.fromEntries([...book.roles].map(([name, is]) => [CAST[name].id, is])), `step ${n}`);
    const { teams } = await people(station, who).me({});
    assert.equal(teams.find(({ id }) => id === team)?.role, book.roles.get(who), `step ${n}: ${who} hears what they are`);
  }
  for (const wanted of ['set ok', 'set conflict', 'set forbidden', 'set notFound', 'remove ok', 'remove conflict', 'rename forbidden'])
    assert.ok(seen.has(wanted), `${wanted} was met`);
});

onBoth('an administrator adds a team and owns it, or somebody who is named; nobody from outside does', async (database) => {
  const station = await openWorld(database);
  const admin = people(station, 'organisationAdmin');
  const opId = '00000000-0000-7000-8000-00000000aaaa';
  const first = await admin.createTeam({ ...NORTH, name: 'Night shift', opId });
  assert.deepEqual(await admin.createTeam({ ...NORTH, name: 'Night shift', opId }), first, 'repeated: the same team');
  const named = await people(station, 'platformAdmin').createTeam({ ...NORTH, name: 'Night shift', owner: CAST.viewer.id });
  const all = await teamsFor(station, 'organisationAdmin');
  const shown = (id: Id) => all.find((one) => one.id === id);
  assert.equal(all.length, 3);
  assert.deepEqual(
    shown(first.team)?.members.map(({ id, role }) => [id, role]),
    [[CAST.organisationAdmin.id, 'owner']],
  );
  assert.deepEqual(
    shown(named.team)?.members.map(({ id, role }) => [id, role]),
    [[CAST.viewer.id, 'owner']],
  );
  assert.deepEqual([shown(first.team)?.key, shown(named.team)?.key], ['night-shift', 'night-shift-2']);
  assert.equal(await outcome(admin.createTeam({ ...NORTH, name: 'X', key: 'repair' })), 'conflict', 'a key stands for one team');
  assert.equal(await outcome(people(station, 'platformAdmin').createTeam({ ...NORTH, name: 'X' })), 'conflict', 'who owns it?');
  for (const owner of [OTHER.admin, MACHINE.id, CAST.nobody.id])
    assert.equal(await outcome(admin.createTeam({ ...NORTH, name: 'X', owner })), 'notFound');

  // Everybody else sees exactly their own.
  assert.deepEqual((await teamsFor(station, 'viewer')).map(({ id }) => id).sort(), [team, named.team].sort());
  assert.deepEqual(
    (await teamsFor(station, 'siteManager')).map(({ id }) => id),
    [team],
  );
});

onBoth('a key is in no team, and only people of the organisation are offered and taken', async (database) => {
  const station = await openWorld(database);
  const owner = people(station, 'operator');
  const { key } = await people(station, 'siteManager').createKey({ site: EXAMPLE.site, name: 'Panel', role: 'viewer', expiresAt: null });
  const [machine] = await (station.store.read as Kysely<PeopleTables>)
    .selectFrom('grants')
    .select('person')
    .where('id', '=', key)
    .execute();
  for (const person of [machine?.person as Id, MACHINE.id, OTHER.admin, CAST.nobody.id, CAST.platformAdmin.id])
    assert.equal(await outcome(owner.setTeamMember({ team, person, role: 'member' })), 'notFound');
  const found = async (search: string) => (await owner.listTeamCandidates({ team, search })).people.map(({ id }) => id);
  assert.deepEqual(await found(''), [CAST.organisationAdmin.id], 'whoever is in it already is not offered');
  assert.deepEqual(await found('ADMIN'), [CAST.organisationAdmin.id]);
  assert.deepEqual(await found('OrganisationAdmin@example.org'), [CAST.organisationAdmin.id]);
  assert.deepEqual(await found('@example.org'), [], 'a part of an address finds nobody');
  assert.deepEqual(await found('%'), []);
  const [offered] = (await owner.listTeamCandidates({ team, search: '' })).people;
  assert.deepEqual(Object.keys(offered ?? {}).sort(), ['id', 'name', 'picture'], 'addresses are not told');
});

onBoth(
  'whoever is taken out of the organisation is out of its teams, the last owner too; an administrator makes a new one',
  async (database) => {
    const station = await openWorld(database);
    const admin = people(station, 'organisationAdmin');
    const { grants } = (await admin.listPeople(NORTH)).people.find(({ id }) => id === CAST.operator.id) ?? { grants: [] };
    for (const { id } of grants) await admin.revokeRole({ grant: id });
    assert.equal((await people(station, 'operator').me({})).teams.length, 1, 'without a role, and in the team still');
    assert.deepEqual(
      (await people(station, 'operator').me({})).organisations.map(({ id }) => id),
      [EXAMPLE.organisation],
    );
    await admin.removePerson({ ...NORTH, person: CAST.operator.id });
    assert.deepEqual(await present(station), { [CAST.viewer.id]: 'member', [CAST.siteManager.id]: 'admin' });
    assert.deepEqual((await people(station, 'operator').me({})).teams, []);
    assert.equal(await outcome(people(station, 'operator').updateTeam({ team, name: 'Mine' })), 'notFound');
    await admin.setTeamMember({ team, person: CAST.viewer.id, role: 'owner' });
    assert.equal(await outcome(people(station, 'viewer').removeTeamMember({ team, person: CAST.viewer.id })), 'conflict');
  },
);

onBoth('an owner who is barred is none who could be left alone with a team', async (database) => {
  const station = await openWorld(database);
  await people(station, 'operator').setTeamMember({ team, person: CAST.viewer.id, role: 'owner' });
  await people(station, 'platformAdmin').disablePerson({ person: CAST.viewer.id, disabled: true });
  assert.equal(await outcome(people(station, 'operator').removeTeamMember({ team, person: CAST.operator.id })), 'conflict');
});

onBoth('a team that was removed is gone for everybody, and its key is free', async (database) => {
  const station = await openWorld(database);
  await people(station, 'operator').removeTeam({ team });
  for (const who of ['viewer', 'operator', 'organisationAdmin', 'platformAdmin'] as const) {
    assert.equal(await outcome(people(station, who).updateTeam({ team, name: 'X' })), 'notFound', who);
    assert.deepEqual((await people(station, who).me({})).teams, []);
  }
  assert.deepEqual(await teamsFor(station, 'organisationAdmin'), []);
  await people(station, 'organisationAdmin').createTeam({ ...NORTH, name: 'Repair', key: 'repair' });
  const { entries } = await people(station, 'organisationAdmin').history({ entity: 'team', id: team });
  assert.ok(
    entries.some(({ field, after }) => field === 'name' && after === 'Repair'),
    'its history is read still',
  );
});

onBoth('where everybody is asked for a second factor, teams do not count without one', async (database) => {
  const station = await openWorld(database);
  const ask = (secondFactorFrom: 'viewer' | 'operator') =>
    people(station, 'platformAdmin').updateOrganisation({ ...NORTH, secondFactorFrom });
  // The viewer has nothing but the team.
  await people(station, 'siteManager').revokeRole({ grant: EXAMPLE.grant });
  await ask('operator');
  assert.equal(await outcome(people(station, 'operator').updateTeam({ team, name: 'X' })), 'ok');
  await ask('viewer');
  assert.equal(await outcome(people(station, 'operator').updateTeam({ team, name: 'Y' })), 'notFound');
  const { teams, secondFactorNeeded } = await people(station, 'viewer').me({});
  assert.deepEqual([teams, secondFactorNeeded], [[], true]);
});

onBoth('what one is in a team changes on an open screen, without anybody asking', async (database) => {
  const station = await openWorld(database);
  const stream = memoryReader(station, CAST.viewer.token).open('people.me', {});
  const until = (fits: (me: Me) => boolean) =>
    stream.until((said) => said.type === 'values' && said.values.set?.some(([, me]) => fits(me as Me)) === true);
  const isIn = (name: string | undefined, role?: TeamRole) => (me: Me) => {
    const mine = me.teams.find(({ id }) => id === team);
    return mine?.name === name && mine?.role === role;
  };
  await until(isIn('Repair', 'member'));
  const owner = people(station, 'operator');
  await owner.setTeamMember({ team, person: CAST.viewer.id, role: 'admin' });
  await until(isIn('Repair', 'admin'));
  await owner.updateTeam({ team, name: 'Mending' });
  await until(isIn('Mending', 'admin'));
  await owner.removeTeamMember({ team, person: CAST.viewer.id });
  await until(isIn(undefined));
  await owner.setTeamMember({ team, person: CAST.viewer.id, role: 'member' });
  await until(isIn('Mending', 'member'));
  await owner.removeTeam({ team });
  await until(isIn(undefined));
});
