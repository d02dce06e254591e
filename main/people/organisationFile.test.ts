// An organisation leaves a station as a file and fills another one with it: the same by digest, and nothing of anybody else.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Id } from '../../contract/ids.ts';
import { onBoth, postgresFor, sqliteFor, type TestDatabase } from '../testing/databases.ts';
import { digestOf, fileOf, type JsonLine, parsed, saved, workedIn } from '../testing/organisationFile.ts';
import { addSession, as, bearing, lastAudited } from '../testing/people.ts';
import { isA, memoryReader } from '../testing/reader.ts';
import { openTestStation, type TestStation } from '../testing/station.ts';
import { contents } from '../testing/store.ts';
import { CAST, MACHINE, OTHER_WORDS } from '../testing/world.ts';

const opposite = (source: TestDatabase) => (source.dialect === 'sqlite' ? postgresFor(source.t) : Promise.resolve(sqliteFor(source.t)));
const empty = async (t: TestContext, database: TestDatabase, seed = 'second') => openTestStation(t, { database, seed });

const historyOf = async (station: TestStation, token: string, entity: string, id: Id) =>
  (await bearing(station, token).people.history({ entity, id })).entries;

/** A session of the administrator whom the import has made one. */
async function administratorOf(station: TestStation): Promise<string> {
  const secret = await station.people.consoleLink(undefined, 60_000);
  return (await bearing(station, undefined).people.signInByLink({ secret })).token;
}

onBoth('an organisation on another station, on the other kind of database, is the same by digest and in its history', async (source) => {
  const station = await workedIn(source);
  const bytes = await saved(station);
  const file = fileOf(source.t, bytes);
  const second = await empty(source.t, await opposite(source));
  const brought = await second.people.organisationFile.bring(file, undefined);
  assert.deepEqual(
    [brought.new, brought.digest, brought.administrator],
    [true, await digestOf(file), { email: 'organisationadmin@example.org' }],
  );
  const token = await administratorOf(second);
  const again = await saved(second, EXAMPLE.organisation, token);
  assert.deepEqual(again.toString().split('\n').slice(1), bytes.toString().split('\n').slice(1));

  for (const [entity, id] of [
    ['place', EXAMPLE.building],
    ['organisation', EXAMPLE.organisation],
    ['grant', EXAMPLE.grant],
    ['site', EXAMPLE.site],
  ] as const) {
    const before = await historyOf(station, CAST.platformAdmin.token, entity, id);
    // Who is not a member is known by id alone.
    const named = before.map((entry) => ({
      ...entry,
      actor: entry.actor && { ...entry.actor, name: entry.actor.id === EXAMPLE.admin ? null : entry.actor.name },
    }));
    assert.deepEqual(await historyOf(second, token, entity, id), named);
    assert.ok(before.length > 1, entity);
  }
  // Teams, what was proven of an address, and who is one with whom: as it was, and as everybody there is shown it.
  const shownAt = async (one: TestStation, by: string) => {
    const { people } = bearing(one, by);
    const { teams } = await people.listTeams({ organisation: EXAMPLE.organisation });
    const listed = (await people.listPeople({ organisation: EXAMPLE.organisation })).people;
    return {
      teams,
      people: listed.map(({ id, name, email, emailVerifiedAt }) => ({ id, name, email, emailVerifiedAt })),
      quiet: (await people.me({})).sites.find(({ id }) => id === EXAMPLE.site)?.quietHours,
    };
  };
  const there = await shownAt(second, token);
  assert.deepEqual(there, await shownAt(station, CAST.organisationAdmin.token));
  const night = there.teams.find(({ name }) => name === 'Nachtschicht')?.members.map(({ id, role }) => `${id} ${role}`);
  assert.deepEqual(night?.sort(), [`${CAST.operator.id} admin`, `${CAST.siteManager.id} owner`]);
  assert.ok(there.people.some(({ emailVerifiedAt }) => emailVerifiedAt !== null) && there.quiet === '22:00-06:00');

  const { picture } = await bearing(second, token).people.picture({ person: EXAMPLE.viewer });
  assert.equal(picture?.data, EXAMPLE.pixel);
  const { faults, tables, log } = await second.store.compareWithLog();
  assert.deepEqual([faults, tables], [[], log]);
  assert.equal((await second.store.verifyAudit()).fault, null);
  // And it goes on: what is written now is later than all that was brought.
  await bearing(second, token).people.updatePlace({ place: EXAMPLE.building, name: 'Hall B' });
  const [newest] = await historyOf(second, token, 'place', EXAMPLE.building);
  assert.deepEqual([newest?.before, newest?.after], ['Hall A ✓', 'Hall B']);
  const row = (await second.areas.people.procedures.listAudit({ organisation: EXAMPLE.organisation, limit: 100 }, undefined as never))
    .entries;
  assert.ok(
    row.some(
      ({ action, from, message }) => action === 'people.importOrganisation' && from === 'console' && message?.includes(brought.digest),
    ),
  );
});

onBoth('the file holds nothing of another organisation, nothing that signs in, and of a member nothing from elsewhere', async (source) => {
  const station = await workedIn(source);
  await as(station, 'organisationAdmin').people.removePerson({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer });
  const text = (await saved(station)).toString();
  for (const word of OTHER_WORDS) assert.ok(!text.includes(word), word);
  for (const table of ['credential', 'session', 'signInLink', 'phone', 'recoveryCode', 'rememberedDevice'])
    for (const row of await station.store.database.reader.all<Record<string, unknown>>(`select * from "${table}"`))
      for (const column of ['hash', 'tokenDigest', 'secretDigest', 'digest'])
        if (typeof row[column] === 'string') assert.ok(!text.includes(row[column]), `${table}.${column}`);
  for (const word of [
    'ada@example.org',
    'nobody@example.org',
    'developer@example.org',
    'Formerly Otto',
    'platformAdmin',
    'Twice here',
    'Left us',
  ])
    assert.ok(!text.includes(word), word);
  const lines = parsed(text);
  assert.deepEqual(new Set(lines.filter(({ record }) => record === 'organisation').map(({ id }) => id)), new Set([EXAMPLE.organisation]));
  const people = lines.filter(({ record }) => record === 'person').map(({ id }) => id);
  // Who has left is in the history by id, and no longer by name.
  assert.ok(!people.includes(EXAMPLE.viewer) && text.includes(EXAMPLE.viewer) && !text.includes('viewer@example.org'));
  assert.deepEqual(people, [CAST.operator.id, CAST.siteManager.id, CAST.organisationAdmin.id, MACHINE.id]);
  assert.ok(!lines.some(({ change }) => change === 'person'));
  assert.deepEqual(Object.keys(lines.find(({ id }) => id === CAST.operator.id)?.fields), ['email', 'emailKey', 'name']);
});

onBoth('saving is asked for a proof, stands in the audit, and goes on where it was cut', async (source) => {
  const station = await workedIn(source);
  await addSession(station, CAST.organisationAdmin.id, 'token-that-has-proven-nothing-yet', 0);
  await assert.rejects(saved(station, EXAMPLE.organisation, 'token-that-has-proven-nothing-yet'), { code: 'unconfirmed' });
  await assert.rejects(saved(station, EXAMPLE.organisation, CAST.siteManager.token), { code: 'forbidden' });
  await assert.rejects(saved(station, EXAMPLE.organisation, CAST.stranger.token), { code: 'notFound' });

  const whole = await saved(station);
  const audited = await lastAudited(station);
  const { digest, lines } = parsed(whole).at(-1) as JsonLine;
  assert.deepEqual(
    [audited.actor?.id, audited.action, audited.outcome, audited.organisation, audited.message],
    [CAST.organisationAdmin.id, 'people.organisationFile', 'done', EXAMPLE.organisation, `${lines} lines, digest ${digest}`],
  );
  // What happens meanwhile does not come into it, and a file that goes on is no second one.
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.building, name: 'Meanwhile' });
  const { seq } = await lastAudited(station);
  for (const offset of [1, 700, whole.length - 1, whole.length])
    assert.ok(
      (await saved(station, EXAMPLE.organisation, CAST.organisationAdmin.token, String(offset))).equals(whole.subarray(offset)),
      `${offset}`,
    );
  assert.equal((await lastAudited(station)).seq, seq);
  await assert.rejects(
    saved(station, EXAMPLE.organisation, CAST.platformAdmin.token, '700'),
    { code: 'conflict' },
    'that of somebody else',
  );
  const parts = () => readdirSync(station.station.folder.path).filter((name) => name.endsWith('.part'));
  assert.equal(parts().length, 1);
  await station.stop();
  assert.deepEqual(parts(), []);
});

onBoth(
  'of two who save at once under one session the later one gets a whole file, and the other none; the ninth has to wait',
  async (source) => {
    const station = await workedIn(source);
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => saved(station)));
    const whole = results.filter((one) => one.status === 'fulfilled').map(({ value }) => parsed(value).at(-1) as JsonLine);
    const refused = results.filter((one) => one.status === 'rejected').map(({ reason }) => (reason as { code: string }).code);
    assert.ok(whole.length >= 1);
    for (const { digest } of whole) assert.equal(digest, whole[0]?.digest);
    assert.deepEqual(new Set(refused), new Set(refused.length > 0 ? ['conflict'] : []));
    const parts = () => readdirSync(station.station.folder.path).filter((name) => name.endsWith('.part')).length;
    assert.equal(parts(), 1);

    const tokens = Array.from({ length: 9 }, (_, n) => `token-of-the-administrator-number-${n}`);
    for (const token of tokens) await addSession(station, CAST.organisationAdmin.id, token);
    const half = tokens.slice(0, 7).map((token) => {
      const reader = memoryReader(station, token);
      return reader.open('people.organisationFile', { organisation: EXAMPLE.organisation }, { manual: true, window: 1024 });
    });
    for (const stream of half) isA(await stream.next(), 'bytes');
    // The place of the one that was read to its end is free for the taking; those of others are not.
    await saved(station, EXAMPLE.organisation, tokens[7]);
    const ninth = memoryReader(station, tokens[8] as string).open(
      'people.organisationFile',
      { organisation: EXAMPLE.organisation },
      { manual: true, window: 1024 },
    );
    isA(await ninth.next(), 'bytes');
    await assert.rejects(saved(station), { code: 'tooMany' });
    station.clock.advance(11 * 60_000);
    await addSession(station, CAST.organisationAdmin.id, 'token-of-the-administrator-much-later');
    await saved(station, EXAMPLE.organisation, 'token-of-the-administrator-much-later');
    assert.equal(parts(), 1);
  },
);

onBoth('an organisation whose administrator loses the right while it is saved keeps the rest of it', async (source) => {
  const station = await workedIn(source);
  const stream = memoryReader(station, CAST.organisationAdmin.token).open(
    'people.organisationFile',
    { organisation: EXAMPLE.organisation },
    { manual: true, window: 1024 },
  );
  isA(await stream.next(), 'bytes');
  const { people } = await as(station, 'platformAdmin').people.listPeople({ organisation: EXAMPLE.organisation });
  const grant = people.find(({ id }) => id === CAST.organisationAdmin.id)?.grants[0]?.id as Id;
  await as(station, 'platformAdmin').people.revokeRole({ grant });
  stream.credit(1_000_000);
  const { end } = isA(await stream.until(({ type }) => type === 'end'), 'end');
  assert.match(end.code ?? 'all of it', /^(notFound|forbidden)$/);
  assert.equal(stream.said.filter(({ type }) => type === 'bytes').length, 1);
});

onBoth('a second time it is there already; into a station that holds something else, or has gone on, nothing comes', async (source) => {
  const station = await workedIn(source);
  const file = fileOf(source.t, await saved(station));
  const second = await empty(source.t, source.dialect === 'sqlite' ? sqliteFor(source.t) : await postgresFor(source.t));
  await second.people.organisationFile.bring(file, 'siteManager@example.org');
  const before = await contents(second.store.database);
  const { new: isNew, administrator } = await second.people.organisationFile.bring(file, undefined);
  assert.deepEqual([isNew, administrator], [false, { email: 'sitemanager@example.org' }]);
  assert.equal(await contents(second.store.database), before);
  const token = await administratorOf(second);
  await bearing(second, token).people.changePassword({ password: 'a phrase nobody would guess' });
  assert.equal((await second.people.organisationFile.bring(file, undefined)).administrator, undefined);
  await bearing(second, token).people.updateSite({ site: EXAMPLE.site, name: 'Works 2' });
  await assert.rejects(second.people.organisationFile.bring(file, undefined), {
    code: 'conflict',
    message: /is not what the file says any more/,
  });

  const third = await openTestStation(source.t);
  await third.people.firstStart.fromConsole({
    organisation: 'Own',
    site: 'Own',
    admin: { email: 'o@example.org', name: 'O', password: undefined },
  });
  await assert.rejects(third.people.organisationFile.bring(file, undefined), { code: 'conflict', message: /not empty/ });
});

onBoth('a key comes without its token, is shown as one that needs another, and can be revoked', async (source) => {
  const station = await workedIn(source);
  const second = await empty(source.t, await opposite(source));
  await second.people.organisationFile.bring(fileOf(source.t, await saved(station)), undefined);
  const { people } = bearing(second, await administratorOf(second));
  const { keys } = await people.listKeys({ site: EXAMPLE.site });
  assert.deepEqual(
    keys.map(({ id, name, hasToken, createdAt, seenAt }) => [id, name, hasToken, createdAt, seenAt]),
    [[EXAMPLE.key, MACHINE.name, false, null, null]],
  );
  await assert.rejects(bearing(second, undefined).people.signInByKey({ key: MACHINE.token }), { code: 'unauthenticated' });
  await people.revokeKey({ key: EXAMPLE.key });
  assert.deepEqual((await people.listKeys({ site: EXAMPLE.site })).keys, []);
});
