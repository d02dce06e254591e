// Who gives which role to whom: against a second, slow judgement written here; and the administrator who must stay.
import assert from 'node:assert/strict';
import { Refusal } from '../../contract/errors.ts';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import type { GrantPlace } from '../../contract/people.ts';
import { allows, PERMISSIONS, type Permission, type Place, ROLE_LEVEL, ROLES, type Role } from '../../contract/permissions.ts';
import { onBoth } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { addSession, as, bearing, lastAudited, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { type Actor, CAST, OTHER, TEAM } from '../testing/world.ts';

const SITE: GrantPlace = { kind: 'site', site: EXAMPLE.site };
const PLATFORM: GrantPlace = { kind: 'platform' };
const NORTH: GrantPlace = { kind: 'organisation', organisation: EXAMPLE.organisation };

const outcome = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'ok',
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      return error.code;
    },
  );

// ---- the slow judgement

type Where = { kind: GrantPlace['kind']; organisation?: Id; site?: Id };
type Given = { id: Id; person: Id; role: Role; where: Where; taken: boolean };

/** Of whom the roles of the left may hand out the roles of the right, at a place of this kind. */
const HANDS_OUT: Partial<Record<Role, Record<GrantPlace['kind'], Role[]>>> = {
  siteManager: { site: ['viewer', 'operator'], organisation: [], platform: [] },
  organisationAdmin: { site: ['viewer', 'operator', 'siteManager'], organisation: ['organisationAdmin'], platform: [] },
  platformAdmin: {
    site: ['viewer', 'operator', 'siteManager'],
    organisation: ['organisationAdmin'],
    platform: ['platformAdmin', 'developer'],
  },
};

/** Who is in a team, and of which organisation: they see that there is one, whatever becomes of their roles. */
const TEAMS = new Map<Id, Id>([
  ...Object.keys(TEAM).map((name): [Id, Id] => [CAST[name as Actor].id, EXAMPLE.organisation]),
  [OTHER.admin, OTHER.organisation],
]);

class Book {
  readonly given: Given[] = [];
  readonly barred = new Set<Id>();
  readonly members = new Set<string>();
  private readonly owners: ReadonlyMap<Id, Id>;

  constructor(owners: ReadonlyMap<Id, Id>) {
    this.owners = owners;
  }

  where(at: GrantPlace): Where {
    return at.kind === 'site' ? { ...at, organisation: this.owners.get(at.site) as Id } : at;
  }
  of = (person: Id) => this.given.filter((one) => one.person === person && !one.taken);
  private reach = (person: Id, where: Where) =>
    this.of(person)
      .filter(
        ({ where: own }) =>
          own.kind === 'platform' ||
          (own.kind === 'organisation' && own.organisation === where.organisation) ||
          (own.kind === 'site' && own.site === where.site),
      )
      .map(({ role }) => role);

  sees(person: Id, where: Where): boolean {
    if (where.kind === 'platform') return true;
    const inside =
      this.of(person).some(({ where: own }) => own.kind === 'site' && own.organisation === where.organisation) ||
      TEAMS.get(person) === where.organisation;
    return this.reach(person, where).some((role) => role !== 'developer') || (where.kind === 'organisation' && inside);
  }
  private hands = (person: Id, where: Where, role: Role) =>
    this.reach(person, where).some((own) => HANDS_OUT[own]?.[where.kind].includes(role));
  private keeps = (person: Id, where: Where) => this.reach(person, where).some((own) => HANDS_OUT[own] !== undefined);
  rules = (person: Id) => this.reach(person, { kind: 'platform' }).includes('platformAdmin');
  administrators = () => new Set(this.given.filter((one) => one.role === 'platformAdmin' && !one.taken && !this.barred.has(one.person)));

  give(by: Id, person: Id, role: Role, where: Where): string {
    if (this.barred.has(by)) return 'unauthenticated';
    if (!this.sees(by, where)) return 'notFound';
    if (!this.keeps(by, where) || !this.hands(by, where, role)) return 'forbidden';
    if (!this.rules(by) && !this.members.has(`${person} ${where.organisation}`)) return 'notFound';
    return 'ok';
  }
  take(by: Id, given: Given): string {
    if (this.barred.has(by)) return 'unauthenticated';
    if (given.where.kind === 'platform' ? !this.rules(by) : !this.sees(by, given.where)) return 'notFound';
    if (!this.keeps(by, given.where)) return 'forbidden';
    if (given.taken) return 'notFound';
    if (!this.hands(by, given.where, given.role)) return 'forbidden';
    return [...this.administrators()].every((one) => one === given) && given.role === 'platformAdmin' ? 'conflict' : 'ok';
  }
  bar(by: Id, person: Id, barred: boolean): string {
    if (this.barred.has(by)) return 'unauthenticated';
    if (!this.rules(by)) return 'forbidden';
    return barred && [...this.administrators()].every((one) => one.person === person) ? 'conflict' : 'ok';
  }
}

const actors = Object.keys(CAST) as Actor[];

for (const seed of [1, 2])
  onBoth(
    `whatever roles are given, taken and barred, each answer and each view is the one of the book (seed ${seed})`,
    async (database) => {
      const station = await openWorld(database);
      const chance = dice(seed);
      const admin = as(station, 'platformAdmin').people;
      const owners = new Map<Id, Id>([
        [EXAMPLE.site, EXAMPLE.organisation],
        [OTHER.site, OTHER.organisation],
      ]);
      for (const organisation of [EXAMPLE.organisation, OTHER.organisation])
        owners.set((await admin.createSite({ organisation, name: 'Works 2' })).site, organisation);
      const places: GrantPlace[] = [
        PLATFORM,
        ...[EXAMPLE.organisation, OTHER.organisation].map((organisation) => ({ kind: 'organisation' as const, organisation })),
        ...[...owners.keys()].map((site) => ({ kind: 'site' as const, site })),
      ];
      const book = new Book(owners);
      for (const who of actors) {
        const { person, grants } = await as(station, who).people.me({});
        for (const { id, role, at } of grants) book.given.push({ id, person: person.id, role, where: book.where(at), taken: false });
      }
      const rows = await station.store.read.selectFrom('memberships').select(['person', 'organisation']).execute();
      for (const { person, organisation } of rows) book.members.add(`${person} ${organisation}`);

      const seen: Record<string, number> = {};
      for (let step = 0; step < 350; step++) {
        // Those whose word counts for something ask more often: what everybody is refused changes nothing.
        const by = chance.pick(chance.chance(40) ? actors.filter((one) => book.rules(CAST[one].id)) : actors);
        const who = chance.pick(actors);
        const [asking, person] = [CAST[by].id, CAST[who].id];
        const { people } = as(station, by);
        const kind = chance.below(20);
        let told: string;
        let expected: string;
        let what: string;
        if (kind < 10) {
          const at = chance.pick(places);
          // Mostly one that can be given there: the rest is refused before anybody looks at whose it is.
          const role = chance.pick(chance.chance(85) ? ROLES.filter((one) => ROLE_LEVEL[one] === at.kind) : ROLES);
          what = `${by} gives ${who} ${role} at ${JSON.stringify(at)}`;
          const where = book.where(at);
          expected = book.give(asking, person, role, where);
          const answer = people.grantRole({ person, role, at });
          told = await outcome(answer);
          if (told === 'ok' && expected === 'ok') {
            const { grant: id } = await answer;
            const same = book.of(person).find((one) => one.role === role && JSON.stringify(one.where) === JSON.stringify(where));
            assert.equal(id, same?.id ?? id, `${what}: the same role at the same place is one`);
            if (!same) book.given.push({ id, person, role, where, taken: false });
            if (where.organisation) book.members.add(`${person} ${where.organisation}`);
          }
        } else if (kind < 17) {
          const given = chance.pick(chance.chance(25) ? [...book.administrators()] : book.given);
          what = `${by} takes ${JSON.stringify(given)}`;
          expected = book.take(asking, given);
          told = await outcome(people.revokeRole({ grant: given.id }));
          if (expected === 'ok') given.taken = true;
        } else {
          const barred = chance.chance(40);
          what = `${by} ${barred ? 'bars' : 'lets in'} ${who}`;
          expected = book.bar(asking, person, barred);
          told = await outcome(people.disablePerson({ person, disabled: barred }));
          if (expected === 'ok' && barred) book.barred.add(person);
          else if (expected === 'ok' && book.barred.delete(person)) await addSession(station, person, CAST[who].token);
        }
        assert.equal(told, expected, `step ${step}: ${what}`);
        seen[told] = (seen[told] ?? 0) + 1;
        assert.ok(book.administrators().size > 0);
        if (step % 10 === 0) await compare(station, book, owners);
      }
      for (const code of ['ok', 'forbidden', 'notFound', 'unauthenticated', 'conflict'])
        assert.ok((seen[code] ?? 0) > 2, `${code} was hardly met: ${JSON.stringify(seen)}`);
    },
  );

/** What each person sees of themselves and of the places is what the book says. */
async function compare(station: TestStation, book: Book, owners: ReadonlyMap<Id, Id>): Promise<void> {
  for (const who of actors) {
    const { id } = CAST[who];
    if (book.barred.has(id)) {
      await assert.rejects(as(station, who).people.me({}), { code: 'unauthenticated' });
      continue;
    }
    const me = await as(station, who).people.me({});
    const text = (grants: { id: Id; role: string }[]) => grants.map((one) => `${one.id} ${one.role}`).sort();
    assert.deepEqual(text(me.grants), text(book.of(id)), who);
    const sites = [...owners].filter(([site, organisation]) => book.sees(id, { kind: 'site', site, organisation })).map(([site]) => site);
    assert.deepEqual(me.sites.map((site) => site.id).sort(), sites.sort(), who);
    const organisations = [...new Set(owners.values())].filter((organisation) => book.sees(id, { kind: 'organisation', organisation }));
    assert.deepEqual(me.organisations.map((one) => one.id).sort(), organisations.sort(), who);
  }
}

// ---- the last administrator

const adminGrant = async (station: TestStation, token: string) =>
  (await bearing(station, token).people.me({})).grants.find(({ role }) => role === 'platformAdmin')?.id as Id;
const secondAdmin = (station: TestStation, who: Actor = 'nobody') =>
  as(station, 'platformAdmin').people.grantRole({ person: CAST[who].id, role: 'platformAdmin', at: PLATFORM });

onBoth('the last platform administrator stays, until somebody else is one who may come in', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'platformAdmin');
  const last = { code: 'conflict', message: /last platform administrator/ };
  const own = await adminGrant(station, CAST.platformAdmin.token);
  await assert.rejects(people.revokeRole({ grant: own }), last);
  await assert.rejects(people.disablePerson({ person: EXAMPLE.admin, disabled: true }), last);

  await secondAdmin(station);
  await people.disablePerson({ person: CAST.nobody.id, disabled: true });
  await assert.rejects(people.revokeRole({ grant: own }), last, 'the other one is barred');
  await assert.rejects(people.disablePerson({ person: EXAMPLE.admin, disabled: true }), last, 'the other one is barred');
  await people.disablePerson({ person: CAST.nobody.id, disabled: false });
  await people.revokeRole({ grant: own });
  await assert.rejects(people.createOrganisation({ name: 'Ostwerk' }), { code: 'forbidden' });
});

type Going = (station: TestStation, by: Actor, whom: Actor, grant: Id) => Promise<unknown>;
const taken: Going = (station, by, _, grant) => as(station, by).people.revokeRole({ grant });
const barred: Going = (station, by, whom) => as(station, by).people.disablePerson({ person: CAST[whom].id, disabled: true });

for (const [how, first, second] of [
  ['take the role from', taken, taken],
  ['bar', barred, barred],
  ['bar, and take the role from,', barred, taken],
] as const)
  onBoth(`two administrators who ${how} each other at the same time do not both go`, async (database) => {
    const station = await openWorld(database);
    const other = (await secondAdmin(station)).grant;
    const own = await adminGrant(station, CAST.platformAdmin.token);
    const answers = await Promise.allSettled([
      first(station, 'platformAdmin', 'nobody', other),
      second(station, 'nobody', 'platformAdmin', own),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const left = (['platformAdmin', 'nobody'] as const)[answers.findIndex(({ status }) => status === 'fulfilled')] as Actor;
    await as(station, left).people.createOrganisation({ name: 'Ostwerk' });
  });

onBoth('two administrators who each leave at the same time do not both go', async (database) => {
  const station = await openWorld(database);
  const other = (await secondAdmin(station)).grant;
  const own = await adminGrant(station, CAST.platformAdmin.token);
  const answers = await Promise.allSettled([
    taken(station, 'platformAdmin', 'platformAdmin', own),
    barred(station, 'nobody', 'nobody', other),
  ]);
  const refused = answers.filter((answer) => answer.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    ['conflict'],
  );
});

// ---- new people

const NEW = { email: 'New@Example.org', name: 'New', role: 'viewer', at: SITE } as const;

onBoth('a person is one by their address, however it is written and whoever adds them at the same time', async (database) => {
  const station = await openWorld(database);
  const answers = await Promise.all(
    [NEW.email, ' new@example.org ', 'NEW@EXAMPLE.ORG'].map((email) => as(station, 'siteManager').people.createPerson({ ...NEW, email })),
  );
  assert.equal(new Set(answers.map(({ person }) => person)).size, 1);
  assert.equal(answers.filter(({ link }) => link !== null).length, 1, 'one link for the one who is new');
  const { people } = await as(station, 'siteManager').people.listSitePeople({ site: EXAMPLE.site });
  const [added, ...more] = people.filter(({ email }) => email.toLowerCase() === 'new@example.org');
  assert.deepEqual(more, []);
  assert.deepEqual(
    [added?.hasPassword, added?.disabledAt, added?.grants.map(({ role, at }) => ({ role, at }))],
    [false, null, [{ role: 'viewer', at: SITE }]],
  );
});

onBoth('a command sent again is carried out once and hands out no second link', async (database) => {
  const station = await openWorld(database);
  const command = { ...NEW, opId: '00000000-0000-7000-8000-00000000abcd' };
  const { people } = as(station, 'siteManager');
  const answers = await Promise.all([people.createPerson(command), people.createPerson(command)]);
  answers.push(await people.createPerson(command));
  assert.equal(new Set(answers.map(({ person }) => person)).size, 1);
  assert.equal(answers.filter(({ link }) => link !== null).length, 1);
  const entries = (await as(station, 'platformAdmin').people.listAudit({ site: EXAMPLE.site })).entries;
  assert.equal(entries.filter(({ action }) => action === 'people.createPerson').length, 1);
  await assert.rejects(as(station, 'organisationAdmin').people.createPerson(command), { code: 'conflict' }, 'the word of another person');
});

onBoth('who adds or raises somebody beyond their own reach is refused, and that is written down', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'siteManager');
  const reach = { code: 'forbidden', message: 'You may not give this role here.' };
  await assert.rejects(people.createPerson({ ...NEW, role: 'siteManager' }), reach);
  const entry = await lastAudited(station);
  assert.deepEqual(
    [entry.action, entry.outcome, entry.actor?.id, entry.site, entry.organisation, entry.from, entry.message, entry.changes],
    ['people.createPerson', 'refused', CAST.siteManager.id, EXAMPLE.site, EXAMPLE.organisation, 'console', reach.message, []],
  );
  await assert.rejects(people.grantRole({ person: EXAMPLE.viewer, role: 'siteManager', at: SITE }), reach);
  await assert.rejects(people.createPerson({ ...NEW, role: 'organisationAdmin' }), { message: /not given at a place of this kind/ });
  await assert.rejects(people.createPerson({ ...NEW, role: 'organisationAdmin', at: NORTH }), { code: 'forbidden' });
  const known = await as(station, 'platformAdmin').people.listPeople({ organisation: EXAMPLE.organisation });
  assert.ok(!known.people.some(({ email }) => email === NEW.email));
});

onBoth('an organisation sees its own people and roles, and nothing of what else they are', async (database) => {
  const station = await openWorld(database);
  const admin = as(station, 'platformAdmin').people;
  await admin.grantRole({ person: EXAMPLE.viewer, role: 'developer', at: PLATFORM });
  await admin.grantRole({ person: EXAMPLE.viewer, role: 'siteManager', at: { kind: 'site', site: OTHER.site } });
  const { site: second } = await admin.createSite({ organisation: EXAMPLE.organisation, name: 'Works 2' });
  await admin.grantRole({ person: EXAMPLE.viewer, role: 'operator', at: { kind: 'site', site: second } });
  const shown = async (who: Actor, organisation: Id) =>
    Object.fromEntries(
      (await as(station, who).people.listPeople({ organisation })).people.map(({ id, grants }) => [id, grants.map(({ role }) => role)]),
    );
  assert.deepEqual(await shown('organisationAdmin', EXAMPLE.organisation), {
    [EXAMPLE.viewer]: ['viewer', 'operator'],
    [CAST.operator.id]: ['operator'],
    [CAST.siteManager.id]: ['siteManager'],
    [CAST.organisationAdmin.id]: ['organisationAdmin'],
  });
  assert.deepEqual(await shown('stranger', OTHER.organisation), {
    [EXAMPLE.viewer]: ['siteManager'],
    [CAST.stranger.id]: ['organisationAdmin'],
  });
  const atSite = await as(station, 'siteManager').people.listSitePeople({ site: EXAMPLE.site });
  assert.deepEqual(
    atSite.people.map(({ id, grants }) => [id, grants.map(({ role }) => role)]),
    [
      [EXAMPLE.viewer, ['viewer']],
      [CAST.operator.id, ['operator']],
      [CAST.siteManager.id, ['siteManager']],
    ],
  );
});

onBoth('a link is made for one’s own people alone, and not for who is more elsewhere', async (database) => {
  const station = await openWorld(database);
  const link = (who: Actor, person: Id) => as(station, who).people.createSignInLink({ organisation: EXAMPLE.organisation, person });
  await link('organisationAdmin', EXAMPLE.viewer);
  await assert.rejects(link('organisationAdmin', CAST.stranger.id), { code: 'notFound' });
  await assert.rejects(link('organisationAdmin', EXAMPLE.admin), { code: 'notFound' });
  const admin = as(station, 'platformAdmin').people;
  await admin.grantRole({ person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site: OTHER.site } });
  await assert.rejects(link('organisationAdmin', EXAMPLE.viewer), { code: 'forbidden' });
  assert.equal((await lastAudited(station)).outcome, 'refused');
  await link('platformAdmin', EXAMPLE.viewer);
  await admin.grantRole({ person: CAST.operator.id, role: 'platformAdmin', at: PLATFORM });
  await assert.rejects(link('organisationAdmin', CAST.operator.id), { code: 'forbidden' });
});

onBoth('what a list says that somebody may do here is what their own session says, whatever roles they have besides', async (database) => {
  const station = await openWorld(database);
  const admin = as(station, 'platformAdmin').people;
  await admin.updateSite({ site: EXAMPLE.site, operatorsControl: true });
  // Roles from elsewhere, beside the one that puts them into the list.
  for (const who of ['organisationAdmin', 'platformAdmin'] as const)
    await admin.grantRole({ person: CAST[who].id, role: 'viewer', at: SITE });
  await admin.grantRole({ person: CAST.organisationAdmin.id, role: 'organisationAdmin', at: NORTH });
  const site: Place = { kind: 'site', organisation: EXAMPLE.organisation, site: EXAMPLE.site, operatorsControl: true, workAllowed: false };
  const organisation: Place = { kind: 'organisation', organisation: EXAMPLE.organisation };
  for (const [place, { people }] of [
    [site, await admin.listSitePeople({ site: EXAMPLE.site })],
    [organisation, await admin.listPeople({ organisation: EXAMPLE.organisation })],
  ] as const)
    for (const person of people) {
      const [name] = Object.entries(CAST).find(([, { id }]) => id === person.id) as [Actor, unknown];
      const { grants } = await as(station, name).people.me({});
      const expected = (Object.keys(PERMISSIONS) as Permission[]).filter(
        (permission) => PERMISSIONS[permission].level === place.kind && allows(grants, permission, place),
      );
      assert.deepEqual(person.may, expected, `${name} at the ${place.kind}`);
    }
  await admin.disablePerson({ person: CAST.operator.id, disabled: true });
  const barred = (await admin.listSitePeople({ site: EXAMPLE.site })).people.find(({ id }) => id === CAST.operator.id);
  assert.deepEqual(barred?.may, []);
});

onBoth(
  'who is taken out of an organisation loses every role there at once and is nobody’s colleague any more; roles elsewhere stay',
  async (database) => {
    const station = await openWorld(database);
    const admin = as(station, 'organisationAdmin').people;
    const whom = { organisation: EXAMPLE.organisation, person: CAST.operator.id };
    await as(station, 'platformAdmin').people.grantRole({ person: CAST.operator.id, role: 'developer', at: PLATFORM });
    await admin.grantRole({ person: CAST.operator.id, role: 'viewer', at: SITE });
    await admin.removePerson(whom);
    const { people } = await admin.listPeople({ organisation: EXAMPLE.organisation });
    assert.ok(!people.some(({ id }) => id === CAST.operator.id));
    const me = await as(station, 'operator').people.me({});
    assert.deepEqual([me.grants.map(({ role }) => role), me.sites, me.organisations], [['developer'], [], []]);
    await assert.rejects(as(station, 'operator').people.picture({ person: EXAMPLE.viewer }), { code: 'notFound' });
    await assert.rejects(admin.removePerson(whom), { code: 'notFound' });
    await assert.rejects(admin.removePerson({ ...whom, person: CAST.organisationAdmin.id }), { code: 'conflict' });
    // Let in again, by the address they are known by.
    const again = await admin.createPerson({ email: 'operator@example.org', name: 'x', role: 'viewer', at: SITE });
    assert.deepEqual(again, { person: CAST.operator.id, link: null, mail: null });
    assert.ok((await admin.listPeople({ organisation: EXAMPLE.organisation })).people.some(({ id }) => id === CAST.operator.id));
  },
);
