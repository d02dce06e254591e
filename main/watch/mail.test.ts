// Mail, with a real server at the other end: what is sent, what is refused, and who ever gets to see the password.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { declaredProcedures } from '../testing/declared.ts';
import { openMailServer } from '../testing/mailServer.ts';
import { as, lastAudited, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { OTHER } from '../testing/world.ts';

const SECRET = 'the secret of the mailbox';
const at = (port: number, more: Partial<Server> = {}): Server => ({
  host: '127.0.0.1',
  port,
  security: 'none',
  user: 'outpost',
  from: 'outpost@example.org',
  ...more,
});
type Server = { host: string; port: number; security: 'none' | 'startTls' | 'tls'; user: string; from: string };

const watch = (station: TestStation) => as(station, 'platformAdmin').watch;
const set = (station: TestStation, server: Server | null, password?: string) =>
  watch(station).setMailServer({ server, ...(password !== undefined && { password }) });

onBoth('a test mail goes to whoever asks, through the server that is set, with its password', async (database) => {
  const box = await openMailServer(database.t, SECRET);
  const station = await openWorld(database);
  await assert.rejects(watch(station).sendTestMail({}), { code: 'conflict' });
  await set(station, at(box.port), SECRET);
  assert.deepEqual(await watch(station).mailServer({}), { server: at(box.port), passwordSet: true });
  const { answer } = await watch(station).sendTestMail({});
  assert.match(answer, /^250 .*taken in/);
  const [mail, ...more] = box.mails;
  assert.deepEqual([mail?.from, mail?.to, mail?.user, more], ['outpost@example.org', ['ada@example.org'], 'outpost', []]);
  assert.match(mail?.text ?? '', /^Subject: Outpost: test mail$/m);
});

test('a server that takes mail from everybody is shown no password', async (t) => {
  const box = await openMailServer(t);
  const station = await openWorld(sqliteFor(t));
  await set(station, at(box.port, { user: '' }), SECRET);
  await watch(station).sendTestMail({});
  assert.equal(box.mails.length, 1);
  assert.deepEqual(box.shown, []);
});

test('a server that does not know the password says so in its own words, and nothing is sent', async (t) => {
  const box = await openMailServer(t, SECRET);
  const station = await openWorld(sqliteFor(t));
  await set(station, at(box.port), 'the secret of last year');
  await assert.rejects(watch(station).sendTestMail({}), {
    code: 'unavailable',
    message: /did not take the mail: .*Invalid username or password/,
  });
  await set(station, at(box.port), SECRET);
  await watch(station).sendTestMail({});
  assert.deepEqual(box.shown, ['the secret of last year', SECRET]);
});

test('a server that is away is told as such, and is used again as soon as it is back', async (t) => {
  const box = await openMailServer(t, SECRET);
  const station = await openWorld(sqliteFor(t));
  await set(station, at(box.port), SECRET);
  await box.close();
  await assert.rejects(watch(station).sendTestMail({}), { code: 'unavailable', message: /did not take the mail/ });
  const back = await openMailServer(t, SECRET, { port: box.port });
  await watch(station).sendTestMail({});
  assert.deepEqual([box.mails.length, back.mails.length], [0, 1]);
});

test('a mail that the server turns down is not called sent', async (t) => {
  const box = await openMailServer(t, undefined, {
    onRcptTo: (_, __, done) => done(Object.assign(new Error('no such mailbox here'), { responseCode: 550 })),
  });
  const station = await openWorld(sqliteFor(t));
  await set(station, at(box.port, { user: '' }));
  await assert.rejects(watch(station).sendTestMail({}), { code: 'unavailable', message: /no such mailbox here/ });
});

for (const [what, offer, words] of [
  ['does not encrypt', async () => ({}), /STARTTLS|upgrade/i],
  ['shows a certificate nobody signed', selfSigned, /certificate/i],
] as const)
  test(`where encryption is asked for, a server that ${what} is shown neither password nor mail`, async (t) => {
    const box = await openMailServer(t, SECRET, await offer());
    const station = await openWorld(sqliteFor(t));
    await set(station, at(box.port, { security: 'startTls' }), SECRET);
    await assert.rejects(watch(station).sendTestMail({}), { code: 'unavailable', message: words });
    assert.deepEqual([box.shown, box.mails], [[], []]);
  });

test('where none is asked for, a server may offer it under whatever certificate: the mail is sent', async (t) => {
  const box = await openMailServer(t, SECRET, await selfSigned());
  const station = await openWorld(sqliteFor(t));
  await set(station, at(box.port), SECRET);
  await watch(station).sendTestMail({});
  assert.equal(box.mails.length, 1);
});

/** Offers encryption, under a certificate of its own making. */
async function selfSigned() {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
  return { disabledCommands: [], key, cert };
}

// ---- the password

onBoth('the password stays with the server it was given for, and goes to no other', async (database) => {
  const box = await openMailServer(database.t, SECRET);
  const station = await openWorld(database);
  const server = at(box.port);
  const isSet = async () => (await watch(station).mailServer({})).passwordSet;
  for (const [change, stays] of [
    [{ from: 'plant@example.org' }, true],
    [{ port: 2525 }, true],
    [{ host: 'localhost' }, false],
    [{ user: 'somebody' }, false],
    [{ security: 'startTls' }, false],
  ] as const) {
    await set(station, server, SECRET);
    await set(station, { ...server, ...change });
    assert.equal(await isSet(), stays, JSON.stringify(change));
  }
  await set(station, server, SECRET);
  await set(station, { ...server, user: 'somebody' }, 'a new secret');
  assert.equal(await isSet(), true, 'given anew with the change');

  await set(station, null);
  assert.deepEqual(await watch(station).mailServer({}), { server: null, passwordSet: false });
  await set(station, server);
  assert.deepEqual(await watch(station).mailServer({}), { server, passwordSet: false });
  await assert.rejects(watch(station).sendTestMail({}), { code: 'unavailable' });
  assert.ok(!box.shown.includes(SECRET) && !box.shown.includes('a new secret'));
});

onBoth('a password that is set alone stands in the audit as such, without itself', async (database) => {
  const station = await openWorld(database);
  await set(station, at(25));
  await set(station, at(25), SECRET);
  const { action, actor, message, changes } = await lastAudited(station);
  assert.deepEqual([action, actor?.id, message, changes], ['watch.setMailServer', EXAMPLE.admin, 'The password was set.', []]);
});

test('nothing a station can be asked gives the password back, nor does a file of it hold it', async (t) => {
  const station = await openWorld(sqliteFor(t));
  await set(station, at(25), SECRET);
  const client = as(station, 'platformAdmin') as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
  let asked = 0;
  for (const { area, short, meta } of declaredProcedures)
    if (meta.kind === 'question') {
      const answer = JSON.stringify(await client[area]?.[short]?.(meta.example));
      assert.ok(!answer.includes(SECRET), short);
      asked += 1;
    }
  assert.ok(asked > 10);
  const history = await as(station, 'platformAdmin').people.history({ entity: 'mail-server', id: station.store.stationId });
  assert.ok(history.entries.some(({ field, after }) => field === 'user' && after === 'outpost'));
  assert.ok(!JSON.stringify(history).includes(SECRET));

  const { folder } = station.station;
  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.some(({ name }) => name === 'mail.secret'));
  for (const { parentPath, name } of files) assert.ok(!readFileSync(join(parentPath, name)).includes(SECRET), name);
});

onBoth('the server is the station’s, whatever sites it comes to hold', async (database) => {
  const box = await openMailServer(database.t, SECRET);
  const station = await openWorld(database);
  const admin = as(station, 'platformAdmin').people;
  await admin.archiveSite({ site: OTHER.site, archived: true });
  const manager = as(station, 'siteManager').watch;
  await manager.setMailServer({ server: at(box.port, { from: 'works@example.org' }), password: SECRET });
  await admin.archiveSite({ site: OTHER.site, archived: false });
  // Now it is for whoever looks after the platform; nothing was lost on the way.
  await assert.rejects(manager.mailServer({}), { code: 'forbidden' });
  assert.equal((await watch(station).mailServer({})).server?.from, 'works@example.org');
  await watch(station).sendTestMail({});
  assert.deepEqual(
    box.mails.map(({ from, to }) => [from, to]),
    [['works@example.org', ['ada@example.org']]],
  );
});
