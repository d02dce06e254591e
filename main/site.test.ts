import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onBoth } from './testing/databases.ts';
import { CONSOLE, openTestStation } from './testing/station.ts';

onBoth('a fresh station is set up once, and its administrator sees one organisation and one site', async (database) => {
  const station = await openTestStation(database.t, { database });
  const stranger = station.client({ token: undefined, origin: CONSOLE });
  assert.deepEqual(await stranger.people.setUpState({}), { needed: true, codeNeeded: false });
  const input = {
    organisation: 'Nordwerk',
    site: 'Works 1',
    admin: { email: 'Ada@Example.org', name: 'Ada', password: 'a long enough phrase' },
  };
  const { token } = await stranger.people.setUp(input);
  const me = await station.client({ token, origin: CONSOLE }).people.me({});
  assert.equal(me.person.email, 'Ada@Example.org');
  assert.deepEqual(me.grants.map((grant) => grant.role).sort(), ['organisationAdmin', 'platformAdmin', 'siteManager']);
  assert.deepEqual([me.organisations[0]?.name, me.sites[0]?.key], ['Nordwerk', 'works-1']);
  await assert.rejects(stranger.people.setUp(input), { code: 'conflict' });
  const signedIn = await stranger.people.signIn({ email: ' ada@example.ORG', password: 'a long enough phrase' });
  assert.equal((await station.client({ token: signedIn.token, origin: CONSOLE }).people.me({})).person.id, me.person.id);
});

test('a person without a session is asked to sign in before the input is looked at', async (t) => {
  const station = await openTestStation(t);
  const stranger = station.client({ token: undefined, origin: CONSOLE });
  await assert.rejects(stranger.people.createSite({ rubbish: true } as never), { code: 'unauthenticated' });
});
