// What is kept in memory of sessions, roles and sites: never older than the change that was acknowledged last.
import assert from 'node:assert/strict';
import type { KyselyPlugin, RootOperationNode } from 'kysely';
import { EXAMPLE } from '../../contract/examples.ts';
import { station as itself } from '../store/index.ts';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import { addSession, as, bearing, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { CAST } from '../testing/world.ts';
import { createOrganisation, createSite } from './organisations.ts';
import { giveRole } from './roles.ts';

type Holder = {
  database: TestDatabase;
  /** The next answer to such a question is read, and kept back until `release` is called. */
  hold(question: RegExp): { read: Promise<void>; release(): void };
};

/** A database whose answers can come late, as they do over a network. */
function slowly(database: TestDatabase): Holder {
  let wanted: { question: RegExp; read: () => void; released: Promise<void> } | undefined;
  const late = new WeakMap<object, NonNullable<typeof wanted>>();
  return {
    database: {
      ...database,
      async open(options) {
        const opened = await database.open(options);
        const plain = opened.kysely;
        const plugin: KyselyPlugin = {
          transformQuery({ node, queryId }) {
            const { sql } = plain.getExecutor().compileQuery(node as RootOperationNode, queryId);
            if (wanted?.question.test(sql)) {
              late.set(queryId, wanted);
              wanted = undefined;
            }
            return node;
          },
          async transformResult({ result, queryId }) {
            const held = late.get(queryId);
            held?.read();
            await held?.released;
            return result;
          },
        };
        return Object.assign(opened, { kysely: plain.withPlugin(plugin) });
      },
    },
    hold(question) {
      const read = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      wanted = { question, read: read.resolve, released: released.promise };
      return { read: read.promise, release: released.resolve };
    },
  };
}

/** Each: what the station reads into memory for the viewer, and what changes meanwhile. */
const LATE: Record<string, { question: RegExp; change(station: TestStation): Promise<unknown>; left: unknown }> = {
  'roles that are read while one is taken away are not remembered': {
    question: /^select "role", "at" from "grants"/,
    change: (station) => as(station, 'siteManager').people.revokeRole({ grant: EXAMPLE.grant }),
    left: [],
  },
  'a session that is read while it is signed out of is not remembered': {
    question: /from "session" inner join "people"/,
    change: (station) => as(station, 'viewer').people.signOut({}),
    left: 'unauthenticated',
  },
  'a session that is read while its person is barred is not remembered': {
    question: /from "session" inner join "people"/,
    change: (station) => as(station, 'platformAdmin').people.disablePerson({ person: EXAMPLE.viewer, disabled: true }),
    left: 'unauthenticated',
  },
};

for (const [what, { question, change, left }] of Object.entries(LATE))
  onBoth(what, async (database) => {
    const holder = slowly(database);
    const station = await openWorld(holder.database);
    // Everybody who acts is known already: only what is read of the viewer comes late.
    for (const who of ['siteManager', 'platformAdmin'] as const) await as(station, who).people.me({});
    const sees = () =>
      as(station, 'viewer')
        .people.listPlaces({ site: EXAMPLE.site })
        .then(
          ({ places }) => places.map(({ id }) => id),
          ({ code }) => (code === 'notFound' ? [] : code),
        );
    const late = holder.hold(question);
    const asked = sees();
    await late.read;
    await change(station);
    late.release();
    assert.deepEqual(await asked, left, 'what was asked before, and answered after the change');
    assert.deepEqual(await sees(), left, 'what is asked after it');
  });

onBoth('sites that are read while one changes are read again', async (database) => {
  const holder = slowly(database);
  const station = await openWorld(holder.database);
  for (const who of ['siteManager', 'platformAdmin', 'viewer'] as const) await as(station, who).people.me({});
  const { people } = as(station, 'platformAdmin');
  // Makes the station forget the sites it knew, so that the next call reads them, late.
  await people.updateSite({ site: EXAMPLE.site, name: 'Works One' });
  const late = holder.hold(/^select \* from "sites" where "deletedAt" is null$/);
  const asked = as(station, 'viewer').people.listPlaces({ site: EXAMPLE.site });
  await late.read;
  // By the store itself: a call would wait for the sites that are being read.
  const site = await station.store.change(itself('test'), (tx) => createSite(tx, { organisation: EXAMPLE.organisation, name: 'Works 2' }));
  const present = () => as(station, 'organisationAdmin').people.listPlaces({ site });
  assert.deepEqual(await present(), { places: [] }, 'read anew, while the old answer is still on its way');
  late.release();
  await asked;
  assert.deepEqual(await present(), { places: [] }, 'the old answer came after the new one');
});

onBoth('an organisation that comes with its first site and role is seen by the very next question', async (database) => {
  const station = await openWorld(database);
  const me = () => as(station, 'nobody').people.me({});
  assert.deepEqual((await me()).organisations, []);
  const organisation = await station.store.change(itself('test'), async (tx) => {
    const organisation = await createOrganisation(tx, { name: 'Ostwerk' });
    const site = await createSite(tx, { organisation, name: 'Works 1' });
    const place = { kind: 'site', organisation, site, operatorsControl: false, workAllowed: false } as const;
    await giveRole(tx, CAST.nobody.id, 'viewer', place, null);
    return organisation;
  });
  assert.deepEqual(
    (await me()).organisations.map(({ id }) => id),
    [organisation],
  );
});

onBoth('a role, a rule and a session count from the next call on', async (database) => {
  const station = await openWorld(database);
  const me = async () => (await as(station, 'nobody').people.me({})).sites.map(({ id, operatorsControl }) => [id, operatorsControl]);
  assert.deepEqual(await me(), []);
  const { grant } = await as(station, 'platformAdmin').people.grantRole({
    person: CAST.nobody.id,
    role: 'viewer',
    at: { kind: 'site', site: EXAMPLE.site },
  });
  assert.deepEqual(await me(), [[EXAMPLE.site, false]]);
  await as(station, 'siteManager').people.updateSite({ site: EXAMPLE.site, operatorsControl: true });
  assert.deepEqual(await me(), [[EXAMPLE.site, true]]);
  await as(station, 'siteManager').people.revokeRole({ grant });
  assert.deepEqual(await me(), []);
  await assert.rejects(bearing(station, 'a new token').people.me({}), { code: 'unauthenticated' });
  await addSession(station, CAST.nobody.id, 'a new token');
  assert.equal((await bearing(station, 'a new token').people.me({})).person.id, CAST.nobody.id);
});

onBoth('rights over the station are those over what it holds: one site, one organisation, everything', async (database) => {
  const station = await openWorld(database);
  const at = async () => (await as(station, 'platformAdmin').people.me({})).station.at;
  const { people } = as(station, 'platformAdmin');
  assert.deepEqual(await at(), { kind: 'platform' });
  const sites = (await people.me({})).sites.map(({ id }) => id);
  const other = sites.find((id) => id !== EXAMPLE.site) as string;
  await people.archiveSite({ site: other, archived: true });
  assert.deepEqual(await at(), { kind: 'site', site: EXAMPLE.site });
  await people.createSite({ organisation: EXAMPLE.organisation, name: 'Works 2' });
  assert.deepEqual(await at(), { kind: 'organisation', organisation: EXAMPLE.organisation });
  await people.archiveSite({ site: other, archived: false });
  assert.deepEqual(await at(), { kind: 'platform' });
});
