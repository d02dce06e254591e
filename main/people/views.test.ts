// Seeing the station as somebody else: who may, what ends it, and that each of it is written down.
import assert from 'node:assert/strict';
import { EXAMPLE } from '../../contract/examples.ts';
import type { AuditEntry } from '../../contract/people.ts';
import { onBoth } from '../testing/databases.ts';
import { addSession, as, bearing, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { type Actor, CAST, MACHINE, OTHER } from '../testing/world.ts';
import { VIEW_MS } from './views.ts';

const { organisation } = EXAMPLE;
const OPERATOR = CAST.operator.id;

const open = async (station: TestStation, who: Actor = 'organisationAdmin', person: string = OPERATOR, whole = false) => {
  const { token } = await as(station, who).people.seeAs({ person, ...(!whole && { organisation }) });
  return { token, client: bearing(station, token) };
};

/** What the audit says of views, oldest first. */
async function views(station: TestStation): Promise<Pick<AuditEntry, 'action' | 'outcome' | 'message' | 'actor' | 'seenAs' | 'from'>[]> {
  const { entries } = await as(station, 'platformAdmin').people.listAudit({ limit: 200 });
  return entries.filter(({ action, seenAs }) => /seeAs/i.test(action) || seenAs !== null).reverse();
}

/** Ends of views that nobody asked for come a moment later. */
async function endWritten(station: TestStation, message: string): Promise<void> {
  while (!(await views(station)).some((entry) => entry.action === 'people.endSeeAs' && entry.message === message))
    await new Promise((resolve) => setImmediate(resolve));
}

onBoth('one sees what the person sees and who looks, without anything personal; one’s own session stays as it was', async (database) => {
  const station = await openWorld(database);
  await as(station, 'operator').people.setPreference({ name: 'theme', value: 'dark' });
  const { client, token } = await open(station);
  const me = await client.people.me({});
  assert.equal(me.person.id, OPERATOR);
  assert.deepEqual(
    me.grants.map(({ role, at }) => ({ role, at })),
    [{ role: 'operator', at: { kind: 'site', site: EXAMPLE.site } }],
  );
  assert.deepEqual(me.preferences, {});
  assert.deepEqual(me.seenBy, { id: CAST.organisationAdmin.id, name: 'The organisationAdmin', until: station.clock() + VIEW_MS });
  const own = await as(station, 'organisationAdmin').people.me({});
  assert.equal(own.person.id, CAST.organisationAdmin.id);
  assert.equal(own.seenBy, null);
  const { sessions } = await as(station, 'organisationAdmin').people.listSessions({});
  assert.equal(sessions.length, 1, 'a view is no sign-in');
  assert.doesNotMatch(station.logged(), new RegExp(token));
});

onBoth('who may not see as whom', async (database) => {
  const station = await openWorld(database);
  const asks = (who: Actor, person: string, of?: string) =>
    as(station, who)
      .people.seeAs({ person, ...(of !== undefined && { organisation: of }) })
      .then(
        () => 'ok',
        ({ code }) => code,
      );
  const { platformAdmin, organisationAdmin, siteManager, viewer, stranger, nobody, developer } = CAST;
  assert.equal(await asks('siteManager', viewer.id, organisation), 'forbidden');
  assert.equal(await asks('organisationAdmin', viewer.id), 'forbidden', 'only of their organisation');
  assert.equal(await asks('organisationAdmin', organisationAdmin.id, organisation), 'conflict', 'oneself');
  assert.equal(await asks('organisationAdmin', platformAdmin.id, organisation), 'notFound', 'no member');
  assert.equal(await asks('organisationAdmin', nobody.id, organisation), 'notFound', 'no member');
  assert.equal(await asks('organisationAdmin', stranger.id, organisation), 'notFound', 'of another organisation');
  assert.equal(await asks('organisationAdmin', stranger.id, OTHER.organisation), 'notFound', 'of another organisation');
  assert.equal(await asks('organisationAdmin', MACHINE.id, organisation), 'notFound', 'a key');
  assert.equal(await asks('platformAdmin', MACHINE.id), 'notFound', 'a key');
  await assert.rejects(bearing(station, MACHINE.token).people.seeAs({ person: viewer.id, organisation }), { code: 'forbidden' });
  for (const one of [siteManager, organisationAdmin, stranger, nobody, developer]) assert.equal(await asks('platformAdmin', one.id), 'ok');
  assert.equal(await asks('platformAdmin', siteManager.id, organisation), 'ok');
  await as(station, 'platformAdmin').people.disablePerson({ person: viewer.id, disabled: true });
  assert.equal(await asks('organisationAdmin', viewer.id, organisation), 'conflict', 'barred');
});

onBoth('nobody sees as somebody who may do more than they, and a role given meanwhile ends it', async (database) => {
  const station = await openWorld(database);
  const { client } = await open(station);
  await as(station, 'platformAdmin').people.grantRole({ person: OPERATOR, role: 'platformAdmin', at: { kind: 'platform' } });
  await assert.rejects(client.people.me({}), { code: 'unauthenticated' });
  await assert.rejects(open(station), { code: 'forbidden', message: 'This person may do more than you.' });
  await endWritten(station, 'This person may do more than you.');
});

onBoth('it asks for a fresh proof, and what it opens is no proof of anything', async (database) => {
  const station = await openWorld(database);
  await addSession(station, CAST.organisationAdmin.id, 'a session that proved nothing lately', 0);
  const unproven = bearing(station, 'a session that proved nothing lately');
  await assert.rejects(unproven.people.seeAs({ person: OPERATOR, organisation }), { code: 'unconfirmed' });
  const { client } = await open(station);
  await assert.rejects(client.people.seeAs({ person: EXAMPLE.viewer, organisation }), { code: 'forbidden' });
  await assert.rejects(client.people.confirmSession({ password: 'x' }), { code: 'forbidden' });
});

onBoth('of teams one sees those of the organisation, as what the person is in them; there may be more elsewhere', async (database) => {
  const station = await openWorld(database);
  const at = { kind: 'site', site: OTHER.site } as const;
  await as(station, 'platformAdmin').people.grantRole({ person: OPERATOR, role: 'viewer', at });
  await as(station, 'stranger').people.setTeamMember({ team: OTHER.team, person: OPERATOR, role: 'admin' });
  const { client } = await open(station);
  const { teams, secondFactorNeeded } = await client.people.me({});
  assert.deepEqual(
    teams.map(({ id, role }) => [id, role]),
    [[EXAMPLE.team, 'owner']],
  );
  assert.equal(secondFactorNeeded, false, 'what lies elsewhere is not told, and waits for no second factor');
  assert.deepEqual(
    (await client.people.listTeams({ organisation })).teams.map(({ id }) => id),
    [EXAMPLE.team],
  );
  await assert.rejects(client.people.listTeams({ organisation: OTHER.organisation }), { code: 'notFound' });
  const whole = await open(station, 'platformAdmin', OPERATOR, true);
  assert.deepEqual(
    (await whole.client.people.me({})).teams.map(({ id, role }) => [id, role]).sort(),
    [
      [EXAMPLE.team, 'owner'],
      [OTHER.team, 'admin'],
    ].sort(),
  );
});

onBoth('what the person has in another organisation is not shown to an administrator of one', async (database) => {
  const station = await openWorld(database);
  const at = { kind: 'site', site: OTHER.site } as const;
  await as(station, 'platformAdmin').people.grantRole({ person: OPERATOR, role: 'siteManager', at });
  const { client } = await open(station);
  const me = await client.people.me({});
  assert.deepEqual([me.organisations.map(({ id }) => id), me.sites.map(({ id }) => id)], [[organisation], [EXAMPLE.site]]);
  await assert.rejects(client.people.listPlaces({ site: OTHER.site }), { code: 'notFound' });
  await assert.rejects(client.people.picture({ person: OTHER.admin }), { code: 'notFound' });
  const whole = await open(station, 'platformAdmin', OPERATOR, true);
  assert.equal((await whole.client.people.listPlaces({ site: OTHER.site })).places.length, 1);
  assert.deepEqual(await whole.client.people.picture({ person: OTHER.admin }), { picture: null });
});

onBoth('opening, end and what was refused stand in the audit, by the administrator and as whom', async (database) => {
  const station = await openWorld(database);
  const { client } = await open(station);
  await assert.rejects(client.people.updatePlace({ place: EXAMPLE.building, name: 'X' }), {
    code: 'forbidden',
    message: 'You see the station as somebody else: nothing can be changed.',
  });
  await assert.rejects(client.people.signIn({ email: 'ada@example.org', password: 'x' }), { code: 'forbidden' });
  await assert.rejects(client.people.listSessions({}), { code: 'forbidden', message: 'This is personal: nobody else sees it.' });
  await client.people.endSeeAs({});
  await assert.rejects(client.people.me({}), { code: 'unauthenticated' });
  const found = await views(station);
  assert.deepEqual(
    found.map(({ action, outcome }) => `${action} ${outcome}`),
    ['people.seeAs done', 'people.updatePlace refused', 'people.signIn refused', 'people.listSessions refused', 'people.endSeeAs done'],
  );
  for (const { actor, seenAs } of found)
    assert.deepEqual([actor?.id, seenAs], [CAST.organisationAdmin.id, { id: OPERATOR, name: 'The operator' }]);
  assert.deepEqual((await as(station, 'platformAdmin').people.verifyAudit({})).fault, null);
  await assert.rejects(as(station, 'organisationAdmin').people.endSeeAs({}), { code: 'conflict' });
});

/** Each: what ends a view of the operator by the organisation's administrator, and what the audit says then. */
const ENDS: Record<string, { act(station: TestStation): Promise<unknown>; message?: string }> = {
  'when the person is barred': {
    act: (station) => as(station, 'platformAdmin').people.disablePerson({ person: OPERATOR, disabled: true }),
  },
  'when the person leaves the organisation': {
    act: (station) => as(station, 'platformAdmin').people.removePerson({ organisation, person: OPERATOR }),
    message: 'There is no such person here.',
  },
  'when the administrator is barred': {
    act: (station) => as(station, 'platformAdmin').people.disablePerson({ person: CAST.organisationAdmin.id, disabled: true }),
  },
  'when the administrator loses the role': {
    async act(station) {
      const { people } = await as(station, 'platformAdmin').people.listPeople({ organisation });
      const { grants } = people.find(({ id }) => id === CAST.organisationAdmin.id) ?? assert.fail();
      await as(station, 'platformAdmin').people.revokeRole({ grant: grants[0]?.id ?? '' });
    },
    message: 'You may not do this here.',
  },
  'when the administrator signs out': { act: (station) => as(station, 'organisationAdmin').people.signOut({}) },
  'by time': {
    async act(station) {
      station.clock.advance(VIEW_MS);
      // Somebody else's, so that the station looks.
      await addSession(station, EXAMPLE.admin, 'a session that has just been proven');
      await bearing(station, 'a session that has just been proven').people.seeAs({ person: EXAMPLE.viewer });
    },
    message: 'Its time was over.',
  },
  'when another one is opened from the same session': { act: (station) => open(station, 'organisationAdmin', EXAMPLE.viewer) },
};

for (const [when, { act, message }] of Object.entries(ENDS))
  onBoth(`a view ends ${when}, with what it shows, and it is written down`, async (database) => {
    const station = await openWorld(database);
    const { client, token } = await open(station);
    const shown = memoryReader(station, token).open('people.places', { site: EXAMPLE.site });
    await shown.next();
    await act(station);
    await assert.rejects(client.people.me({}), { code: 'unauthenticated' });
    if (when !== 'by time') {
      const { end } = (await shown.until(({ type }) => type === 'end')) as { end: { code?: string } };
      assert.equal(end.code, 'unauthenticated');
    }
    if (message !== undefined) return endWritten(station, message);
    const { entries } = await as(station, 'platformAdmin').people.listAudit({ limit: 20 });
    const ended = entries.flatMap(({ changes }) => changes ?? []).filter(({ field, after }) => field === 'seenBy' && after === null);
    assert.deepEqual(ended, [{ entity: 'person', id: OPERATOR, field: 'seenBy', before: CAST.organisationAdmin.id, after: null }]);
  });

onBoth('a view is not renewed by its use', async (database) => {
  const station = await openWorld(database);
  const { client } = await open(station);
  for (let n = 0; n < 6; n++) {
    await client.people.me({});
    station.clock.advance(VIEW_MS / 6);
  }
  await assert.rejects(client.people.me({}), { code: 'unauthenticated' });
});
