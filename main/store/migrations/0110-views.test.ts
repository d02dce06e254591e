// Migration 110: what is there already is seen by its own person, and its audit stays whole.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { assertAnswered, migratedTo, primaryKey } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('110: a session that is open already is nobody else’s, and a row of the audit speaks for its actor', async (source) => {
  const before = await migratedTo({ ...source }, 70);
  await tamper(
    before,
    `insert into "session" ("id", "tokenDigest", "person", "createdAt", "seenAt", "expiresAt") values ('s', 'd', 'p', 1, 1, 9)`,
    `insert into "audit" ("incarnation", "seq", "at", "action", "outcome", "digest", "hash") values ('i', 1, 1, 'a', 'done', 'd', 'h')`,
  );
  await before.close();
  const { writer } = await migratedTo(source, 110);
  assert.deepEqual(await writer.all('select "seenAs", "seenIn", "parent" from "session"'), [{ seenAs: null, seenIn: null, parent: null }]);
  assert.deepEqual(await writer.all('select "seenAs" from "audit"'), [{ seenAs: null }]);
});

onBoth('110: views are found by what ends them, the last change by its person', async (source) => {
  const database = await migratedTo(source, 110);
  await assertAnswered(database, [
    { what: 'views of a person', sql: 'delete from "session" where "seenAs" = ?', by: 'session_seenAs_some' },
    { what: 'views from a session', sql: 'delete from "session" where "parent" = ?', by: 'session_parent_some' },
    { what: 'the last change', sql: 'select * from "lastChange" where "person" = ?', by: primaryKey('lastChange') },
  ]);
});
