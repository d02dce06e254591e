// The second factor at the door: who is asked for it, what stands for it, how it is lost and come by again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Origin } from '../caller.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { declaredProcedures } from '../testing/declared.ts';
import { addSession, as, at, bearing, lastAudited, openWorld } from '../testing/people.ts';
import { app } from '../testing/phone.ts';
import { memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { contents } from '../testing/store.ts';
import { openWires } from '../testing/wires.ts';
import { CAST, MACHINE, PASSWORD } from '../testing/world.ts';
import { STEP_MS } from './totp.ts';

const VIEWER = 'viewer@example.org';
const NET = at('192.0.2.7');
const MINUTE_MS = 60_000;
/** A session that was opened long ago. */
const YESTERDAYS = 'token-of-a-session-of-yesterday';

const needsCode = { code: 'unauthenticated', message: 'Type the code your phone shows.', data: { factor: 'code' } };
const wrongCode = { code: 'unauthenticated', message: 'The code is not right.' };

type Extra = { totp?: string; device?: string; remember?: true };
const signIn = (station: TestStation, extra: Extra = {}, origin: Origin = NET) =>
  bearing(station, undefined, origin).people.signIn({ email: VIEWER, password: PASSWORD, ...extra });

async function enrol(station: TestStation, offMs = 0): Promise<{ code: () => string; recoveryCodes: string[] }> {
  const { people } = as(station, 'viewer');
  const { address } = await people.beginSecondFactor({});
  const code = app(station, address, offMs);
  const { recoveryCodes } = await people.confirmSecondFactor({ code: code() });
  station.clock.advance(STEP_MS);
  return { code, recoveryCodes };
}

onBoth('nothing is asked for before the phone is confirmed; from then on every sign-in is', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'viewer');
  const { address } = await people.beginSecondFactor({});
  await signIn(station);
  await assert.rejects(people.confirmSecondFactor({ code: 'abcdef' }), { code: 'forbidden', message: 'The code is not right.' });
  assert.equal((await people.me({})).hasSecondFactor, false);

  const code = app(station, address);
  const { recoveryCodes } = await people.confirmSecondFactor({ code: code() });
  assert.equal(new Set(recoveryCodes).size, 10);
  assert.equal((await people.me({})).hasSecondFactor, true);
  assert.deepEqual(await people.secondFactor({}), { since: station.clock(), recoveryCodesLeft: 10, devices: [] });
  await assert.rejects(signIn(station), needsCode);
  await assert.rejects(signIn(station, { totp: code() }), { message: 'This code has been used. Wait for the next one.' });
  station.clock.advance(STEP_MS);
  const { token } = await signIn(station, { totp: code() });
  assert.equal((await bearing(station, token).people.me({})).person.id, EXAMPLE.viewer);
  // Whoever has the code and not the password learns nothing of either.
  await assert.rejects(bearing(station, undefined, NET).people.signIn({ email: VIEWER, password: 'something else', totp: code() }), {
    message: 'E-mail or password is wrong.',
  });
});

onBoth('of two sign-ins with the same code at the same time one is let in', async (database) => {
  const station = await openWorld(database);
  const { code, recoveryCodes } = await enrol(station);
  const both = await Promise.allSettled([signIn(station, { totp: code() }), signIn(station, { totp: code() })]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const [recovery] = recoveryCodes as [string];
  station.clock.advance(MINUTE_MS);
  const again = await Promise.allSettled([signIn(station, { totp: recovery }), signIn(station, { totp: recovery })]);
  assert.deepEqual(again.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

onBoth('a recovery code stands for the phone once, as people write it; new ones end the old', async (database) => {
  const station = await openWorld(database);
  const { recoveryCodes } = await enrol(station);
  const [first, second, third] = recoveryCodes as [string, string, string];
  const { token } = await signIn(station, { totp: first.toUpperCase().replaceAll('-', ' ') });
  assert.equal((await lastAudited(station)).message, 'A recovery code was used up.');
  await assert.rejects(signIn(station, { totp: first }), wrongCode);
  const { people } = bearing(station, token);
  assert.equal((await people.secondFactor({})).recoveryCodesLeft, 9);
  const renewed = await people.renewRecoveryCodes({});
  await assert.rejects(signIn(station, { totp: second }), wrongCode);
  station.clock.advance(MINUTE_MS);
  await signIn(station, { totp: renewed.recoveryCodes[0] as string });
  assert.ok(!renewed.recoveryCodes.includes(third));
});

onBoth('a code that is guessed is slowed down like a password, wherever the password is right', async (database) => {
  const station = await openWorld(database);
  await enrol(station);
  let waits = 0;
  for (let guess = 0; guess < 12; guess++)
    await signIn(station, { totp: String(guess).padStart(6, '0') }).catch(({ code }) => {
      if (code === 'tooMany') waits += 1;
    });
  assert.equal(waits, 9);
});

onBoth('a device that is remembered stands for the code: for its person, for a month, until it is forgotten', async (database) => {
  const station = await openWorld(database);
  const { code } = await enrol(station);
  const { device, token } = await signIn(station, { totp: code(), remember: true });
  assert.ok(device);
  assert.equal('device' in (await signIn(station, { device })), false);
  assert.equal((await bearing(station, token).people.secondFactor({})).devices.length, 1);
  assert.ok(!JSON.stringify(await contents(station.store.database)).includes(device), 'kept only as a digest');
  await assert.rejects(signIn(station, { device: `${device}x` }), needsCode);
  await bearing(station, token).people.forgetDevices({});
  await assert.rejects(signIn(station, { device }), needsCode);

  station.clock.advance(MINUTE_MS);
  const next = await signIn(station, { totp: code(), remember: true });
  station.clock.advance(31 * 24 * 60 * MINUTE_MS);
  await assert.rejects(signIn(station, { device: next.device as string }), needsCode);
});

onBoth('a station whose clock is a day off says by how much, and lets in who types two codes in a row', async (database) => {
  const station = await openWorld(database);
  const { code } = await enrol(station);
  const phone = () => code();
  await signIn(station, { totp: phone() });
  const DAY_MS = 24 * 60 * MINUTE_MS;
  // The station is set back a day; the phone goes on as before.
  let real = station.clock();
  const onPhone = () => {
    const station_ = station.clock();
    station.clock.set(real);
    const shown = phone();
    station.clock.set(station_);
    return shown;
  };
  const pass = (ms: number) => {
    real += ms;
    station.clock.advance(ms);
  };
  pass(STEP_MS);
  station.clock.advance(-DAY_MS);
  await assert.rejects(signIn(station, { totp: onPhone() }), (error: { message: string; data: { skewMs: number } }) => {
    assert.match(error.message, /your phone’s is 24 hours ahead of the station’s, which says 2026-02-28 08:01 UTC/);
    assert.equal(error.data.skewMs, DAY_MS);
    return true;
  });
  pass(STEP_MS);
  await signIn(station, { totp: onPhone() });
  // Known from now on; and once the clock is mended the same goes back.
  pass(STEP_MS);
  await signIn(station, { totp: onPhone() });
});

onBoth('a lost phone: the administrator takes it off and every session ends; one of another organisation cannot', async (database) => {
  const station = await openWorld(database);
  const { code } = await enrol(station);
  const { token } = await signIn(station, { totp: code() });
  const whose = { organisation: EXAMPLE.organisation, person: EXAMPLE.viewer };
  await assert.rejects(as(station, 'stranger').people.resetSecondFactor(whose), { code: 'notFound' });
  await as(station, 'organisationAdmin').people.resetSecondFactor(whose);
  assert.deepEqual((await lastAudited(station)).changes, [
    { entity: 'person', id: EXAMPLE.viewer, field: 'secondFactor', before: true, after: null },
  ]);
  await assert.rejects(bearing(station, token).people.me({}), { code: 'unauthenticated' });
  await signIn(station);
  await assert.rejects(as(station, 'organisationAdmin').people.resetSecondFactor(whose), { code: 'conflict' });
});

onBoth(
  'a link from an administrator asks for the code and stays good until it is right; one from the console needs none',
  async (database) => {
    const station = await openWorld(database);
    const { code } = await enrol(station);
    const whose = { organisation: EXAMPLE.organisation, person: EXAMPLE.viewer };
    const { link: secret } = await as(station, 'organisationAdmin').people.createSignInLink(whose);
    const byLink = (secret: string, totp?: string) =>
      bearing(station, undefined, NET).people.signInByLink({ secret, ...(totp && { totp }) });
    await assert.rejects(byLink(secret), needsCode);
    await assert.rejects(byLink(secret, 'abcdef'), wrongCode);
    await byLink(secret, code());
    await assert.rejects(byLink(secret, code()), { message: /has been used/ });

    const { token } = await byLink(await station.people.consoleLink(VIEWER, MINUTE_MS));
    assert.equal((await bearing(station, token).people.me({})).hasSecondFactor, false);
  },
);

onBoth('removing it ends phone, codes and devices at once', async (database) => {
  const station = await openWorld(database);
  const { code } = await enrol(station);
  await signIn(station, { totp: code(), remember: true });
  const { people } = as(station, 'viewer');
  await assert.rejects(people.beginSecondFactor({}), { code: 'conflict' });
  await people.removeSecondFactor({});
  assert.deepEqual(await people.secondFactor({}), { since: null, recoveryCodesLeft: 0, devices: [] });
  await signIn(station);
  await assert.rejects(people.removeSecondFactor({}), { code: 'conflict' });
});

test('neither secret nor codes are in the log, the database or the audit', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const { people } = as(station, 'viewer');
  const { address, secret } = await people.beginSecondFactor({});
  const { recoveryCodes } = await people.confirmSecondFactor({ code: app(station, address)() });
  const everything = station.logged() + JSON.stringify(await contents(station.store.database));
  for (const word of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll('-', ''))])
    assert.ok(!everything.includes(word), word);
});

// ---- critical acts

const CRITICAL = [
  'people.createKey',
  'people.beginSecondFactor',
  'people.renewRecoveryCodes',
  'people.removeSecondFactor',
  'people.createSignInLink',
  'people.mailSignInLink',
  'people.resetSecondFactor',
  'people.disablePerson',
  'people.seeAs',
  'people.mergePeople',
];

test('critical acts ask everybody, on every wire, whether it is still them; ten minutes later again', async (t) => {
  const station = await openWorld(sqliteFor(t), { settings: { port: 0 } });
  const critical = declaredProcedures.filter(({ meta }) => meta.critical);
  assert.deepEqual(critical.map(({ name }) => name).sort(), [...CRITICAL].sort());
  await addSession(station, EXAMPLE.admin, YESTERDAYS, 0);
  for (const wire of await openWires(t, station))
    for (const { name, meta } of critical) {
      const answer = await wire.call(name, JSON.stringify(meta.example), YESTERDAYS);
      assert.equal(answer.outcome, 'unconfirmed', `${name} over ${wire.name}`);
    }
  const { people } = bearing(station, YESTERDAYS);
  const barred = { person: EXAMPLE.viewer, disabled: true };
  await assert.rejects(people.confirmSession({ password: 'not it' }), { code: 'forbidden', message: 'The password is not right.' });
  await assert.rejects(people.confirmSession({}), { code: 'forbidden' });
  await assert.rejects(people.disablePerson(barred), { code: 'unconfirmed' });
  assert.deepEqual(await people.confirmSession({ password: PASSWORD }), { until: station.clock() + 10 * MINUTE_MS });
  station.clock.advance(10 * MINUTE_MS - 1);
  await people.disablePerson(barred);
  station.clock.advance(1);
  await assert.rejects(people.disablePerson(barred), { code: 'unconfirmed' });
});

test('a proof of tomorrow, made before the clock was set back, is none', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const { people } = as(station, 'platformAdmin');
  station.clock.advance(-1);
  await assert.rejects(people.disablePerson({ person: EXAMPLE.viewer, disabled: true }), { code: 'unconfirmed' });
});

onBoth('who has a second factor proves it is them by a code, not by the password alone', async (database) => {
  const station = await openWorld(database);
  const { code } = await enrol(station);
  await addSession(station, EXAMPLE.viewer, YESTERDAYS, 0);
  const { people } = bearing(station, YESTERDAYS);
  await assert.rejects(people.confirmSession({ password: PASSWORD }), { code: 'forbidden', data: { factor: 'code' } });
  await people.confirmSession({ totp: code() });
  await people.removeSecondFactor({});
});

// ---- an organisation that asks for it

onBoth(
  'where an organisation asks for a second factor, rights from that role on count only with one, at once, on open streams too',
  async (database) => {
    const station = await openWorld(database);
    const admin = as(station, 'platformAdmin').people;
    const ask = (secondFactorFrom: 'viewer' | 'siteManager' | null) =>
      admin.updateOrganisation({ organisation: EXAMPLE.organisation, secondFactorFrom });
    const { people } = as(station, 'viewer');
    const places = memoryReader(station, CAST.viewer.token).open('people.places', { site: EXAMPLE.site });
    const mine = memoryReader(station, CAST.viewer.token).open('people.me', {});
    await Promise.all([places.next(), mine.next()]);

    await ask('siteManager');
    await people.listPlaces({ site: EXAMPLE.site });
    await ask('viewer');
    const last = await places.until(({ type }) => type === 'end');
    assert.equal(last.type === 'end' && last.end.code, 'notFound');
    await assert.rejects(people.listPlaces({ site: EXAMPLE.site }), { code: 'notFound' });
    const told = await mine.until((said) => JSON.stringify(said).includes('"secondFactorNeeded":true'));
    assert.ok(!JSON.stringify(told).includes(EXAMPLE.site), 'what one may not see is not told either');
    const listed = await admin.listSitePeople({ site: EXAMPLE.site });
    assert.deepEqual(listed.people.find(({ id }) => id === EXAMPLE.viewer)?.may, []);
    // A key has nobody who could hold a phone; roles over the platform are no organisation's.
    await bearing(station, MACHINE.token).people.listPlaces({ site: EXAMPLE.site });
    await admin.listPlaces({ site: EXAMPLE.site });

    // One's own account is open all the same: that is the way out.
    await enrol(station);
    await people.listPlaces({ site: EXAMPLE.site });
    const back = await mine.until((said) => JSON.stringify(said).includes('"secondFactorNeeded":false'));
    assert.ok(JSON.stringify(back).includes(EXAMPLE.site));
    const again = memoryReader(station, CAST.viewer.token).open('people.places', { site: EXAMPLE.site });
    await again.next();
    await people.removeSecondFactor({});
    const ended = await again.until(({ type }) => type === 'end');
    assert.equal(ended.type === 'end' && ended.end.code, 'notFound');
    await ask(null);
    await people.listPlaces({ site: EXAMPLE.site });
  },
);
