// Many people from a table: what is read, what is refused, and that it happens whole or not at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth } from '../testing/databases.ts';
import { as, at, bearing, openWorld } from '../testing/people.ts';
import type { TestStation } from '../testing/station.ts';
import { contents } from '../testing/store.ts';
import { parseCsv } from './csv.ts';

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

test('whatever stands in its cells, a table comes out as it went in, with either comma and any end of line', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'ß', '"', ',', ';', '\n', '\r', ' ', '\t', '=') });
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { maxLength: 5 }),
      fc.constantFrom(',', ';'),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
      (rows, comma, end, marked) => {
        const all = [['name', 'email'], ...rows];
        const text = all.map((row, n) => (n === 0 ? row : row.map(quoted)).join(comma)).join(end) + end;
        assert.deepEqual(parseCsv((marked ? '\ufeff' : '') + text), all);
      },
    ),
  );
  assert.equal(parseCsv('a,b\n"never closed'), undefined);
});

const load = (station: TestStation, csv: string, dryRun = false, who: 'organisationAdmin' | 'platformAdmin' = 'organisationAdmin') =>
  as(station, who).people.importPeople({ organisation: EXAMPLE.organisation, csv, dryRun });
const emails = async (station: TestStation) =>
  (await as(station, 'organisationAdmin').people.listPeople({ organisation: EXAMPLE.organisation })).people.map(({ email }) => email);

const TABLE = [
  'E-Mail;Name;Role;Site',
  'ida@example.org;"Import; Ida";Site manager;works-1',
  'VIEWER@example.org;The viewer;operator;Works 1',
  'olga@example.org;Olga;organisation-admin;',
  '',
].join('\r\n');

onBoth('a table is tried without leaving anything, then carried out: new people get links, known ones a role', async (database) => {
  const station = await openWorld(database);
  const before = await contents(station.store.database);
  const tried = await load(station, TABLE, true);
  assert.equal(tried.done, false);
  assert.deepEqual(
    tried.lines.map(({ line, outcome, link }) => [line, outcome, link]),
    [
      [2, 'added', null],
      [3, 'known', null],
      [4, 'added', null],
    ],
  );
  assert.deepEqual(await contents(station.store.database), before);

  const { done, lines } = await load(station, TABLE);
  assert.equal(done, true);
  const { token } = await bearing(station, undefined, at('192.0.2.7')).people.signInByLink({ secret: lines[0]?.link as string });
  const me = await bearing(station, token).people.me({});
  assert.deepEqual([me.person.name, me.grants.map(({ role }) => role)], ['Import; Ida', ['siteManager']]);
  const { people } = await as(station, 'organisationAdmin').people.listSitePeople({ site: EXAMPLE.site });
  assert.deepEqual(
    people.find(({ id }) => id === EXAMPLE.viewer)?.grants.map(({ role }) => role),
    ['viewer', 'operator'],
  );
});

onBoth('one line that cannot be leaves all of them undone, and each is told why', async (database) => {
  const station = await openWorld(database);
  const csv = `name,email,role,site
Good,good@example.org,viewer,works-1
,nobody@example.org,viewer,works-1
No Mail,not a mail,viewer,works-1
No Role,role@example.org,emperor,works-1
No Site,site@example.org,viewer,plant-7
Too Much,much@example.org,platformAdmin,
Where,where@example.org,viewer,
Twice,good@example.org,operator,works-1
`;
  const { done, lines } = await load(station, csv);
  assert.equal(done, false);
  assert.deepEqual(
    lines.map(({ line, outcome, message }) => [line, outcome, message]),
    [
      [2, 'added', null],
      [3, 'refused', 'The name is empty.'],
      [4, 'refused', 'The email is not an e-mail address.'],
      [5, 'refused', '“emperor” is no role: viewer, operator, siteManager, organisationAdmin.'],
      // That of another organisation is none here.
      [6, 'refused', 'There is no site “plant-7” in this organisation.'],
      [7, 'refused', 'The role platformAdmin is not given at a place of this kind.'],
      [8, 'refused', 'The role viewer needs a site.'],
      [9, 'known', null],
    ],
  );
  assert.ok(lines.every(({ link }) => link === null));
  assert.ok(!(await emails(station)).includes('good@example.org'));
});

onBoth('what is no table of people is refused as a whole', async (database) => {
  const station = await openWorld(database);
  for (const [csv, message] of [
    ['', /missing: name, email, role/],
    ['name,email\nA,a@example.org', /missing: role/],
    ['name,email,role,site', /nobody in it/],
    ['name,email,role\n"A,a@example.org,viewer', /never closed/],
    [`name,email,role\n${'A,a@example.org,viewer\n'.repeat(501)}`, /At most 500/],
  ] as const)
    await assert.rejects(load(station, csv), message);
});
