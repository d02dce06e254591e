import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeKey, growingIds, KEY, keyFromName, UUID } from './ids.ts';

const bytes = (value: number) => (count: number) => new Uint8Array(count).fill(value);

test('an id is a UUIDv7 that begins with its time', () => {
  const id = growingIds(() => Date.parse('2026-03-01T00:00:00Z'), bytes(0xff))();
  assert.match(id, UUID);
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), Date.parse('2026-03-01T00:00:00Z'));
  assert.equal(id[14], '7');
  assert.match(id[19] as string, /[89ab]/);
});

test('growing ids grow within one millisecond, beyond 4,096 of them, and when the clock goes back a day', () => {
  let now = 1_000_000;
  const next = growingIds(() => now, bytes(0));
  let last = next();
  for (let n = 0; n < 10_000; n++) {
    if (n === 5_000) now -= 86_400_000;
    const id = next();
    assert.ok(id > last, `${id} after ${last}`);
    assert.match(id, UUID);
    last = id;
  }
});

test('a name suggests a key that is a key', () => {
  assert.equal(keyFromName('Works 1 – Nord'), 'works-1-nord');
  assert.equal(keyFromName('Größe & Höhe'), 'grosse-hohe');
  assert.equal(keyFromName('東京'), 'unnamed');
  for (const name of ['a'.repeat(200), '--x--', '...', 'É']) assert.match(keyFromName(name), KEY);
});

test('the first free key is taken', () => {
  assert.equal(freeKey('pump', new Set()), 'pump');
  assert.equal(freeKey('pump', new Set(['pump', 'pump-2'])), 'pump-3');
});
