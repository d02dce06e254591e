// Everything that is declared, asked while one sees the station as somebody else: every command is refused, every question and
// stream answers with what both may, and nothing personal is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE } from '../contract/examples.ts';
import { declaredProcedures, declaredStreams } from './testing/declared.ts';
import { as } from './testing/people.ts';
import { portReader } from './testing/reader.ts';
import { openTestStation, type TestStation } from './testing/station.ts';
import { openWires } from './testing/wires.ts';
import { type Actor, buildWorld, CAST, OTHER, OTHER_WORDS } from './testing/world.ts';

/** Who sees as whom, and of which organisation alone. */
const VIEWS: [by: Actor, person: Actor, organisation?: string][] = [
  ['organisationAdmin', 'viewer', EXAMPLE.organisation],
  ['organisationAdmin', 'operator', EXAMPLE.organisation],
  ['organisationAdmin', 'siteManager', EXAMPLE.organisation],
  ['platformAdmin', 'siteManager', EXAMPLE.organisation],
  ['platformAdmin', 'organisationAdmin'],
  ['platformAdmin', 'developer'],
  ['platformAdmin', 'nobody'],
  ['platformAdmin', 'stranger'],
];

async function openView(station: TestStation, [by, person, organisation]: (typeof VIEWS)[number]): Promise<string> {
  const { token } = await as(station, by).people.seeAs({ person: CAST[person].id, ...(organisation !== undefined && { organisation }) });
  return token;
}

async function openWorld(t: Parameters<typeof openTestStation>[0]): Promise<TestStation> {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  // A stream of events says nothing where there is none.
  await as(station, 'platformAdmin').people.updateOrganisation({ organisation: EXAMPLE.organisation, name: 'Nordwerk GmbH' });
  // More than the administrator of one organisation may see of them.
  const at = { kind: 'site', site: OTHER.site } as const;
  for (const who of ['viewer', 'operator'] as const)
    await as(station, 'platformAdmin').people.grantRole({ person: CAST[who].id, role: 'siteManager', at });
  return station;
}

/** Inputs beside the examples, that name what is the other organisation's. */
const MORE: Record<string, object> = {
  'people.listPlaces': { site: OTHER.site },
  'people.listSitePeople': { site: OTHER.site },
  'people.picture': { person: OTHER.admin },
  'people.history': { entity: 'place', id: OTHER.building },
  'people.listAudit': { site: OTHER.site },
};

for (const view of VIEWS) {
  const [by, person, organisation] = view;
  const what = `${by} as ${person}${organisation === undefined ? '' : ' of one organisation'}`;

  test(`${what}: no command, and every question as both may ask it, on all wires`, async (t) => {
    const station = await openWorld(t);
    const token = await openView(station, view);
    for (const wire of await openWires(t, station))
      for (const { name, meta } of declaredProcedures) {
        if (meta.endsView) continue;
        for (const input of [meta.example, ...(MORE[name] ? [MORE[name]] : [])]) {
          const text = JSON.stringify(input);
          const where = `${name} ${text} over ${wire.name}`;
          const answer = await wire.call(name, text, token);
          if (organisation !== undefined)
            for (const word of OTHER_WORDS)
              if (!text.includes(word)) assert.ok(!JSON.stringify(answer).includes(word), `${where} tells of ${word}`);
          if (meta.kind === 'command' || meta.personal) {
            assert.equal(answer.outcome, 'forbidden', where);
            continue;
          }
          const own = await wire.call(name, text, CAST[by].token);
          const theirs = await wire.call(name, text, CAST[person].token);
          const refused = [own, theirs].find(({ outcome }) => outcome !== 'ok');
          if (refused) assert.notEqual(answer.outcome, 'ok', where);
          else if (name !== 'people.me') assert.deepEqual(answer, theirs, where);
          else {
            const { person: shown, seenBy } = answer.body as { person: { id: string }; seenBy: { id: string } };
            assert.deepEqual([shown.id, seenBy.id], [CAST[person].id, CAST[by].id]);
          }
        }
      }
    // After all of that it lives, and ends by the one command there is.
    const wires = await openWires(t, station);
    assert.equal((await wires[0]?.call('people.endSeeAs', '{}', token))?.outcome, 'ok');
    assert.equal((await wires[0]?.call('people.me', '{}', token))?.outcome, 'unauthenticated');
    assert.ok(!station.logged().includes(token), 'the token stands in the log');
    assert.doesNotMatch(station.logged(), /"event":"failed"/);
  });

  test(`${what}: every stream opens where both may open it`, async (t) => {
    const station = await openWorld(t);
    const readers = [await openView(station, view), CAST[by].token, CAST[person].token].map((token) => portReader(t, station, token));
    for (const { name, example, personal, critical } of declaredStreams) {
      // It speaks only when something is logged; its permission is that of the file.
      if (name === 'watch.liveLog') continue;
      const first = readers.map((reader) => {
        const stream = reader.open(name, example);
        // A stream of notices says nothing where there is none.
        return personal && reader !== readers[0] ? undefined : stream.next();
      });
      const outcomes = await Promise.all(
        first.map(async (said) => {
          const one = await said;
          return one?.type === 'end' ? (one.end.code ?? 'ok') : 'ok';
        }),
      );
      const [answer, own, theirs] = outcomes;
      if (personal || critical) assert.equal(answer, 'forbidden', name);
      else assert.equal(answer === 'ok', own === 'ok' && theirs === 'ok', `${name}: ${outcomes}`);
    }
  });
}
