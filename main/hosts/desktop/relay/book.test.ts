// The stations a window knows: kept whole, and nothing believed that is not.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../testing/databases.ts';
import { openBook, readBook } from './book.ts';

const PIN = Array(32).fill('AB').join(':');

test('what was confirmed is there again, the newest first, for this account alone', (t) => {
  const file = join(temporaryFolder(t), 'stations.json');
  let now = 1_000;
  const book = openBook(file, () => now);
  book.confirm('https://a.example', PIN);
  now = 2_000;
  book.confirm('http://localhost:8480', null);
  now = 3_000;
  book.used('https://a.example', 'Boiler\u202e\nhouse');
  book.used('https://never.example', 'Nobody confirmed it');
  assert.deepEqual(openBook(file, () => now).all(), [
    { address: 'https://a.example', name: 'Boiler house', fingerprint: PIN, lastUsed: 3_000 },
    { address: 'http://localhost:8480', name: '', fingerprint: null, lastUsed: 2_000 },
  ]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  book.forget('https://a.example');
  assert.equal(book.find('https://a.example'), undefined);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).length, 1);
});

test('a station that is not whole in the file is not known', (t) => {
  const whole = { address: 'https://a.example', name: 'A', fingerprint: PIN, lastUsed: 1 };
  const damaged = [
    null,
    'https://a.example',
    { ...whole, address: 'https://A.example' },
    { ...whole, address: 'https://a.example/x' },
    { ...whole, fingerprint: null },
    { ...whole, fingerprint: PIN.toLowerCase() },
    { ...whole, fingerprint: PIN.slice(3) },
    { ...whole, address: 'http://localhost', fingerprint: PIN },
    { ...whole, name: 'x'.repeat(61) },
    { ...whole, lastUsed: 'yesterday' },
  ];
  assert.deepEqual(readBook([...damaged, whole]), [whole]);
  for (const kept of [undefined, {}, 'x', 7]) assert.deepEqual(readBook(kept), []);
  const file = join(temporaryFolder(t), 'stations.json');
  writeFileSync(file, '[{"address":');
  assert.deepEqual(openBook(file, () => 1).all(), []);
});

test('where nothing can be written nothing counts as confirmed or forgotten', (t) => {
  const file = join(temporaryFolder(t), 'stations.json');
  mkdirSync(join(file, 'in the way'), { recursive: true });
  const book = openBook(file, () => 1);
  assert.throws(() => book.confirm('https://a.example', PIN), { code: 'unavailable' });
  assert.deepEqual(book.all(), []);
});
