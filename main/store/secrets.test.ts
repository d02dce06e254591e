// Secrets: used by the station, read by nobody.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/databases.ts';
import { openSecrets } from './secrets.ts';

const KEY = new Uint8Array(32).fill(7);
const open = (folder: string, key = KEY) => openSecrets(folder, async () => key);
const SECRET = 'a pass phrase — Größe 🏭';

test('a secret is used as it was set, until it is set anew or removed', async (t) => {
  const secrets = open(temporaryFolder(t));
  assert.equal(secrets.isSet('mail.platform'), false);
  assert.equal(await secrets.use('mail.platform'), undefined);
  await secrets.set('mail.platform', SECRET);
  assert.equal(secrets.isSet('mail.platform'), true);
  assert.equal(await secrets.use('mail.platform'), SECRET);
  await secrets.set('mail.platform', '');
  assert.equal(await secrets.use('mail.platform'), '', 'an empty one is one as well');
  await secrets.remove('mail.platform');
  await secrets.remove('mail.platform');
  assert.equal(secrets.isSet('mail.platform'), false);
  assert.equal(await secrets.use('mail.platform'), undefined);
});

test('no file holds a secret in plain text, in any form it is commonly written in, nor twice the same', async (t) => {
  const folder = temporaryFolder(t);
  const secrets = open(folder);
  for (const name of ['one', 'other']) await secrets.set(name, SECRET);
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  assert.equal(files.length, 2);
  assert.notDeepEqual(files[0], files[1], 'equal secrets do not look equal');
  const plain = Buffer.from(SECRET);
  const forms = [
    plain,
    Buffer.from(SECRET, 'utf16le'),
    Buffer.from(plain.toString('base64')),
    Buffer.from(plain.toString('hex')),
    plain.subarray(0, 6),
  ];
  for (const file of files) {
    for (const form of forms) assert.equal(file.indexOf(form), -1);
    assert.equal(file.indexOf(KEY), -1, 'nor the key');
  }
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
});

test('under another key a secret does not open', async (t) => {
  const folder = temporaryFolder(t);
  await open(folder).set('one', SECRET);
  const other = open(folder, new Uint8Array(32).fill(8));
  assert.equal(await other.use('one'), undefined);
  assert.equal(other.isSet('one'), true);
});

test('a file put under another name does not open', async (t) => {
  const folder = temporaryFolder(t);
  const secrets = open(folder);
  await secrets.set('small', 'harmless');
  await secrets.set('large', SECRET);
  const file = (name: string) => join(folder, readdirSync(folder).find((one) => one.startsWith(name)) as string);
  copyFileSync(file('large'), file('small'));
  assert.equal(await secrets.use('small'), undefined);
  assert.equal(await secrets.use('large'), SECRET);
});

test('a file of which one bit was changed, or a part is missing, does not open', async (t) => {
  const folder = temporaryFolder(t);
  const secrets = open(folder);
  await secrets.set('one', SECRET);
  const file = join(folder, readdirSync(folder)[0] as string);
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(file, changed);
    assert.equal(await secrets.use('one'), undefined, `byte ${at}`);
  }
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(file, whole);
    truncateSync(file, length);
    assert.equal(await secrets.use('one'), undefined, `${length} bytes`);
  }
  writeFileSync(file, whole);
  assert.equal(await secrets.use('one'), SECRET);
});

test('a name that could lead elsewhere is none', async (t) => {
  const secrets = open(temporaryFolder(t));
  for (const name of ['', '../key', 'a/b', '.hidden', 'A', 'a b', 'a\0', 'a'.repeat(200)]) {
    await assert.rejects(async () => secrets.set(name, 'x'), /not a name/, JSON.stringify(name));
    await assert.rejects(async () => secrets.use(name), /not a name/);
    await assert.rejects(async () => secrets.remove(name), /not a name/);
  }
});

test('where the platform gives no key, that is said, and not taken for a missing secret', async (t) => {
  const folder = temporaryFolder(t);
  await open(folder).set('one', SECRET);
  const locked = openSecrets(folder, () => Promise.reject(new Error('the keyring is locked')));
  await assert.rejects(locked.use('one'), /keyring is locked/);
  await assert.rejects(locked.set('two', 'x'), /keyring is locked/);
  assert.equal(locked.isSet('two'), false);
});
