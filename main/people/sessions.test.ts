// Signing in and out: what a guess costs, who waits, what a session and a link are good for, and what ends them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Origin } from '../caller.ts';
import { station as itself } from '../store/index.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { addSession, as, at, bearing, lastAudited, openWorld } from '../testing/people.ts';
import { isA, memoryReader } from '../testing/reader.ts';
import { CONSOLE, type TestStation } from '../testing/station.ts';
import { contents } from '../testing/store.ts';
import { CAST, MACHINE, OTHER, PASSWORD } from '../testing/world.ts';
import { digestOf } from './tokens.ts';

const DAY_MS = 86_400_000;
const NEW_PASSWORD = 'another long phrase';
const VIEWER = 'viewer@example.org';
const NET = at('192.0.2.7');

// The real thing, with a counter and a gate before it: put there before anybody loads it.
const work = { verify: 0, hash: 0 };
let gate = async () => {};
const argon2 = createRequire(import.meta.url)('@node-rs/argon2') as Record<keyof typeof work, (...args: unknown[]) => unknown>;
for (const name of ['verify', 'hash'] as const) {
  const real = argon2[name];
  argon2[name] = async (...args) => {
    work[name] += 1;
    await gate();
    return real(...args);
  };
}
/** Does one thing in the midst of another, while that has its slow work on a password before it. */
async function whileHashing<T>(act: () => Promise<T>, meanwhile: () => Promise<unknown>): Promise<T> {
  const begun = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  gate = () => {
    begun.resolve();
    return open.promise;
  };
  const acting = act();
  acting.catch(begun.resolve);
  await begun.promise;
  await meanwhile().finally(open.resolve);
  gate = async () => {};
  return acting;
}
async function hashingOf(act: () => Promise<unknown>): Promise<typeof work> {
  const before = { ...work };
  await act();
  return { verify: work.verify - before.verify, hash: work.hash - before.hash };
}

const signIn = (station: TestStation, password = PASSWORD, email = VIEWER, origin: Origin = CONSOLE) =>
  bearing(station, undefined, origin).people.signIn({ email, password });
const byLink = (station: TestStation, secret: string) => bearing(station, undefined, NET).people.signInByLink({ secret });
const linkFor = (station: TestStation, person: string = EXAMPLE.viewer) =>
  as(station, 'organisationAdmin').people.createSignInLink({ organisation: EXAMPLE.organisation, person });
const bar = (station: TestStation, disabled: boolean, person: string = EXAMPLE.viewer) =>
  as(station, 'platformAdmin').people.disablePerson({ person, disabled });
const lives = (station: TestStation, token: string) =>
  bearing(station, token)
    .people.me({})
    .then(
      () => true,
      ({ code }) => {
        assert.equal(code, 'unauthenticated');
        return false;
      },
    );
const wrong = { code: 'unauthenticated', message: 'E-mail or password is wrong.' };

// ---- guessing

test('a wrong password, an unknown address, a person without a password and one who is barred: the same work, the same answer', async (t) => {
  const station = await openWorld(sqliteFor(t));
  await as(station, 'organisationAdmin').people.createPerson({
    email: 'new@example.org',
    name: 'New',
    role: 'viewer',
    at: { kind: 'site', site: EXAMPLE.site },
  });
  await bar(station, true, CAST.operator.id);
  // The unknown one first: what is only ready at its second use would show here.
  for (const [email, password] of [
    ['unknown@example.org', 'no such phrase'],
    [VIEWER, 'no such phrase'],
    ['new@example.org', 'no such phrase'],
    ['operator@example.org', PASSWORD],
    ['unknown@example.org', 'no such phrase'],
  ] as const)
    assert.deepEqual(await hashingOf(() => assert.rejects(signIn(station, password, email), wrong)), { verify: 1, hash: 0 }, email);
});

test('who guesses waits, at that account and from that address alone, and the right password waits too', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const guess = (password: string) => signIn(station, password, VIEWER, NET);
  for (let n = 0; n < 3; n++) await assert.rejects(guess(`guess ${n}`), wrong);
  const waiting = { code: 'tooMany', data: { retryAfterMs: 1_000 } };
  assert.deepEqual(await hashingOf(() => assert.rejects(guess(PASSWORD), waiting)), { verify: 0, hash: 0 });

  await signIn(station, PASSWORD, 'operator@example.org', NET);
  await signIn(station, PASSWORD, VIEWER, CONSOLE);
  await signIn(station, PASSWORD, VIEWER, at('192.0.2.8'));
  await as(station, 'viewer', NET).people.me({});
  await assert.rejects(signIn(station, PASSWORD, ' VIEWER@Example.ORG ', NET), waiting, 'the same account, written otherwise');

  station.clock.advance(999);
  await assert.rejects(guess(PASSWORD), { code: 'tooMany', data: { retryAfterMs: 1 } });
  station.clock.advance(1);
  await guess(PASSWORD);
  await assert.rejects(guess('wrong once more'), wrong);
  await guess(PASSWORD);
});

test('an address nobody has makes one wait just the same', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const guess = () => signIn(station, 'guess', 'unknown@example.org', NET);
  for (let n = 0; n < 3; n++) await assert.rejects(guess(), wrong);
  await assert.rejects(guess(), { code: 'tooMany' });
});

test('guesses sent all at once are slowed like those sent one by one', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const answers = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => signIn(station, `guess ${n}`, VIEWER, NET)));
  const codes = answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'ok'));
  assert.deepEqual(codes, [...Array(3).fill('unauthenticated'), ...Array(9).fill('tooMany')]);
});

onBoth('a password hashed with less than today’s parameters is hashed anew by the sign-in, once', async (database) => {
  const station = await openWorld(database);
  const weak = (await argon2.hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 })) as string;
  await station.store.change(itself('test'), (tx) =>
    tx.db.updateTable('credential').set({ hash: weak }).where('person', '=', EXAMPLE.viewer).execute(),
  );
  const stored = () =>
    station.store.read.selectFrom('credential').select('hash').where('person', '=', EXAMPLE.viewer).executeTakeFirstOrThrow();
  await assert.rejects(signIn(station, 'a wrong phrase'), wrong);
  assert.equal((await stored()).hash, weak, 'a wrong password changes nothing');
  await signIn(station);
  const renewed = (await stored()).hash as string;
  assert.match(renewed, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.deepEqual(await hashingOf(() => signIn(station)), { verify: 1, hash: 0 });
  assert.equal((await stored()).hash, renewed);
  await assert.rejects(signIn(station, 'a wrong phrase'), wrong);
});

onBoth(
  'a thousand guesses from elsewhere disturb neither the owner’s session and stream nor their sign-in from another place',
  async (database) => {
    const station = await openWorld(database);
    const owner = as(station, 'viewer', at('192.0.2.1'));
    await owner.people.me({});
    const stream = memoryReader(station, CAST.viewer.token).open('people.me', {});
    await stream.next();
    const codes: string[] = [];
    const guesses = Array.from({ length: 1_000 }, (_, n) =>
      signIn(station, `guess ${n}`, VIEWER, at(`198.51.100.${n % 20}`)).catch(({ code }) => codes.push(code)),
    );
    // In the midst of it, and at its end.
    await owner.people.updateMe({ name: 'Vera' });
    const shown = (name: string) =>
      stream.until((said) => said.type === 'values' && JSON.stringify(said.values).includes(`"name":"${name}"`));
    await shown('Vera');
    await signIn(station, PASSWORD, VIEWER, at('203.0.113.9'));
    await Promise.all(guesses);
    assert.deepEqual(
      [codes.length, codes.filter((code) => code === 'unauthenticated').length, codes.filter((code) => code === 'tooMany').length],
      [1_000, 60, 940],
    );
    await owner.people.updateMe({ name: 'Vera V.' });
    await shown('Vera V.');
    assert.ok(!stream.said.some(({ type }) => type === 'end'));
    const { token } = await signIn(station, PASSWORD, VIEWER, at('203.0.113.10'));
    assert.equal(await lives(station, token), true);
    assert.equal(await lives(station, CAST.viewer.token), true);
    await assert.rejects(signIn(station, PASSWORD, VIEWER, at('198.51.100.1')), { code: 'tooMany' }, 'where it was guessed');
  },
);

// ---- sessions

onBoth('a session lives thirty days from its sign-in, however much it is used, and is told to its owner', async (database) => {
  const station = await openWorld(database);
  const { token } = await signIn(station, PASSWORD, VIEWER, NET);
  const signedInAt = station.clock();
  const own = async () => (await bearing(station, token).people.listSessions({})).sessions.find(({ current }) => current);
  assert.deepEqual(
    { ...(await own()), id: '' },
    {
      id: '',
      createdAt: signedInAt,
      seenAt: signedInAt,
      expiresAt: signedInAt + 30 * DAY_MS,
      from: '192.0.2.7',
      agent: 'test',
      current: true,
    },
  );
  for (const days of [6, 6, 6, 6, 5]) {
    station.clock.advance(days * DAY_MS);
    for (const used of [token, CAST.operator.token, CAST.viewer.token]) await bearing(station, used).people.me({});
  }
  // Written beside the call that was served: the changes of one store keep their order.
  await as(station, 'operator').people.updateMe({ name: 'Otto' });
  assert.deepEqual([(await own())?.seenAt, (await own())?.expiresAt], [station.clock(), signedInAt + 30 * DAY_MS]);
  station.clock.set(signedInAt + 30 * DAY_MS - 1);
  assert.equal(await lives(station, token), true);
  station.clock.advance(1);
  assert.equal(await lives(station, token), false);
  assert.deepEqual((await as(station, 'viewer').people.listSessions({})).sessions.length, 1);
});

onBoth('a session that nobody uses for seven days ends by itself, and is not listed any more', async (database) => {
  const station = await openWorld(database);
  const [used, idle] = [await signIn(station), await signIn(station)].map(({ token }) => token) as [string, string];
  assert.equal(await lives(station, used), true);
  station.clock.advance(4 * DAY_MS);
  assert.equal(await lives(station, used), true, 'used: it lasts seven days from here');
  station.clock.advance(3 * DAY_MS - 1);
  const listed = async () => (await bearing(station, used).people.listSessions({})).sessions.length;
  assert.equal(await listed(), 3, 'the last millisecond');
  station.clock.advance(1);
  assert.deepEqual([await lives(station, idle), await lives(station, used)], [false, true]);
  assert.equal(await listed(), 1);
  // Not only forgotten: a use after its end does not bring it back, and the next sign-in clears it away.
  station.clock.advance(-1_000);
  const { token } = await signIn(station);
  station.clock.advance(2_000);
  await signIn(station);
  const rows = await station.store.database.kysely
    .selectFrom('session' as never)
    .select('tokenDigest' as never)
    .where('person' as never, '=', EXAMPLE.viewer as never)
    .execute();
  const kept = (rows as { tokenDigest: string }[]).map(({ tokenDigest }) => tokenDigest);
  assert.deepEqual([kept.includes(digestOf(idle)), kept.includes(digestOf(used)), kept.includes(digestOf(token))], [false, true, true]);
});

onBoth('the last use counts also after the station was started again', async (database) => {
  const station = await openWorld(database);
  const { token } = await signIn(station);
  station.clock.advance(6 * DAY_MS);
  assert.equal(await lives(station, token), true);
  // Forgotten by memory, as by a restart: what is read again is what was written down.
  await bearing(station, token).people.confirmSession({ password: PASSWORD });
  station.clock.advance(6 * DAY_MS);
  assert.equal(await lives(station, token), true);
});

onBoth('the key of a machine lives unused for as long as was said', async (database) => {
  const station = await openWorld(database);
  station.clock.advance(200 * DAY_MS);
  await signIn(station, PASSWORD, VIEWER);
  assert.equal(await lives(station, MACHINE.token), true);
  station.clock.advance(100 * DAY_MS);
  assert.equal(await lives(station, MACHINE.token), true, 'nor after its first use');
});

onBoth('whoever signs out everywhere else keeps this session, loses all others of their own and nobody else’s', async (database) => {
  const station = await openWorld(database);
  for (const token of ['one', 'two']) await addSession(station, EXAMPLE.viewer, token);
  const stream = memoryReader(station, 'two').open('people.me', {});
  await stream.next();
  const opId = '01900000-0000-7000-8000-000000000001';
  await bearing(station, 'one').people.revokeOtherSessions({ opId });
  assert.deepEqual(await Promise.all(['one', 'two', CAST.viewer.token].map((token) => lives(station, token))), [true, false, false]);
  assert.equal(await lives(station, CAST.operator.token), true);
  assert.equal(isA(await stream.until(({ type }) => type === 'end'), 'end').end.code, 'unauthenticated');
  // The same command once more, after somebody signed in: it was carried out already.
  await addSession(station, EXAMPLE.viewer, 'three');
  await bearing(station, 'one').people.revokeOtherSessions({ opId });
  assert.equal(await lives(station, 'three'), true);
});

onBoth('a session that is signed out of or revoked ends at once, and no other one with it', async (database) => {
  const station = await openWorld(database);
  for (const token of ['one', 'two', 'three']) await addSession(station, EXAMPLE.viewer, token);
  const { sessions } = await bearing(station, 'two').people.listSessions({});
  const current = sessions.find((session) => session.current)?.id as string;
  await bearing(station, 'one').people.signOut({});
  assert.deepEqual(await Promise.all(['one', 'two', 'three'].map((token) => lives(station, token))), [false, true, true]);
  await bearing(station, 'three').people.revokeSession({ session: current });
  assert.deepEqual(await Promise.all(['two', 'three'].map((token) => lives(station, token))), [false, true]);
  await assert.rejects(bearing(station, 'three').people.revokeSession({ session: current }), { code: 'notFound' });
  assert.equal(await lives(station, CAST.viewer.token), true);
});

onBoth('a person who is barred loses every session and link at once, and gets none of them back', async (database) => {
  const station = await openWorld(database);
  for (const token of ['one', 'two']) await addSession(station, EXAMPLE.viewer, token);
  const tokens = ['one', 'two', CAST.viewer.token];
  for (const token of tokens) assert.equal(await lives(station, token), true);
  const { link } = await linkFor(station);

  await bar(station, true);
  for (const token of tokens) assert.equal(await lives(station, token), false, 'barred');
  await assert.rejects(signIn(station), wrong);
  await assert.rejects(byLink(station, link), { code: 'unauthenticated' });
  const madeMeanwhile = await linkFor(station);
  await assert.rejects(byLink(station, madeMeanwhile.link), { code: 'unauthenticated' });
  assert.equal(await lives(station, CAST.operator.token), true, 'nobody else');

  await bar(station, false);
  for (const token of tokens) assert.equal(await lives(station, token), false, 'let in again');
  await assert.rejects(byLink(station, link), { code: 'unauthenticated' });
  assert.equal(await lives(station, (await signIn(station)).token), true, 'the password counts again');
});

onBoth('a link that was not used before its person was barred opens nothing once they are let in again', async (database) => {
  const station = await openWorld(database);
  const { link } = await linkFor(station);
  await bar(station, true);
  await bar(station, false);
  await assert.rejects(byLink(station, link), { code: 'unauthenticated' });
});

onBoth('who is barred while their password is being checked does not slip in', async (database) => {
  const station = await openWorld(database);
  await assert.rejects(
    whileHashing(
      () => signIn(station),
      () => bar(station, true),
    ),
    wrong,
  );
  const left = await station.store.read.selectFrom('session').select('id').where('person', '=', EXAMPLE.viewer).execute();
  assert.deepEqual(left, []);
});

// ---- changing the password

onBoth('a new password ends every other session and every link, and the old one counts no more', async (database) => {
  const station = await openWorld(database);
  await addSession(station, EXAMPLE.viewer, 'elsewhere');
  const { link } = await linkFor(station);
  await as(station, 'viewer').people.changePassword({ current: PASSWORD, password: NEW_PASSWORD });
  assert.equal(await lives(station, CAST.viewer.token), true);
  assert.equal(await lives(station, 'elsewhere'), false);
  await assert.rejects(byLink(station, link), { code: 'unauthenticated' });
  await assert.rejects(signIn(station), wrong);
  assert.equal(await lives(station, (await signIn(station, NEW_PASSWORD)).token), true);
  assert.equal((await as(station, 'operator').people.me({})).hasPassword, true);
  await signIn(station, PASSWORD, 'operator@example.org');
});

test('whoever sits at an open session does not find the password out by guessing', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const change = (current: string | undefined) =>
    as(station, 'viewer').people.changePassword({ ...(current !== undefined && { current }), password: NEW_PASSWORD });
  await assert.rejects(change(undefined), { code: 'forbidden' });
  await assert.rejects(change('a wrong phrase'), { code: 'forbidden' });
  const entry = await lastAudited(station);
  assert.deepEqual([entry.action, entry.outcome, entry.actor?.id], ['people.changePassword', 'refused', EXAMPLE.viewer]);
  await assert.rejects(change('a wrong phrase'), { code: 'forbidden' });
  await assert.rejects(change(PASSWORD), { code: 'tooMany' });
  station.clock.advance(1_000);
  await change(PASSWORD);
});

onBoth('a session that ends while it changes the password changes nothing', async (database) => {
  const station = await openWorld(database);
  await addSession(station, EXAMPLE.viewer, 'stolen');
  const { sessions } = await bearing(station, 'stolen').people.listSessions({});
  const session = sessions.find(({ current }) => current)?.id as string;
  await assert.rejects(
    whileHashing(
      () => bearing(station, 'stolen').people.changePassword({ current: PASSWORD, password: NEW_PASSWORD }),
      () => as(station, 'viewer').people.revokeSession({ session }),
    ),
    { code: 'unauthenticated' },
  );
  assert.equal(await lives(station, CAST.viewer.token), true);
  await signIn(station);
});

for (const [where, sessions] of [
  ['two sessions', ['here', 'there']],
  ['one session', ['here', 'here']],
] as const)
  onBoth(`of two changes of one password at the same time from ${where} one counts, and the other is told`, async (database) => {
    const station = await openWorld(database);
    for (const token of new Set(sessions)) await addSession(station, EXAMPLE.viewer, token);
    const wanted = ['the first new phrase', 'the second new phrase'] as const;
    const answers = await Promise.allSettled(
      wanted.map((password, n) => bearing(station, sessions[n]).people.changePassword({ current: PASSWORD, password })),
    );
    const won = answers.findIndex(({ status }) => status === 'fulfilled');
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(await lives(station, sessions[won] as string), true);
    if (sessions[0] !== sessions[1]) assert.equal(await lives(station, sessions[1 - won] as string), false);
    await signIn(station, wanted[won]);
    await assert.rejects(signIn(station, wanted[1 - won]), wrong);
  });

// ---- links

onBoth('a link opens one session, for its person, and the lost password counts no more', async (database) => {
  const station = await openWorld(database);
  const { link, expiresAt } = await linkFor(station);
  assert.equal(expiresAt, station.clock() + 3 * DAY_MS);
  const { token } = await byLink(station, link);
  const entry = await lastAudited(station);
  assert.deepEqual([entry.action, entry.outcome, entry.actor?.id, entry.from], ['people.signInByLink', 'done', EXAMPLE.viewer, NET.from]);
  const me = await bearing(station, token).people.me({});
  assert.deepEqual([me.person.id, me.hasPassword], [EXAMPLE.viewer, false]);
  await assert.rejects(signIn(station), wrong);
  await assert.rejects(byLink(station, link), { code: 'unauthenticated' });
  await bearing(station, token).people.changePassword({ password: NEW_PASSWORD });
  await signIn(station, NEW_PASSWORD);
});

onBoth('of many who use one link at the same time one comes in', async (database) => {
  const station = await openWorld(database);
  const { link } = await linkFor(station);
  const answers = await Promise.allSettled(Array.from({ length: 8 }, () => byLink(station, link)));
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const answer of answers) if (answer.status === 'rejected') assert.equal(answer.reason.code, 'unauthenticated');
  assert.equal((await as(station, 'viewer').people.listSessions({})).sessions.length, 2);
});

onBoth('a link is good until its last millisecond, and no longer', async (database) => {
  const station = await openWorld(database);
  const early = (await linkFor(station)).link;
  const late = (await linkFor(station, CAST.operator.id)).link;
  station.clock.advance(3 * DAY_MS - 1);
  await byLink(station, early);
  station.clock.advance(1);
  await assert.rejects(byLink(station, late), { code: 'unauthenticated' });
  const entry = await lastAudited(station);
  assert.deepEqual(
    [entry.action, entry.outcome, entry.actor?.id, entry.from],
    ['people.signInByLink', 'refused', CAST.operator.id, NET.from],
  );
  assert.deepEqual(entry.changes, []);
});

onBoth('a new link takes the place of the one that was lost', async (database) => {
  const station = await openWorld(database);
  const lost = (await linkFor(station)).link;
  const others = (await linkFor(station, CAST.operator.id)).link;
  const found = (await linkFor(station)).link;
  await assert.rejects(byLink(station, lost), { code: 'unauthenticated' });
  await byLink(station, found);
  await byLink(station, others);
});

onBoth('a link of one organisation does not open what is given in another, whatever became of the first role', async (database) => {
  const station = await openWorld(database);
  const { person, link } = await as(station, 'organisationAdmin').people.createPerson({
    email: 'guest@example.org',
    name: 'Guest',
    role: 'viewer',
    at: { kind: 'site', site: EXAMPLE.site },
  });
  const { people } = await as(station, 'organisationAdmin').people.listPeople({ organisation: EXAMPLE.organisation });
  const [given] = people.find(({ id }) => id === person)?.grants ?? [];
  await as(station, 'organisationAdmin').people.revokeRole({ grant: given?.id as string });
  await as(station, 'stranger').people.createPerson({
    email: 'guest@example.org',
    name: 'Guest',
    role: 'siteManager',
    at: { kind: 'site', site: OTHER.site },
  });
  await assert.rejects(byLink(station, link as string), { code: 'unauthenticated' });
});

onBoth('a link from the console names its person in the audit, and lives as long as was said', async (database) => {
  const station = await openWorld(database);
  const secret = await station.people.consoleLink('Viewer@example.org', 60_000);
  const entry = await lastAudited(station);
  assert.deepEqual(
    [entry.action, entry.actor, entry.from, entry.changes?.[0]?.id],
    ['people.consoleLink', null, 'console', EXAMPLE.viewer],
  );
  station.clock.advance(60_000);
  await assert.rejects(byLink(station, secret), { code: 'unauthenticated' });
  const first = await station.people.consoleLink(undefined, 60_000);
  assert.equal((await bearing(station, (await byLink(station, first)).token).people.me({})).person.id, EXAMPLE.admin);
  await assert.rejects(station.people.consoleLink('unknown@example.org', 60_000), { code: 'notFound' });
});

// ---- what lies on the disk

onBoth('tokens, links and passwords lie nowhere in the database, only what they are known by', async (database) => {
  const station = await openWorld(database);
  const { token } = await signIn(station);
  const { link } = await linkFor(station);
  const used = (await linkFor(station, CAST.operator.id)).link;
  const linked = await byLink(station, used);
  await bearing(station, linked.token).people.changePassword({ password: NEW_PASSWORD });
  await assert.rejects(signIn(station, 'a wrong guess at it'), wrong);

  let everything = Buffer.from(await contents(station.store.database));
  if (database.dialect === 'sqlite')
    for (const file of [database.where, `${database.where}-wal`])
      if (existsSync(file)) everything = Buffer.concat([everything, readFileSync(file)]);
  for (const known of [VIEWER, digestOf(token), digestOf(link), digestOf(linked.token)])
    assert.ok(everything.includes(known), 'it was looked for where it lies');
  for (const secret of [token, link, used, linked.token, PASSWORD, NEW_PASSWORD, 'a wrong guess at it', CAST.viewer.token])
    for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')])
      assert.ok(!everything.includes(form), `${secret} lies in the database`);
});

test('every token is a new one of 256 bits', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const tokens: string[] = [];
  for (let n = 0; n < 5; n++) tokens.push((await signIn(station)).token);
  assert.equal(new Set(tokens).size, 5);
  for (const token of tokens) assert.equal(Buffer.from(token, 'base64url').length, 32);
});

onBoth('one source that tries every address there is waits as well, and the right ones beside it do not', async (database) => {
  const station = await openWorld(database);
  const guess = (n: number) => signIn(station, 'a guess', `nobody-${n}@example.org`, NET).catch(({ code }) => code);
  const codes: string[] = [];
  for (let n = 0; n < 64; n++) codes.push(await guess(n));
  assert.equal(codes.filter((code) => code === 'tooMany').length, 4);
  await assert.rejects(signIn(station, PASSWORD, VIEWER, NET), { code: 'tooMany' });
  await signIn(station, PASSWORD, VIEWER, at('192.0.2.8'));
  await signIn(station);
  const { entries } = await as(station, 'platformAdmin').people.listAudit({ limit: 200 });
  assert.equal(entries.filter(({ outcome }) => outcome === 'refused').length, 60, 'what is not looked at leaves no row');
});

onBoth('a person has fifty sessions at most: one more ends the one that was longest out of use', async (database) => {
  const station = await openWorld(database);
  for (let n = 0; n < 49; n++) {
    station.clock.advance(1);
    await addSession(station, EXAMPLE.viewer, `session-${n}`);
  }
  // The viewer's own first session is the oldest, and is looked at now: it is used.
  station.clock.advance(61_000);
  assert.ok(await lives(station, CAST.viewer.token));
  await as(station, 'viewer').people.setPreference({ name: 'theme', value: 'dark' });
  station.clock.advance(1);
  const { token } = await signIn(station);
  const { sessions } = await bearing(station, token).people.listSessions({});
  assert.equal(sessions.length, 50);
  assert.deepEqual([await lives(station, 'session-0'), await lives(station, 'session-1')], [false, true]);
  assert.ok(await lives(station, CAST.viewer.token));
});

onBoth('links, keys and set-up codes that are guessed are tries like any other: one source has sixty a minute', async (database) => {
  const station = await openWorld(database);
  const { people } = bearing(station, undefined, NET);
  const codes: string[] = [];
  for (let n = 0; n < 64; n++)
    await (n % 2 ? people.signInByLink({ secret: `guess ${n}` }) : people.signInByKey({ key: `guess ${n}` })).catch(({ code }) =>
      codes.push(code),
    );
  assert.deepEqual([codes.filter((code) => code === 'unauthenticated').length, codes.filter((code) => code === 'tooMany').length], [60, 4]);
  const { entries } = await as(station, 'platformAdmin').people.listAudit({ outcome: 'refused', limit: 200 });
  assert.equal(entries.length, 60);
  const { link } = await linkFor(station);
  await assert.rejects(byLink(station, link), { code: 'tooMany' });
  station.clock.advance(60_000);
  await byLink(station, link);
});
