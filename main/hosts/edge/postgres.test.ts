// The edge on PostgreSQL: one station on a database, and a backup that comes back into an empty one.
import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { temporaryFolder } from '../../testing/databases.ts';
import { type EdgeRun, organisationsOf, runEdge, sentenceOf, setUpFile, signedIn } from '../../testing/edge.ts';
import { freshDatabase } from '../../testing/postgres.ts';

const PATIENCE = { timeout: 120_000 };

/** An empty database; dropped with the test, whoever is still connected. */
async function database(t: TestContext): Promise<string> {
  const { url, drop } = await freshDatabase();
  t.after(drop);
  return url;
}

const startIn = (t: TestContext, data: string, url: string, ...args: string[]): EdgeRun =>
  runEdge(t, ['--data', data, '--port', '0', ...args], { env: { OUTPOST_DATABASE: url } });

test('a second station on a database ends with 3 and says what to do; the first is not disturbed', PATIENCE, async (t) => {
  const url = await database(t);
  const folder = temporaryFolder(t);
  const first = startIn(t, join(folder, 'one'), url, '--setup', setUpFile(folder));
  const ada = await signedIn(await first.url);
  const second = startIn(t, join(folder, 'other'), url);
  assert.equal(await second.ended, 3);
  assert.match(sentenceOf(second), /Another Outpost works on this database\. Stop it, or .*--database/);
  await ada.call('people.createOrganisation', { name: 'And on' });

  // Free at once after a kill, for whichever folder comes next.
  first.kill('SIGKILL');
  await first.ended;
  const next = startIn(t, join(folder, 'other'), url);
  assert.deepEqual(await organisationsOf(await signedIn(await next.url)), ['And on', 'Nordwerk']);
  assert.equal(await next.stop(), 0);
});

test('--restore brings a backup back into an empty database, and touches none that holds something', PATIENCE, async (t) => {
  const [url, empty] = await Promise.all([database(t), database(t)]);
  const folder = temporaryFolder(t);
  const data = join(folder, 'station');
  const run = startIn(t, data, url, '--setup', setUpFile(folder));
  const ada = await signedIn(await run.url);
  await ada.call('people.createOrganisation', { name: 'Before' });
  await ada.call('watch.startBackup');
  let backups: { name: string }[] = [];
  while (backups.length === 0) ({ backups } = await ada.call<{ backups: { name: string }[] }>('watch.listBackups'));
  const backup = backups[0]?.name as string;
  await ada.call('people.createOrganisation', { name: 'Afterwards' });
  assert.equal(await run.stop(), 0);

  const refused = startIn(t, data, url, '--restore', 'latest');
  assert.equal(await refused.ended, 1);
  assert.match(sentenceOf(refused), /not empty, and nothing is overwritten: make a new one, .*--database/);
  const untouched = startIn(t, data, url);
  assert.deepEqual(await organisationsOf(await signedIn(await untouched.url)), ['Afterwards', 'Before', 'Nordwerk']);
  assert.equal(await untouched.stop(), 0);

  // On another machine, to which nothing but the backup was brought.
  const elsewhere = join(folder, 'elsewhere');
  cpSync(join(data, 'backups', backup), join(elsewhere, 'backups', backup), { recursive: true });
  const restored = startIn(t, elsewhere, empty, '--restore', backup);
  const again = await signedIn(await restored.url);
  assert.deepEqual(await organisationsOf(again), ['Before', 'Nordwerk']);
  await again.call('people.createOrganisation', { name: 'And on' });
  assert.equal((await again.call('people.verifyAudit')).intact, true);
  assert.equal(await restored.stop(), 0);
  const later = startIn(t, elsewhere, empty);
  assert.deepEqual(await organisationsOf(await signedIn(await later.url)), ['And on', 'Before', 'Nordwerk']);
  assert.equal(await later.stop(), 0);
  assert.ok(!existsSync(join(elsewhere, 'site.db')));
});

test('--verify-audit reads the audit of a PostgreSQL store, and names the row that was changed', PATIENCE, async (t) => {
  const url = await database(t);
  const folder = temporaryFolder(t);
  const data = join(folder, 'station');
  const run = startIn(t, data, url, '--setup', setUpFile(folder));
  const ada = await signedIn(await run.url);
  const { rows } = await ada.call<{ rows: number }>('people.verifyAudit');
  const meanwhile = runEdge(t, ['--data', data, '--verify-audit'], { env: { OUTPOST_DATABASE: url } });
  assert.equal(await meanwhile.ended, 3);
  assert.equal(await run.stop(), 0);

  const whole = runEdge(t, ['--data', data, '--verify-audit'], { env: { OUTPOST_DATABASE: url } });
  assert.equal(await whole.ended, 0, whole.complaints());
  assert.deepEqual(whole.lines, [`The audit is intact: ${rows} rows.`]);

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`update "audit" set "outcome" = 'refused' where "seq" = 2`);
  await client.end();
  const forged = runEdge(t, ['--data', data, '--verify-audit'], { env: { OUTPOST_DATABASE: url } });
  assert.equal(await forged.ended, 1);
  assert.match(sentenceOf(forged), /^The audit is not intact: .*row 2 .*it was changed/);
});
