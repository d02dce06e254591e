// How long a guesser waits: at one account, and at all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testClock } from '../testing/station.ts';
import { openCrowd, openThrottle } from './throttle.ts';

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

test('a clock that is set back a day makes nobody wait a day', () => {
  const clock = testClock();
  const throttle = openThrottle(clock);
  for (let n = 0; n < 9; n++) throttle.failed('ada', 'here');
  clock.advance(-86_400_000);
  assert.equal(throttle.wait('ada', 'here'), 0);
  throttle.failed('ada', 'here');
  assert.equal(throttle.wait('ada', 'here'), 30_000);
});

test('one source tries sixty accounts a minute and no more; another one, and the next minute, are not touched', () => {
  const clock = testClock();
  const crowd = openCrowd(clock);
  clock.advance(10_000);
  for (let n = 0; n < 60; n++) assert.equal(crowd.enter('192.0.2.7'), 0);
  for (let n = 0; n < 3; n++) assert.equal(crowd.enter('192.0.2.7'), 50_000);
  assert.equal(crowd.enter('192.0.2.8'), 0);
  clock.advance(50_000);
  assert.equal(crowd.enter('192.0.2.7'), 0);
});

test('all addresses of one IPv6 network are one source', () => {
  const crowd = openCrowd(testClock());
  const addresses = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:ffff::', '2001:db8:1:2::192.0.2.1'];
  for (let n = 0; n < 60; n++) assert.equal(crowd.enter(addresses[n % addresses.length] as string), 0);
  for (const address of addresses) assert.ok(crowd.enter(address) > 0, address);
  for (const other of ['2001:db8:1:3::1', '::1', 'fe80::1']) assert.equal(crowd.enter(other), 0, other);
});
