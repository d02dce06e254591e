// Undoing one's own last change: what it touched is as it was before, whatever it was; and what stands against it is told.
import assert from 'node:assert/strict';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import { onBoth } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { as, lastAudited, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { CAST, OTHER } from '../testing/world.ts';
import type { PeopleTables } from './entities.ts';

const site = { kind: 'site', site: EXAMPLE.site } as const;
const admin = (station: TestStation) => as(station, 'organisationAdmin').people;

async function undo(people: ReturnType<typeof admin>): Promise<unknown> {
  const { last } = await people.lastChange({});
  return people.undo({ change: last?.change ?? assert.fail('there is nothing to undo') });
}

/** Everything that can be seen of these records: what was removed is not there, with whatever values. */
async function visible({ store }: TestStation): Promise<unknown> {
  const tables = ['organisations', 'sites', 'places', 'people', 'memberships', 'grants', 'preferences'] as const;
  return Promise.all(
    tables.map((table) =>
      store.read
        .selectFrom(table as keyof PeopleTables)
        .selectAll()
        .where('deletedAt', 'is', null)
        .orderBy('id')
        .execute(),
    ),
  );
}

onBoth('after any sequence of changes, each undone is as if it had not been, and undone once more as if it had', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  for (let seed = 1; seed <= 3; seed++) {
    const chance = dice(seed);
    for (let step = 0; step < 25; step++) {
      const { places } = await people.listPlaces({ site: EXAMPLE.site });
      const place = () => (places.length > 0 ? chance.pick(places).id : EXAMPLE.system);
      const building = places.filter(({ kind }) => kind === 'building').map(({ id }) => id);
      const name = chance.pick(['Kiln', 'Press', 'Tank', 'Mill']);
      const acts: (() => Promise<unknown>)[] = [
        () => people.updateOrganisation({ organisation: EXAMPLE.organisation, name }),
        () => people.updateSite({ site: EXAMPLE.site, operatorsControl: chance.chance(50), name }),
        () => people.archiveSite({ site: EXAMPLE.site, archived: chance.chance(50) }),
        () => people.createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name }),
        () => people.createPlace({ site: EXAMPLE.site, parent: chance.pick([...building, null]), kind: 'system', name }),
        () => people.updatePlace({ place: place(), name }),
        () => people.movePlace({ place: place(), parent: chance.pick([...building, null]), before: null }),
        () => people.removePlace({ place: place() }),
        () => people.grantRole({ person: EXAMPLE.viewer, role: chance.pick(['viewer', 'operator', 'siteManager']), at: site }),
        async () => {
          const { people: all } = await people.listPeople({ organisation: EXAMPLE.organisation });
          const grants = all.flatMap((one) => one.grants).filter(({ person }) => person !== CAST.organisationAdmin.id);
          return people.revokeRole({ grant: grants.length > 0 ? chance.pick(grants).id : EXAMPLE.grant });
        },
        () => people.updateMe({ name }),
        () => people.setPreference({ name: 'theme', value: chance.pick(['dark', 'light']) }),
        () => people.setPicture({ picture: chance.chance(50) ? null : { type: 'image/png', data: EXAMPLE.pixel } }),
      ];
      const act = chance.pick(acts);
      const before = await visible(station);
      const last = (await people.lastChange({})).last?.change;
      const done = await act().then(
        () => true,
        () => false,
      );
      // Refused, or nothing to change.
      if (!done || (await people.lastChange({})).last?.change === last) continue;
      const after = await visible(station);
      const where = `seed ${seed}, step ${step}: ${(await people.lastChange({})).last?.action}`;
      await undo(people);
      assert.deepEqual(await visible(station), before, `${where}, undone`);
      const { last: redo } = await people.lastChange({});
      assert.equal(redo?.again, true);
      await undo(people);
      assert.deepEqual(await visible(station), after, `${where}, done again`);
      assert.equal((await people.lastChange({})).last?.again, false);
    }
  }
  assert.deepEqual((await station.store.compareWithLog()).faults, []);
  assert.equal((await station.store.verifyAudit()).fault, null);
});

onBoth('an undo is one more change with its own row in the audit, where the first one was', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  assert.deepEqual(await people.lastChange({}), { last: null });
  await people.updatePlace({ place: EXAMPLE.building, name: 'Hall B' });
  const { last } = await people.lastChange({});
  assert.deepEqual(last, {
    change: last?.change,
    at: station.clock(),
    action: 'people.updatePlace',
    again: false,
    records: [{ entity: 'place', id: EXAMPLE.building, name: 'Hall B' }],
    changes: [{ entity: 'place', id: EXAMPLE.building, field: 'name', before: 'Hall A', after: 'Hall B' }],
  });
  const { recorded } = await as(station, 'viewer').sync.status({});
  await undo(people);
  assert.equal((await as(station, 'viewer').sync.status({})).recorded, recorded + 1, 'nothing is taken out of the log');
  const { action, message, site: at, changes } = await lastAudited(station);
  assert.deepEqual(
    { action, message, at, changes },
    {
      action: 'people.undo',
      message: 'Undid: people.updatePlace',
      at: EXAMPLE.site,
      changes: [{ entity: 'place', id: EXAMPLE.building, field: 'name', before: 'Hall B', after: 'Hall A' }],
    },
  );
});

onBoth('a change is undone by its name: a second click undoes nothing else, and nobody undoes another’s', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  await people.updatePlace({ place: EXAMPLE.building, name: 'Hall B' });
  const change = (await people.lastChange({})).last?.change ?? assert.fail();
  await assert.rejects(as(station, 'platformAdmin').people.undo({ change }), { code: 'notFound' });
  const outcomes = await Promise.allSettled([people.undo({ change }), people.undo({ change })]);
  const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'ok' : one.reason.code));
  assert.deepEqual(codes.sort(), ['notFound', 'ok']);
  await assert.rejects(people.undo({ change }), { code: 'notFound' });
  assert.equal((await people.listPlaces({ site: EXAMPLE.site })).places[0]?.name, 'Hall A');
});

/** Each: what one does, what comes after it, and what is said to whoever would undo it. */
const AGAINST: Record<
  string,
  {
    first(station: TestStation): Promise<unknown>;
    later(station: TestStation): Promise<unknown>;
    refused: { code: string; message: string | RegExp };
  }
> = {
  'somebody has changed the same': {
    first: (station) => admin(station).updatePlace({ place: EXAMPLE.building, name: 'Hall B' }),
    later: (station) => as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.building, name: 'Hall C' }),
    refused: { code: 'conflict', message: 'The siteManager has changed “Hall C” since. To undo would take that back too.' },
  },
  'somebody has changed what it made': {
    first: (station) => admin(station).createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name: 'Kiln' }),
    async later(station) {
      const { places } = await admin(station).listPlaces({ site: EXAMPLE.site });
      await as(station, 'siteManager').people.removePlace({ place: places.find(({ name }) => name === 'Kiln')?.id ?? '' });
    },
    refused: { code: 'conflict', message: /^The siteManager has changed “Kiln” since/ },
  },
  'something stands inside what it made': {
    first: (station) => admin(station).createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name: 'Kiln' }),
    async later(station) {
      const { places } = await admin(station).listPlaces({ site: EXAMPLE.site });
      const parent = places.find(({ name }) => name === 'Kiln')?.id ?? '';
      await as(station, 'siteManager').people.createPlace({ site: EXAMPLE.site, parent, kind: 'system', name: 'Burner' });
    },
    refused: { code: 'conflict', message: '“Burner” stands inside by now.' },
  },
  'its key is used by another place': {
    first: (station) => admin(station).removePlace({ place: EXAMPLE.system }),
    later: (station) =>
      as(station, 'siteManager').people.createPlace({ site: EXAMPLE.site, parent: null, kind: 'building', name: 'Heating' }),
    refused: { code: 'conflict', message: 'The key “heating” is used by another place by now.' },
  },
  'what it stood in is gone': {
    first: (station) => admin(station).removePlace({ place: EXAMPLE.system }),
    later: (station) => as(station, 'siteManager').people.removePlace({ place: EXAMPLE.building }),
    refused: { code: 'notFound', message: /not at this site/ },
  },
  'two moves would meet in a ring': {
    async first(station) {
      const { place } = await as(station, 'siteManager').people.createPlace({
        site: EXAMPLE.site,
        parent: EXAMPLE.system,
        kind: 'system',
        name: 'Pump',
      });
      await admin(station).movePlace({ place, parent: null, before: null });
    },
    async later(station) {
      const { places } = await admin(station).listPlaces({ site: EXAMPLE.site });
      const pump = places.find(({ name }) => name === 'Pump')?.id ?? '';
      await as(station, 'siteManager').people.movePlace({ place: EXAMPLE.system, parent: pump, before: null });
    },
    refused: { code: 'conflict', message: 'A place cannot stand inside itself.' },
  },
  'the right to it is gone': {
    first: (station) => as(station, 'organisationAdmin').people.updateSite({ site: EXAMPLE.site, workAllowed: true }),
    async later(station) {
      const { people } = await as(station, 'platformAdmin').people.listPeople({ organisation: EXAMPLE.organisation });
      const { grants } = people.find(({ id }) => id === CAST.organisationAdmin.id) ?? assert.fail();
      await as(station, 'platformAdmin').people.revokeRole({ grant: grants[0]?.id ?? '' });
    },
    refused: { code: 'forbidden', message: 'You may not do this here any more.' },
  },
  'the person has left the organisation': {
    first: (station) => admin(station).revokeRole({ grant: EXAMPLE.grant }),
    later: (station) => as(station, 'platformAdmin').people.removePerson({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer }),
    refused: { code: 'conflict', message: 'The person does not belong to the organisation any more.' },
  },
  'the role was given again': {
    first: (station) => admin(station).revokeRole({ grant: EXAMPLE.grant }),
    later: (station) => as(station, 'siteManager').people.grantRole({ person: EXAMPLE.viewer, role: 'viewer', at: site }),
    refused: { code: 'conflict', message: 'The person has been given this role again by now.' },
  },
};

for (const [what, { first, later, refused }] of Object.entries(AGAINST))
  onBoth(`it is refused where ${what}, and nothing is changed`, async (database) => {
    const station = await openWorld(database);
    await first(station);
    const { last } = await admin(station).lastChange({});
    await later(station);
    const before = await visible(station);
    await assert.rejects(admin(station).undo({ change: last?.change ?? '' }), refused);
    assert.deepEqual(await visible(station), before);
  });

onBoth('who came into an organisation by a role stays in it while they have another', async (database) => {
  const station = await openWorld(database);
  const whole = as(station, 'platformAdmin').people;
  const give = (people: ReturnType<typeof admin>, role: 'viewer' | 'operator') =>
    people.grantRole({ person: CAST.nobody.id, role, at: { kind: 'site', site: OTHER.site } });
  await give(whole, 'viewer');
  await give(as(station, 'stranger').people, 'operator');
  await assert.rejects(undo(whole), { code: 'conflict', message: 'The person has another role in the organisation by now.' });
});

onBoth('one role in the place of another is one change, and undone as one; only where it is theirs and there', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  const roles = async () =>
    (await people.listPeople({ organisation: EXAMPLE.organisation })).people
      .find(({ id }) => id === EXAMPLE.viewer)
      ?.grants.map(({ role }) => role);
  const give = (grant: Id, person: Id = EXAMPLE.viewer) => people.grantRole({ person, role: 'operator', at: site, instead: [grant] });
  const { grants } = await as(station, 'siteManager').people.me({});
  const before = await visible(station);
  for (const [grant, person] of [
    [grants[0]?.id ?? '', EXAMPLE.viewer],
    [EXAMPLE.grant, CAST.siteManager.id],
    [OTHER.grant, EXAMPLE.viewer],
  ] as const)
    await assert.rejects(give(grant, person), { code: 'notFound' });
  await assert.rejects(
    as(station, 'siteManager').people.grantRole({ person: CAST.siteManager.id, role: 'viewer', at: site, instead: [grants[0]?.id ?? ''] }),
    { code: 'forbidden' },
  );
  assert.deepEqual(await visible(station), before);
  await give(EXAMPLE.grant);
  assert.deepEqual(await roles(), ['operator']);
  await undo(people);
  assert.deepEqual(await roles(), ['viewer']);
  await undo(people);
  assert.deepEqual(await roles(), ['operator']);
});

onBoth('who came into an organisation by a role stays in it while they are in one of its teams', async (database) => {
  const station = await openWorld(database);
  const whole = as(station, 'platformAdmin').people;
  await whole.grantRole({ person: CAST.nobody.id, role: 'viewer', at: site });
  await as(station, 'operator').people.setTeamMember({ team: EXAMPLE.team, person: CAST.nobody.id, role: 'member' });
  await assert.rejects(undo(whole), { code: 'conflict', message: 'The person is in a team of the organisation by now.' });
  await as(station, 'operator').people.removeTeamMember({ team: EXAMPLE.team, person: CAST.nobody.id });
  await undo(whole);
});

onBoth('an account that was merged is given nothing back, whatever is undone or done again', async (database) => {
  const merged = { code: 'conflict', message: 'This account was merged into another one, and stays closed.' };
  const station = await openWorld(database);
  const whole = as(station, 'platformAdmin').people;
  await whole.grantRole({ person: CAST.nobody.id, role: 'viewer', at: site });
  await undo(whole);
  await whole.mergePeople({ from: CAST.nobody.id, into: EXAMPLE.viewer });
  const before = await visible(station);
  await assert.rejects(undo(whole), merged, 'a membership and a role, done again');
  assert.deepEqual(await visible(station), before);

  const { grants } = await as(station, 'developer').people.me({});
  await whole.revokeRole({ grant: grants[0]?.id ?? '' });
  await whole.mergePeople({ from: CAST.developer.id, into: EXAMPLE.viewer });
  await assert.rejects(undo(whole), merged, 'a role over the platform, given back');
});

onBoth('the last platform administrator stays one, whatever is undone', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'platformAdmin');
  await people.grantRole({ person: CAST.nobody.id, role: 'platformAdmin', at: { kind: 'platform' } });
  const second = as(station, 'nobody').people;
  const { grants } = await people.me({});
  await second.revokeRole({ grant: grants[0]?.id ?? '' });
  // The first undoes with no right left; the second may, and it is theirs to give.
  await assert.rejects(people.undo({ change: '00000000-0000-7000-8000-000000000999' }), { code: 'notFound' });
  await undo(second);
  assert.equal((await people.me({})).grants.length, 1);
  await undo(second);
  await assert.rejects(second.revokeRole({ grant: (await second.me({})).grants[0]?.id ?? '' }), { code: 'conflict' });
});

onBoth('rights follow an undo at once', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  const sees = () =>
    as(station, 'viewer')
      .people.listPlaces({ site: EXAMPLE.site })
      .then(
        () => true,
        () => false,
      );
  await people.revokeRole({ grant: EXAMPLE.grant });
  assert.equal(await sees(), false);
  await undo(people);
  assert.equal(await sees(), true);
});

onBoth('what cannot be undone is no last change, and leaves the one before', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  await people.updateMe({ name: 'Otto' });
  const { last } = await people.lastChange({});
  await people.createPerson({ email: 'ida@example.org', name: 'Ida', role: 'viewer', at: site });
  assert.deepEqual((await people.lastChange({})).last, last);
  const preference = (id: Id) => as(station, 'organisationAdmin').people.setPreference({ name: 'theme', value: 'dark', opId: id });
  const opId = '00000000-0000-7000-8000-000000000777';
  await preference(opId);
  const change = (await people.lastChange({})).last?.change;
  await preference(opId);
  assert.equal((await people.lastChange({})).last?.change, change, 'a command repeated is no change');
});
