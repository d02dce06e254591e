// The value kinds: what people and programs may send, and what would not survive the way or the database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isErrorCode, Refusal } from './errors.ts';
import * as v from './values.ts';
import { CONTRACT, speaks } from './version.ts';

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) => schema.safeParse(value).success;

test('text is trimmed, and refused with what no database keeps', () => {
  assert.equal(v.name.parse('  Works 1 '), 'Works 1');
  for (const bad of ['a\0b', '\ud800', 'x\udfff', 'a'.repeat(121), '   ', ''])
    assert.equal(accepts(v.name, bad), false, JSON.stringify(bad));
  for (const schema of [v.plain(10), v.text(10), v.password, v.email])
    for (const bad of ['a@b\0c.de', 'a@b\ud800.de']) assert.equal(accepts(schema, bad), false);
  assert.ok(accepts(v.plain(4), 'é🙂'));
  assert.equal(v.plain(10).parse(' as it is '), ' as it is ');
});

test('ids, keys and addresses are what they look like', () => {
  assert.ok(accepts(v.id, '0190a3b2-7c00-7000-8000-0123456789ab'));
  for (const bad of ['', '0190A3B2-7c00-7000-8000-0123456789ab', '0190a3b2-7c00-7000-8000-0123456789ab ', "' or 1=1 --", 7, null])
    assert.equal(accepts(v.id, bad), false, String(bad));
  for (const good of ['a', 'works-1', 'x.y_z', `a${'b'.repeat(61)}c`]) assert.ok(accepts(v.key, good), good);
  for (const bad of ['', 'A', '-a', 'a-', 'a b', 'ä', 'a'.repeat(64), 'a\n']) assert.equal(accepts(v.key, bad), false, JSON.stringify(bad));
  for (const good of ['ada@example.org', ' ada+x@é.example ']) assert.ok(accepts(v.email, good), good);
  for (const bad of ['ada', 'a@', '@b', 'a b@c.d', 'a@b@c', 'a@b,c@d', 'x <a@b.c>', 'a@b\r\nRCPT TO:<x@y>', `${'a'.repeat(250)}@b.cd`])
    assert.equal(accepts(v.email, bad), false, JSON.stringify(bad));
});

test('a password has at least 10 characters and is not trimmed', () => {
  assert.equal(accepts(v.password, '123456789'), false);
  assert.equal(v.password.parse(' 12345678 '), ' 12345678 ');
  assert.equal(accepts(v.password, 'x'.repeat(257)), false);
});

test('a time zone is one that exists', () => {
  for (const good of ['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia']) assert.ok(accepts(v.timeZone, good), good);
  for (const bad of ['', 'Mars/Olympus', 'Europe/Berlin\0', '\ud800', '../../etc/passwd'])
    assert.equal(accepts(v.timeZone, bad), false, JSON.stringify(bad));
});

test('a page has 1 to 500 lines, 100 where nobody says', () => {
  assert.equal(v.limit.parse(undefined), 100);
  for (const bad of [0, 501, 1.5, -1, Number.NaN, '5']) assert.equal(accepts(v.limit, bad), false, String(bad));
});

test('a station serves its own minor version and the one before', () => {
  for (const [theirs, ours, served] of [
    ['1.4', '1.4', true],
    ['1.3', '1.4', true],
    ['1.2', '1.4', false],
    ['1.5', '1.4', false],
    ['0.4', '1.4', false],
    ['2.4', '1.4', false],
    ['1.0', '1.0', true],
    ['1.10', '1.9', false],
    ['', '1.4', false],
    ['1', '1.4', false],
    ['1.4.0', '1.4', false],
    ['1.4 ', '1.4', false],
    ['99999.4', '1.4', false],
    ['__proto__', '1.4', false],
  ] as const)
    assert.equal(speaks(theirs, ours), served, `${theirs} at ${ours}`);
  assert.ok(speaks(CONTRACT));
});

test('a code of the list is its own key, not what an object inherits', () => {
  assert.ok(isErrorCode('notFound'));
  for (const none of ['', 'toString', '__proto__', 'constructor', 'INTERNAL_SERVER_ERROR', 404, null, undefined])
    assert.equal(isErrorCode(none), false);
  const refusal = new Refusal('conflict', 'taken', { key: 'a' });
  assert.deepEqual([refusal.code, refusal.message, refusal.data], ['conflict', 'taken', { key: 'a' }]);
});
