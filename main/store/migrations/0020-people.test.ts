// Migration 20: organisations, sites, places, people and what lets them in; and the indexes their questions need.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo, primaryKey } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

const SHARED = ['grants', 'memberships', 'organisations', 'people', 'places', 'preferences', 'sites'];

onBoth('20 makes the tables of people', async (source) => {
  const earlier = await migratedTo(source, 10);
  const before = await earlier.tables();
  await earlier.close();
  const database = await migratedTo(source, 20);
  const added = (await database.tables()).filter((table) => !before.includes(table));
  assert.deepEqual(added, ['credential', ...SHARED, 'session', 'signInLink'].sort());
  for (const table of SHARED) {
    const columns = await database.columns(table);
    const named = new Map(columns.map((column) => [column.name, column]));
    for (const [name, nullable] of [
      ['id', false],
      ['scope', false],
      ['deletedAt', true],
    ] as const)
      assert.equal(named.get(name)?.nullable, nullable, `${table}.${name}`);
    // An operation brings one field of a record that is not there yet: all others must find a default.
    for (const { name, nullable, default: initial } of columns)
      if (name !== 'id' && name !== 'scope') assert.ok(nullable || initial !== null, `${table}.${name} has a default`);
  }
});

onBoth('20: a token opens one session', async (source) => {
  const database = await migratedTo(source, 20);
  const open = (id: string, digest: string) =>
    tamper(database, [
      `insert into "session" ("id", "tokenDigest", "person", "createdAt", "seenAt", "expiresAt") values (?, ?, 'p', 0, 0, 0)`,
      [id, digest],
    ]);
  await open('a', 'digest');
  await assert.rejects(open('b', 'digest'));
});

onBoth('20: what every request asks about people is answered by an index', async (source) => {
  const database = await migratedTo(source, 20);
  await assertAnswered(database, [
    {
      what: 'who stands behind a token',
      sql: `select "session"."id" from "session" inner join "people" on "people"."id" = "session"."person"
        where "session"."tokenDigest" = ? and "people"."disabledAt" is null and "people"."deletedAt" is null`,
      by: { sqlite: 'sqlite_autoindex_session_2', postgres: 'session_tokenDigest' },
    },
    {
      what: 'the sessions of a person',
      sql: 'select * from "session" where "person" = ? and "expiresAt" > ? order by "createdAt" desc',
      by: 'session_person_createdAt',
      inOrder: true,
    },
    { what: 'sessions that have ended', sql: 'delete from "session" where "expiresAt" <= ?', by: 'session_expiresAt' },
    {
      what: 'the roles of a person',
      sql: 'select "role", "at" from "grants" where "person" = ? and "deletedAt" is null',
      by: 'grants_person',
    },
    { what: 'who has a role at a place', sql: 'select "person" from "grants" where "at" = ? and "deletedAt" is null', by: 'grants_at' },
    { what: 'who signs in', sql: 'select "id" from "people" where "emailKey" = ? and "deletedAt" is null', by: 'people_emailKey' },
    { what: 'the password of a person', sql: 'select "hash" from "credential" where "person" = ?', by: primaryKey('credential') },
    { what: 'a sign-in link', sql: 'select "person" from "signInLink" where "secretDigest" = ?', by: primaryKey('signInLink') },
    {
      what: 'the tree of a site',
      sql: 'select * from "places" where "site" = ? and "deletedAt" is null order by "rank", "id"',
      by: 'places_site_rank_id',
      inOrder: true,
    },
    {
      what: 'the people of an organisation',
      sql: 'select "person" from "memberships" where "organisation" = ? and "deletedAt" is null',
      by: 'memberships_organisation',
    },
    {
      what: 'the organisations of a person',
      sql: 'select "organisation" from "memberships" where "person" = ? and "deletedAt" is null',
      by: 'memberships_person',
    },
    {
      what: 'the sites of an organisation',
      sql: 'select "key" from "sites" where "organisation" = ? and "deletedAt" is null',
      by: 'sites_organisation',
    },
    {
      what: 'the choices of a person',
      sql: 'select * from "preferences" where "person" = ? and "deletedAt" is null',
      by: 'preferences_person',
    },
  ]);
});
