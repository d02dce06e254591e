// A stream that is refused stands in the audit as a call does, and whoever tries it in a loop does not fill the audit with it.
import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { BEAT_MS } from '../contract/channel.ts';
import { EXAMPLE } from '../contract/examples.ts';
import * as entities from './people/entities.ts';
import { station as itself } from './store/index.ts';
import { onBoth, type TestDatabase } from './testing/databases.ts';
import { isA, memoryReader } from './testing/reader.ts';
import { CONSOLE, openTestStation, type TestStation } from './testing/station.ts';
import { type Actor, buildWorld, CAST } from './testing/world.ts';

async function openWorld(t: TestContext, database?: TestDatabase): Promise<TestStation> {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const station = await openTestStation(t, database ? { database } : {});
  await buildWorld(station);
  return station;
}

/** Opens it and waits for what becomes of it. */
async function tryToOpen(station: TestStation, who: Actor, stream: string, input: unknown): Promise<string> {
  const reader = memoryReader(station, CAST[who].token);
  const said = await reader.open(stream, input).next();
  reader.end();
  return said.type === 'end' ? (said.end.code ?? 'ended') : 'open';
}

/** Refusals in the audit, oldest first. */
async function refusals(station: TestStation) {
  const { people } = station.client({ token: CAST.platformAdmin.token, origin: CONSOLE });
  const { entries } = await people.listAudit({ limit: 500 });
  return entries.filter(({ outcome }) => outcome === 'refused').reverse();
}

/** So many beats of the station's clock, and what they set going. */
async function beats(station: TestStation, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    station.clock.advance(BEAT_MS);
    mock.timers.tick(BEAT_MS);
  }
  await written(station);
}

/** Whatever was handed in before this change is in the store behind it: they are made one after another. */
const written = ({ store }: TestStation) => store.change(itself('test'), async () => {});

onBoth('a stream that is refused stands in the audit: who, what, where from, at which place, and why', async (database) => {
  const station = await openWorld(database.t, database);
  assert.equal(await tryToOpen(station, 'viewer', 'watch.liveLog', {}), 'forbidden');
  assert.equal(await tryToOpen(station, 'viewer', 'people.audit', { site: EXAMPLE.site }), 'forbidden');
  assert.equal(await tryToOpen(station, 'stranger', 'people.places', { site: EXAMPLE.site }), 'notFound');
  assert.deepEqual(
    (await refusals(station)).map(({ actor, action, site, from, message }) => [actor?.id, action, site, from, message]),
    [
      // The world of the tests has sites of two organisations: the station stands at none of them alone.
      [EXAMPLE.viewer, 'watch.liveLog', null, 'console', 'You may not do this here.'],
      [EXAMPLE.viewer, 'people.audit', EXAMPLE.site, 'console', 'You may not do this here.'],
      [CAST.stranger.id, 'people.places', null, 'console', 'There is no such thing here.'],
    ],
  );
});

test('what is tried in a loop is one row at once and one a minute, with the count in its sentence; nothing is lost', async (t) => {
  const station = await openWorld(t);
  const loop = async (times: number) => {
    for (let n = 0; n < times; n++) assert.equal(await tryToOpen(station, 'viewer', 'watch.liveLog', {}), 'forbidden');
  };
  const rows = async () => (await refusals(station)).map(({ actor, message }) => `${actor?.name}: ${message}`);
  await loop(100);
  const first = 'The viewer: You may not do this here.';
  assert.deepEqual(await rows(), [first]);

  // Another person is another row, and so is another stream.
  await tryToOpen(station, 'operator', 'watch.liveLog', {});
  await tryToOpen(station, 'viewer', 'watch.logFile', {});
  const others = ['The operator: You may not do this here.', first];
  assert.deepEqual(await rows(), [first, ...others]);

  await beats(station, 11);
  assert.equal((await rows()).length, 3, 'a minute is not over yet');
  await beats(station, 1);
  assert.deepEqual((await rows()).slice(3), [`${first} Asked 99 more times within a minute.`]);

  await loop(2);
  await beats(station, 12);
  assert.deepEqual((await rows()).slice(4), [`${first} Asked 2 more times within a minute.`]);

  // Over for a minute, it is forgotten: the next try is written at once again.
  await beats(station, 24);
  await loop(1);
  assert.deepEqual((await rows()).slice(5), [first]);
});

test('what was counted is written when the station stops', async (t) => {
  const station = await openWorld(t);
  for (let n = 0; n < 3; n++) await tryToOpen(station, 'viewer', 'watch.liveLog', {});
  station.channel.close();
  await written(station);
  assert.deepEqual(
    (await refusals(station)).map(({ message }) => message),
    ['You may not do this here.', 'You may not do this here. Asked 2 more times within a minute.'],
  );
});

test('a stream that runs and loses its right adds nothing: what took the right away is in the audit, and nobody asked again', async (t) => {
  const station = await openWorld(t);
  const stream = memoryReader(station, CAST.viewer.token).open('people.places', { site: EXAMPLE.site });
  await stream.next();
  await beats(station, 3);
  await station.store.change(itself('test'), async (tx) => {
    await tx.remove(entities.grant, EXAMPLE.grant);
    tx.emit({ event: 'people.grantsChanged', person: EXAMPLE.viewer, by: null, role: 'viewer', where: '', given: false });
  });
  assert.equal(isA(await stream.next(), 'end').end.code, 'notFound');
  await beats(station, 13);
  assert.deepEqual(await refusals(station), []);
});
