// A right that is taken away is gone: once whoever took it has the answer, not one frame with data leaves any more, neither on
// streams that run nor on those that are just being opened.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { BEAT_MS } from '../contract/channel.ts';
import { EXAMPLE } from '../contract/examples.ts';
import * as entities from './people/entities.ts';
import { station as itself } from './store/index.ts';
import { onBoth, type TestDatabase } from './testing/databases.ts';
import { isA, memoryReader, type OpenStream } from './testing/reader.ts';
import { patternAt, STREAM, sourcesChannel } from './testing/sources.ts';
import { CONSOLE, openTestStation, type TestStation } from './testing/station.ts';
import { type Actor, buildWorld, CAST, OTHER } from './testing/world.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const after = async (turns: number) => {
  for (let n = 0; n < turns; n++) await turn();
};
const as = ({ client }: TestStation, who: Actor) => client({ token: CAST[who].token, origin: CONSOLE });
const hasEnded = ({ said }: OpenStream) => said.at(-1)?.type === 'end';
const ended = (stream: OpenStream) => stream.until(({ type }) => type === 'end');
const codeOf = (stream: OpenStream) => isA(stream.said.at(-1) as never, 'end').end.code;
const places = { site: EXAMPLE.site };

async function openWorld(database: TestDatabase): Promise<TestStation> {
  const station = await openTestStation(database.t, { database });
  await buildWorld(station);
  return station;
}

/** Changes names at the site until it is told to stop: there is always something new to show. */
function busySite({ store }: TestStation) {
  let stopped = false;
  const work = (async () => {
    for (let n = 0; !stopped; n++)
      await store.change(itself('test.busy'), async (tx) => {
        await tx.update(entities.place, EXAMPLE.system, { name: `Heating ${n}` });
        tx.emit({ event: 'people.placesChanged', site: EXAMPLE.site, place: EXAMPLE.system });
      });
  })();
  return async () => {
    stopped = true;
    await work;
  };
}

/** Ways in which the viewer of the site loses it. Each says with which code the stream ends. */
const LOSSES: Record<
  string,
  { code: string; lose(station: TestStation): Promise<unknown>; regain(station: TestStation): Promise<unknown> }
> = {
  'the role is taken away': {
    code: 'notFound',
    lose: (station) => as(station, 'siteManager').people.revokeRole({ grant: EXAMPLE.grant }),
    regain: ({ store }) =>
      store.change(itself('test'), async (tx) => {
        await tx.restore(entities.grant, EXAMPLE.grant);
        tx.emit({ event: 'people.grantsChanged', person: EXAMPLE.viewer, by: null, role: 'viewer', where: '', given: true });
      }),
  },
  'the person is barred': {
    code: 'unauthenticated',
    lose: (station) => as(station, 'platformAdmin').people.disablePerson({ person: EXAMPLE.viewer, disabled: true }),
    regain: async (station) => {
      await as(station, 'platformAdmin').people.disablePerson({ person: EXAMPLE.viewer, disabled: false });
      await newSession(station);
    },
  },
  'the person signs out': { code: 'unauthenticated', lose: (station) => as(station, 'viewer').people.signOut({}), regain: newSession },
};

async function newSession({ store }: TestStation): Promise<void> {
  const { digestOf } = await import('./people/tokens.ts');
  await store.change(itself('test'), async (tx) => {
    const row = { person: EXAMPLE.viewer, createdAt: tx.now(), seenAt: tx.now(), expiresAt: tx.now() + 1e9, source: '', agent: '' };
    await tx.db
      .insertInto('session')
      .values({ id: tx.id(), tokenDigest: digestOf(CAST.viewer.token), ...row })
      .execute();
  });
}

for (const [loss, { code, lose, regain }] of Object.entries(LOSSES)) {
  onBoth(`${loss}: a stream that runs says nothing more once that was acknowledged`, async (database) => {
    const station = await openWorld(database);
    for (let round = 0; round < 12; round++) {
      const readers = Array.from({ length: 5 }, () => memoryReader(station, CAST.viewer.token));
      const streams = readers.map((reader) => reader.open('people.places', places));
      await Promise.all(streams.map((stream) => stream.next()));
      const stop = busySite(station);
      await after(round);
      await lose(station);
      const acknowledged = streams.map(({ said }) => said.length);
      await after(3);
      await stop();
      await Promise.all(streams.map(ended));
      for (const [index, stream] of streams.entries()) {
        assert.deepEqual(
          stream.said.slice(acknowledged[index]).filter(({ type }) => type !== 'end'),
          [],
          'data after the loss',
        );
        assert.equal(codeOf(stream), code);
      }
      for (const reader of readers) reader.end();
      await regain(station);
    }
  });

  onBoth(`${loss}: a stream that is just being opened shows nothing once that was acknowledged`, async (database) => {
    const station = await openWorld(database);
    let shown = 0;
    for (let round = 0; round < 40; round++) {
      const reader = memoryReader(station, CAST.viewer.token);
      const streams: OpenStream[] = [];
      // Opened one after another while the right is being taken: before, in the midst of it, and behind.
      const opening = (async () => {
        for (let n = 0; n < 30; n++) {
          streams.push(reader.open('people.places', places));
          if ((n + round) % 3 === 0) await turn();
          else for (let hop = 0; hop < (n * 7 + round) % 11; hop++) await null;
        }
      })();
      await after(round % 5);
      await lose(station);
      const acknowledged = streams.map(({ said }) => said.length);
      await opening;
      await Promise.all(streams.map(ended));
      for (const [index, stream] of streams.entries()) {
        shown += stream.said.length > 1 ? 1 : 0;
        const since = stream.said.slice(acknowledged[index] ?? 0);
        assert.deepEqual(
          since.filter(({ type }) => type !== 'end'),
          [],
          `stream ${index} of round ${round} showed data after the loss`,
        );
      }
      reader.end();
      await regain(station);
    }
    assert.ok(shown > 0, 'no stream was open before the loss: nothing was tested');
  });
}

test('ending one’s other sessions ends their streams, and leaves this one’s', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const signIn = async () =>
    (await as(station, 'nobody').people.signIn({ email: 'viewer@example.org', password: 'a long enough phrase' })).token;
  const [here, there] = [await signIn(), await signIn()];
  const own = memoryReader(station, here).open('people.me', {});
  const other = memoryReader(station, there).open('people.me', {});
  await Promise.all([own.next(), other.next()]);
  await station
    .client({ token: here, origin: CONSOLE })
    .people.changePassword({ current: 'a long enough phrase', password: 'another long phrase' });
  await after(3);
  assert.equal(codeOf(other), 'unauthenticated');
  assert.equal(hasEnded(own), false);
  const { sessions } = await station.client({ token: here, origin: CONSOLE }).people.listSessions({});
  assert.equal(sessions.length, 1);
});

test('where a right shrinks and still allows, the stream goes on with what is left', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const admin = as(station, 'platformAdmin').people;
  const { site } = await admin.createSite({ organisation: EXAMPLE.organisation, name: 'Works 2' });
  const { grant } = await admin.grantRole({ person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site } });
  const stream = memoryReader(station, CAST.viewer.token).open('people.me', {});
  const sites = (value: unknown) => (value as { sites: { name: string }[] }).sites.map(({ name }) => name);
  const shown = async () => sites(isA(await stream.next(), 'values').values.set?.[0]?.[1]);
  assert.deepEqual(await shown(), ['Works 1', 'Works 2']);
  await admin.revokeRole({ grant });
  const acknowledged = stream.said.length;
  await after(5);
  for (const said of stream.said.slice(acknowledged)) assert.doesNotMatch(JSON.stringify(said), /Works 2/);
  assert.deepEqual(sites(isA(stream.said.at(-1) as never, 'values').values.set?.[0]?.[1]), ['Works 1']);
  assert.equal(hasEnded(stream), false);
});

test('an audit read under two rights goes on under the one that is left, without a gap and without a repetition', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const admin = as(station, 'platformAdmin').people;
  const { grant } = await admin.grantRole({
    person: CAST.siteManager.id,
    role: 'organisationAdmin',
    at: { kind: 'organisation', organisation: EXAMPLE.organisation },
  });
  const stream = memoryReader(station, CAST.siteManager.token).open('people.audit', { site: EXAMPLE.site }, { window: 2_048 });
  const rename = (n: number) => admin.updatePlace({ place: EXAMPLE.system, name: `Heating ${n}` });
  for (let n = 0; n < 10; n++) await rename(n);
  await Promise.all([admin.revokeRole({ grant }), ...Array.from({ length: 10 }, (_, n) => rename(10 + n))]);
  for (let n = 20; n < 30; n++) await rename(n);
  await after(10);
  const names = stream.said
    .flatMap((said) => (said.type === 'values' ? said.values.items : []))
    .map(([, entry]) => entry as { action: string; changes: { field: string; after: string }[] })
    .filter(({ action }) => action === 'people.updatePlace')
    .flatMap(({ changes }) => changes.map(({ after }) => after));
  assert.deepEqual(
    names,
    Array.from({ length: 30 }, (_, n) => `Heating ${n}`),
  );
  assert.equal(hasEnded(stream), false);
});

test('a rule of the site that changes has its streams judged again, and they go on', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const stream = memoryReader(station, CAST.viewer.token).open('people.places', places);
  await stream.next();
  await as(station, 'siteManager').people.updateSite({ site: EXAMPLE.site, operatorsControl: true });
  assert.equal(isA(await stream.next(), 'values').values.reset, true);
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.system, name: 'Cooling' });
  assert.match(JSON.stringify(await stream.next()), /Cooling/);
  // A new name alone changes no right: nothing is shown anew.
  const before = stream.said.length;
  await as(station, 'siteManager').people.updateSite({ site: EXAMPLE.site, name: 'Works One' });
  await after(5);
  assert.equal(stream.said.length, before);
});

test('nobody else’s streams are disturbed when somebody’s roles change', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const other = memoryReader(station, CAST.operator.token).open('people.places', places);
  await other.next();
  for (let n = 0; n < 5; n++) {
    await LOSSES['the role is taken away']?.lose(station);
    await LOSSES['the role is taken away']?.regain(station);
  }
  await after(5);
  assert.equal(other.said.length, 1);
});

test('a reading that a new judgement cuts short is taken up again where it was', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  // Gives a piece and then waits, as a file on a slow disk does, until it is told to stop.
  const offsets: number[] = [];
  const channel = sourcesChannel(t, station, {
    bytes: async function* (offset, signal) {
      offsets.push(offset);
      yield patternAt(offset, 100);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    },
  });
  const reader = memoryReader({ channel }, CAST.platformAdmin.token);
  const stream = reader.open(STREAM.bytes, {});
  await stream.next();
  await after(2);
  const { people } = as(station, 'platformAdmin');
  await people.grantRole({
    person: CAST.platformAdmin.id,
    role: 'organisationAdmin',
    at: { kind: 'organisation', organisation: OTHER.organisation },
  });
  const again = isA(await stream.next(), 'bytes');
  assert.deepEqual([again.offset, offsets], [100, [0, 100]]);
  assert.equal(hasEnded(stream), false);
});

test('a session that expires ends its streams: with the next thing they would say, or with the next beat', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const station = await openTestStation(t);
  await buildWorld(station);
  const { token } = await as(station, 'nobody').people.signIn({ email: 'viewer@example.org', password: 'a long enough phrase' });
  const busy = memoryReader(station, token).open('people.places', places);
  const quiet = memoryReader(station, token).open('people.me', {});
  const lasting = memoryReader(station, CAST.viewer.token).open('people.me', {});
  await Promise.all([busy.next(), quiet.next(), lasting.next()]);
  for (let day = 0; day < 30; day += 6) {
    station.clock.advance(6 * 86_400_000);
    for (const used of [CAST.viewer.token, CAST.siteManager.token]) await station.client({ token: used, origin: CONSOLE }).people.me({});
    if (day < 24) await station.client({ token, origin: CONSOLE }).people.me({});
  }
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.system, name: 'Cooling' });
  await after(5);
  assert.deepEqual([busy.said.length, codeOf(busy)], [2, 'unauthenticated']);
  assert.equal(hasEnded(quiet), false);
  mock.timers.tick(BEAT_MS);
  await after(5);
  assert.equal(codeOf(quiet), 'unauthenticated');
  assert.equal(hasEnded(lasting), false);
});

test('a stream does not keep its session in use: it ends with it at a beat, and another that is used goes on', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const station = await openTestStation(t);
  await buildWorld(station);
  const [watched, busy, used] = (['viewer', 'nobody', 'operator'] as const).map((who) =>
    memoryReader(station, CAST[who].token).open(who === 'nobody' ? 'people.me' : 'people.places', who === 'nobody' ? {} : places),
  ) as [OpenStream, OpenStream, OpenStream];
  await Promise.all([watched.next(), busy.next(), used.next()]);
  for (let day = 0; day < 6; day++) {
    station.clock.advance(86_400_000);
    mock.timers.tick(BEAT_MS);
    await after(5);
  }
  await as(station, 'operator').people.me({});
  await as(station, 'siteManager').people.me({});
  station.clock.advance(86_400_000);
  // No beat between: what the streams remember of their sessions is a day old.
  await as(station, 'siteManager').people.updatePlace({ place: EXAMPLE.system, name: 'Cooling' });
  await after(10);
  assert.deepEqual([hasEnded(watched), codeOf(watched)], [true, 'unauthenticated']);
  assert.deepEqual([hasEnded(used), used.said.length], [false, 2]);
  assert.equal(hasEnded(busy), false);
  mock.timers.tick(BEAT_MS);
  await after(10);
  assert.equal(codeOf(busy), 'unauthenticated');
  assert.equal(hasEnded(used), false);
});

onBoth('after a storm of grants given and taken every stream shows what its reader may see, and no other', async (database) => {
  const station = await openWorld(database);
  const readers = Array.from({ length: 10 }, () => memoryReader(station, CAST.viewer.token));
  const streams = readers.map((reader) => reader.open('people.me', {}));
  const { lose, regain } = LOSSES['the role is taken away'] as (typeof LOSSES)[string];
  for (let n = 0; n < 25; n++) {
    const lost = lose(station);
    if (n % 3 === 0) await turn();
    const more = readers[n % 10]?.open('people.places', places);
    await lost;
    await regain(station);
    more?.close();
  }
  // Told once more that everything may be new, each shows what is now.
  await as(station, 'viewer').people.updateMe({ name: 'The last change' });
  for (const stream of streams) {
    const last = await stream.until((said) => JSON.stringify(said).includes('The last change'));
    const [[, value]] = isA(last, 'values').values.set as [[string, { grants: unknown[]; sites: unknown[] }]];
    assert.deepEqual([value.grants.length, value.sites.length], [1, 1]);
    assert.equal(hasEnded(stream), false);
  }
});
