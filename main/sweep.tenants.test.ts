// What belongs to another organisation does not exist: its ids in the place of one's own get the answer of ids that never were.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../contract/examples.ts';
import type { Needs } from '../contract/procedure.ts';
import { declaredProcedures, declaredStreams } from './testing/declared.ts';
import { portReader } from './testing/reader.ts';
import { openTestStation } from './testing/station.ts';
import { openWires } from './testing/wires.ts';
import { type Actor, buildWorld, CAST, OTHER, OTHER_WORDS } from './testing/world.ts';

const NEVER = '00000000-0000-7000-8000-0000000dead0';
const THEIRS: Record<string, string> = {
  [EXAMPLE.organisation]: OTHER.organisation,
  [EXAMPLE.site]: OTHER.site,
  [EXAMPLE.building]: OTHER.building,
  [EXAMPLE.system]: OTHER.building,
  [EXAMPLE.team]: OTHER.team,
  [EXAMPLE.admin]: OTHER.admin,
  [EXAMPLE.viewer]: OTHER.admin,
  [EXAMPLE.session]: OTHER.session,
  [EXAMPLE.grant]: OTHER.grant,
  [EXAMPLE.key]: OTHER.key,
  [EXAMPLE.task]: OTHER.task,
  [EXAMPLE.notice]: OTHER.notice,
  [EXAMPLE.change]: OTHER.change,
};

/** Ways to name something that no example shows. */
const MORE: [name: string, input: object][] = [
  ['people.listAudit', { site: EXAMPLE.site }],
  ['people.listAudit', { site: EXAMPLE.site, organisation: EXAMPLE.organisation }],
  ['people.audit', { site: EXAMPLE.site }],
  [
    'people.createPerson',
    { email: 'x@example.org', name: 'X', role: 'organisationAdmin', at: { kind: 'organisation', organisation: EXAMPLE.organisation } },
  ],
  [
    'people.grantRole',
    { person: EXAMPLE.viewer, role: 'organisationAdmin', at: { kind: 'organisation', organisation: EXAMPLE.organisation } },
  ],
  ['people.createPlace', { site: EXAMPLE.site, parent: null, kind: 'building', name: 'X' }],
  ['people.movePlace', { place: EXAMPLE.system, parent: null, before: EXAMPLE.building }],
  ['people.history', { entity: 'site', id: EXAMPLE.site }],
  ['people.history', { entity: 'organisation', id: EXAMPLE.organisation }],
  ['people.history', { entity: 'grant', id: EXAMPLE.grant }],
  ['people.history', { entity: 'team', id: EXAMPLE.team }],
  ['people.history', { entity: 'person', id: EXAMPLE.viewer }],
  ['people.history', { entity: 'notice', id: EXAMPLE.notice }],
];
/** Here an id is no thing but a bound or a further condition on one's own: “up to this notice”, “at my site and of that organisation”. */
const CONDITIONS = new Set(['watch.readNotices', 'people.listAudit']);
const ASKING: Actor[] = ['viewer', 'operator', 'siteManager', 'organisationAdmin', 'developer', 'nobody'];

type Case = { name: string; what: string; needs: Needs<never>; own: unknown; theirs: unknown; never: unknown };

/** Each id of an input in turn, replaced by the other organisation's and by one of nobody. */
function* cases(name: string, needs: Needs<never>, own: unknown): Generator<Case> {
  const text = JSON.stringify(own);
  for (const id of new Set(text.match(/[0-9a-f-]{36}/g))) {
    assert.ok(THEIRS[id], `${name}: no counterpart of ${id}`);
    const put = (other: string) => JSON.parse(text.replaceAll(id, other)) as unknown;
    yield {
      name,
      what: `${name} with another ${text
        .slice(0, text.indexOf(id) - 3)
        .split('"')
        .at(-1)}`,
      needs,
      own,
      theirs: put(THEIRS[id]),
      never: put(NEVER),
    };
  }
}

const allCases = (declared: { name: string; needs: Needs<never>; example: unknown }[]) =>
  declared.flatMap(({ name, needs, example }) =>
    [example, ...MORE.filter(([other]) => other === name).map(([, input]) => input)].flatMap((input) => [...cases(name, needs, input)]),
  );

/** Where the id names the place itself, nothing is known; elsewhere the right to one's own place may be missing first. */
function expectedCodes({ name, needs, own, never }: Case): string[] {
  const condition = CONDITIONS.has(name) ? ['ok'] : [];
  if ('session' in needs) return ['notFound', ...condition];
  const [before, after] = [needs.at(own as never), needs.at(never as never)];
  if (after === 'platform') return ['forbidden'];
  return JSON.stringify(before) === JSON.stringify(after) ? ['notFound', 'forbidden', ...condition] : ['notFound'];
}

const hasNoWordOfTheirs = (text: string, where: string) => {
  for (const word of OTHER_WORDS) assert.ok(!text.includes(word), `${where} tells of ${word}: ${text.slice(0, 300)}`);
};

test('a procedure answers for another organisation’s ids as for ids that never existed, on every wire', async (t) => {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  const wires = await openWires(t, station);
  const found = allCases(declaredProcedures.map(({ name, meta }) => ({ name, needs: meta.needs, example: meta.example })));
  assert.ok(found.length > 30);
  for (const one of found)
    for (const who of ASKING)
      for (const wire of wires) {
        const where = `${one.what} as ${who} over ${wire.name}`;
        const theirs = await wire.call(one.name, JSON.stringify(one.theirs), CAST[who].token);
        const never = await wire.call(one.name, JSON.stringify(one.never), CAST[who].token);
        assert.deepEqual(theirs, never, where);
        assert.ok(expectedCodes(one).includes(theirs.outcome), `${where}: ${theirs.outcome}`);
        hasNoWordOfTheirs(JSON.stringify(theirs), where);
      }
});

test('a stream opens for another organisation’s ids as for ids that never existed', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const found = allCases(declaredStreams);
  assert.ok(found.length >= 3);
  for (const who of ASKING) {
    const reader = portReader(t, station, CAST[who].token);
    for (const one of found) {
      const theirs = await reader.open(one.name, one.theirs).next();
      const never = await reader.open(one.name, one.never).next();
      assert.deepEqual(theirs, never, `${one.what} as ${who}`);
      assert.equal(theirs.type === 'end' && theirs.end.code, 'notFound', `${one.what} as ${who}`);
    }
  }
});

test('whether an e-mail address is known at all is not told by what signing in answers', async (t) => {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  for (const wire of await openWires(t, station)) {
    const token = CAST.nobody.token;
    const known = await wire.call('people.signIn', JSON.stringify({ email: 'stranger@example.org', password: 'not the password' }), token);
    const unknown = await wire.call(
      'people.signIn',
      JSON.stringify({ email: `nobody-${wire.name}@example.org`, password: 'not the password' }),
      token,
    );
    assert.deepEqual(known, unknown);
    assert.equal(known.outcome, 'unauthenticated');
    station.clock.advance(60_000);
  }
});
