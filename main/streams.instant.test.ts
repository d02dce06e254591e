// The instants in which a right can change: at every step of an opening, of a reading and of a judgement that is under way.
// The change is committed first and told at the chosen instant, as it is between a commit and its event.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EXAMPLE } from '../contract/examples.ts';
import * as entities from './people/entities.ts';
import type { Authority } from './people/index.ts';
import { station as itself, type Tx } from './store/index.ts';
import { isA, memoryReader, type OpenStream } from './testing/reader.ts';
import { pushed, STREAM, sourcesChannel } from './testing/sources.ts';
import { CONSOLE, openTestStation, type TestStation } from './testing/station.ts';
import { buildWorld, CAST } from './testing/world.ts';

const HOPS = 80;
const hops = async (count: number) => {
  for (let n = 0; n < count; n++) await null;
};
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const places = { site: EXAMPLE.site };
const rolesChanged = { event: 'people.grantsChanged', person: EXAMPLE.viewer, by: null, role: 'viewer', where: '', given: false } as const;
const placeChanged = { event: 'people.placesChanged', site: EXAMPLE.site, place: EXAMPLE.system } as const;

async function openWorld(t: TestContext): Promise<TestStation> {
  const station = await openTestStation(t);
  await buildWorld(station);
  return station;
}

/** Carried out and told to nobody: the test says when it is heard of. */
const untold = ({ store }: TestStation, work: (tx: Tx) => Promise<unknown>) =>
  store.change(itself('test'), async (tx) => void (await work(tx)));
const lose = (station: TestStation) => untold(station, (tx) => tx.remove(entities.grant, EXAMPLE.grant));
async function regain(station: TestStation): Promise<void> {
  await untold(station, (tx) => tx.restore(entities.grant, EXAMPLE.grant));
  station.store.events.publish([rolesChanged]);
  // What every request needs to know is known again: nothing below waits for the database more than once.
  const reader = memoryReader(station, CAST.viewer.token);
  await reader.open('people.places', places).next();
  reader.end();
}

const values = (stream: OpenStream, from: number) => stream.said.slice(from).filter(({ type }) => type !== 'end');
const ended = (stream: OpenStream) => stream.until(({ type }) => type === 'end');

test('whatever step of its opening a stream has reached when a right is lost, it shows nothing from then on', async (t) => {
  const station = await openWorld(t);
  let before = 0;
  let never = 0;
  for (let step = 0; step < HOPS; step++) {
    await regain(station);
    await lose(station);
    const reader = memoryReader(station, CAST.viewer.token);
    const stream = reader.open('people.places', places);
    await hops(step);
    const shown = stream.said.length;
    station.store.events.publish([rolesChanged]);
    await ended(stream);
    assert.deepEqual(values(stream, shown), [], `lost at step ${step}`);
    reader.end();
    if (shown > 0) before += 1;
    else never += 1;
  }
  assert.ok(before > 0 && never > 0, `${before} were open before, ${never} were not: the steps do not cover an opening`);
});

test('whatever step of a reading a stream has reached when a right is lost, it shows nothing from then on', async (t) => {
  const station = await openWorld(t);
  let during = 0;
  for (let step = 0; step < HOPS; step++) {
    await regain(station);
    const reader = memoryReader(station, CAST.viewer.token);
    const stream = reader.open('people.places', places);
    await stream.next();
    await lose(station);
    station.store.events.publish([placeChanged]);
    await hops(step);
    const shown = stream.said.length;
    station.store.events.publish([rolesChanged, placeChanged]);
    await ended(stream);
    assert.deepEqual(values(stream, shown), [], `lost at step ${step}`);
    reader.end();
    if (shown === 1) during += 1;
  }
  assert.ok(during > 0 && during < HOPS, `${during} were being read: the steps do not cover a reading`);
});

test('what was read under a right that shrank meanwhile is not shown under the one that is left', async (t) => {
  const station = await openWorld(t);
  const admin = station.client({ token: CAST.platformAdmin.token, origin: CONSOLE }).people;
  const { site } = await admin.createSite({ organisation: EXAMPLE.organisation, name: 'Works 2' });
  const { grant } = await admin.grantRole({ person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site } });
  const stream = memoryReader(station, CAST.viewer.token).open('people.me', {});
  for (let step = 0; step < HOPS; step++) {
    await untold(station, (tx) => tx.restore(entities.grant, grant));
    station.store.events.publish([rolesChanged]);
    await stream.until((said) => JSON.stringify(said).includes('Works 2'));
    await turn();
    await untold(station, (tx) => tx.remove(entities.grant, grant));
    station.store.events.publish([{ event: 'people.preferenceChanged', person: EXAMPLE.viewer }]);
    await hops(step);
    const shown = stream.said.length;
    station.store.events.publish([rolesChanged]);
    await stream.until((said) => !JSON.stringify(said).includes('Works 2'));
    await turn();
    for (const said of stream.said.slice(shown))
      assert.doesNotMatch(JSON.stringify(isA(said, 'values')), /Works 2/, `shrunk at step ${step}`);
  }
});

/** The station's own authority, of which the test holds back what it asks for the place. */
function held(authority: Authority) {
  const waiting: (() => void)[] = [];
  let hold = false;
  return {
    waiting,
    hold: () => {
      hold = true;
    },
    authority: {
      ...authority,
      async placeOf(ref) {
        const place = await authority.placeOf(ref);
        if (hold) await new Promise<void>((resolve) => waiting.push(resolve));
        return place;
      },
    } satisfies Authority,
  };
}

test('a judgement that was overtaken by another one lets nothing out, however late it ends', async (t) => {
  const station = await openWorld(t);
  const gate = held(station.authority);
  const channel = sourcesChannel(t, station, {}, gate.authority);
  const stream = memoryReader({ channel }, CAST.viewer.token).open('people.places', places);
  await stream.next();
  gate.hold();
  // The first judgement still finds the role …
  station.store.events.publish([{ event: 'people.siteChanged', site: EXAMPLE.site }]);
  while (gate.waiting.length < 1) await turn();
  // … then the role is taken, and that is judged as well.
  await lose(station);
  station.store.events.publish([rolesChanged, placeChanged]);
  const shown = stream.said.length;
  while (gate.waiting.length < 2) await turn();
  gate.waiting[0]?.();
  for (let n = 0; n < 5; n++) await turn();
  assert.deepEqual(stream.said.slice(shown), [], 'the older judgement opened the stream again');
  gate.waiting[1]?.();
  await ended(stream);
  assert.deepEqual(values(stream, shown), []);
});

test('an opening whose judgement was overtaken is judged again', async (t) => {
  const station = await openWorld(t);
  const gate = held(station.authority);
  const channel = sourcesChannel(t, station, {}, gate.authority);
  gate.hold();
  const stream = memoryReader({ channel }, CAST.viewer.token).open('people.places', places);
  while (gate.waiting.length < 1) await turn();
  await lose(station);
  station.store.events.publish([rolesChanged]);
  gate.waiting[0]?.();
  while (gate.waiting.length < 2) await turn();
  gate.waiting[1]?.();
  assert.equal(isA(await stream.next(), 'end').end.code, 'notFound');
});

for (const first of ['old', 'new'] as const)
  test(`a reading that comes back after the rights have changed goes nowhere (the ${first} one comes first)`, async (t) => {
    const station = await openWorld(t);
    const reads: ((values: Map<string, unknown>) => void)[] = [];
    const { source: watch, push: changed } = pushed<[string]>();
    const channel = sourcesChannel(t, station, { state: { read: () => new Promise((resolve) => reads.push(resolve)), watch } });
    const stream = memoryReader({ channel }, CAST.viewer.token).open(STREAM.state, {});
    while (reads.length < 1) await turn();
    const admin = station.client({ token: CAST.platformAdmin.token, origin: CONSOLE }).people;
    await admin.grantRole({ person: EXAMPLE.viewer, role: 'operator', at: { kind: 'site', site: EXAMPLE.site } });
    while (reads.length < 2) await turn();
    for (const which of first === 'old' ? [0, 1] : [1, 0]) {
      reads[which]?.(new Map([['a', which === 0 ? 'read before' : 'read after']]));
      for (let n = 0; n < 3; n++) await turn();
    }
    changed('a');
    while (reads.length < 3) await turn();
    reads[2]?.(new Map([['a', 'read last']]));
    await stream.until((said) => JSON.stringify(said).includes('last'));
    assert.deepEqual(
      stream.said.map((said) => isA(said, 'values').values.set?.[0]?.[1]),
      ['read after', 'read last'],
    );
  });
