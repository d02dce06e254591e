// Migration 70: organisations that are there already ask nobody.
import assert from 'node:assert/strict';
import { onBoth } from '../../testing/databases.ts';
import { migratedTo } from '../../testing/migrated.ts';
import { tamper } from '../../testing/tamper.ts';

onBoth('70: an organisation that is there already asks nobody for a second factor', async (source) => {
  const before = await migratedTo({ ...source }, 60);
  await tamper(before, `insert into "organisations" ("id", "scope", "key", "name") values ('o', 'platform', 'o', 'O')`);
  await before.close();
  const { writer } = await migratedTo(source, 70);
  assert.deepEqual(await writer.all('select "secondFactorFrom" from "organisations"'), [{ secondFactorFrom: null }]);
});
