// Migration 30: notices and mail servers.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo, primaryKey } from '../../testing/migrated.ts';

onBoth('30 makes the tables of watch', async (source) => {
  const earlier = await migratedTo(source, 20);
  const before = await earlier.tables();
  await earlier.close();
  const database = await migratedTo(source, 30);
  assert.deepEqual(
    (await database.tables()).filter((table) => !before.includes(table)),
    ['mailServers', 'notices'],
  );
});

onBoth('30: notices are found by their person, in the order of their ids', async (source) => {
  const database = await migratedTo(source, 30);
  await assertAnswered(database, [
    {
      what: 'the newest notices',
      sql: 'select * from "notices" where "person" = ? and "deletedAt" is null order by "id" desc limit ?',
      by: 'notices_person_id',
      inOrder: true,
    },
    {
      what: 'notices after a cursor',
      sql: 'select * from "notices" where "person" = ? and "id" > ? order by "id" limit ?',
      by: 'notices_person_id',
      inOrder: true,
    },
    {
      what: 'what is unread',
      sql: 'select "id" from "notices" where "person" = ? and "readAt" is null and "id" <= ?',
      by: 'notices_person_id',
    },
    {
      what: 'the mail server of a place',
      sql: 'select * from "mailServers" where "id" = ? and "deletedAt" is null',
      by: primaryKey('mailServers'),
    },
  ]);
});
