// Passwords: how they are hashed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash as hashWith } from '@node-rs/argon2';
import { hashPassword, isOutdated, verifyPassword } from './passwords.ts';

test('a hash is argon2id with 19 MiB, two passes and one lane, and salted', async () => {
  const [one, two] = await Promise.all([hashPassword('a long enough phrase'), hashPassword('a long enough phrase')]);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one, two);
  assert.equal(await verifyPassword(one, 'a long enough phrase'), true);
  assert.equal(await verifyPassword(one, 'a long enough phrasE'), false);
});

test('a hash of other parameters still opens, and is known to be outdated', async () => {
  assert.equal(isOutdated(await hashPassword('x')), false);
  for (const other of [
    { memoryCost: 8_192, timeCost: 2, parallelism: 1 },
    { memoryCost: 19_456, timeCost: 1, parallelism: 1 },
    { memoryCost: 19_456, timeCost: 2, parallelism: 2 },
    { memoryCost: 19_456, timeCost: 2, parallelism: 1, algorithm: 1 }, // argon2i
  ]) {
    const old = await hashWith('x', other);
    assert.equal(isOutdated(old), true, old);
    assert.equal(await verifyPassword(old, 'x'), true, old);
  }
});

test('letters that look the same are the same password, however a keyboard puts them together', async () => {
  const [composed, taken] = ['Schlüssel Åre', 'Schlu\u0308ssel A\u030are'];
  assert.notEqual(composed, taken);
  assert.equal(await verifyPassword(await hashPassword(composed), taken), true);
  assert.equal(await verifyPassword(await hashPassword(taken), composed), true);
  assert.equal(await verifyPassword(await hashPassword(composed), 'Schlussel Are'), false);
});
