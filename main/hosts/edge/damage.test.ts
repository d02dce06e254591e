// A database that is broken: the edge does not start on it, says the way out, and that way leads out.
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { type EdgeRun, organisationsOf, runEdge, setUpFile, signedIn } from '../../testing/edge.ts';

const PATIENCE = { timeout: 120_000 };

const DAMAGE: Record<string, (file: string) => void> = {
  'the first page': (file) => overwrite(file, 0, 4_096),
  'all but the first page': (file) => overwrite(file, 4_096, statSync(file).size - 4_096),
  'the end is cut off': (file) => truncateSync(file, 8_192),
  'nothing is left in it': (file) => truncateSync(file, 0),
  'it is gone': (file) => rmSync(file),
};

function overwrite(file: string, from: number, length: number): void {
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(length, 'damage '), 0, length, from);
  closeSync(opened);
}

/** A station that was backed up between two changes, and stopped. */
async function backedUp(t: TestContext) {
  const folder = temporaryFolder(t);
  const data = join(folder, 'station');
  const start = (...args: string[]): EdgeRun => runEdge(t, ['--data', data, '--port', '0', ...args]);
  const run = start('--setup', setUpFile(folder));
  const ada = await signedIn(await run.url);
  await ada.call('people.createOrganisation', { name: 'Before' });
  await ada.call('watch.startBackup');
  let backups: { name: string }[] = [];
  while (backups.length === 0) ({ backups } = await ada.call<{ backups: { name: string }[] }>('watch.listBackups'));
  await ada.call('people.createOrganisation', { name: 'Afterwards' });
  assert.equal(await run.stop(), 0);
  return { data, start, backup: backups[0]?.name as string, file: join(data, 'site.db') };
}

test(
  'on a broken database it ends with 1, names the backup to take, and touches nothing; --restore brings it back',
  PATIENCE,
  async (t) => {
    for (const [what, damage] of Object.entries(DAMAGE)) {
      const { data, start, backup, file } = await backedUp(t);
      damage(file);
      const broken = existsSync(file) ? readFileSync(file) : undefined;
      for (const args of [[], ['--demo']]) {
        const run = start(...args);
        assert.equal(await run.ended, 1, what);
        assert.match(run.complaints(), /^[^\n]*site\.db is damaged [^\n]*--restore latest[^\n]*\n$/, what);
        assert.ok(run.complaints().includes(backup), what);
        assert.deepEqual(existsSync(file) ? readFileSync(file) : undefined, broken, `${what}: it was touched`);
      }
      const restored = start('--restore', 'latest');
      const ada = await signedIn(await restored.url);
      assert.deepEqual(await organisationsOf(ada), ['Before', 'Nordwerk'], what);
      await ada.call('people.createOrganisation', { name: 'And on' });
      assert.equal((await ada.call('people.verifyAudit')).intact, true);
      assert.equal(await restored.stop(), 0);
      const aside = readdirSync(data).filter((name) => name.startsWith('before-restore-'));
      assert.equal(aside.length, 1);
      if (broken) assert.deepEqual(readFileSync(join(data, aside[0] as string, 'site.db')), broken, `${what}: kept beside`);

      const again = start();
      assert.deepEqual(await organisationsOf(await signedIn(await again.url)), ['And on', 'Before', 'Nordwerk'], what);
      again.kill('SIGKILL');
    }
  },
);

test('after a kill the database is looked at before it is trusted, also where the start reads nothing of it', PATIENCE, async (t) => {
  const { start, backup, file } = await backedUp(t);
  const killed = start();
  await killed.url;
  killed.kill('SIGKILL');
  await killed.ended;
  assert.ok(existsSync(`${file}-wal`));
  overwrite(file, statSync(file).size - 3 * 4_096, 3 * 4_096);
  const run = start();
  assert.equal(await run.ended, 1);
  assert.match(run.complaints(), /^[^\n]*site\.db is damaged [^\n]*--restore latest[^\n]*\n$/);
  const restored = start('--restore', backup);
  assert.deepEqual(await organisationsOf(await signedIn(await restored.url)), ['Before', 'Nordwerk']);
});

test('a backup is taken by its name; one that is not there, or not whole, is not put in place', PATIENCE, async (t) => {
  const { data, start, backup, file } = await backedUp(t);
  const before = readFileSync(file);
  const wrong = start('--restore', '2000-01-01T000000Z-asked');
  assert.equal(await wrong.ended, 2);
  assert.match(wrong.complaints(), new RegExp(`^There is no backup “2000-01-01T000000Z-asked”. There are: ${backup}\\.\\n$`));

  const kept = join(data, 'backups', backup, 'site.db');
  const whole = readFileSync(kept);
  overwrite(kept, whole.length - 10, 5);
  const damaged = start('--restore', backup);
  assert.equal(await damaged.ended, 1);
  assert.match(damaged.complaints(), new RegExp(`^The backup ${backup} is damaged[^\\n]*\\n$`));
  assert.deepEqual(readFileSync(file), before, 'what is there stays');
  const opened = openSync(kept, 'r+');
  writeSync(opened, whole);
  closeSync(opened);

  const restored = start('--restore', backup);
  assert.deepEqual(await organisationsOf(await signedIn(await restored.url)), ['Before', 'Nordwerk']);
});

test('where there is no backup, the way out is another one; an empty file without one is a beginning', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const start = () => runEdge(t, ['--data', join(folder, 'station'), '--port', '0', '--setup', setUpFile(folder)]);
  const first = start();
  await first.url;
  assert.equal(await first.stop(), 0);
  const file = join(folder, 'station', 'site.db');
  overwrite(file, 0, 4_096);
  const broken = start();
  assert.equal(await broken.ended, 1);
  assert.match(broken.complaints(), /^[^\n]*site\.db is damaged [^\n]*There is no backup in [^\n]*move the file away[^\n]*\n$/);
  // As a first start leaves it that was killed at once.
  truncateSync(file, 0);
  assert.deepEqual(await organisationsOf(await signedIn(await start().url)), ['Nordwerk']);
});
