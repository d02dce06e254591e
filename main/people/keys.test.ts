// Keys of machines: what they open, what they cannot, and how they end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { declaredProcedures } from '../testing/declared.ts';
import { as, at, bearing, lastAudited, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import { contents } from '../testing/store.ts';
import { openWires } from '../testing/wires.ts';
import { CAST, MACHINE } from '../testing/world.ts';
import { digestOf } from './tokens.ts';

const HOUR_MS = 3_600_000;
const GATEWAY = { site: EXAMPLE.site, name: 'Gateway of the boiler house', role: 'operator', expiresAt: null } as const;

onBoth('a key is a role at a site: it sees that and no more, is named in the audit, and shows when it was used', async (database) => {
  const station = await openWorld(database);
  const manager = as(station, 'siteManager').people;
  const { key, token } = await manager.createKey(GATEWAY);
  const [listed] = (await manager.listKeys({ site: EXAMPLE.site })).keys;
  assert.deepEqual(listed, {
    id: key,
    name: GATEWAY.name,
    role: 'operator',
    createdAt: station.clock(),
    createdBy: 'The siteManager',
    seenAt: null,
    expiresAt: null,
    hasToken: true,
  });
  const { people } = bearing(station, token, at('192.0.2.7'));
  const me = await people.me({});
  assert.deepEqual([me.person.name, me.person.machine], [GATEWAY.name, true]);
  assert.deepEqual(
    me.sites.map(({ id }) => id),
    [EXAMPLE.site],
  );
  await people.listPlaces({ site: EXAMPLE.site });
  await assert.rejects(people.updateSite({ site: EXAMPLE.site, name: 'Taken over' }), { code: 'forbidden' });
  const entry = await lastAudited(station);
  assert.deepEqual([entry.actor?.name, entry.outcome, entry.from], [GATEWAY.name, 'refused', '192.0.2.7']);
  const [used] = (await manager.listKeys({ site: EXAMPLE.site })).keys;
  assert.equal(used?.seenAt, station.clock());
});

onBoth('the token is shown once and kept as a digest', async (database) => {
  const station = await openWorld(database);
  const { token } = await as(station, 'siteManager').people.createKey(GATEWAY);
  const everything = JSON.stringify(await contents(station.store.database)) + station.logged();
  assert.ok(everything.includes(digestOf(token)));
  assert.ok(!everything.includes(token));
  assert.ok(!JSON.stringify(await as(station, 'siteManager').people.listKeys({ site: EXAMPLE.site })).includes(token));
});

onBoth('nobody gives a key more than they may give a person, nor one that has expired', async (database) => {
  const station = await openWorld(database);
  const manager = as(station, 'siteManager').people;
  await assert.rejects(manager.createKey({ ...GATEWAY, role: 'siteManager' }), { code: 'forbidden' });
  await as(station, 'organisationAdmin').people.createKey({ ...GATEWAY, role: 'siteManager' });
  await assert.rejects(manager.createKey({ ...GATEWAY, expiresAt: station.clock() }), { code: 'invalid' });
});

onBoth('a key that is revoked, or expires, opens nothing from that moment on, and what it had open ends', async (database) => {
  const station = await openWorld(database);
  const manager = as(station, 'siteManager').people;
  const { key, token } = await manager.createKey(GATEWAY);
  const places = memoryReader(station, token).open('people.places', { site: EXAMPLE.site });
  await places.next();
  await manager.revokeKey({ key });
  const last = await places.next();
  assert.deepEqual([last.type, last.type === 'end' && last.end.code], ['end', 'unauthenticated']);
  await assert.rejects(bearing(station, token).people.me({}), { code: 'unauthenticated' });
  await assert.rejects(manager.revokeKey({ key }), { code: 'notFound' });
  await assert.rejects(bearing(station, undefined).people.signInByKey({ key: token }), { code: 'unauthenticated' });

  const brief = await manager.createKey({ ...GATEWAY, expiresAt: station.clock() + HOUR_MS });
  await bearing(station, brief.token).people.me({});
  station.clock.advance(HOUR_MS);
  await assert.rejects(bearing(station, brief.token).people.me({}), { code: 'unauthenticated' });
});

onBoth('a key is no person: not in the lists, given no other role, and its role is taken with the key alone', async (database) => {
  const station = await openWorld(database);
  const admin = as(station, 'platformAdmin').people;
  for (const { people } of [
    await admin.listPeople({ organisation: EXAMPLE.organisation }),
    await admin.listSitePeople({ site: EXAMPLE.site }),
  ])
    assert.ok(!people.some(({ name }) => name === MACHINE.name));
  const here = { kind: 'site', site: EXAMPLE.site } as const;
  await assert.rejects(admin.grantRole({ person: MACHINE.id, role: 'siteManager', at: here }), { code: 'notFound' });
  await assert.rejects(admin.revokeRole({ grant: EXAMPLE.key }), { code: 'conflict' });
  await assert.rejects(bearing(station, undefined).people.signIn({ email: `machine:${MACHINE.id}`, password: 'x' }), {
    code: 'unauthenticated',
  });
});

test('a key can do nothing to an account of its own, on any wire', async (t) => {
  const station = await openWorld(sqliteFor(t), { settings: { port: 0 } });
  const forPeople = declaredProcedures.filter(({ meta }) => 'person' in meta.needs);
  assert.ok(forPeople.some(({ name }) => name === 'people.changePassword'));
  for (const wire of await openWires(t, station))
    for (const { name, meta } of forPeople) {
      const answer = await wire.call(name, JSON.stringify(meta.example), MACHINE.token);
      assert.equal(answer.outcome, 'forbidden', `${name} over ${wire.name}`);
    }
  const theme = await bearing(station, MACHINE.token).people.setPreference({ name: 'theme', value: 'dark' });
  assert.deepEqual(theme, {});
});

onBoth('a screen is signed in by its key, and by nobody’s session', async (database) => {
  const station = await openWorld(database);
  const { people } = bearing(station, undefined, at('192.0.2.7'));
  assert.deepEqual(await people.signInByKey({ key: MACHINE.token }), { token: MACHINE.token });
  for (const other of [CAST.viewer.token, 'no key at all'])
    await assert.rejects(people.signInByKey({ key: other }), {
      code: 'unauthenticated',
      message: 'This key is not known, or was revoked.',
    });
  assert.equal((await lastAudited(station)).action, 'people.signInByKey');
});
