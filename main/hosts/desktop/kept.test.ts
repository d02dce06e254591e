// The small files of the window's process.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { keep, readKept } from './kept.ts';

test('what is kept is read again, and nothing is left beside it', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'window.json');
  assert.equal(keep(file, { zoom: 1 }), true);
  assert.equal(keep(file, { zoom: 2 }), true);
  assert.deepEqual(readKept(file), { zoom: 2 });
  assert.deepEqual(readdirSync(folder), ['window.json']);
});

test('what is missing, cut short or not JSON is nothing', (t) => {
  const file = join(temporaryFolder(t), 'window.json');
  assert.equal(readKept(file), undefined);
  for (const text of ['', '{"zoom":', '\0\0\0']) {
    writeFileSync(file, text);
    assert.equal(readKept(file), undefined, JSON.stringify(text));
  }
});

test('what cannot be written leaves the old one, and throws nothing', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'window.json');
  keep(file, { zoom: 1 });
  mkdirSync(`${file}.part`);
  writeFileSync(join(`${file}.part`, 'in-the-way'), '');
  assert.equal(keep(file, { zoom: 2 }), false);
  assert.deepEqual(readKept(file), { zoom: 1 });
  assert.equal(keep(join(folder, 'nowhere', 'window.json'), {}), false);
});
