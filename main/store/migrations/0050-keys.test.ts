// Migration 50: people that stand for keys.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { migratedTo } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('50: whoever is there already is no machine', async (source) => {
  const insert = `insert into "people" ("id", "scope", "email", "emailKey", "name") values ('p', 'platform', 'a@b', 'a@b', 'Ada')`;
  const before = await migratedTo({ ...source }, 40);
  await tamper(before, insert);
  await before.close();
  const { writer } = await migratedTo(source, 50);
  assert.deepEqual(await writer.all('select "machine", "madeBy" from "people"'), [{ machine: 0, madeBy: null }]);
});
