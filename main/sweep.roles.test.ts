// Everybody tries everything, on every wire: each answer is the one written here by hand, and what is answered keeps its promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../contract/examples.ts';
import { site } from './people/entities.ts';
import { station as itself } from './store/index.ts';
import { declaredProcedures, declaredStreams } from './testing/declared.ts';
import { openMailServer } from './testing/mailServer.ts';
import { mendWorld } from './testing/mend.ts';
import { portReader, type Reader, socketReader } from './testing/reader.ts';
import { CONSOLE, openTestStation, type TestStation } from './testing/station.ts';
import { openWires, serve } from './testing/wires.ts';
import { type Actor, buildWorld, CAST, EXAMPLE_WORDS, EXPIRED_TOKEN, OTHER, OTHER_WORDS } from './testing/world.ts';
import { tell } from './watch/notices.ts';

/** The columns of the tables: everybody in the world, then nobody's session, then one that has expired. */
const WHO = [
  'viewer',
  'operator',
  'siteManager',
  'organisationAdmin',
  'platformAdmin',
  'developer',
  'nobody',
  'stranger',
  'noSession',
  'expired',
] as const;
const TOKEN: Record<(typeof WHO)[number], string | undefined> = {
  ...(Object.fromEntries(Object.entries(CAST).map(([name, { token }]) => [name, token])) as Record<Actor, string>),
  noSession: undefined,
  expired: EXPIRED_TOKEN,
};
const OUTCOME: Record<string, string> = { '+': 'ok', f: 'forbidden', n: 'notFound', c: 'conflict', u: 'unauthenticated' };

// The station holds sites of two organisations: rights over the station itself are those over the whole platform.
const TABLE: Record<string, string> = {
  // ------------------------ VOMAP D-S  no session, expired
  'people.setUpState': '       +++++ +++ ++',
  'people.setUp': '            ccccc ccc cc',
  'people.signIn': '           +++++ +++ ++',
  'people.signInMethods': '    +++++ +++ ++',
  'people.signInForwarded': '  uuuuu uuu uu', // no proxy names anybody here
  'people.signInByLink': '     uuuuu uuu uu',
  'people.signInByKey': '      uuuuu uuu uu',
  'people.signOut': '          +++++ +++ uu',
  'people.me': '               +++++ +++ uu',
  'people.updateMe': '         +++++ +++ uu',
  'people.changePassword': '   +++++ +++ uu',
  'people.setPicture': '       +++++ +++ uu',
  'people.picture': '          nnnn+ nnn uu', // that of the platform administrator, who belongs to no organisation
  'people.listSessions': '     +++++ +++ uu',
  'people.revokeSession': '    nnnn+ nnn uu', // it is the platform administrator's own
  'people.revokeOtherSessions': '+++++ +++ uu',
  'people.confirmSession': '   +++++ +++ uu',
  'people.secondFactor': '     +++++ +++ uu',
  'people.beginSecondFactor': '+++++ +++ uu',
  'people.confirmSecondFactor': 'ccccc ccc uu', // nobody has begun
  'people.renewRecoveryCodes': 'ccccc ccc uu',
  'people.removeSecondFactor': 'ccccc ccc uu',
  'people.forgetDevices': '    +++++ +++ uu',
  'people.setPreference': '    +++++ +++ uu',
  'people.createOrganisation': 'ffff+ fff uu',
  'people.updateOrganisation': 'fff++ nnn uu',
  'people.archiveOrganisation': 'ffff+ fff uu',
  'people.createSite': '       fff++ nnn uu',
  'people.updateSite': '       ff+++ nnn uu',
  'people.archiveSite': '      fff++ nnn uu',
  'people.listPlaces': '       +++++ nnn uu',
  'people.createPlace': '      ff+++ nnn uu',
  'people.updatePlace': '      ff+++ nnn uu',
  'people.movePlace': '        ff+++ nnn uu',
  'people.removePlace': '      ff+++ nnn uu',
  'people.listPeople': '       fff++ nnn uu',
  'people.listSitePeople': '   ff+++ nnn uu',
  'people.createPerson': '     ff+++ nnn uu',
  'people.importPeople': '     fff++ nnn uu',
  'people.createSignInLink': ' fff++ nnn uu',
  'people.linksByMail': '+++++ +++ uu',
  'people.mailLinksAgain': '   nnnnn nnn uu', // that task sends no mail
  'people.mailSignInLink': '   fff++ nnn uu',
  'people.removePerson': '     fff++ nnn uu',
  'people.resetSecondFactor': 'fffcc nnn uu', // the viewer has none
  'people.disablePerson': '    ffff+ fff uu',
  'people.grantRole': '        ff+++ nnn uu',
  'people.revokeRole': '       ff+++ nnn uu',
  // In the team: the viewer is a member, the operator its owner, the site manager an admin.
  'people.listTeams': '        +++++ nnn uu',
  'people.createTeam': '       fff++ nnn uu',
  'people.updateTeam': '       f++++ nnn uu',
  'people.removeTeam': '       f+f++ nnn uu',
  'people.listTeamCandidates': 'f++++ nnn uu',
  'people.setTeamMember': '    f++++ nnn uu',
  'people.removeTeamMember': ' +++++ nnn uu', // the viewer leaves by themselves
  'people.mergePreview': '     ffff+ fff uu',
  'people.mergePeople': '      ffff+ fff uu',
  'people.listKeys': '         ff+++ nnn uu',
  'people.createKey': '        ff+++ nnn uu',
  'people.revokeKey': '        ff+++ nnn uu',
  'people.listAudit': '        fff++ nnn uu',
  'people.verifyAudit': '      ffff+ fff uu',
  'people.seeAs': '           fff++ nnn uu',
  'people.endSeeAs': '        ccccc ccc uu', // nobody sees as somebody else
  'people.lastChange': '      +++++ +++ uu',
  'people.undo': '            nnnn+ nnn uu', // it is the platform administrator's own
  'people.history': '          +++++ nnn uu',
  'plant.importConfig': '      ff+++ nnn uu',
  'plant.exportConfig': '      ff+++ nnn uu',
  'plant.listDevices': '       +++++ nnn uu',
  'plant.listTags': '          +++++ nnn uu',
  'plant.readCurrent': '       +++++ nnn uu',
  'plant.readHistory': '       +++++ nnn uu',
  'plant.removeDevice': '      ff+++ nnn uu',
  'watch.about': '             +++++ +++ uu',
  'watch.health': '            ffff+ fff uu',
  'watch.listTasks': '         +++++ +++ uu',
  'watch.cancelTask': '        nnnn+ nnn uu', // it is the platform administrator's own
  'watch.startBackup': '       ffff+ fff uu',
  'watch.listBackups': '       ffff+ fff uu',
  'watch.checkIntegrity': '    ffff+ fff uu',
  'watch.mailServer': '        ffff+ fff uu',
  'watch.setMailServer': '     ffff+ fff uu',
  'watch.sendTestMail': '      ffff+ fff uu',
  'watch.updates': '           ffff+ fff uu',
  'watch.update': '            ffff+ fff uu',
  'watch.listNotices': '       +++++ +++ uu',
  'watch.readNotices': '       +++++ +++ uu',
  'sync.status': '             +++++ +++ uu',
};

const STREAM_TABLE: Record<string, string> = {
  'people.me': '       +++++ +++ uu',
  'people.places': '   +++++ nnn uu',
  'people.audit': '    fff++ nnn uu',
  'people.auditFile': 'fff++ nnn uu',
  'people.organisationFile': 'fff++ nnn uu',
  'plant.values': '    +++++ nnn uu',
  'watch.tasks': '     +++++ +++ uu',
  'watch.notices': '   +++++ +++ uu',
  'watch.vitals': '    ffff+ fff uu',
  'watch.logFile': '   ffff+ fff uu',
  'watch.liveLog': '   ffff+ fff uu',
};

// Once it holds one site alone, they are those over this site: its manager looks after the station.
const ALONE: Record<string, string> = {
  'watch.health': '        f++++ nnn uu',
  'watch.listBackups': '   ff+++ nnn uu',
  'watch.startBackup': '   ff+++ nnn uu',
  'watch.checkIntegrity': 'ff+++ nnn uu',
  'watch.mailServer': '    ff+++ nnn uu',
  'watch.sendTestMail': '  ffccc nnn uu', // no server is set yet
  'watch.setMailServer': ' ff+++ nnn uu',
};
const STREAMS_ALONE: Record<string, string> = {
  'watch.vitals': ' f++++ nnn uu',
  'watch.logFile': 'f++++ nnn uu',
  'watch.liveLog': 'f++++ nnn uu',
};

const row = (table: Record<string, string>, name: string) =>
  [...(table[name] as string).replaceAll(' ', '')].map((letter) => OUTCOME[letter]);

/** What a person may never read, whatever they ask. */
const hiddenFrom = (who: (typeof WHO)[number]): readonly string[] => {
  if (who === 'platformAdmin') return [];
  return who === 'stranger' ? EXAMPLE_WORDS : OTHER_WORDS;
};

test('the tables have a row for everything that is declared, and a letter for everybody', () => {
  assert.deepEqual(Object.keys(TABLE).sort(), declaredProcedures.map(({ name }) => name).sort());
  assert.deepEqual(Object.keys(STREAM_TABLE).sort(), declaredStreams.map(({ name }) => name).sort());
  for (const table of [TABLE, STREAM_TABLE, ALONE, STREAMS_ALONE])
    for (const name of Object.keys(table)) assert.equal(row(table, name).length, WHO.length, name);
});

test('everybody gets the answer of the table from every procedure, the same on all wires', async (t) => {
  const mailbox = await openMailServer(t);
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  await mendWorld(station, mailbox.port);
  await sweep(t, station, TABLE, () => mendWorld(station, mailbox.port));
  assert.ok(mailbox.mails.length > 0);
  assert.doesNotMatch(station.logged(), /"event":"failed"/);
});

test('on a station that holds one site, rights over the station are those over the site', async (t) => {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  await store1(station);
  await sweep(t, station, ALONE, async () => {});
});

/** The other organisation's site goes out of use. */
const store1 = ({ store }: TestStation) =>
  store.change(itself('test'), async (tx) => {
    await tx.update(site, OTHER.site, { archivedAt: tx.now() });
    tx.emit({ event: 'people.siteChanged', site: OTHER.site });
  });

async function sweep(t: Parameters<typeof openWires>[0], station: TestStation, table: Record<string, string>, mend: () => Promise<void>) {
  const wires = await openWires(t, station);
  for (const name of Object.keys(table)) {
    const declared = declaredProcedures.find((one) => one.name === name);
    assert.ok(declared);
    const expected = row(table, name);
    for (const wire of wires)
      for (const [index, who] of WHO.entries()) {
        const answer = await wire.call(name, JSON.stringify(declared.meta.example), TOKEN[who]);
        const where = `${name} as ${who} over ${wire.name}`;
        // Nobody gets a WebSocket without a session, whatever they would ask.
        const barred = wire.name === 'socket' && (who === 'noSession' || who === 'expired');
        assert.equal(answer.outcome, barred ? 'unauthenticated' : expected[index], `${where}: ${answer.message}`);
        if (answer.outcome === 'ok') assert.deepEqual(declared.outputSchema.parse(answer.body), answer.body, where);
        const text = JSON.stringify(answer);
        for (const word of hiddenFrom(who)) assert.ok(!text.includes(word), `${where} tells of ${word}: ${text.slice(0, 300)}`);
        if (answer.outcome === 'ok' && declared.meta.kind === 'command') await mend();
      }
  }
}

test('everybody gets the answer of the table from every stream, over port and WebSocket', async (t) => {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  await sweepStreams(t, station, STREAM_TABLE);
});

test('on a station that holds one site, its streams are those of the site', async (t) => {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  await store1(station);
  await sweepStreams(t, station, STREAMS_ALONE);
});

async function sweepStreams(t: Parameters<typeof serve>[0], station: TestStation, table: Record<string, string>): Promise<void> {
  const { url } = await serve(t, station);
  await giveEachSomethingToHear(station);
  for (const [index, who] of WHO.entries()) {
    const token = TOKEN[who];
    const readers: [string, Reader][] = [['port', portReader(t, station, token)]];
    if (who === 'noSession' || who === 'expired') await assert.rejects(socketReader(t, url, token), /turned away with 401/);
    else readers.push(['socket', await socketReader(t, url, token)]);
    for (const [wire, reader] of readers) {
      for (const name of Object.keys(table)) {
        const declared = declaredStreams.find((one) => one.name === name);
        assert.ok(declared);
        const stream = reader.open(name, declared.example);
        // Every stream that is let in says something of its own accord, save the live log: it hears of the next line.
        if (row(table, name)[index] === 'ok' && name === 'watch.liveLog') await logged(station, stream.said);
        const first = await stream.next();
        const outcome = first.type === 'end' ? (first.end.code ?? 'ok') : 'ok';
        assert.equal(outcome, row(table, name)[index], `${name} as ${who} over ${wire}`);
        for (const word of hiddenFrom(who))
          assert.ok(!JSON.stringify(stream.said).includes(word), `${name} as ${who} over ${wire} tells of ${word}`);
        stream.close();
      }
      reader.end();
    }
  }
}

/** A notice for everybody, and an act of the organisation in the audit: a stream of events says nothing where there is none. */
async function giveEachSomethingToHear({ client, store }: TestStation): Promise<void> {
  const { people } = client({ token: CAST.platformAdmin.token, origin: CONSOLE });
  await people.updateOrganisation({ organisation: EXAMPLE.organisation, name: 'Nordwerk GmbH' });
  await store.change(itself('test'), async (tx) => {
    for (const { id } of Object.values(CAST)) await tell(tx, id, 'test', {});
  });
}

/** Writes into the log until somebody has heard of it: the stream may not be open yet. */
async function logged({ station: { log } }: TestStation, heard: unknown[]): Promise<void> {
  while (heard.length === 0) {
    log.info('tick');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
