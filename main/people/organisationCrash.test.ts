// kill −9 while a station is filled from a file: whatever the moment, it is empty afterwards, and can be filled.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CarryWork } from '../testing/carryChild.ts';
import { onBoth, postgresFor, sqliteFor, temporaryFolder } from '../testing/databases.ts';
import { digestOf, fileOf, saved, workedIn } from '../testing/organisationFile.ts';
import { openTestStore } from '../testing/store.ts';

const CHILD = fileURLToPath(new URL('../testing/carryChild.ts', import.meta.url));
const KILLS = 12;

onBoth('a station that is killed while an organisation comes in is empty, and takes it the next time', async (source) => {
  const file = fileOf(source.t, await saved(await workedIn(sqliteFor(source.t))));
  const folder = temporaryFolder(source.t);

  async function run(killAt: number, data: string, where: string): Promise<{ signal: unknown; said: string }> {
    const work: CarryWork = { dialect: source.dialect, data: join(folder, data), where, file, killAt };
    const child = spawn(process.execPath, [CHILD, JSON.stringify(work)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    });
    const ended = new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
    return { said: await text(child.stdout), signal: await ended };
  }

  // Once without a kill, elsewhere: so many statements there are, the commit is the last.
  const elsewhere = source.dialect === 'sqlite' ? sqliteFor(source.t) : await postgresFor(source.t);
  const statements = Number((await run(-1, 'elsewhere', elsewhere.where)).said);
  assert.ok(statements > 20, `${statements}`);
  for (let kill = 0; kill < KILLS; kill++) {
    const killAt = 1 + Math.floor((kill * (statements - 1)) / (KILLS - 1));
    assert.deepEqual(await run(killAt, 'station', source.where), { signal: 'SIGKILL', said: '' }, `killed at ${killAt} of ${statements}`);
    const database = await source.open();
    const store = await openTestStore(source, { database });
    for (const table of ['organisations', 'sites', 'people', 'grants', 'op', 'reg', 'audit'])
      assert.deepEqual(await database.reader.all(`select * from "${table}"`), [], `${table}, killed at ${killAt} of ${statements}`);
    await store.close();
  }
  const { signal, said } = await run(-1, 'station', source.where);
  assert.deepEqual([signal, said !== ''], [null, true]);
  const [row] = await (await source.open()).reader.all<{ message: string }>('select "body" as "message" from "auditDetail"');
  assert.match(row?.message ?? '', new RegExp(await digestOf(file)));
});
