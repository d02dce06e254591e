// Two accounts of one human: what goes over, what ends, who hears of it, and who must not.
import assert from 'node:assert/strict';
import { Refusal } from '../../contract/errors.ts';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Me } from '../../contract/people.ts';
import { station as itself } from '../store/index.ts';
import { onBoth } from '../testing/databases.ts';
import { addSession, as, bearing, openWorld } from '../testing/people.ts';
import { isA, memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { CAST, EXAMPLE_WORDS, MACHINE, OTHER, OTHER_WORDS, PASSWORD, TEAM } from '../testing/world.ts';

const FROM = CAST.stranger.id;
const INTO = CAST.viewer.id;
const PAIR = { from: FROM, into: INTO };
const SOUTH = { organisation: OTHER.organisation };
const NORTH = { organisation: EXAMPLE.organisation };

const codeOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'ok',
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      return error.code;
    },
  );

const ada = (station: TestStation) => as(station, 'platformAdmin').people;

/** Where somebody has a role, belongs, and is in a team: as words, in order. */
const standing = (me: Me) => ({
  roles: me.grants
    .map(({ role, at }) => `${role} ${at.kind === 'site' ? at.site : at.kind === 'organisation' ? at.organisation : ''}`)
    .sort(),
  teams: me.teams.map(({ name, role }) => `${name} ${role}`).sort(),
});

onBoth('what the one has and the other lacks goes over, once each; and it is said beforehand', async (database) => {
  const station = await openWorld(database);
  // They meet at one site with the same role, and in one team as member and owner.
  await ada(station).grantRole({ person: FROM, role: 'viewer', at: { kind: 'site', site: EXAMPLE.site } });
  await as(station, 'operator').people.setTeamMember({ team: EXAMPLE.team, person: FROM, role: 'owner' });
  await ada(station).grantRole({ person: FROM, role: 'operator', at: { kind: 'site', site: EXAMPLE.site } });
  for (const [who, name, value] of [
    ['stranger', 'theme', 'dark'],
    ['stranger', 'language', 'de'],
    ['viewer', 'theme', 'light'],
  ] as const)
    await as(station, who).people.setPreference({ name, value });

  const before = await station.store.changeLog.ofRecord('person', FROM);
  const preview = await ada(station).mergePreview(PAIR);
  assert.deepEqual(await station.store.changeLog.ofRecord('person', FROM), before, 'to ask changes nothing');
  assert.deepEqual(
    { ...preview, roles: preview.roles.map(({ role, where }) => `${role} · ${where}`).sort() },
    {
      from: { id: FROM, name: 'The stranger', email: 'stranger@example.org' },
      into: { id: INTO, name: 'The viewer', email: 'viewer@example.org' },
      organisations: ['Südwerk'],
      roles: ['operator · Works 1', 'organisationAdmin · Südwerk'],
      teams: [
        { name: 'Repair', role: 'owner' },
        { name: 'Rescue', role: 'owner' },
      ],
      preferences: ['language'],
      sessions: 1,
      hasPassword: true,
      hasSecondFactor: false,
    },
  );

  const opId = '00000000-0000-7000-8000-00000000bbbb';
  await ada(station).mergePeople({ ...PAIR, opId });
  await ada(station).mergePeople({ ...PAIR, opId });
  const me = await as(station, 'viewer').people.me({});
  assert.deepEqual(standing(me), {
    roles: [`operator ${EXAMPLE.site}`, `organisationAdmin ${OTHER.organisation}`, `viewer ${EXAMPLE.site}`],
    teams: ['Repair owner', 'Rescue owner'],
  });
  assert.deepEqual(me.preferences, { theme: 'light', language: 'de' });
  const rows = await station.store.read
    .selectFrom('memberships' as never)
    .selectAll()
    .where('person' as never, '=', INTO as never)
    .execute();
  assert.equal(rows.length, 2, 'in each organisation once');

  // Nothing is left to the first one.
  for (const table of ['grants', 'memberships', 'teamMembers', 'preferences'])
    assert.deepEqual(
      await station.store.read
        .selectFrom(table as never)
        .selectAll()
        .where('person' as never, '=', FROM as never)
        .where('deletedAt' as never, 'is', null as never)
        .execute(),
      [],
      table,
    );
});

onBoth('nobody comes in by the account any more, and what it did is told under its name', async (database) => {
  const station = await openWorld(database);
  await as(station, 'stranger').people.updateOrganisation({ ...SOUTH, name: 'Südwerk GmbH' });
  const { link: secret } = await ada(station).createSignInLink({ ...SOUTH, person: FROM });
  await station.store.change(itself('test.factor'), async (tx) => {
    const times = { createdAt: tx.now(), confirmedAt: tx.now(), ahead: 0, lastStep: 0, doubtStep: null, doubtAhead: null };
    await tx.db
      .insertInto('phone')
      .values({ person: FROM, ...times })
      .execute();
    await tx.db.insertInto('recoveryCode').values({ person: FROM, digest: 'x' }).execute();
    await tx.db
      .insertInto('rememberedDevice')
      .values({ tokenDigest: 'x', person: FROM, createdAt: tx.now(), expiresAt: tx.now() + 1e9, agent: '' })
      .execute();
  });
  assert.ok((await ada(station).mergePreview(PAIR)).hasSecondFactor);
  await ada(station).mergePeople(PAIR);

  const stranger = bearing(station, undefined).people;
  assert.equal(await codeOf(as(station, 'stranger').people.me({})), 'unauthenticated');
  assert.equal(await codeOf(stranger.signIn({ email: 'stranger@example.org', password: PASSWORD })), 'unauthenticated');
  assert.equal(await codeOf(stranger.signInByLink({ secret })), 'unauthenticated');
  for (const table of ['credential', 'session', 'signInLink', 'phone', 'recoveryCode', 'rememberedDevice'])
    assert.deepEqual(
      await station.store.read
        .selectFrom(table as never)
        .selectAll()
        .where('person' as never, '=', FROM as never)
        .execute(),
      [],
      table,
    );
  assert.equal(await codeOf(ada(station).disablePerson({ person: FROM, disabled: false })), 'conflict', 'it stays closed');
  assert.equal(
    await codeOf(ada(station).grantRole({ person: FROM, role: 'viewer', at: { kind: 'site', site: EXAMPLE.site } })),
    'notFound',
  );

  const { people } = await ada(station).listPeople(SOUTH);
  assert.deepEqual(
    people.map(({ id }) => id),
    [INTO],
  );
  const { entries } = await as(station, 'viewer').people.listAudit({ ...SOUTH });
  assert.ok(entries.some(({ actor, action }) => action === 'people.updateOrganisation' && actor?.name === 'The stranger'));

  // Whoever is invited by the old address is the one who has everything now.
  const { person, link } = await as(station, 'organisationAdmin').people.createPerson({
    email: 'Stranger@example.org',
    name: 'X',
    role: 'organisationAdmin',
    at: { kind: 'organisation', ...NORTH },
  });
  assert.deepEqual([person, link], [INTO, null]);
});

onBoth('what has no sense is refused, and leaves everything as it was', async (database) => {
  const station = await openWorld(database);
  const merge = (from: string, into: string) => codeOf(ada(station).mergePeople({ from, into }));
  const never = '00000000-0000-7000-8000-0000000dead0';
  assert.equal(await merge(INTO, INTO), 'conflict', 'one and the same');
  assert.equal(await merge(EXAMPLE.admin, INTO), 'conflict', 'oneself away');
  assert.equal(await merge(MACHINE.id, INTO), 'conflict', 'a key');
  assert.equal(await merge(INTO, MACHINE.id), 'conflict', 'into a key');
  assert.equal(await merge(never, INTO), 'notFound');
  assert.equal(await merge(INTO, never), 'notFound');
  await ada(station).disablePerson({ person: CAST.operator.id, disabled: true });
  assert.equal(await merge(FROM, CAST.operator.id), 'conflict', 'into somebody who is barred');
  assert.deepEqual(standing(await as(station, 'viewer').people.me({})), {
    roles: [`viewer ${EXAMPLE.site}`],
    teams: [`Repair ${TEAM.viewer}`],
  });
  await ada(station).mergePeople(PAIR);
  assert.equal(await merge(FROM, CAST.siteManager.id), 'conflict', 'merged already');
  assert.equal(await merge(CAST.siteManager.id, FROM), 'conflict', 'into one that was merged');
  assert.equal(await codeOf(ada(station).mergePreview(PAIR)), 'conflict', 'asking says the same');
  await addSession(station, EXAMPLE.admin, 'token-of-an-administrator-long-ago', station.clock() - 3_600_000);
  const unconfirmed = bearing(station, 'token-of-an-administrator-long-ago').people;
  assert.equal(await codeOf(unconfirmed.mergePeople({ from: CAST.siteManager.id, into: INTO })), 'unconfirmed');
});

onBoth('a platform administrator who was merged is one still, by the other account', async (database) => {
  const station = await openWorld(database);
  await ada(station).grantRole({ person: CAST.siteManager.id, role: 'platformAdmin', at: { kind: 'platform' } });
  await as(station, 'siteManager').people.mergePeople({ from: EXAMPLE.admin, into: INTO });
  const { grants } = await as(station, 'viewer').people.me({});
  assert.ok(grants.some(({ role }) => role === 'platformAdmin'));
});

onBoth('rights go over on open screens at once, and those of the closed account end', async (database) => {
  const station = await openWorld(database);
  const reader = memoryReader(station, CAST.viewer.token);
  const me = reader.open('people.me', {});
  await me.next();
  const theirs = memoryReader(station, CAST.stranger.token).open('people.places', { site: OTHER.site });
  await theirs.next();
  assert.equal(isA(await reader.open('people.places', { site: OTHER.site }).next(), 'end').end.code, 'notFound');
  await ada(station).mergePeople(PAIR);
  await me.until(
    (said) =>
      said.type === 'values' && said.values.set?.some(([, value]) => (value as Me).sites.some(({ id }) => id === OTHER.site)) === true,
  );
  const places = await reader.open('people.places', { site: OTHER.site }).next();
  assert.ok(JSON.stringify(isA(places, 'values').values).includes('Tower'));
  const last = await theirs.until(({ type }) => type === 'end');
  assert.equal(isA(last, 'end').end.code, 'unauthenticated');
});

onBoth('each organisation reads of the other no word, and a third one reads nothing', async (database) => {
  const station = await openWorld(database);
  const { organisation } = await ada(station).createOrganisation({ name: 'Ostwerk' });
  const { person } = await ada(station).createPerson({
    email: 'olga@example.org',
    name: 'Olga Ost',
    role: 'organisationAdmin',
    at: { kind: 'organisation', organisation },
  });
  await addSession(station, person, 'token-of-the-admin-of-ostwerk');
  await addSession(station, CAST.organisationAdmin.id, 'token-of-somebody-who-watches');
  const olga = bearing(station, 'token-of-the-admin-of-ostwerk').people;
  const everything = async (people: typeof olga, at: { organisation: string }) =>
    JSON.stringify([await people.listPeople(at), await people.listAudit(at), await people.listTeams(at), await people.me({})]);
  const before = await everything(olga, { organisation });
  const reader = memoryReader(station, 'token-of-the-admin-of-ostwerk');
  const watched = [reader.open('people.audit', { organisation }), reader.open('people.me', {})];
  for (const stream of watched) await stream.next();

  await ada(station).mergePeople(PAIR);
  assert.equal(await everything(olga, { organisation }), before);
  await olga.updateOrganisation({ organisation, name: 'Ostwerk GmbH' });
  for (const stream of watched) await stream.until((said) => JSON.stringify(said).includes('Ostwerk GmbH'));
  const heard = JSON.stringify(watched.map(({ said }) => said));
  for (const word of [...EXAMPLE_WORDS, ...OTHER_WORDS, 'The viewer', INTO])
    assert.ok(!heard.includes(word), `a third one hears of ${word}`);

  const north = await everything(as(station, 'organisationAdmin').people, NORTH);
  for (const word of OTHER_WORDS) assert.ok(!north.includes(word), `Nordwerk reads of ${word}`);
  // Who came over there has everything of both, and reads it as one.
  assert.ok((await as(station, 'viewer').people.listPeople(SOUTH)).people.some(({ id }) => id === INTO));
  const { people } = await ada(station).listPeople(SOUTH);
  assert.deepEqual(
    people.find(({ id }) => id === INTO)?.grants.map(({ role }) => role),
    ['organisationAdmin'],
  );
});
