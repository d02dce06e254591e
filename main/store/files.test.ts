// Files that are whole or not there.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/databases.ts';
import { copyFlushed, writeWhole } from './files.ts';

test('a file is written for this account’s eyes only, and takes the place of the one before', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'x');
  writeFileSync(file, 'before');
  chmodSync(file, 0o644);
  await writeWhole(file, 'after');
  assert.equal(readFileSync(file, 'utf8'), 'after');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['x'], 'nothing is left beside it');
});

test('where it cannot be put in place, what was there stays, and nothing is left beside it', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'x');
  mkdirSync(join(file, 'is a folder'), { recursive: true });
  await assert.rejects(writeWhole(file, 'new'), { code: /EISDIR|ENOTEMPTY|EEXIST/ });
  assert.ok(existsSync(join(file, 'is a folder')));
  assert.deepEqual(readdirSync(folder), ['x']);
});

test('many writers of one file leave one of their contents, whole', async (t) => {
  const folder = temporaryFolder(t);
  const contents = Array.from({ length: 20 }, (_, n) => `${n}`.repeat(10_000));
  await Promise.all(contents.map((content) => writeWhole(join(folder, 'x'), content)));
  assert.ok(contents.includes(readFileSync(join(folder, 'x'), 'utf8')));
  assert.deepEqual(readdirSync(folder), ['x']);
});

test('a copy holds the same bytes', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = new Uint8Array(300_000).map((_, i) => i % 251);
  writeFileSync(join(folder, 'from'), bytes);
  await copyFlushed(join(folder, 'from'), join(folder, 'to'));
  assert.ok(Buffer.compare(readFileSync(join(folder, 'to')), bytes) === 0);
  await assert.rejects(copyFlushed(join(folder, 'nowhere'), join(folder, 'to')), { code: 'ENOENT' });
});
