// The page's end of both links against a real station: what a lost connection does to it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { MAX_WINDOW, TOO_MANY_LINKS } from '../../contract/channel.ts';
import { EXAMPLE } from '../../contract/examples.ts';
import type { AuditEntry } from '../../contract/people.ts';
import { goodbye } from '../../contract/relay.ts';
import { portLink as stationLink } from '../../main/links.ts';
import { countedBytes, heldState, patternAt, pushed, STREAM, sourcesChannel } from '../../main/testing/sources.ts';
import { CONSOLE, openTestStation, type TestStation } from '../../main/testing/station.ts';
import { buildWorld, CAST } from '../../main/testing/world.ts';
import { openCalls } from './calls.ts';
import { Channel } from './channel.ts';
import { type Dial, portLink } from './links.ts';
import { applyState, LiveStore } from './liveStore.ts';
import { Redial } from './redial.ts';

/** A way to the station whose connections the test can cut. */
function cuttable(t: TestContext, station: Pick<TestStation, 'calls' | 'channel'>) {
  const open: MessagePort[] = [];
  let refuse = false;
  const dial: Dial = async (kind) => {
    if (refuse) throw new Error('nobody answers');
    const { port1, port2 } = new MessageChannel();
    open.push(port1);
    station[kind].attach(stationLink(port1), { token: CAST.platformAdmin.token, origin: CONSOLE });
    return portLink(port2 as never);
  };
  const cut = () => {
    for (const port of open.splice(0)) port.close();
  };
  t.after(cut);
  return { dial, cut, refuse: (yes: boolean) => (refuse = yes) };
}

/** Settles when `is` holds, looked at after every turn of the loop. */
async function until(is: () => boolean): Promise<void> {
  const started = Date.now();
  while (!is()) {
    assert.ok(Date.now() - started < 10_000, 'it never came to that');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function openWorld(t: TestContext): Promise<TestStation> {
  const station = await openTestStation(t);
  await buildWorld(station);
  return station;
}

test('events come complete and in order over any number of cuts', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const channel = new Channel({ dial: way.dial });
  channel.start();
  t.after(() => channel.stop());
  const seen: number[] = [];
  channel.read('people.audit', {}, { events: (items) => void seen.push(...items.map(([, entry]) => (entry as AuditEntry).seq)) });
  await until(() => seen.length > 0);
  const { people } = station.client({ token: CAST.platformAdmin.token, origin: CONSOLE });
  for (let n = 0; n < 60; n++) {
    await people.setPreference({ name: 'theme', value: n });
    if (n % 10 === 5) way.cut();
  }
  const last = seen[0] as number;
  await until(() => seen.length >= 61);
  assert.deepEqual(
    seen,
    Array.from({ length: seen.length }, (_, index) => last + index),
    'no gap, nothing twice',
  );
});

test('state is shown whole again after a cut, with what changed meanwhile', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const states: string[] = [];
  const channel = new Channel({ dial: way.dial, onState: (state) => void states.push(state) });
  channel.start();
  t.after(() => channel.stop());
  let places: ReadonlyMap<string, { name: string }> | undefined;
  channel.read(
    'people.places',
    { site: EXAMPLE.site },
    {
      state: (values) => {
        places = applyState(places, values);
      },
    },
  );
  await until(() => places?.size === 2);
  way.refuse(true);
  way.cut();
  await until(() => states.includes('lost'));
  const { people } = station.client({ token: CAST.platformAdmin.token, origin: CONSOLE });
  await people.removePlace({ place: EXAMPLE.building });
  way.refuse(false);
  channel.now();
  await until(() => places?.size === 0);
});

test('a stream that is refused says why, once, and is not asked for again', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const channel = new Channel({ dial: way.dial, token: () => CAST.viewer.token });
  channel.start();
  t.after(() => channel.stop());
  const ends: (string | undefined)[] = [];
  channel.read('people.audit', { site: EXAMPLE.site }, { end: (refusal) => void ends.push(refusal?.code) });
  await until(() => ends.length === 1);
  way.cut();
  await until(() => channel.size === 0);
  assert.deepEqual(ends, ['forbidden']);
});

test('a store that is away for a moment ends no live view: what was shown stays, says so, and goes on without a gap', async (t) => {
  const station = await openWorld(t);
  const state = heldState(new Map<string, unknown>([['pressure', 0]]));
  const read = state.read.bind(state);
  const { source: watch, push: wake } = pushed<[]>();
  const log: number[] = [1];
  let away = false;
  const answered = <T>(answer: T): T => {
    if (away) throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
    return answer;
  };
  const sources = {
    state: Object.assign(state, { read: async (keys: ReadonlySet<string> | undefined) => answered(await read(keys)) }),
    events: {
      read: async (after: string | undefined, limit: number) =>
        answered(
          log
            .filter((n) => n > Number(after ?? 0))
            .slice(0, limit)
            .map((n): [string, unknown] => [String(n), n]),
        ),
      watch,
    },
  };
  let waiting = 0;
  const channel = new Channel({
    dial: cuttable(t, { ...station, channel: sourcesChannel(t, station, sources) }).dial,
    onInterrupted: (streams) => {
      waiting = streams;
    },
  });
  channel.start();
  t.after(() => channel.stop());
  const live = new LiveStore(channel);
  const now = () => {
    const { values, refusal, interrupted } = live.now(STREAM.state, {});
    return [values?.get('pressure'), refusal?.code, interrupted];
  };
  let interruptions = 0;
  live.watch(STREAM.state, {}, () => {
    if (live.now(STREAM.state, {}).interrupted) interruptions += 1;
  });
  const heard: unknown[] = [];
  const codes: string[] = [];
  channel.read(
    STREAM.events,
    {},
    { events: (items) => void heard.push(...items.map(([, value]) => value)), interrupted: ({ code }) => void codes.push(code) },
  );
  await until(() => now()[0] === 0 && heard.length === 1);
  assert.deepEqual(now(), [0, undefined, false]);

  away = true;
  state.set('pressure', 1);
  log.push(2, 3);
  wake();
  // More than once each: to ask again is of no use yet.
  await until(() => interruptions >= 2 && codes.length >= 2);
  await until(() => waiting === 2);
  assert.deepEqual(now(), [0, 'unavailable', true]);
  assert.deepEqual(new Set(codes), new Set(['unavailable']));
  assert.equal(channel.size, 2);

  away = false;
  channel.now();
  await until(() => now()[0] === 1 && heard.length === 3);
  assert.equal(waiting, 0);
  assert.deepEqual(now(), [1, undefined, false]);
  state.set('pressure', 2);
  log.push(4);
  wake();
  await until(() => now()[0] === 2 && heard.length === 4);
  assert.deepEqual(heard, [1, 2, 3, 4], 'no gap, nothing twice');
});

test('a stream that fails is asked for again later and later, and soon again once it has said something', async (t) => {
  const station = await openWorld(t);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const state = heldState(new Map<string, unknown>([['pressure', 1]]));
  const read = state.read.bind(state);
  let tries = 0;
  let broken = false;
  state.read = async (keys) => {
    tries += 1;
    if (broken) throw new Error('a bug of the station');
    return read(keys);
  };
  const way = cuttable(t, { ...station, channel: sourcesChannel(t, station, { state }) });
  const channel = new Channel({ dial: way.dial, random: () => 1 });
  channel.start();
  t.after(() => channel.stop());
  let shown: ReadonlyMap<string, unknown> | undefined;
  const codes: string[] = [];
  const stop = channel.read(
    STREAM.state,
    {},
    {
      state: (values) => {
        shown = applyState(shown, values);
      },
      interrupted: ({ code }) => void codes.push(code),
    },
  );
  await until(() => shown !== undefined);

  const breakIt = async () => {
    broken = true;
    const before = codes.length;
    state.changed();
    await until(() => codes.length > before);
  };
  /** How long it takes until the station is asked again, and has answered. */
  const waited = async () => {
    const [asked, ended] = [tries, codes.length];
    let waits = 0;
    while (tries === asked) {
      t.mock.timers.tick(100);
      waits += 100;
      // To the station and back, over a port.
      for (let n = 0; n < 20 && tries === asked; n++) await new Promise((resolve) => setImmediate(resolve));
    }
    if (broken) await until(() => codes.length > ended);
    return waits;
  };
  await breakIt();
  const waits: number[] = [];
  for (let n = 0; n < 7; n++) waits.push(await waited());
  assert.deepEqual(waits, [400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  assert.deepEqual(new Set(codes), new Set(['internal']));

  broken = false;
  state.values.set('pressure', 2);
  assert.equal(await waited(), 10_000);
  await until(() => shown?.get('pressure') === 2);
  await breakIt();
  assert.equal(await waited(), 400);

  // Asked to, it does not wait; and who stops reading is not asked for again.
  const before = tries;
  channel.now();
  await until(() => tries > before && channel.size === 1);
  const last = codes.length;
  await until(() => codes.length >= last);
  stop();
  assert.equal(channel.size, 0);
  const { length } = codes;
  t.mock.timers.tick(60_000);
  await station.client({ token: CAST.platformAdmin.token, origin: CONSOLE }).watch.health({});
  assert.equal(codes.length, length);
});

test('a reader that is slow gets the last bytes as well, though their end is there before it has taken them', async (t) => {
  const station = await openWorld(t);
  const total = 300_000;
  const way = cuttable(t, { ...station, channel: sourcesChannel(t, station, { bytes: countedBytes(10_000, total).source }) });
  const channel = new Channel({ dial: way.dial });
  channel.start();
  t.after(() => channel.stop());
  const taken: Uint8Array[] = [];
  await new Promise<void>((resolve) => {
    channel.read(
      STREAM.bytes,
      {},
      {
        async bytes(bytes) {
          await new Promise((go) => setImmediate(go));
          taken.push(bytes);
        },
        end: () => resolve(),
      },
    );
  });
  assert.equal(Buffer.compare(Buffer.concat(taken), patternAt(0, total)), 0);
});

test('as many streams as a connection may have are all read to their end, whatever the station lets each of them hold', async (t) => {
  const station = await openWorld(t);
  const total = 12_000;
  const { promise: all, resolve: go } = Promise.withResolvers<void>();
  const sources = {
    async *bytes(offset: number, signal: AbortSignal) {
      await all;
      yield* countedBytes(1_111, total).source(offset, signal);
    },
  };
  const served = sourcesChannel(t, station, sources);
  const channel = new Channel({ dial: cuttable(t, { ...station, channel: served }).dial });
  channel.start();
  t.after(() => channel.stop());
  const read = Array.from({ length: 256 }, () => {
    const parts: Uint8Array[] = [];
    return new Promise<Buffer>((resolve) => {
      const reader = { bytes: (bytes: Uint8Array) => void parts.push(bytes), end: () => resolve(Buffer.concat(parts)) };
      channel.read(STREAM.bytes, {}, reader, { window: MAX_WINDOW });
    });
  });
  // None of them is through before the last one is open: they share from the first byte.
  await until(() => served.count().streams === read.length);
  go();
  const whole = patternAt(0, total);
  for (const bytes of await Promise.all(read)) assert.equal(Buffer.compare(bytes, whole), 0);
});

test('told that its session has too many links, a page stands back, and dials again later or when it is asked to', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let dials = 0;
  // A way on which the station closes every link at once, as it does with one too many.
  const dial: Dial = async () => {
    dials += 1;
    return {
      send() {},
      onMessage() {},
      onClose: (listener) => queueMicrotask(() => listener(TOO_MANY_LINKS, 'too many')),
      close() {},
    };
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const states: string[] = [];
  const channel = new Channel({ dial, onState: (state) => void states.push(state) });
  channel.start();
  await settle();
  assert.deepEqual([dials, states.at(-1)], [1, 'lost']);
  t.mock.timers.tick(9_900);
  await settle();
  assert.equal(dials, 1);
  t.mock.timers.tick(100);
  await settle();
  assert.equal(dials, 2);
  channel.now();
  await settle();
  assert.equal(dials, 3);
  channel.stop();
  t.mock.timers.tick(60_000);
  await settle();
  assert.equal(dials, 3, 'stopped is stopped');
});

test('the station gets credit only for what was consumed', async (t) => {
  const station = await openWorld(t);
  for (let n = 0; n < 400; n++) station.station.log.warn({ event: 'filler', line: 'x'.repeat(1000) }, 'filler');
  const way = cuttable(t, station);
  const channel = new Channel({ dial: way.dial });
  channel.start();
  t.after(() => channel.stop());
  let letGo = () => {};
  let taken = 0;
  let ended = false;
  channel.read(
    'watch.logFile',
    {},
    {
      bytes: (bytes) => {
        taken += bytes.length;
        return new Promise<void>((resolve) => {
          letGo = resolve;
        });
      },
      end: () => {
        ended = true;
      },
    },
    { window: 32 * 1024 },
  );
  await until(() => taken > 0);
  const first = taken;
  await station.client({ token: CAST.platformAdmin.token, origin: CONSOLE }).watch.health({});
  assert.equal(taken, first, 'a reader that is busy is handed nothing more');
  while (!ended) {
    letGo();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(taken > 100_000);
});

test('a call without a connection is refused at once; one that was under way and cannot be repeated says that its answer is unknown', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const calls = openCalls(way.dial);
  t.after(() => calls.stop());
  await assert.rejects(calls.station.people.me({}), { code: 'unavailable', data: { cause: 'noContact' } });
  calls.start();
  await until(() => calls.connected);
  assert.equal((await calls.station.people.me({})).person.id, EXAMPLE.admin);
  await assert.rejects(calls.station.people.createSite({ organisation: 'x' } as never), { code: 'invalid' });
  const under = calls.station.people.revokeSession({ session: EXAMPLE.organisation });
  way.cut();
  await assert.rejects(under, { code: 'unavailable', data: { cause: 'noAnswer' } });
});

/** Links that hear nothing while `deaf`: what the station answers is lost with them. */
function deafable(dial: Dial) {
  const ears = { deaf: false };
  const deafDial: Dial = async (...asked) => {
    const link = await dial(...asked);
    return { ...link, onMessage: (listener) => link.onMessage((message) => ears.deaf || listener(message)) };
  };
  return { ears, dial: deafDial };
}

const HALL_B = { site: EXAMPLE.site, parent: null, kind: 'building', name: 'Hall B' } as const;
const hallsB = async (station: TestStation) => {
  const { places } = await station.client({ token: CAST.platformAdmin.token, origin: CONSOLE }).people.listPlaces({ site: EXAMPLE.site });
  return places.filter(({ name }) => name === HALL_B.name).map(({ id }) => id);
};
/** Whether the station has carried it out, whatever the page knows. */
async function untilThere(station: TestStation): Promise<void> {
  while ((await hallsB(station)).length === 0) await new Promise((resolve) => setImmediate(resolve));
}

test('a command whose answer was lost with the link is asked again by itself, and carried out once', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const { ears, dial } = deafable(way.dial);
  const calls = openCalls(dial);
  t.after(() => calls.stop());
  calls.start();
  await until(() => calls.connected);
  ears.deaf = true;
  const made = calls.station.people.createPlace(HALL_B);
  const asked = calls.station.people.me({});
  await untilThere(station);
  ears.deaf = false;
  way.cut();
  await until(() => !calls.connected);
  calls.now();
  assert.deepEqual([(await made).place], await hallsB(station));
  assert.equal((await asked).person.id, EXAMPLE.admin);
});

test('pressed once more after nobody knew how it ended, it is the same command; after an answer it is another one', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const { ears, dial } = deafable(way.dial);
  const calls = openCalls(dial, undefined, 0);
  t.after(() => calls.stop());
  calls.start();
  await until(() => calls.connected);
  ears.deaf = true;
  const made = calls.station.people.createPlace(HALL_B);
  made.catch(() => {});
  await untilThere(station);
  way.refuse(true);
  way.cut();
  await assert.rejects(made, { code: 'unavailable', data: { cause: 'noAnswer' } });
  way.refuse(false);
  ears.deaf = false;
  calls.now();
  await until(() => calls.connected);
  const { place } = await calls.station.people.createPlace(HALL_B);
  assert.deepEqual([place], await hallsB(station));
  await calls.station.people.createPlace(HALL_B);
  assert.equal((await hallsB(station)).length, 2);
});

test('who leaves takes the unanswered with them', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const { ears, dial } = deafable(way.dial);
  const calls = openCalls(dial);
  calls.start();
  await until(() => calls.connected);
  ears.deaf = true;
  const under = calls.station.people.me({});
  calls.stop();
  await assert.rejects(under, { code: 'unavailable' });
});

test('a lost link is dialled again later and later, and at once when asked to', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let dials = 0;
  const redial = new Redial({
    kind: 'calls',
    dial: async () => {
      dials += 1;
      throw new Error('nobody answers');
    },
    onOpen: () => {},
    onLost: () => {},
    random: () => 1,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  redial.start();
  await settle();
  const waits: number[] = [];
  for (let n = 0; n < 7; n++) {
    let waited = 0;
    const before = dials;
    while (dials === before) {
      t.mock.timers.tick(100);
      waited += 100;
      await settle();
    }
    waits.push(waited);
  }
  assert.deepEqual(waits, [400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  redial.now();
  await settle();
  assert.equal(dials, 9);
  redial.stop();
  t.mock.timers.tick(60_000);
  await settle();
  assert.equal(dials, 9, 'stopped is stopped');
});

test('a port that is closed tells its reader once', async () => {
  const { port1, port2 } = new MessageChannel();
  const link = portLink(port2 as never);
  let told = 0;
  link.onClose(() => told++);
  link.onMessage(() => {});
  port1.close();
  await once(port2, 'close');
  assert.equal(told, 1);
});

test('a link that speaks nonsense is given up for a new one, for calls and for the channel', async (t) => {
  const station = await openWorld(t);
  const way = cuttable(t, station);
  const ends: MessagePort[] = [];
  let nonsense: string | Uint8Array | undefined;
  // The first link is somebody else's; the ones after it are the station's.
  const dial: Dial = async (kind, signal) => {
    if (nonsense === undefined) return way.dial(kind, signal);
    const { port1, port2 } = new MessageChannel();
    ends.push(port1);
    port1.postMessage(nonsense);
    nonsense = undefined;
    return portLink(port2 as never);
  };
  for (const said of ['{', 'null', '7', '[null]', '{"id":1}', '{"id":1,"refused":{"code":"made-up"}}']) {
    nonsense = said;
    const calls = openCalls(dial, () => CAST.viewer.token);
    calls.start();
    t.after(() => calls.stop());
    let me: unknown;
    while (me === undefined) me = await calls.station.people.me({}).catch(() => new Promise((resolve) => setImmediate(resolve)));
    calls.stop();
  }
  for (const said of [new Uint8Array(), new Uint8Array([99, 0, 0, 0, 0]), new Uint8Array([16, 0, 0, 0, 0, 123])]) {
    nonsense = said;
    let hello = false;
    const channel = new Channel({ dial, token: () => CAST.viewer.token, onHello: () => (hello = true) });
    channel.start();
    t.after(() => channel.stop());
    await until(() => hello);
    channel.stop();
  }
  for (const end of ends) end.close();
});

test('a port that leads elsewhere says by what code it was closed', async () => {
  const { port1, port2 } = new MessageChannel();
  const link = portLink(port2 as never);
  const heard: unknown[] = [];
  link.onMessage((message) => heard.push(message));
  const closed = new Promise<[number, string]>((resolve) => link.onClose((...how) => resolve(how)));
  port1.postMessage('{"id":1,"answer":{}}');
  port1.postMessage(goodbye(4426, 'another version'));
  port1.close();
  assert.deepEqual(await closed, [4426, 'another version']);
  assert.deepEqual(heard, ['{"id":1,"answer":{}}']);
});
