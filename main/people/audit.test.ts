// What stands in the audit and what never does, and who may read it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import type { AuditEntry } from '../../contract/people.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { declaredProcedures } from '../testing/declared.ts';
import { openMailServer } from '../testing/mailServer.ts';
import { mendWorld } from '../testing/mend.ts';
import { as, at, bearing, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { tamper } from '../testing/tamper.ts';
import { type Actor, CAST, OTHER, PASSWORD } from '../testing/world.ts';
import { codeAt, STEP_MS } from './totp.ts';

const HERE = '192.0.2.77';
const ORGANISATION = [EXAMPLE.organisation, null] as const;
const SITE = [EXAMPLE.organisation, EXAMPLE.site] as const;
const NOWHERE = [null, null] as const;

/** Where each command of the examples takes place: organisation and site. */
const WHERE: Record<string, readonly [organisation: string | null, site: string | null]> = {
  'people.signIn': NOWHERE,
  'people.signOut': NOWHERE,
  'people.updateMe': NOWHERE,
  'people.changePassword': NOWHERE,
  'people.setPicture': NOWHERE,
  'people.revokeSession': NOWHERE,
  'people.revokeOtherSessions': NOWHERE,
  'people.setPreference': NOWHERE,
  'people.confirmSession': NOWHERE,
  'people.beginSecondFactor': NOWHERE,
  'people.forgetDevices': NOWHERE,
  'people.createKey': SITE,
  'people.removePerson': ORGANISATION,
  'people.importPeople': ORGANISATION,
  'people.revokeKey': SITE,
  'people.createOrganisation': NOWHERE,
  'people.updateOrganisation': ORGANISATION,
  'people.archiveOrganisation': NOWHERE,
  'people.createSite': ORGANISATION,
  'people.updateSite': SITE,
  'people.archiveSite': SITE,
  'people.createPlace': SITE,
  'people.updatePlace': SITE,
  'people.movePlace': SITE,
  'people.removePlace': SITE,
  'people.createPerson': SITE,
  'people.createSignInLink': ORGANISATION,
  'people.mailSignInLink': ORGANISATION,
  'people.disablePerson': NOWHERE,
  'people.grantRole': SITE,
  'people.revokeRole': SITE,
  'people.seeAs': ORGANISATION,
  'people.createTeam': ORGANISATION,
  'people.updateTeam': ORGANISATION,
  'people.removeTeam': ORGANISATION,
  'people.setTeamMember': ORGANISATION,
  'people.removeTeamMember': ORGANISATION,
  'people.mergePeople': NOWHERE,
  'plant.importConfig': SITE,
  'plant.removeDevice': SITE,
  'watch.cancelTask': NOWHERE,
  'watch.startBackup': NOWHERE, // the station holds sites of two organisations
  'watch.checkIntegrity': NOWHERE,
  'watch.setMailServer': NOWHERE,
  'watch.sendTestMail': NOWHERE,
  'watch.readNotices': NOWHERE,
};
/** Refused with their examples, and tested where they live. */
const NOT_DONE = [
  'people.setUp',
  'people.signInByLink',
  'people.signInForwarded',
  'people.mailLinksAgain',
  'people.signInByKey',
  'people.confirmSecondFactor',
  'people.renewRecoveryCodes',
  'people.removeSecondFactor',
  'people.resetSecondFactor',
  'people.endSeeAs',
  'people.undo',
  'watch.update',
];
/** Examples that ask for what is so already change nothing: asked for the other way they do. */
const INSTEAD: Record<string, object> = {
  'people.archiveOrganisation': { organisation: EXAMPLE.organisation, archived: true },
  'people.archiveSite': { site: EXAMPLE.site, archived: true },
  'people.updatePlace': { place: EXAMPLE.building, name: 'Hall 1' },
  'people.disablePerson': { person: EXAMPLE.viewer, disabled: true },
  'people.setTeamMember': { team: EXAMPLE.team, person: EXAMPLE.viewer, role: 'admin' },
  'people.grantRole': { person: EXAMPLE.viewer, role: 'operator', at: { kind: 'site', site: EXAMPLE.site } },
  'people.seeAs': { person: CAST.siteManager.id, organisation: EXAMPLE.organisation },
};

const call = (station: TestStation, name: string, input: unknown, who: Actor): Promise<unknown> => {
  const [area, short] = name.split('.') as [string, string];
  const client = as(station, who, { ...at(HERE), page: 'https://plant.example' }) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >;
  return client[area]?.[short]?.(input) as Promise<unknown>;
};
const readAll = async (station: TestStation, token: string = CAST.platformAdmin.token): Promise<AuditEntry[]> => {
  const all: AuditEntry[] = [];
  for (let before: string | null = ''; before !== null; ) {
    const page: { entries: AuditEntry[]; next: string | null } = await bearing(station, token).people.listAudit({
      limit: 500,
      ...(before && { before }),
    });
    all.push(...page.entries);
    before = page.next;
  }
  return all;
};
/** What somebody's act has added to the audit. What the station does by itself thereupon is its own. */
async function added(station: TestStation, person: string, act: () => Promise<unknown>, auditor: string): Promise<AuditEntry[]> {
  const before = new Set((await readAll(station, auditor)).map(({ seq }) => seq));
  await act();
  return (await readAll(station, auditor)).filter(({ seq, actor }) => !before.has(seq) && actor?.id === person);
}

test('there is a place for every command', () => {
  const commands = declaredProcedures.filter(({ meta }) => meta.kind === 'command').map(({ name }) => name);
  assert.deepEqual([...Object.keys(WHERE), ...NOT_DONE].sort(), commands.sort());
});

onBoth('every command that is carried out leaves one record: who, what, where, from which address', async (database) => {
  const { port } = await openMailServer(database.t);
  const station = await openWorld(database);
  await mendWorld(station, port);
  // Some of the examples end the sessions of whoever carries them out: somebody else looks.
  await as(station, 'platformAdmin').people.grantRole({ person: CAST.nobody.id, role: 'platformAdmin', at: { kind: 'platform' } });
  for (const [name, [organisation, site]] of Object.entries(WHERE)) {
    const example = INSTEAD[name] ?? declaredProcedures.find((declared) => declared.name === name)?.meta.example;
    const entries = await added(station, EXAMPLE.admin, () => call(station, name, example, 'platformAdmin'), CAST.nobody.token);
    assert.deepEqual(
      entries.map((entry) => [entry.action, entry.outcome, entry.organisation, entry.site, entry.from]),
      [[name, 'done', organisation, site, HERE]],
      name,
    );
    await mendWorld(station, port);
  }
});

onBoth('every refusal leaves one record, of commands and questions alike', async (database) => {
  const station = await openWorld(database);
  let refused = 0;
  for (const who of ['viewer', 'stranger'] as const)
    for (const { name, meta } of declaredProcedures) {
      if (!('permission' in meta.needs)) continue;
      let code = 'ok';
      const asking = () =>
        call(station, name, meta.example, who).catch((error) => {
          code = error.code;
        });
      const entries = await added(station, CAST[who].id, asking, CAST.platformAdmin.token);
      if (code === 'ok') continue;
      refused += 1;
      assert.ok(code === 'forbidden' || code === 'notFound', `${name} as ${who}: ${code}`);
      assert.deepEqual(
        entries.map((entry) => [entry.action, entry.outcome, entry.from, entry.changes]),
        [[name, 'refused', HERE, []]],
        `${name} as ${who}`,
      );
      // What lies outside one's own places does not exist, nor does the place of the refusal.
      if (code === 'notFound') assert.deepEqual([entries[0]?.organisation, entries[0]?.site], [null, null], name);
    }
  assert.ok(refused > 30, `${refused} refusals`);
});

onBoth('a wrong password is written down under the account it was tried at, an unknown one under nobody', async (database) => {
  const station = await openWorld(database);
  const { people } = bearing(station, undefined, at(HERE));
  for (const email of ['viewer@example.org', 'unknown@example.org'])
    await assert.rejects(people.signIn({ email, password: 'a wrong phrase' }), { code: 'unauthenticated' });
  const [unknown, known] = await readAll(station);
  for (const [entry, actor] of [
    [known, EXAMPLE.viewer],
    [unknown, null],
  ] as const)
    assert.deepEqual([entry?.action, entry?.outcome, entry?.actor?.id ?? null, entry?.from], ['people.signIn', 'refused', actor, HERE]);
});

onBoth('each reads the audit of their own place, whole and nothing else', async (database) => {
  const station = await openWorld(database);
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.building, name: 'Hall 1' });
  await as(station, 'organisationAdmin').people.updateOrganisation({ organisation: EXAMPLE.organisation, name: 'Nordwerk GmbH' });
  await as(station, 'stranger').people.updateOrganisation({ organisation: OTHER.organisation, name: 'Südwerk GmbH' });
  await as(station, 'stranger').people.updatePlace({ place: OTHER.building, name: 'Tower 2' });
  await as(station, 'platformAdmin').people.createOrganisation({ name: 'Ostwerk' });
  await as(station, 'viewer').people.updateMe({ name: 'Vera' });
  const seen = async (who: Actor, where: { site?: string; organisation?: string }) =>
    (await as(station, who).people.listAudit(where)).entries.map(({ action, actor }) => `${action} by ${actor?.id ?? 'nobody'}`);
  const north = [`people.updateOrganisation by ${CAST.organisationAdmin.id}`, `people.updatePlace by ${CAST.siteManager.id}`];
  const south = [`people.updatePlace by ${CAST.stranger.id}`, `people.updateOrganisation by ${CAST.stranger.id}`];
  const everywhere = [
    `people.updateMe by ${EXAMPLE.viewer}`,
    `people.createOrganisation by ${EXAMPLE.admin}`,
    ...south,
    ...north,
    'test.world by nobody',
  ];
  assert.deepEqual(await seen('siteManager', { site: EXAMPLE.site }), north.slice(1));
  assert.deepEqual(await seen('organisationAdmin', { organisation: EXAMPLE.organisation }), north);
  assert.deepEqual(await seen('organisationAdmin', { site: EXAMPLE.site, organisation: EXAMPLE.organisation }), north.slice(1));
  assert.deepEqual(await seen('organisationAdmin', { site: EXAMPLE.site, organisation: OTHER.organisation }), []);
  assert.deepEqual(await seen('stranger', { organisation: OTHER.organisation }), south);
  assert.deepEqual(await seen('stranger', { site: OTHER.site }), south.slice(0, 1));
  assert.deepEqual(await seen('platformAdmin', {}), everywhere);
});

onBoth('pages of the audit hold each entry once, in order, also while it grows', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'siteManager');
  for (let n = 0; n < 23; n++) await people.updatePlace({ place: EXAMPLE.building, name: `Hall ${n}` });
  const whole = (await people.listAudit({ site: EXAMPLE.site })).entries;
  assert.equal(whole.length, 23);
  const paged: AuditEntry[] = [];
  for (let before: string | null = ''; before !== null; ) {
    const page: { entries: AuditEntry[]; next: string | null } = await people.listAudit({
      site: EXAMPLE.site,
      limit: 5,
      ...(before && { before }),
    });
    paged.push(...page.entries);
    before = page.next;
    await people.updatePlace({ place: EXAMPLE.building, name: `Meanwhile ${paged.length}` });
  }
  assert.deepEqual(paged, whole);
  const mine = await as(station, 'platformAdmin').people.listAudit({ person: CAST.siteManager.id, limit: 500 });
  assert.equal(mine.entries.length, 23 + 5);
  assert.equal((await people.listAudit({ site: EXAMPLE.site, limit: 28 })).next, null, 'a page that is just full is the last one');
});

onBoth('whoever changes a row behind the station’s back is found out by the screen that checks', async (database) => {
  const station = await openWorld(database);
  const check = () => as(station, 'platformAdmin').people.verifyAudit({});
  await as(station, 'viewer').people.updateMe({ name: 'Vera' });
  assert.deepEqual(await check(), { intact: true, rows: 2, fault: null });
  await tamper(station.store.database, `update "audit" set "actor" = '${CAST.operator.id}' where "seq" = 2`);
  const { intact, fault } = await check();
  assert.equal(intact, false);
  assert.match(fault ?? '', /row 2 .*changed/);
});

onBoth('the history of the plant is for who sees it, that of people for who reads the audit', async (database) => {
  const station = await openWorld(database);
  const history = (who: Actor, entity: string, id: string) => as(station, who).people.history({ entity, id });
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.building, name: 'Hall 1' });
  const [newest] = (await history('viewer', 'place', EXAMPLE.building)).entries;
  assert.deepEqual(
    [newest?.actor, newest?.field, newest?.before, newest?.after],
    [{ id: CAST.siteManager.id, name: 'The siteManager' }, 'name', 'Hall A', 'Hall 1'],
  );
  await assert.rejects(history('viewer', 'grant', EXAMPLE.grant), { code: 'forbidden' });
  assert.ok(
    (await history('siteManager', 'grant', EXAMPLE.grant)).entries.some(({ field, after }) => field === 'role' && after === 'viewer'),
  );
  await assert.rejects(history('organisationAdmin', 'person', EXAMPLE.viewer), { code: 'notFound' });
  assert.ok((await history('platformAdmin', 'person', EXAMPLE.viewer)).entries.some(({ field }) => field === 'email'));
  for (const [entity, id] of [
    ['credential', EXAMPLE.viewer],
    ['session', EXAMPLE.session],
    ['preference', `${EXAMPLE.viewer}:theme`],
  ] as const)
    await assert.rejects(history('platformAdmin', entity, id), { code: 'notFound' }, entity);
});

/** Six figures stand by chance in many an id: a code is one only by itself. */
const holds = (text: string, secret: string) =>
  /^\d+$/.test(secret) ? new RegExp(`(?<![0-9a-f.-])${secret}(?![0-9a-f-])`).test(text) : text.includes(secret);

test('no password, token, link or code is in the audit or in the log, whatever became of the call it came with', async (t) => {
  const mailSecret = 'the secret of the mailbox';
  const { port } = await openMailServer(t, mailSecret);
  const station = await openWorld(sqliteFor(t), { settings: { logLevel: 'debug' } });
  const stranger = bearing(station, undefined, at(HERE));
  const admin = as(station, 'platformAdmin');
  const secrets = [
    PASSWORD,
    'a wrong phrase',
    'the new phrase',
    'a phrase for the set-up',
    mailSecret,
    'another mail secret',
    'a guessed link',
  ];
  const keep = <T extends string | null>(secret: T): T => {
    secrets.push(secret as string);
    return secret;
  };
  keep(station.people.firstStart.code);
  const { token } = await stranger.people.signIn({ email: 'viewer@example.org', password: PASSWORD });
  keep(token);
  const attempts = [
    () => stranger.people.signIn({ email: 'viewer@example.org', password: 'a wrong phrase' }),
    () => stranger.people.signInByLink({ secret: 'a guessed link' }),
    () =>
      stranger.people.setUp({
        organisation: 'X',
        site: 'X',
        admin: { email: 'x@example.org', name: 'X', password: 'a phrase for the set-up' },
        code: station.people.firstStart.code,
      }),
    () => bearing(station, token).people.changePassword({ current: 'a wrong phrase', password: 'the new phrase' }),
    // Not what the contract asks for: the whole input is refused.
    () => stranger.people.signIn({ email: 5, password: 'a wrong phrase' } as never),
  ];
  for (const attempt of attempts) await assert.rejects(attempt());
  await bearing(station, token).people.changePassword({ current: PASSWORD, password: 'the new phrase' });
  const link = keep(
    (await as(station, 'organisationAdmin').people.createSignInLink({ organisation: EXAMPLE.organisation, person: EXAMPLE.viewer })).link,
  );
  keep((await stranger.people.signInByLink({ secret: link })).token);
  const site = { kind: 'site', site: EXAMPLE.site } as const;
  keep((await admin.people.createPerson({ email: 'n@example.org', name: 'N', role: 'viewer', at: site })).link);
  keep(await station.people.consoleLink(undefined, 60_000));

  // Keys, a phone with its codes, a device: each with what is right and what is not.
  const key = await admin.people.createKey({ site: EXAMPLE.site, name: 'Screen', role: 'viewer', expiresAt: null });
  await stranger.people.signInByKey({ key: keep(key.token) });
  await bearing(station, key.token).people.me({});
  await admin.people.revokeKey({ key: key.key });
  for (const gone of [key.token, keep('a guessed key of a screen')])
    await assert.rejects(stranger.people.signInByKey({ key: gone }), { code: 'unauthenticated' });
  const operator = as(station, 'operator').people;
  const phone = await operator.beginSecondFactor({});
  keep(phone.address);
  const bits = [...keep(phone.secret)].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const code = () => keep(codeAt(bytes, Math.floor(station.clock() / STEP_MS)));
  await assert.rejects(operator.confirmSecondFactor({ code: keep('a guessed code') }), { code: 'forbidden' });
  const { recoveryCodes } = await operator.confirmSecondFactor({ code: code() });
  recoveryCodes.forEach(keep);
  station.clock.advance(STEP_MS);
  const credentials = { email: 'operator@example.org', password: PASSWORD };
  await assert.rejects(stranger.people.signIn({ ...credentials, totp: keep('another code') }), { code: 'unauthenticated' });
  const remembered = await stranger.people.signIn({ ...credentials, totp: code(), remember: true });
  keep(remembered.token);
  keep((await stranger.people.signIn({ ...credentials, device: keep(remembered.device ?? '') })).token);
  keep((await stranger.people.signIn({ ...credentials, totp: recoveryCodes[0] as string })).token);
  station.clock.advance(STEP_MS);
  await operator.confirmSession({ totp: code() });
  await assert.rejects(operator.changePassword({ current: PASSWORD, password: keep('Nordwerk-2026-x') }), { code: 'invalid' });
  await operator.changePassword({ current: PASSWORD, password: keep('yet another phrase') });
  await operator.revokeOtherSessions({});

  const server = { host: '127.0.0.1', port, security: 'none', user: 'outpost', from: 'outpost@example.org' } as const;
  await admin.watch.setMailServer({ server, password: 'another mail secret' });
  await assert.rejects(admin.watch.sendTestMail({}), { code: 'unavailable' });
  await admin.watch.setMailServer({ server, password: mailSecret });
  await admin.watch.sendTestMail({});
  // Somebody of us logs a whole input one day.
  station.station.log.error({ error: new Error('x'), input: { password: PASSWORD, token } }, 'a call failed');

  const audit = JSON.stringify(await readAll(station));
  const log = station.logged();
  assert.ok(audit.includes('people.signInByLink') && log.includes('a call failed'));
  assert.ok(secrets.length > 35 && secrets.every((secret) => secret.length > 5), 'each is one that would be found');
  for (const secret of secrets) {
    assert.ok(!holds(audit, secret), `“${secret}” is in the audit`);
    assert.ok(!holds(log, secret), `“${secret}” is in the log`);
  }
});
