// Files that no station wrote: refused with the line, before anything is written, and nothing is left of them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { fileOf, type JsonLine, parsed, saved, sealed, workedIn } from '../testing/organisationFile.ts';
import { openTestStation } from '../testing/station.ts';
import { contents } from '../testing/store.ts';
import { CAST } from '../testing/world.ts';

const ELSEWHERE = '00000000-0000-7000-8000-00000000dead';
const LAST = 'ffffffff-0000-7000-8000-00000000dead';

type Fits = (line: JsonLine) => boolean;
const record =
  (entity: string, id?: string): Fits =>
  (line) =>
    line.record === entity && (id === undefined || line.id === id);
const change: Fits = (line) => line.change !== undefined;
const lastName: Fits = (line) => line.change === 'place' && line.field === 'name' && line.value === 'Hall A ✓';
const found = (lines: readonly JsonLine[], fits: Fits): number => {
  const index = lines.findIndex(fits);
  assert.notEqual(index, -1);
  return index;
};

/** The file as text, its lines without the last → another file. */
type Forge = (text: string, lines: JsonLine[]) => string | Uint8Array;
const asLines = (lines: readonly unknown[]) => sealed(lines.map((line) => JSON.stringify(line)));
const text =
  (work: (text: string) => string | Uint8Array): Forge =>
  (given) =>
    work(given);
const lines =
  (work: (lines: JsonLine[]) => unknown[]): Forge =>
  (_, given) =>
    asLines(work(given));
const put = (fits: Fits, values: JsonLine): Forge => lines((all) => all.with(found(all, fits), { ...all[found(all, fits)], ...values }));
const fields = (fits: Fits, values: JsonLine): Forge =>
  lines((all) => {
    const line = all[found(all, fits)] as JsonLine;
    return all.with(found(all, fits), { ...line, fields: { ...line.fields, ...values } });
  });
/** One more line before the first that fits, made from it. */
const more = (fits: Fits, values: JsonLine): Forge =>
  lines((all) => all.toSpliced(found(all, fits), 0, { ...all[found(all, fits)], ...values }));
const behindAll = (values: JsonLine): Forge => lines((all) => [...all, { ...all.at(-1), ...values }]);
/** The text of one line, which no object of ours could become. */
const rawLine =
  (fits: Fits, work: (line: string) => string): Forge =>
  (_, all) =>
    sealed(all.map((line, n) => (n === found(all, fits) ? work(JSON.stringify(line)) : JSON.stringify(line))));

const building = record('place', EXAMPLE.building);
const manager = record('person', CAST.siteManager.id);

const HOSTILE: readonly [what: string, forge: Forge, refused: RegExp][] = [
  // as text
  ['nothing', text(() => ''), /^Line 1 is missing/],
  ['a picture', text(() => Buffer.from(EXAMPLE.pixel, 'base64')), /^Line 1 /],
  ['a mark of the byte order', text((all) => `\uFEFF${all}`), /^Line 1 begins with a byte order mark/],
  ['lines that end as on Windows', text((all) => all.replaceAll('\n', '\r\n')), /^Line 1 ends as on Windows/],
  ['one line that ends so', text((all) => all.replace('}\n{"record":"place"', '}\r\n{"record":"place"')), /^Line \d+ ends as on Windows/],
  ['no text', text((all) => Buffer.concat([Buffer.from(all.slice(0, -1)), Buffer.from([0xc3, 0x0a])])), /^Line \d+ is not UTF-8/],
  ['a missing end', text((all) => all.slice(0, -1)), /^Line \d+ is cut off/],
  ['half a file', text((all) => all.slice(0, all.lastIndexOf('\n', all.length / 2) + 1)), /with the digest, is missing/],
  ['a line after the last', text((all) => `${all}{}\n`), /^Line \d+ comes after the last one/],
  ['a changed letter', text((all) => all.replace('Heating', 'Meating')), /^Line \d+ has another digest/],
  ['a line taken out', text((all) => all.split('\n').toSpliced(3, 1).join('\n')), /speaks of \d+ lines, and \d+ came before it/],
  // as lines
  ['no JSON', rawLine(building, () => '{'), /^Line \d+ is not JSON/],
  ['a list', rawLine(building, () => '[]'), /^Line \d+ is not an object/],
  ['another format', put((line) => 'format' in line, { format: 'zip' }), /^Line 1 is not the header/],
  ['a later version', put((line) => 'format' in line, { version: 2 }), /^Line 1 says version 2 of the format/],
  ['a line of no kind', rawLine(building, () => '{"hello":1}'), /^Line \d+ is neither a record/],
  ['an unknown entity', put(building, { record: 'turbine' }), /^Line \d+ is about “turbine”, which this version does not know/],
  ['a word that every object knows', put(building, { record: 'constructor' }), /is about “constructor”/],
  ['an unknown field', fields(building, { blades: 3 }), /has “blades”, which this version does not know of a place/],
  ['an unknown field in the past', put(lastName, { field: 'blades' }), /has “blades”/],
  ['a prototype', rawLine(building, (line) => line.replace('"fields":{', '"fields":{"__proto__":{"isAdmin":true},')), /has “__proto__”/],
  [
    'a prototype of the line',
    rawLine(building, (line) => line.replace('{', '{"__proto__":{"isAdmin":true},')),
    /^Line \d+ is not what a station writes/,
  ],
  ['one word more', put(building, { also: 1 }), /^Line \d+ is not what a station writes/],
  ['fields that are a list', put(building, { fields: [] }), /^Line \d+ is not an object/],
  // as records
  ['a number for a name', fields(building, { name: 5 }), /^Line \d+ is not what a station writes: name cannot hold 5/],
  ['NUL in a name', fields(building, { name: 'a\0b' }), /name cannot hold/],
  ['half a letter', fields(building, { name: 'a\ud800' }), /name cannot hold/],
  ['a fraction for a time', fields(building, { deletedAt: 0.5 }), /deletedAt cannot hold/],
  ['a default that goes without saying', fields(building, { deletedAt: null }), /does not agree with the rest of the file/],
  ['an id that is none', put(building, { id: '../../etc/passwd' }), /“id” is not the id of a record/],
  ['a scope that is none', put(building, { scope: 'site:x' }), /“scope” is not a scope/],
  ['a scope of a person', put(building, { scope: `user:${EXAMPLE.viewer}` }), /“scope” is not a scope/],
  ['a record twice', more(building, {}), /^Line \d+ is there twice/],
  ['records out of order', more(building, { id: LAST }), /^Line \d+ is not in its order/],
  ['a record behind the changes', lines((all) => [...all, all[found(all, building)]]), /behind its section/],
  ['a record without a past', more(building, { id: ELSEWHERE.replace('8', '7') }), /is not in its order|does not agree with the rest/],
  // as an organisation
  [
    'the scope of a site elsewhere',
    put(building, { scope: `site:${ELSEWHERE}` }),
    /speaks of site:\S+dead, which is not of this organisation/,
  ],
  ['a building in no site', put(building, { scope: `org:${EXAMPLE.organisation}` }), /is a place in a scope where there is none/],
  [
    'a building of the past in no site',
    put(lastName, { scope: `org:${EXAMPLE.organisation}` }),
    /is a place in a scope where there is none/,
  ],
  ['the scope of the platform', put(record('grant'), { scope: 'platform' }), /is a grant in a scope of which none is carried/],
  ['another organisation', put(record('organisation'), { id: ELSEWHERE }), /is of another organisation/],
  ['a second organisation', more(record('organisation'), { id: '00000000-0000-7000-8000-000000000000' }), /is of another organisation/],
  ['a site in the scope of another', put(record('site'), { scope: `site:${ELSEWHERE}` }), /is a site in the scope of another one/],
  ['a site of another organisation', fields(record('site'), { organisation: ELSEWHERE }), /speaks of org:\S+dead, which is not/],
  ['a building at a site elsewhere', fields(building, { site: ELSEWHERE }), /speaks of site:\S+dead, which is not/],
  [
    'a role at a site elsewhere',
    fields(record('grant', EXAMPLE.grant), { at: `site:${ELSEWHERE}` }),
    /speaks of site:\S+dead, which is not/,
  ],
  ['a role over the platform', fields(record('grant'), { role: 'platformAdmin', at: 'platform' }), /“at” is no place of an organisation/],
  [
    'a role that is not given at a site',
    fields(record('grant', EXAMPLE.grant), { role: 'platformAdmin' }),
    /gives a role that is not given at such a place/,
  ],
  ['a role there is none', fields(record('grant'), { role: 'god' }), /“role”/],
  [
    'a role for nobody',
    fields(record('grant', EXAMPLE.grant), { person: ELSEWHERE }),
    /speaks of the person \S+dead, who is not in the file/,
  ],
  [
    'somebody nobody speaks of',
    more(record('place'), { record: 'person', id: LAST, scope: 'platform', fields: { email: 'x@y.z', emailKey: 'x@y.z' } }),
    /is a person who does not belong/,
  ],
  ['an e-mail twice', fields(manager, { email: 'OPERATOR@example.org', emailKey: 'operator@example.org' }), /has the e-mail of line \d+/],
  ['an e-mail under another’s key', fields(manager, { emailKey: 'ada@example.org' }), /emailKey that is not of its e-mail/],
  ['a picture that would run', fields(manager, { pictureType: 'text/html' }), /“pictureType”/],
  ['a time zone there is none', fields(record('site'), { timeZone: 'Mars/Base' }), /“timeZone” is not a time zone/],
  ['hours that no clock shows', fields(record('site'), { quietHours: '25:00-6' }), /“quietHours”/],
  ['a second factor asked of nobody there is', fields(record('organisation'), { secondFactorFrom: 'god' }), /“secondFactorFrom”/],
  ['a place of no kind', fields(building, { kind: 'turbine' }), /“kind”/],
  ['an account that was merged elsewhere', fields(manager, { mergedInto: ELSEWHERE }), /is an account that was merged into another one/],
  ['an account that was merged into itself', fields(manager, { mergedInto: CAST.siteManager.id }), /is an account that was merged/],
  ['a team without a name', fields(record('team'), { name: '' }), /“name”/],
  ['a team of another organisation', fields(record('team'), { organisation: ELSEWHERE }), /speaks of org:\S+dead, which is not/],
  ['what nobody is in a team', fields(record('teamMember'), { role: 'god' }), /“role”/],
  ['a member under the id of another', fields(record('teamMember'), { person: ELSEWHERE }), /has an id that is not of its team and person/],
  [
    'a member of a team elsewhere',
    lines((all) => {
      const { person } = (all[found(all, record('teamMember'))] as JsonLine).fields;
      return all.with(found(all, record('teamMember')), {
        ...all[found(all, record('teamMember'))],
        id: `${ELSEWHERE}:${person}`,
        fields: { ...(all[found(all, record('teamMember'))] as JsonLine).fields, team: ELSEWHERE },
      });
    }),
    /speaks of team:\S+dead, which is not|is not in its order/,
  ],
  [
    'a member whom nobody knows',
    lines((all) => {
      const last = all.findLastIndex(record('teamMember'));
      const line = all[last] as JsonLine;
      return all.with(last, { ...line, id: `${line.fields.team}:${LAST}`, fields: { team: line.fields.team, person: LAST } });
    }),
    /speaks of the person \S+dead, who is not in the file/,
  ],
  ['a key that is no key', fields(building, { key: '../hall' }), /“key” may hold/],
  // as blobs and as a past
  ['other bytes than the hash says', put((line) => 'blob' in line, { data: 'AAAA' }), /holds other bytes than its hash says/],
  [
    'a picture that nobody has',
    more((line) => 'blob' in line, { blob: createHash('sha256').update('').digest('hex'), data: '' }),
    /does not agree with|is not in its order/,
  ],
  ['a change twice', behindAll({}), /does not agree with the rest/],
  ['the number of a change twice', behindAll({ op: 'another' }), /one change stands twice/],
  [
    'a change of a person',
    more((line) => line.change === 'place', { change: 'person', id: CAST.operator.id, scope: 'platform', field: 'name', value: 'X' }),
    /is the history of a person, which is not carried/,
  ],
  ['a change elsewhere', put(lastName, { scope: `site:${ELSEWHERE}` }), /speaks of site:\S+dead, which is not/],
  [
    'a role elsewhere in the past',
    put((line) => line.change === 'grant' && line.field === 'at', { value: `org:${ELSEWHERE}` }),
    /speaks of org:\S+dead, which is not/,
  ],
  ['a stamp of the far future', put(change, { hlc: 'ffffffffffff0000' }), /is stamped more than a day ahead/],
  ['a stamp that is none', put(change, { hlc: 'zzz' }), /“hlc” is not a stamp/],
  ['a past that says something else', put(lastName, { value: 'A lie' }), /^Line \d+ does not agree with the rest of the file/],
];

onBoth('a file that no station wrote is refused with its line, and leaves nothing behind', async (source) => {
  const whole = (await saved(await workedIn(sqliteFor(source.t)))).toString();
  const station = await openTestStation(source.t, { database: source, seed: 'second' });
  const { organisationFile } = station.people;
  const before = await contents(station.store.database);
  for (const [what, forge, refused] of HOSTILE) {
    const content = forge(whole, parsed(whole).slice(0, -1));
    assert.notEqual(content, whole, what);
    await assert.rejects(organisationFile.bring(fileOf(source.t, content), undefined), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'invalid', `${what}: ${error.stack}`);
      assert.match(error.message, refused, what);
      return true;
    });
    assert.equal(await contents(station.store.database), before, what);
  }
  const { blobs } = station.station.folder;
  const files = () => (existsSync(blobs) ? readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()) : []);
  assert.deepEqual(files(), []);
  assert.equal(({} as Record<string, unknown>).isAdmin, undefined);

  const file = fileOf(source.t, whole);
  await assert.rejects(organisationFile.bring(file, 'who@example.org'), { code: 'invalid', message: /^Nobody in the organisation/ });
  assert.equal(await contents(station.store.database), before);
  assert.deepEqual(files(), []);
  assert.equal((await organisationFile.bring(file, undefined)).new, true);
  assert.equal(files().length, 1);
});

test('a line of a hundred megabytes is refused before it is held', async (t) => {
  const station = await openTestStation(t);
  const file = fileOf(t, Buffer.alloc(100 * 1024 * 1024, 'x'));
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(station.people.organisationFile.examine(file), { code: 'invalid', message: /^Line 1 is longer than 8 MiB/ });
  assert.ok(process.memoryUsage().arrayBuffers - before < 40 * 1024 * 1024);
});
