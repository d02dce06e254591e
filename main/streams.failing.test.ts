// A store that is away for a while ends no stream that runs, and lets nothing out that a changed right may forbid.
import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { BEAT_MS } from '../contract/channel.ts';
import { EXAMPLE } from '../contract/examples.ts';
import * as entities from './people/entities.ts';
import { station as itself } from './store/index.ts';
import { isA, memoryReader, type OpenStream } from './testing/reader.ts';
import { heldState, STREAM, sourcesChannel } from './testing/sources.ts';
import { openTestStation } from './testing/station.ts';
import { buildWorld, CAST } from './testing/world.ts';

const rolesChanged = { event: 'people.grantsChanged', person: EXAMPLE.viewer, by: null, role: 'viewer', where: '', given: false } as const;
const places = { site: EXAMPLE.site };

const after = async (turns: number) => {
  for (let n = 0; n < turns; n++) await new Promise<void>((resolve) => setImmediate(resolve));
};
const hasEnded = ({ said }: OpenStream) => said.at(-1)?.type === 'end';

/** A station whose database does not answer while `away` is set: what nobody remembers cannot be asked. */
async function openWorld(t: TestContext) {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const station = await openTestStation(t);
  await buildWorld(station);
  const store = { away: false };
  const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (store.away) throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    return ask();
  };
  const state = heldState(new Map<string, unknown>([['pressure', 0]]));
  const channel = sourcesChannel(
    t,
    station,
    { state },
    {
      ...station.authority,
      session: (token) => answered(() => station.authority.session(token)),
      placeOf: (ref) => answered(() => station.authority.placeOf(ref)),
    },
  );
  const reader = memoryReader({ channel }, CAST.viewer.token);
  const beat = async () => {
    mock.timers.tick(BEAT_MS);
    await after(5);
  };
  return { station, store, state, reader, beat };
}

test('a beat at which the store cannot be asked ends no stream: it goes on, and what is new is shown', async (t) => {
  const { store, state, reader, beat } = await openWorld(t);
  const stream = reader.open(STREAM.state, {});
  await stream.next();
  store.away = true;
  for (let n = 0; n < 3; n++) await beat();
  assert.equal(hasEnded(stream), false);
  state.set('pressure', 1);
  assert.deepEqual(isA(await stream.next(), 'values').values, { set: [['pressure', 1]] });
});

test('after a change of rights that cannot be judged nothing leaves, until it can: then the stream goes on', async (t) => {
  const { station, store, state, reader, beat } = await openWorld(t);
  const stream = reader.open(STREAM.state, {});
  await stream.next();
  store.away = true;
  station.store.events.publish([rolesChanged]);
  for (let n = 1; n < 4; n++) {
    state.set('pressure', n);
    await beat();
  }
  assert.equal(stream.said.length, 1, 'something left unjudged');
  store.away = false;
  await beat();
  assert.deepEqual(isA(await stream.next(), 'values').values.set, [['pressure', 3]]);
  state.set('pressure', 4);
  assert.deepEqual(isA(await stream.next(), 'values').values.set, [['pressure', 4]]);
});

test('a right that was lost while the store was away ends the stream once the store can say so, without a value between', async (t) => {
  const { station, store, reader, beat } = await openWorld(t);
  const stream = reader.open('people.places', places);
  await stream.next();
  await station.store.change(itself('test'), (tx) => tx.remove(entities.grant, EXAMPLE.grant));
  store.away = true;
  station.store.events.publish([rolesChanged]);
  for (let n = 0; n < 3; n++) {
    station.store.events.publish([{ event: 'people.placesChanged', site: EXAMPLE.site, place: EXAMPLE.system }]);
    await beat();
  }
  assert.equal(stream.said.length, 1, 'something left unjudged');
  store.away = false;
  await beat();
  assert.equal(isA(await stream.next(), 'end').end.code, 'notFound');
});

test('a session that expires ends its streams at a beat, also while the store is away', async (t) => {
  const { station, store, reader, beat } = await openWorld(t);
  const stream = reader.open(STREAM.state, {});
  await stream.next();
  store.away = true;
  station.clock.advance(366 * 86_400_000);
  await beat();
  assert.equal(isA(await stream.next(), 'end').end.code, 'unauthenticated');
});

test('a stream whose reading fails says that the store is unavailable: its reader may come back', async (t) => {
  const { state, reader } = await openWorld(t);
  const stream = reader.open(STREAM.state, {});
  await stream.next();
  state.read = async () => {
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
  };
  state.changed('pressure');
  assert.equal(isA(await stream.next(), 'end').end.code, 'unavailable');
});
