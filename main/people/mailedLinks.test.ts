// Links that go by mail, through a real mail server: who gets them, who never sees them, and who is told when it does not work.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth, sqliteFor, type TestDatabase } from '../testing/databases.ts';
import { type Mailbox, openMailServer } from '../testing/mailServer.ts';
import { as, at, bearing, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { contents } from '../testing/store.ts';
import { reaches } from '../testing/tasks.ts';
import { CAST, OTHER } from '../testing/world.ts';

const PAGE = 'https://plant.example';
const NET = { ...at('192.0.2.7'), page: PAGE };
const VIEWER = 'viewer@example.org';
const OTTO = { email: 'otto@example.org', name: 'Otto', role: 'viewer', at: { kind: 'site', site: EXAMPLE.site } } as const;
const BY_MAIL = { ...OTTO, byMail: true } as const;

const admin = (station: TestStation) => as(station, 'organisationAdmin', NET).people;
const setServer = (station: TestStation, port: number) =>
  as(station, 'platformAdmin').watch.setMailServer({
    server: { host: '127.0.0.1', port, security: 'none', user: '', from: 'outpost@example.org' },
  });
async function withMail(database: TestDatabase): Promise<{ station: TestStation; box: Mailbox }> {
  const box = await openMailServer(database.t);
  const station = await openWorld(database);
  await setServer(station, box.port);
  return { station, box };
}
const ended = (station: TestStation, task: string | null, state: 'done' | 'failed') => reaches(station, task as string, state);
/** What a mail program makes of it. */
const readable = (text: string) =>
  text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
function secretIn(mail: Mailbox['mails'][number] | undefined): string {
  const [, secret] = /https:\/\/plant\.example\/#link=([A-Za-z0-9_-]{43})\r?\n/.exec(readable(mail?.text ?? '')) ?? [];
  return secret ?? assert.fail(`no link in ${mail?.text}`);
}
const byLink = (station: TestStation, secret: string) => bearing(station, undefined, NET).people.signInByLink({ secret });
const verifiedAt = async (station: TestStation, email: string) => {
  const { people } = await admin(station).listPeople({ organisation: EXAMPLE.organisation });
  return (people.find((one) => one.email === email) ?? assert.fail(email)).emailVerifiedAt;
};

onBoth('the link goes to the new person alone; whoever comes in by it has shown that the address is theirs', async (database) => {
  const { station, box } = await withMail(database);
  const { link, mail } = await admin(station).createPerson(BY_MAIL);
  assert.equal(link, null);
  await ended(station, mail, 'done');
  assert.deepEqual(
    box.mails.map(({ from, to }) => [from, to]),
    [['outpost@example.org', [OTTO.email]]],
  );
  const secret = secretIn(box.mails[0]);

  assert.equal(await verifiedAt(station, OTTO.email), null);
  station.clock.advance(5_000);
  const { token } = await byLink(station, secret);
  assert.equal(await verifiedAt(station, OTTO.email), station.clock());
  assert.equal((await bearing(station, token).people.me({})).person.emailVerifiedAt, station.clock());
  await assert.rejects(byLink(station, secret), { code: 'unauthenticated' });
});

onBoth('a link that was handed over proves no address', async (database) => {
  const { station } = await withMail(database);
  const { link, mail } = await admin(station).createPerson(OTTO);
  assert.equal(mail, null);
  await byLink(station, link as string);
  assert.equal(await verifiedAt(station, OTTO.email), null);
});

onBoth('the secret of the link lies nowhere but in the mail', async (database) => {
  const { station, box } = await withMail(database);
  const { mail } = await admin(station).createPerson(BY_MAIL);
  const task = await ended(station, mail, 'done');
  const secret = secretIn(box.mails[0]);
  await byLink(station, secret);
  const { task: backup } = await as(station, 'platformAdmin').watch.startBackup({});
  await ended(station, backup, 'done');
  const files = readdirSync(station.station.folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const everything = [
    JSON.stringify(task),
    station.logged(),
    await contents(station.store.database),
    ...files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')),
  ].join('\n');
  assert.ok(everything.includes(OTTO.email), 'it was looked for where it would lie');
  assert.ok(!everything.includes(secret));
});

onBoth('where no mail can be sent it is refused, and nothing was done', async (database) => {
  const station = await openWorld(database);
  const people = admin(station);
  const nothing = { code: 'conflict', message: /no mail server is set/ };
  assert.deepEqual(await people.linksByMail({}), { possible: false });
  await assert.rejects(people.createPerson(BY_MAIL), nothing);
  await assert.rejects(people.importPeople({ ...TABLE, byMail: true, dryRun: true }), nothing);
  await assert.rejects(people.mailSignInLink({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer }), nothing);
  await assert.rejects(verifiedAt(station, OTTO.email));

  await setServer(station, 25);
  assert.deepEqual(await people.linksByMail({}), { possible: true });
  // A window without an address of its own: a mail could lead nowhere.
  const window = as(station, 'organisationAdmin', at('192.0.2.7')).people;
  assert.deepEqual(await window.linksByMail({}), { possible: false });
  await assert.rejects(window.createPerson(BY_MAIL), { code: 'conflict', message: /no address/ });
});

onBoth('a mail that was not taken is told to whoever ordered it, opens nothing, and can be sent again', async (database) => {
  const { station, box } = await withMail(database);
  await box.close();
  const people = admin(station);
  const { mail } = await people.createPerson(BY_MAIL);
  const failed = await ended(station, mail, 'failed');
  assert.match(failed.message, /^otto@example\.org: The mail server did not take the mail: /);
  const links = await station.store.database.reader.all('select * from "signInLink"');
  assert.deepEqual(links, []);
  const notices = async () => (await as(station, 'organisationAdmin').watch.listNotices({})).notices;
  while ((await notices()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [notice] = await notices();
  assert.deepEqual([notice?.kind, notice?.data.message], ['watch.taskFailed', failed.message]);

  await assert.rejects(as(station, 'platformAdmin', NET).people.mailLinksAgain({ task: failed.id }), { code: 'notFound' });
  const back = await openMailServer(database.t, undefined, { port: box.port });
  const { task } = await people.mailLinksAgain({ task: failed.id });
  await ended(station, task, 'done');
  await byLink(station, secretIn(back.mails[0]));
  await assert.rejects(people.mailLinksAgain({ task }), { code: 'conflict' });
});

const TABLE = {
  organisation: EXAMPLE.organisation,
  csv: `name,email,role,site\nIda,ida@example.org,viewer,works-1\nThe viewer,${VIEWER},operator,works-1\nOtto,${OTTO.email},viewer,works-1\n`,
};

onBoth('of many, each gets their own; tried again, only who has none yet gets one', async (database) => {
  let deaf = true;
  const box = await openMailServer(database.t, undefined, {
    onRcptTo: ({ address }, _, done) =>
      deaf && address === OTTO.email ? done(Object.assign(new Error('mailbox full'), { responseCode: 452 })) : done(),
  });
  const station = await openWorld(database);
  await setServer(station, box.port);
  const people = admin(station);
  const tried = await people.importPeople({ ...TABLE, byMail: true, dryRun: true });
  assert.deepEqual([tried.mail, tried.lines.map(({ mailed }) => mailed)], [null, [true, false, true]]);
  station.clock.advance(1_000);
  const { mail, lines } = await people.importPeople({ ...TABLE, byMail: true, dryRun: false });
  assert.deepEqual(
    lines.map(({ outcome, link, mailed }) => [outcome, link, mailed]),
    [
      ['added', null, true],
      ['known', null, false],
      ['added', null, true],
    ],
  );
  // The server takes the first a moment later.
  station.clock.advance(1);
  const failed = await ended(station, mail, 'failed');
  assert.match(failed.message, /^otto@example\.org: .*mailbox full/);
  deaf = false;
  const { task } = await people.mailLinksAgain({ task: failed.id });
  await ended(station, task, 'done');
  assert.deepEqual(
    box.mails.map(({ to }) => to[0]),
    ['ida@example.org', OTTO.email],
  );
  const secrets = box.mails.map(secretIn);
  assert.notEqual(secrets[0], secrets[1]);
  for (const secret of secrets) await byLink(station, secret);
});

test('a server that is not there is not asked for each of many; all of them get theirs once it is back', async (t) => {
  const { station, box } = await withMail(sqliteFor(t));
  await box.close();
  const { mail } = await admin(station).importPeople({ ...TABLE, byMail: true, dryRun: false });
  const failed = await ended(station, mail, 'failed');
  assert.match(failed.message, /^ida@example\.org: The mail server did not take the mail: [^·]* · and 1 more$/);
  const back = await openMailServer(t, undefined, { port: box.port });
  const { task } = await admin(station).mailLinksAgain({ task: failed.id });
  await ended(station, task, 'done');
  assert.equal(back.mails.length, 2);
});

onBoth('a new link by mail takes the place of earlier ones; its maker sees neither it nor people of others', async (database) => {
  const { station, box } = await withMail(database);
  const people = admin(station);
  const { link } = await people.createSignInLink({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer });
  const answer = await people.mailSignInLink({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer });
  assert.deepEqual(Object.keys(answer), ['mail']);
  await ended(station, answer.mail, 'done');
  await assert.rejects(byLink(station, link), { code: 'unauthenticated' });
  await byLink(station, secretIn(box.mails[0]));
  assert.deepEqual(box.mails[0]?.to, [VIEWER]);

  await assert.rejects(people.mailSignInLink({ organisation: EXAMPLE.organisation, person: OTHER.admin }), { code: 'notFound' });
  await assert.rejects(people.mailSignInLink({ organisation: EXAMPLE.organisation, person: CAST.platformAdmin.id }), { code: 'notFound' });
  assert.equal(box.mails.length, 1);
});

onBoth('who is barred before the mail goes gets none, and that is said', async (database) => {
  const { station, box } = await withMail(database);
  await as(station, 'platformAdmin').people.disablePerson({ person: EXAMPLE.viewer, disabled: true });
  const { mail } = await admin(station).mailSignInLink({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer });
  assert.match((await ended(station, mail, 'failed')).message, /viewer@example\.org: This person is barred/);
  assert.equal(box.mails.length, 0);
});

test('a person who is known already gets no link by mail, and keeps their password', async (t) => {
  const { station, box } = await withMail(sqliteFor(t));
  const { link, mail } = await admin(station).createPerson({ ...BY_MAIL, email: VIEWER });
  assert.deepEqual([link, mail, box.mails], [null, null, []]);
});

test('whoever may not do it any more cannot have it tried again', async (t) => {
  const { station, box } = await withMail(sqliteFor(t));
  await box.close();
  const { mail } = await admin(station).createPerson(BY_MAIL);
  await ended(station, mail, 'failed');
  const { people } = await as(station, 'platformAdmin').people.listPeople({ organisation: EXAMPLE.organisation });
  const grant = people.find(({ id }) => id === CAST.organisationAdmin.id)?.grants[0]?.id as string;
  await as(station, 'platformAdmin').people.revokeRole({ grant });
  await assert.rejects(admin(station).mailLinksAgain({ task: mail as string }), { code: 'forbidden' });
});
