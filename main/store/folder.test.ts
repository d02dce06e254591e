// The data folder belongs to one account and one process at a time, and is free again at once when that process is gone.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startChild } from '../testing/child.ts';
import { temporaryFolder } from '../testing/databases.ts';
import { FolderInUse } from './faults.ts';
import { openFolder } from './folder.ts';

const child = (t: Parameters<typeof startChild>[0], path: string) => startChild(t, 'folderChild.ts', path);
const rights = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('a folder is made with everything in it, for this account’s eyes only', (t) => {
  const path = join(temporaryFolder(t), 'deep', 'data');
  const folder = openFolder(path);
  t.after(() => folder.release());
  for (const inner of [path, folder.blobs, folder.secrets, folder.backups, folder.logs]) assert.equal(rights(inner), '700', inner);
});

test('a folder that others could read is closed to them', (t) => {
  const path = join(temporaryFolder(t), 'data');
  mkdirSync(path);
  chmodSync(path, 0o755);
  openFolder(path).release();
  assert.equal(rights(path), '700');
});

test('a second process is refused, and told what to do; what it finds stays as it is', async (t) => {
  const path = join(temporaryFolder(t), 'data');
  const folder = openFolder(path);
  const half = join(folder.backups, 'under-way.part');
  mkdirSync(half);
  const second = child(t, path);
  assert.match((await second.line()) ?? '', new RegExp(`^FolderInUse: .*works in ${path}.*--data`));
  assert.deepEqual(await second.ended, { code: 0, signal: null }, second.complaints());
  assert.ok(existsSync(half), 'a backup under way is not swept away');
  folder.release();
  assert.equal(await child(t, path).line(), 'taken');
});

test('the same process does not take a folder twice either', (t) => {
  const path = join(temporaryFolder(t), 'data');
  const folder = openFolder(path);
  assert.throws(() => openFolder(path), FolderInUse);
  folder.release();
  openFolder(path).release();
});

test('after kill −9 of the holder the folder is free at once', async (t) => {
  const path = join(temporaryFolder(t), 'data');
  for (let round = 0; round < 3; round++) {
    const holder = child(t, path);
    assert.equal(await holder.line(), 'taken', holder.complaints());
    assert.throws(() => openFolder(path), FolderInUse);
    holder.process.kill('SIGKILL');
    await holder.ended;
    openFolder(path).release();
  }
});

test('whoever gives the folder back while it lives lets the next one in', async (t) => {
  const path = join(temporaryFolder(t), 'data');
  const holder = child(t, path);
  assert.equal(await holder.line(), 'taken', holder.complaints());
  holder.process.stdin?.write('go\n');
  assert.equal(await holder.line(), 'released');
  openFolder(path).release();
});

test('two folders have nothing to do with each other', (t) => {
  const base = temporaryFolder(t);
  const one = openFolder(join(base, 'one'));
  const other = openFolder(join(base, 'other'));
  one.release();
  assert.throws(() => openFolder(join(base, 'other')), FolderInUse);
  other.release();
});

test('a backup that a kill left half made is swept away, and nothing else', (t) => {
  const path = join(temporaryFolder(t), 'data');
  const folder = openFolder(path);
  folder.release();
  mkdirSync(join(folder.backups, 'abc.part', 'blobs'), { recursive: true });
  writeFileSync(join(folder.backups, 'abc.part', 'site.db'), 'half');
  mkdirSync(join(folder.backups, '2026-03-01T080000Z-asked'));
  openFolder(path).release();
  assert.deepEqual(readdirSync(folder.backups), ['2026-03-01T080000Z-asked']);
});

test('a lock file that holds something else is a failure that says so, and no lock', (t) => {
  const path = join(temporaryFolder(t), 'data');
  mkdirSync(path);
  writeFileSync(join(path, 'lock.db'), 'this is no database, but a text that somebody put here by mistake');
  assert.throws(() => openFolder(path), /lock\.db is not a lock of this program\. Move it away/);
});
