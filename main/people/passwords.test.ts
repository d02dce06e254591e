// Passwords: how they are hashed, and how long a guesser waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash as hashWith } from '@node-rs/argon2';
import fc from 'fast-check';
import { testClock } from '../testing/station.ts';
import { hashPassword, isOutdated, openThrottle, verifyPassword } from './passwords.ts';

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

test('the third failure makes one wait a second, each further one twice as long, up to half a minute and never more', () => {
  const clock = testClock();
  const throttle = openThrottle(clock);
  const waits: number[] = [];
  for (let n = 0; n < 12; n++) {
    throttle.failed('ada', 'here');
    const ms = throttle.wait('ada', 'here');
    waits.push(ms);
    if (ms > 0) {
      clock.advance(ms - 1);
      assert.equal(throttle.wait('ada', 'here'), 1, 'a millisecond before its end');
      clock.advance(1);
    }
    assert.equal(throttle.wait('ada', 'here'), 0, 'waited for as long as was said');
  }
  assert.deepEqual(waits, [0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
});

test('who waits is one account at one source: no number of failures anywhere else makes anybody else wait', () => {
  const name = fc.constantFrom('ada', 'otto', 'vera');
  const source = fc.constantFrom('console', '192.0.2.7', '192.0.2.8');
  fc.assert(
    fc.property(
      fc.array(fc.record({ account: name, source, right: fc.boolean() }), { maxLength: 60 }),
      name,
      source,
      (tries, who, where) => {
        const [all, own] = [openThrottle(testClock()), openThrottle(testClock())];
        for (const { account, source, right } of tries)
          for (const throttle of account === who && source === where ? [all, own] : [all])
            if (right) throttle.succeeded(account, source);
            else throttle.failed(account, source);
        assert.equal(all.wait(who, where), own.wait(who, where));
      },
    ),
  );
});

test('the right password is the end of it: the next failure is the first one again', () => {
  const throttle = openThrottle(testClock());
  for (let n = 0; n < 9; n++) throttle.failed('ada', 'here');
  throttle.succeeded('ada', 'here');
  throttle.failed('ada', 'here');
  assert.equal(throttle.wait('ada', 'here'), 0);
});

test('ten thousand guessers are remembered, those that guess on above all', () => {
  const throttle = openThrottle(testClock());
  const fail = (account: string, times: number) => {
    for (let n = 0; n < times; n++) throttle.failed(account, 'here');
  };
  fail('going on', 9);
  fail('stopped', 9);
  for (let n = 0; n < 9_999; n++) {
    throttle.failed(`guess ${n}`, 'here');
    if (n % 1_000 === 0) fail('going on', 1);
  }
  assert.equal(throttle.wait('stopped', 'here'), 0);
  assert.equal(throttle.wait('going on', 'here'), 30_000);
});
