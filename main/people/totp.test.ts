// One-time codes: the vectors of RFC 6238, and the clocks of a plant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base32, codeAt, enrolmentAddress, type Phone, STEP_MS, verify } from './totp.ts';

const RFC_SECRET = Buffer.from('12345678901234567890');
const NOW = Date.parse('2026-03-01T08:00:10Z');
const HERE = Math.floor(NOW / STEP_MS);
const phone = (more: Partial<Phone> = {}): Phone => ({ secret: RFC_SECRET, ahead: 0, lastStep: 0, doubt: null, ...more });

test('the vectors of RFC 6238, cut to six digits', () => {
  for (const [seconds, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const)
    assert.equal(codeAt(RFC_SECRET, Math.floor(seconds / 30)), code.slice(2));
});

test('a code is right in its own step and in the ones beside it, typed with or without a space', () => {
  for (const off of [-1, 0, 1]) {
    const code = codeAt(RFC_SECRET, HERE + off);
    for (const typed of [code, `${code.slice(0, 3)} ${code.slice(3)}`])
      assert.deepEqual(verify(phone(), typed, NOW), { verdict: 'right', step: HERE + off, ahead: off });
  }
  // At the very edges of a step.
  const code = codeAt(RFC_SECRET, HERE);
  for (const [at, verdict] of [
    [(HERE - 1) * STEP_MS, 'right'],
    [(HERE + 2) * STEP_MS - 1, 'right'],
    [(HERE + 2) * STEP_MS, 'otherTime'],
    [(HERE - 1) * STEP_MS - 1, 'otherTime'],
  ] as const)
    assert.equal(verify(phone(), code, at).verdict, verdict, new Date(at).toISOString());
});

test('no code is good twice, nor one before it', () => {
  const right = verify(phone(), codeAt(RFC_SECRET, HERE), NOW);
  assert.ok(right.verdict === 'right');
  const used = phone({ lastStep: right.step, ahead: right.ahead });
  for (const off of [-1, 0]) assert.equal(verify(used, codeAt(RFC_SECRET, HERE + off), NOW).verdict, 'used');
  assert.equal(verify(used, codeAt(RFC_SECRET, HERE + 1), NOW).verdict, 'right');
});

test('what is no code is wrong, and so is a code of another secret', () => {
  for (const typed of ['', '12345', '1234567', 'abcdef', '１２３４５６', '-12345', '12345\n6x'])
    assert.equal(verify(phone(), typed, NOW).verdict, 'wrong', typed);
  const other = codeAt(Buffer.from('98765432109876543210'), HERE);
  assert.equal(verify(phone(), other, NOW).verdict, 'wrong');
});

test('a station whose clock is a day off says so at the first code, goes on at the second, and knows it from then on', () => {
  for (const off of [-2880, -40, -3, 3, 40, 2880]) {
    const doubted = verify(phone(), codeAt(RFC_SECRET, HERE + off), NOW);
    assert.deepEqual(doubted, { verdict: 'otherTime', step: HERE + off, ahead: off });
    const doubt = { step: HERE + off, ahead: off };
    // The same code again proves nothing; the next one, a moment later, does.
    assert.equal(verify(phone({ doubt }), codeAt(RFC_SECRET, HERE + off), NOW).verdict, 'otherTime');
    const next = verify(phone({ doubt }), codeAt(RFC_SECRET, HERE + off + 1), NOW + STEP_MS);
    assert.deepEqual(next, { verdict: 'right', step: HERE + off + 1, ahead: off });
    // A code of yet another time is no proof of the first doubt.
    assert.notEqual(verify(phone({ doubt }), codeAt(RFC_SECRET, HERE + off + 500), NOW + STEP_MS).verdict, 'right');
    const known = phone({ ahead: off, lastStep: HERE + off + 1 });
    assert.equal(verify(known, codeAt(RFC_SECRET, HERE + off + 100), NOW + 100 * STEP_MS).verdict, 'right');
  }
});

test('whatever clocks and codes do, no step is accepted twice and steps only grow', () => {
  const event = fc.record({ jump: fc.integer({ min: -300, max: 300 }), phoneOff: fc.integer({ min: -50, max: 50 }), back: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let here = HERE;
      let state = phone();
      const accepted: number[] = [];
      for (const { jump, phoneOff, back } of events) {
        here += jump;
        const found = verify(state, codeAt(RFC_SECRET, here + phoneOff - back), here * STEP_MS);
        if (found.verdict === 'otherTime') state = { ...state, doubt: { step: found.step, ahead: found.ahead } };
        if (found.verdict !== 'right') continue;
        accepted.push(found.step);
        state = { ...state, lastStep: found.step, ahead: found.ahead, doubt: null };
      }
      assert.deepEqual(
        accepted,
        [...new Set(accepted)].sort((a, b) => a - b),
      );
    }),
    { numRuns: 30 },
  );
});

test('the address is what authenticator apps read: RFC 4648 base32, names that are escaped', () => {
  for (const [text, encoded] of [
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const)
    assert.equal(base32(Buffer.from(text)), encoded);
  const address = new URL(enrolmentAddress(RFC_SECRET, 'Works 1: edge', 'ada@example.org'));
  assert.equal(address.protocol, 'otpauth:');
  assert.equal(decodeURIComponent(address.pathname).replace(/^\/+/, '').replace('totp/', ''), 'Works 1: edge:ada@example.org');
  assert.deepEqual(Object.fromEntries(address.searchParams), {
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    issuer: 'Works 1: edge',
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
});
