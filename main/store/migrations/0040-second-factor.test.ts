// Migration 40: phones, recovery codes, remembered devices, and what sessions and links know of them.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo, primaryKey } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('40 makes the tables of the second factor', async (source) => {
  const earlier = await migratedTo({ ...source }, 30);
  const before = await earlier.tables();
  await earlier.close();
  const database = await migratedTo(source, 40);
  assert.deepEqual(
    (await database.tables()).filter((table) => !before.includes(table)),
    ['phone', 'recoveryCode', 'rememberedDevice'],
  );
});

onBoth('40: a session that is open already has proven nothing, and a link replaces no phone', async (source) => {
  const before = await migratedTo({ ...source }, 30);
  await tamper(
    before,
    `insert into "session" ("id", "tokenDigest", "person", "createdAt", "seenAt", "expiresAt") values ('s', 'd', 'p', 1, 1, 9)`,
    `insert into "signInLink" ("secretDigest", "person", "expiresAt") values ('d', 'p', 9)`,
  );
  await before.close();
  const { writer } = await migratedTo(source, 40);
  assert.deepEqual(await writer.all('select "confirmedAt" from "session"'), [{ confirmedAt: 0 }]);
  assert.deepEqual(await writer.all('select "replacesPhone" from "signInLink"'), [{ replacesPhone: 0 }]);
});

onBoth('40: everything is found by its person, a device by its token', async (source) => {
  const database = await migratedTo(source, 40);
  await assertAnswered(database, [
    { what: 'the phone', sql: 'select * from "phone" where "person" = ?', by: primaryKey('phone') },
    {
      what: 'a recovery code',
      sql: 'delete from "recoveryCode" where "person" = ? and "digest" = ?',
      by: primaryKey('recoveryCode'),
    },
    {
      what: 'a device',
      sql: 'select "person" from "rememberedDevice" where "tokenDigest" = ? and "person" = ? and "expiresAt" > ?',
      by: primaryKey('rememberedDevice'),
    },
    {
      what: 'the devices of a person',
      sql: 'select "createdAt" from "rememberedDevice" where "person" = ? and "expiresAt" > ?',
      by: 'rememberedDevice_person',
    },
  ]);
});
