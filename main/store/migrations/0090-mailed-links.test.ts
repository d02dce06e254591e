// Migration 90: a link that was handed out before went by no mail, and proves no address.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { migratedTo } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('90: links and people that are there already are known to no mail', async (source) => {
  const before = await migratedTo({ ...source }, 70);
  await tamper(
    before,
    `insert into "people" ("id", "scope", "email", "emailKey", "name") values ('p', 'platform', 'p@example.org', 'p@example.org', 'P')`,
    `insert into "signInLink" ("secretDigest", "person", "createdAt", "expiresAt") values ('d', 'p', 1, 2)`,
  );
  await before.close();
  const { writer } = await migratedTo(source, 90);
  assert.deepEqual(await writer.all('select "emailVerifiedAt" from "people"'), [{ emailVerifiedAt: null }]);
  assert.deepEqual(await writer.all('select "mailedTo", "mailedAt", "expiresAt" from "signInLink"'), [
    { mailedTo: null, mailedAt: null, expiresAt: 2 },
  ]);
});
