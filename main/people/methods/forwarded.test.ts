// Signing in by what a proxy says: whom it lets in, what it is not good for, and what everybody else gets by the same words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../../../contract/examples.ts';
import type { Origin } from '../../caller.ts';
import { station as itself } from '../../store/index.ts';
import { onBoth, sqliteFor } from '../../testing/databases.ts';
import { addSession, as, at, bearing, lastAudited, openWorld } from '../../testing/people.ts';
import { app } from '../../testing/phone.ts';
import type { TestStation } from '../../testing/station.ts';
import { CAST, MACHINE, PASSWORD } from '../../testing/world.ts';
import { STEP_MS } from '../totp.ts';

const VIEWER = 'viewer@example.org';
const FROM = '192.0.2.7';
const named = (name: string | undefined): Origin => ({ ...at(FROM), named: name });
const signIn = (station: TestStation, name: string | undefined = VIEWER, more: object = {}) =>
  bearing(station, undefined, named(name)).people.signInForwarded(more);
const methods = async (station: TestStation, origin: Origin) =>
  (await bearing(station, undefined, origin).people.signInMethods({})).methods;
const dropPassword = (station: TestStation, person: string) =>
  station.store.change(itself('test.password'), async (tx) => {
    await tx.db.deleteFrom('credential').where('person', '=', person).execute();
  });

onBoth('whom the proxy names comes in by an ordinary session, which the audit knows', async (database) => {
  const station = await openWorld(database);
  const { token } = await signIn(station, 'Viewer@Example.ORG');
  const me = await bearing(station, token, at(FROM)).people.me({});
  assert.equal(me.person.id, EXAMPLE.viewer);
  const { action, actor, outcome, from } = await lastAudited(station);
  assert.deepEqual([action, actor?.id, outcome, from], ['people.signInForwarded', EXAMPLE.viewer, 'done', FROM]);
  const { sessions } = await bearing(station, token, at(FROM)).people.listSessions({});
  assert.equal(sessions.find(({ current }) => current)?.from, FROM);

  await bearing(station, token, named(VIEWER)).people.signOut({});
  // The proxy still names them, and that alone opens nothing.
  await assert.rejects(bearing(station, token, named(VIEWER)).people.me({}), { code: 'unauthenticated' });
  await assert.rejects(bearing(station, undefined, named(VIEWER)).people.me({}), { code: 'unauthenticated' });
});

onBoth('who is not known here, or barred, is refused in the same words, and it is written down', async (database) => {
  const station = await openWorld(database);
  await as(station, 'platformAdmin').people.disablePerson({ person: EXAMPLE.viewer, disabled: true });
  for (const email of ['unknown@example.org', VIEWER]) {
    await assert.rejects(signIn(station, email), {
      code: 'unauthenticated',
      message: `This station lets nobody in as ${email}. Ask an administrator to add you.`,
    });
    const { action, outcome, actor } = await lastAudited(station);
    assert.deepEqual([action, outcome, actor], ['people.signInForwarded', 'refused', null]);
  }
});

test('what names nobody, or several, or something else opens nothing', async (t) => {
  const station = await openWorld(sqliteFor(t));
  for (const value of [
    '',
    ' ',
    `${VIEWER}, ${VIEWER}`,
    `${VIEWER}, ada@example.org`,
    `${VIEWER};ada@example.org`,
    `<${VIEWER}>`,
    `"${VIEWER}"`,
    `${VIEWER}\r\nX: y`,
    `${VIEWER}\0`,
    'viewer',
    `machine:${MACHINE.id}`,
    `${'a'.repeat(300)}@example.org`,
    `${'a'.repeat(16_000)}@example.org`,
  ]) {
    assert.deepEqual(await methods(station, named(value)), [{ method: 'local', as: null }], JSON.stringify(value));
    await assert.rejects(signIn(station, value), { code: 'unauthenticated' }, JSON.stringify(value));
    station.clock.advance(1_100);
  }
  await assert.rejects(bearing(station, undefined, at(FROM)).people.signInForwarded({}), { code: 'unauthenticated' });
});

onBoth('of two accounts that were made one, either address that the proxy names lets in to the one', async (database) => {
  const station = await openWorld(database);
  await dropPassword(station, EXAMPLE.viewer);
  await as(station, 'platformAdmin').people.mergePeople({ from: CAST.stranger.id, into: EXAMPLE.viewer });
  const former = 'Stranger@example.org';
  const { token } = await signIn(station, former);
  const { people } = bearing(station, token, named(former));
  const me = await people.me({});
  assert.deepEqual([me.person.id, me.person.email], [EXAMPLE.viewer, VIEWER]);
  assert.equal((await lastAudited(station)).actor?.id, EXAMPLE.viewer);
  station.clock.advance(11 * 60_000);
  await people.confirmSession({ forwarded: true });

  await addSession(station, CAST.platformAdmin.id, 'token-of-an-administrator-who-bars');
  await bearing(station, 'token-of-an-administrator-who-bars').people.disablePerson({ person: EXAMPLE.viewer, disabled: true });
  await assert.rejects(signIn(station, former), { code: 'unauthenticated' });
});

test('the door offers what is there, and tells nothing of accounts', async (t) => {
  const station = await openWorld(sqliteFor(t));
  assert.deepEqual(await methods(station, at(FROM)), [{ method: 'local', as: null }]);
  for (const email of [VIEWER, 'unknown@example.org'])
    assert.deepEqual(await methods(station, named(email)), [
      { method: 'local', as: null },
      { method: 'forwarded', as: email },
    ]);
});

onBoth('the proxy is no second factor: the phone is asked as well, and guessing at it is slowed', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'viewer');
  const { address } = await people.beginSecondFactor({});
  const code = app(station, address);
  await people.confirmSecondFactor({ code: code() });
  station.clock.advance(STEP_MS);
  await assert.rejects(signIn(station), { code: 'unauthenticated', message: 'Type the code your phone shows.', data: { factor: 'code' } });
  await assert.rejects(signIn(station, VIEWER, { totp: '000000' }), { code: 'unauthenticated' });
  await assert.rejects(signIn(station, VIEWER, { totp: '000001' }), { code: 'unauthenticated' });
  await assert.rejects(signIn(station, VIEWER, { totp: '000002' }), { code: 'tooMany' });
  station.clock.advance(30_000);
  const { token, device } = await signIn(station, VIEWER, { totp: code(), remember: true });
  assert.ok(device);
  assert.equal((await bearing(station, token).people.me({})).person.id, EXAMPLE.viewer);

  // A device that is remembered stands for the code at the door, and for no critical act.
  const again = await signIn(station, VIEWER, { device });
  await assert.rejects(bearing(station, again.token, named(VIEWER)).people.renewRecoveryCodes({}), { code: 'unconfirmed' });
  await assert.rejects(bearing(station, again.token, named(VIEWER)).people.confirmSession({ forwarded: true }), {
    code: 'forbidden',
    data: { factor: 'code' },
  });
});

onBoth('an organisation that asks for a second factor does not take the proxy for one', async (database) => {
  const station = await openWorld(database);
  await as(station, 'organisationAdmin').people.updateOrganisation({ organisation: EXAMPLE.organisation, secondFactorFrom: 'viewer' });
  const { token } = await signIn(station);
  const me = await bearing(station, token).people.me({});
  assert.deepEqual([me.secondFactorNeeded, me.grants], [true, []]);
});

onBoth('before a critical act who has a password shows it; who has none is proven by the proxy, in the same request', async (database) => {
  const station = await openWorld(database);
  const critical = (token: string, origin = named(VIEWER)) => bearing(station, token, origin).people.beginSecondFactor({});
  const confirm = (token: string, input: object, origin = named(VIEWER)) => bearing(station, token, origin).people.confirmSession(input);

  const withPassword = await signIn(station);
  await assert.rejects(critical(withPassword.token), { code: 'unconfirmed' });
  await assert.rejects(confirm(withPassword.token, { forwarded: true }), { code: 'forbidden' });
  await confirm(withPassword.token, { password: PASSWORD });
  await critical(withPassword.token);

  await dropPassword(station, EXAMPLE.viewer);
  const { token } = await signIn(station);
  await critical(token);
  station.clock.advance(11 * 60_000);
  await assert.rejects(critical(token), { code: 'unconfirmed' });
  for (const origin of [at(FROM), named('ada@example.org'), named('unknown@example.org'), named(`${VIEWER}, ${VIEWER}`)]) {
    await assert.rejects(confirm(token, { forwarded: true }, origin), { code: 'forbidden' });
    station.clock.advance(31_000);
  }
  await assert.rejects(confirm(token, {}), { code: 'forbidden' });
  station.clock.advance(31_000);
  await confirm(token, { forwarded: true });
  await critical(token);
});

onBoth('who is barred ends at once, whatever the proxy goes on saying', async (database) => {
  const station = await openWorld(database);
  const { token } = await signIn(station);
  await as(station, 'platformAdmin').people.disablePerson({ person: EXAMPLE.viewer, disabled: true });
  await assert.rejects(bearing(station, token, named(VIEWER)).people.me({}), { code: 'unauthenticated' });
  await assert.rejects(signIn(station), { code: 'unauthenticated' });
});
