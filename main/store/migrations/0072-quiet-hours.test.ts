// Migration 72: a site that is there already has no quiet hours.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { migratedTo } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('72: a site that is there already has no quiet hours', async (source) => {
  const before = await migratedTo({ ...source }, 70);
  await tamper(before, `insert into "sites" ("id", "scope", "organisation", "key", "name") values ('s', 'site:s', 'o', 's', 'S')`);
  await before.close();
  const { writer } = await migratedTo(source, 72);
  assert.deepEqual(await writer.all('select "quietHours" from "sites"'), [{ quietHours: null }]);
});
