// Migration 80: teams and their members, and people that are there already and were merged into nobody.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('80 makes the tables of teams, and whoever is there already was merged into nobody', async (source) => {
  const before = await migratedTo({ ...source }, 74);
  await tamper(before, `insert into "people" ("id", "scope", "email", "emailKey", "name") values ('p', 'platform', 'a@b', 'a@b', 'Ada')`);
  const tables = await before.tables();
  await before.close();
  const database = await migratedTo(source, 80);
  assert.deepEqual(
    (await database.tables()).filter((table) => !tables.includes(table)),
    ['teamMembers', 'teams'],
  );
  assert.deepEqual(await database.writer.all('select "mergedInto" from "people"'), [{ mergedInto: null }]);
  // An operation brings one field of a record that is not there yet: all others must find a default.
  for (const table of ['teams', 'teamMembers'])
    for (const { name, nullable, default: initial } of await database.columns(table))
      if (name !== 'id' && name !== 'scope') assert.ok(nullable || initial !== null, `${table}.${name} has a default`);
});

onBoth('80: what is asked about teams is answered by an index', async (source) => {
  await assertAnswered(await migratedTo(source, 80), [
    {
      what: 'the teams of an organisation',
      sql: 'select "id", "name" from "teams" where "organisation" = ? and "deletedAt" is null',
      by: 'teams_organisation',
    },
    {
      what: 'who is in a team',
      sql: 'select "person", "role" from "teamMembers" where "team" = ? and "deletedAt" is null',
      by: 'teamMembers_team',
    },
    {
      what: 'the teams of a person',
      sql: 'select "team", "role" from "teamMembers" where "person" = ? and "deletedAt" is null',
      by: 'teamMembers_person',
    },
  ]);
});
