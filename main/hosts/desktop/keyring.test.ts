// The key that seals the station's secrets, under keyrings that are there, are not, become others and forget.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSecrets } from '../../store/secrets.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { openKeyring, type Vault } from './keyring.ts';

/** As the keyrings of one account behave: each opens what it has sealed itself, until it forgets. */
function account(backend = 'gnome_libsecret') {
  const state = {
    backend,
    there: true,
    renew: false,
    fails: false,
    generation: { gnome_libsecret: 1, kwallet6: 1 } as Record<string, number>,
  };
  const mark = () => `${state.backend} ${state.generation[state.backend]}`;
  const vault: Vault = {
    available: async () => state.there,
    backend: () => state.backend,
    async seal(text) {
      if (state.fails) throw new Error('the keyring refused');
      return Buffer.from(JSON.stringify([mark(), [...text].reverse().join('')]));
    },
    async open(sealed) {
      const [by, text] = JSON.parse(Buffer.from(sealed).toString('utf8')) as [string, string];
      if (by !== mark()) throw new Error('not sealed by this keyring');
      return { result: [...text].reverse().join(''), shouldReEncrypt: state.renew };
    },
  };
  return { state, vault };
}

/** A start of the station: its secrets under the key there is then. */
async function start(folder: string, vault: Vault) {
  const { key, state } = await openKeyring(folder, vault);
  return { key, state, secrets: openSecrets(folder, async () => key) };
}

test('with a keyring the key is in no file, and opens what it sealed after the next start', async (t) => {
  const folder = temporaryFolder(t);
  const { vault } = account();
  const first = await start(folder, vault);
  assert.equal(first.state, 'new');
  await first.secrets.set('mail', 'hunter2');
  const second = await start(folder, vault);
  assert.equal(second.state, 'sealed');
  assert.equal(await second.secrets.use('mail'), 'hunter2');
  assert.deepEqual(readdirSync(folder).sort(), ['key.sealed', 'mail.secret']);
  const kept = readFileSync(join(folder, 'key.sealed'), 'utf8');
  assert.equal(JSON.parse(kept)[0].backend, 'gnome_libsecret');
  assert.equal(kept.includes(Buffer.from(first.key).toString('base64')), false);
  assert.equal(statSync(join(folder, 'key.sealed')).mode & 0o777, 0o600);
});

test('a key that lay in a file goes under the seal with all it has sealed', async (t) => {
  const folder = temporaryFolder(t);
  const { vault, state } = account('basic_text');
  const before = await start(folder, vault);
  assert.equal(before.state, 'file', 'a password that stands in Chromium’s source is no keyring');
  await before.secrets.set('mail', 'hunter2');
  state.backend = 'kwallet6';
  assert.equal((await start(folder, vault)).state, 'new');
  assert.equal(existsSync(join(folder, 'key')), false);
  assert.equal(await (await start(folder, vault)).secrets.use('mail'), 'hunter2');
});

test('without a keyring a file serves, and what a keyring sealed opens when it is back', async (t) => {
  const folder = temporaryFolder(t);
  const { vault, state } = account();
  const first = await start(folder, vault);
  await first.secrets.set('mail', 'hunter2');
  state.there = false;
  for (let n = 0; n < 2; n++) {
    const without = await start(folder, vault);
    assert.equal(without.state, 'locked');
    assert.equal(await without.secrets.use('mail'), undefined, 'to be entered again');
    assert.equal(without.secrets.isSet('mail'), true, 'not lost');
    if (n === 0) await without.secrets.set('other', 'entered meanwhile');
    else assert.equal(await without.secrets.use('other'), 'entered meanwhile');
  }
  state.there = true;
  const back = await start(folder, vault);
  assert.equal(back.state, 'sealed');
  assert.equal(await back.secrets.use('mail'), 'hunter2');
});

test('another desktop session with another keyring has a key of its own, and the first one keeps its', async (t) => {
  const folder = temporaryFolder(t);
  const { vault, state } = account('gnome_libsecret');
  const gnome = await start(folder, vault);
  await gnome.secrets.set('mail', 'hunter2');
  state.backend = 'kwallet6';
  const kde = await start(folder, vault);
  assert.equal(kde.state, 'changed');
  assert.equal(await kde.secrets.use('mail'), undefined);
  assert.equal((await start(folder, vault)).state, 'sealed', 'told once');
  state.backend = 'gnome_libsecret';
  const again = await start(folder, vault);
  assert.equal(again.state, 'sealed');
  assert.equal(await again.secrets.use('mail'), 'hunter2');
});

test('a keyring that has forgotten leads to a new key, and the old one stays beside it', async (t) => {
  const folder = temporaryFolder(t);
  const { vault, state } = account();
  await (await start(folder, vault)).secrets.set('mail', 'hunter2');
  state.generation.gnome_libsecret = 2;
  const after = await start(folder, vault);
  assert.equal(after.state, 'changed');
  await after.secrets.set('mail', 'entered again');
  assert.equal(await (await start(folder, vault)).secrets.use('mail'), 'entered again');
  assert.equal(JSON.parse(readFileSync(join(folder, 'key.sealed'), 'utf8')).length, 2);
});

test('a sealed key that is damaged is kept aside, and a new one begins', async (t) => {
  for (const damage of ['', '[', '[]', 'null', '{"backend":"x"}', '[{"backend":1}]', '\0\0']) {
    const folder = temporaryFolder(t);
    const { vault } = account();
    await start(folder, vault);
    writeFileSync(join(folder, 'key.sealed'), damage);
    assert.equal((await start(folder, vault)).state, 'damaged', JSON.stringify(damage));
    assert.equal(readFileSync(join(folder, 'key.sealed.damaged'), 'utf8'), damage);
    assert.equal((await start(folder, vault)).state, 'sealed');
  }
});

test('a ciphertext that is not one, or of another length, counts as forgotten', async (t) => {
  const { vault } = account();
  const short = Buffer.from(await vault.seal('c2hvcnQ=')).toString('base64');
  for (const sealed of ['', 'AAAA', short]) {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'key.sealed'), JSON.stringify([{ backend: 'gnome_libsecret', sealed }]));
    assert.equal((await start(folder, vault)).state, 'changed');
    assert.equal((await start(folder, vault)).state, 'sealed');
  }
});

test('a keyring that turns its own key is sealed anew, and the list stays short', async (t) => {
  const folder = temporaryFolder(t);
  const { vault, state } = account();
  const { key } = await start(folder, vault);
  state.renew = true;
  for (let n = 0; n < 20; n++) assert.deepEqual((await start(folder, vault)).key, key);
  assert.equal(JSON.parse(readFileSync(join(folder, 'key.sealed'), 'utf8')).length, 1);
});

test('a keyring that refuses to seal leaves the key in its file', async (t) => {
  const folder = temporaryFolder(t);
  const { vault, state } = account();
  state.fails = true;
  const { secrets, state: how } = await start(folder, vault);
  assert.equal(how, 'file');
  await secrets.set('mail', 'hunter2');
  assert.equal(await (await start(folder, vault)).secrets.use('mail'), 'hunter2');
});

test('a seal that cannot be opened at once does not take the place of the file', async (t) => {
  const folder = temporaryFolder(t);
  const { vault } = account();
  const forgets: Vault = { ...vault, open: () => Promise.reject(new Error('forgotten already')) };
  const { secrets } = await start(folder, forgets);
  await secrets.set('mail', 'hunter2');
  assert.equal(existsSync(join(folder, 'key')), true);
  assert.equal(await (await start(folder, forgets)).secrets.use('mail'), 'hunter2');
});
