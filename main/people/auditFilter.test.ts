// Every way to narrow the audit gives the rows one would pick by hand, page by page and as a file.
import assert from 'node:assert/strict';
import { EXAMPLE } from '../../contract/examples.ts';
import type { AuditFilter } from '../../contract/people.ts';
import { parseCsv } from '../testing/csv.ts';
import { onBoth } from '../testing/databases.ts';
import { as, bearing, openWorld } from '../testing/people.ts';
import { isA, memoryReader, type OpenStream } from '../testing/reader.ts';
import { seededRandom, type TestStation } from '../testing/station.ts';
import { tamper } from '../testing/tamper.ts';
import { CAST, OTHER } from '../testing/world.ts';
import { auditFile } from './auditFile.ts';

const MIDDLE = 1_500_000;
type Row = {
  incarnation: string;
  seq: number;
  at: number;
  actor: string | null;
  outcome: string;
  organisation: string | null;
  site: string | null;
  /** The one record it changed. */
  about: string | null;
};

/** Rows of two lives, by several people at two sites, whose clock was set back now and then: many share a moment. */
async function manyRows({ store }: TestStation): Promise<Row[]> {
  const random = seededRandom('audit rows');
  const one = <T>(of: readonly T[]): T => of[(random(1)[0] as number) % of.length] as T;
  const rows: Row[] = [];
  for (const life of ['0', '1'])
    for (let seq = 1; seq <= 300; seq++) {
      const [organisation, site] = one([
        [null, null],
        [EXAMPLE.organisation, null],
        [EXAMPLE.organisation, EXAMPLE.site],
        [OTHER.organisation, OTHER.site],
      ] as const);
      rows.push({
        incarnation: `${life}0000000-0000-7000-8000-000000000000`,
        seq,
        at: MIDDLE - 150 + seq + (one([0, 0, 0, -50]) as number),
        actor: one([null, CAST.viewer.id, CAST.operator.id]),
        outcome: one(['done', 'done', 'done', 'refused', 'failed']),
        organisation,
        site,
        about: one([null, EXAMPLE.building, EXAMPLE.system]),
      });
    }
  await tamper(
    store.database,
    ...rows.map(({ about: _, ...row }): [string, (string | number | null)[]] => [
      `insert into "audit" ("incarnation", "seq", "at", "actor", "session", "action", "outcome", "organisation", "site", "digest", "hash")
       values (?, ?, ?, ?, null, 'test', ?, ?, ?, '', '')`,
      Object.values(row),
    ]),
    ...rows
      .filter(({ about }) => about !== null)
      .map(({ about, at, incarnation, seq }): [string, (string | number | null)[]] => [
        `insert into "auditThing" ("entity", "id", "at", "incarnation", "seq") values ('place', ?, ?, ?, ?)`,
        [about, at, incarnation, seq],
      ]),
  );
  return rows;
}

const WAYS: Required<{ [K in keyof AuditFilter]: AuditFilter[K][] }> = {
  site: [undefined, EXAMPLE.site],
  organisation: [undefined, EXAMPLE.organisation, OTHER.organisation],
  person: [undefined, CAST.viewer.id],
  from: [undefined, MIDDLE - 100],
  to: [undefined, MIDDLE + 20],
  outcome: [undefined, 'done', 'refused', 'failed'],
  about: [undefined, { entity: 'place', id: EXAMPLE.building }, { entity: 'site', id: EXAMPLE.building }],
};
const everyWay = Object.entries(WAYS).reduce<AuditFilter[]>(
  (all, [name, values]) => all.flatMap((way) => values.map((value) => (value === undefined ? way : { ...way, [name]: value }))),
  [{}],
);

const keyOf = ({ incarnation, seq }: Pick<Row, 'incarnation' | 'seq'>) => `${incarnation[0]}/${seq}`;
const text = (value: string) => (a: Row, b: Row) =>
  a[value as 'site'] === b[value as 'site'] ? 0 : (a[value as 'site'] ?? '') < (b[value as 'site'] ?? '') ? -1 : 1;

/** What the filter means, said once more without a database. Oldest first. */
function picked(rows: Row[], { site, organisation, person, from = 0, to = 2 ** 52, outcome, about, ...rest }: AuditFilter): Row[] {
  assert.deepEqual(rest, {});
  const inTime = person !== undefined || from > 0 || to < 2 ** 52 || outcome !== undefined || about !== undefined;
  return rows
    .filter(
      (row) =>
        (site === undefined || row.site === site) &&
        (organisation === undefined || row.organisation === organisation) &&
        (person === undefined || row.actor === person) &&
        (outcome === undefined || row.outcome === outcome) &&
        (about === undefined || (about.entity === 'place' && row.about === about.id)) &&
        row.at >= from &&
        row.at < to,
    )
    .sort((a, b) => (inTime ? a.at - b.at : 0) || text('incarnation')(a, b) || a.seq - b.seq);
}

onBoth('in every combination the pages hold each row once, in order, and the rest not at all', async (source) => {
  const station = await openWorld(source);
  const rows = await manyRows(station);
  const { people } = as(station, 'platformAdmin');
  for (const way of everyWay) {
    const read: string[] = [];
    for (let before: string | null = ''; before !== null; ) {
      const page: Awaited<ReturnType<typeof people.listAudit>> = await people.listAudit({ ...way, limit: 60, ...(before && { before }) });
      read.push(...page.entries.filter(({ action }) => action === 'test').map(keyOf));
      before = page.next;
    }
    assert.deepEqual(read, picked(rows, way).reverse().map(keyOf), JSON.stringify(way));
  }
});

onBoth('a page goes on from a cursor outside of the times asked for, and from none that was never given', async (source) => {
  const station = await openWorld(source);
  const rows = await manyRows(station);
  const { people } = as(station, 'platformAdmin');
  const to = MIDDLE;
  const newest = picked(rows, { from: 1 }).at(-1) as Row;
  assert.ok(newest.at >= to);
  const { entries } = await people.listAudit({ to, before: `${newest.incarnation}.${newest.seq}`, limit: 500 });
  assert.deepEqual(entries.map(keyOf), picked(rows, { to }).reverse().map(keyOf));
  await assert.rejects(people.listAudit({ to, before: `${newest.incarnation}.9999` }), { code: 'invalid' });
});

const bytesOf = ({ said }: OpenStream) => Buffer.concat(said.filter(({ type }) => type === 'bytes').map((one) => isA(one, 'bytes').bytes));

async function saved(
  station: TestStation,
  filter: AuditFilter,
  who: keyof typeof CAST = 'platformAdmin',
  cursor?: string,
): Promise<Buffer> {
  const reader = memoryReader(station, CAST[who].token);
  const stream = reader.open('people.auditFile', filter, cursor === undefined ? {} : { cursor });
  const end = isA(await stream.until(({ type }) => type === 'end'), 'end');
  assert.equal(end.end.code, undefined, end.end.message);
  reader.end();
  return bytesOf(stream);
}

const HEAD = ['time', 'who', 'action', 'outcome', 'organisation', 'site', 'from', 'message', 'changes', 'seen as'];

onBoth('the file holds the rows of its filter, oldest first, whole from whatever byte it is read on', async (source) => {
  const station = await openWorld(source);
  const rows = await manyRows(station);
  for (const way of everyWay.filter((_, n) => n % 7 === 0)) {
    const [head, ...lines] = parseCsv((await saved(station, way)).toString());
    assert.deepEqual(head, HEAD);
    assert.deepEqual(
      lines.filter(([, , action]) => action === 'test').map(([time, , , outcome]) => [time, outcome]),
      picked(rows, way).map((row) => [new Date(row.at).toISOString(), row.outcome]),
      JSON.stringify(way),
    );
  }
  const whole = await saved(station, {});
  // More than a page, so that the seam between two is in it.
  assert.ok(parseCsv(whole.toString()).length > 600);
  for (const offset of [1, 80, 30_000, whole.length - 1, whole.length, whole.length + 5])
    assert.ok((await saved(station, {}, 'platformAdmin', String(offset))).equals(whole.subarray(offset)), `from ${offset}`);
});

onBoth('a row of the file says who did what, where, and from what to what, and is no formula', async (source) => {
  const station = await openWorld(source);
  const name = '=HYPERLINK("http://x", "Hall 1"),\n+1';
  await as(station, 'operator').people.updateMe({ name: '@Otto' });
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.building, name });
  await assert.rejects(as(station, 'operator').people.updatePlace({ place: EXAMPLE.building, name: 'no' }), { code: 'forbidden' });
  const [, done, refused, ...more] = parseCsv((await saved(station, { site: EXAMPLE.site }, 'organisationAdmin')).toString());
  assert.deepEqual(more, []);
  assert.equal(done?.pop(), '');
  assert.equal(refused?.pop(), '');
  const changes = done?.pop() ?? '';
  assert.deepEqual(done, [
    new Date(station.clock()).toISOString(),
    'The siteManager',
    'people.updatePlace',
    'done',
    'Nordwerk',
    'Works 1',
    'console',
    '',
  ]);
  assert.deepEqual(JSON.parse(changes), [{ entity: 'place', id: EXAMPLE.building, field: 'name', before: 'Hall A', after: name }]);
  assert.deepEqual([refused?.[1], refused?.[3], refused?.[8]], ["'@Otto", 'refused', '[]']);
});

onBoth('an administrator of one organisation saves theirs alone', async (source) => {
  const station = await openWorld(source);
  await manyRows(station);
  const organisationsIn = async (filter: AuditFilter) => [
    ...new Set(
      parseCsv((await saved(station, filter, 'stranger')).toString())
        .slice(1)
        .map((row) => row[4]),
    ),
  ];
  assert.deepEqual(await organisationsIn({ organisation: OTHER.organisation }), ['Südwerk']);
  for (const filter of [{}, { organisation: EXAMPLE.organisation }, { site: EXAMPLE.site, organisation: OTHER.organisation }]) {
    const stream = memoryReader(station, CAST.stranger.token).open('people.auditFile', filter);
    const { end } = isA(await stream.next(), 'end');
    assert.match(end.code ?? 'let in', /^(forbidden|notFound)$/, JSON.stringify(filter));
  }
});

onBoth(
  'a clock that was set back keeps no row out of the file, and one that is written meanwhile does not come into it',
  async (source) => {
    const station = await openWorld(source);
    const { people } = as(station, 'platformAdmin');
    await people.setPreference({ name: 'theme', value: 'before' });
    station.clock.advance(-86_400_000);
    await people.setPreference({ name: 'theme', value: 'after' });
    const { entries } = await people.listAudit({ limit: 500 });
    const [, ...lines] = parseCsv((await saved(station, {})).toString());
    assert.equal(lines.length, entries.length);

    const text: Uint8Array[] = [];
    for await (const chunk of auditFile(station, {})(0, new AbortController().signal)) {
      if (text.length === 0) await people.setPreference({ name: 'theme', value: 'meanwhile' });
      text.push(chunk);
    }
    assert.equal(parseCsv(Buffer.concat(text).toString()).length - 1, entries.length);
  },
);

onBoth('what a change is about finds it again, and nobody else’s', async (source) => {
  const station = await openWorld(source);
  const manager = as(station, 'siteManager').people;
  await manager.updatePlace({ place: EXAMPLE.building, name: 'Hall renamed' });
  await manager.updatePlace({ place: EXAMPLE.system, name: 'Heating renamed' });
  const asked = { site: EXAMPLE.site, about: { entity: 'place', id: EXAMPLE.building } };
  const { entries } = await manager.listAudit({ ...asked, limit: 1 });
  assert.deepEqual(entries[0]?.changes, [
    { entity: 'place', id: EXAMPLE.building, field: 'name', before: 'Hall A', after: 'Hall renamed' },
  ]);
  assert.ok((await manager.listAudit(asked)).entries.every(({ changes }) => changes?.some(({ id }) => id === EXAMPLE.building)));
  const elsewhere = await as(station, 'platformAdmin').people.listAudit({ organisation: OTHER.organisation, about: asked.about });
  assert.deepEqual(elsewhere.entries, []);
});

onBoth('of a person and of a team the audit tells what they were given and what was taken, and to each place its own', async (database) => {
  const station = await openWorld(database);
  const admin = as(station, 'organisationAdmin').people;
  const { organisation, team, viewer } = EXAMPLE;
  const person = CAST.nobody.id;
  await as(station, 'platformAdmin').people.grantRole({ person, role: 'viewer', at: { kind: 'site', site: OTHER.site } });
  const { grant } = await as(station, 'platformAdmin').people.grantRole({
    person,
    role: 'viewer',
    at: { kind: 'site', site: EXAMPLE.site },
  });
  await admin.setTeamMember({ team, person, role: 'member' });
  await admin.setTeamMember({ team, person, role: 'admin' });
  await admin.revokeRole({ grant });
  await admin.undo({ change: (await admin.lastChange({})).last?.change ?? '' });
  await admin.removeTeamMember({ team, person: viewer });
  const { token } = await admin.seeAs({ person, organisation });
  await bearing(station, token).people.endSeeAs({});
  await admin.removePerson({ organisation, person });

  const acts = async (who: typeof admin, filter: AuditFilter) =>
    (await who.listAudit({ ...filter, limit: 100 })).entries.map(({ action }) => action.replace('people.', '')).reverse();
  const about = { entity: 'person', id: person };
  const here = ['grantRole', 'setTeamMember', 'setTeamMember', 'revokeRole', 'undo', 'seeAs', 'endSeeAs', 'removePerson'];
  assert.deepEqual(await acts(admin, { organisation, about }), here);
  assert.deepEqual(await acts(admin, { organisation, about: { entity: 'team', id: team } }), [
    'setTeamMember',
    'setTeamMember',
    'removeTeamMember',
    'removePerson',
  ]);
  assert.deepEqual(await acts(as(station, 'stranger').people, { organisation: OTHER.organisation, about }), ['grantRole']);
  assert.equal((await station.store.verifyAudit()).fault, null);
});
