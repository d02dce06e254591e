// What readers cost that have stopped reading, and that thousands of them come and go without a trace. Figures are printed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { encodeJson, FRAME, MAX_WINDOW } from '../contract/channel.ts';
import { EXAMPLE } from '../contract/examples.ts';
import { CONTRACT } from '../contract/version.ts';
import { serveWeb } from './hosts/web/server.ts';
import { MAX_LINKS, portLink } from './links.ts';
import { linked, onBothLinks, settled } from './testing/links.ts';
import { heldState, pushed, STREAM } from './testing/sources.ts';
import { CONSOLE } from './testing/station.ts';
import { CAST } from './testing/world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MEGABYTE = 1_000_000;
const STALLED = 10;

async function held(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A source of each class that never stops, and 200 MB of it. */
function flood() {
  const ring = pushed<[Uint8Array]>();
  const samples = pushed<[string, number, number]>();
  const events = pushed<[]>();
  const state = heldState();
  let written = 0;
  return {
    ring: ring.source,
    samples: samples.source,
    state,
    events: {
      read: async (after = '0', limit: number) =>
        Array.from({ length: Math.min(limit, written - Number(after)) }, (_, n): [string, unknown] => [
          String(Number(after) + n + 1),
          'e'.repeat(500),
        ]),
      watch: events.source,
    },
    bytes: async function* () {
      for (;;) yield new Uint8Array(65_536);
    },
    async run(rounds = 400) {
      for (let round = 0; round < rounds; round++) {
        for (let n = 0; n < 8; n++) ring.push(new Uint8Array(65_536));
        for (let n = 0; n < 500; n++) samples.push(`tag ${n % 100}`, round, n);
        for (let n = 0; n < 100; n++) state.set(`key ${n}`, `${round} ${'s'.repeat(500)}`);
        written += 100;
        events.push();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

for (const link of ['port', 'socket'] as const)
  test(`a reader that has stopped reading costs less than a megabyte, whatever floods it (${link})`, async (t) => {
    const source = flood();
    const { station } = await linked(t, 'port', source);
    const dial = link === 'port' ? () => deafPort(t, station) : await deafSockets(t, station);
    const before = await held();
    for (let n = 0; n < STALLED; n++) {
      const send = await dial();
      for (const [index, name] of Object.values(STREAM).entries()) send(encodeJson(FRAME.open, index + 1, { stream: name, input: {} }));
    }
    while (station.channel.count().streams < STALLED * 5) await new Promise((resolve) => setImmediate(resolve));
    await source.run();
    const streams = STALLED * 5;
    const each = ((await held()) - before) / streams;
    t.diagnostic(`${Math.round(each / 1000)} kB a stalled stream, ${STALLED} readers of five streams each, 200 MB offered`);
    assert.ok(each < MEGABYTE / 2, `${each} bytes`);
    assert.equal(station.channel.count().streams, streams);
  });

const CONNECTIONS = 4;
const STREAMS = 256;
const FULL_CONNECTION_BYTES = 6 * MEGABYTE;

for (const link of ['port', 'socket'] as const)
  test(`a connection that has stopped reading costs less than 6 MB with all the streams it may have and the largest windows (${link})`, async (t) => {
    const source = flood();
    // A source of each class that has something to say from the first moment: nobody waits to be flooded with an empty hand.
    await source.run(1);
    const { station } = await linked(t, 'port', source);
    const ports: MessagePort[] = [];
    const dial = link === 'port' ? () => deafPort(t, station, ports) : await deafSockets(t, station);
    const names = Object.values(STREAM);
    const before = await held();
    for (let n = 0; n < CONNECTIONS; n++) {
      const send = await dial();
      for (let id = 1; id <= STREAMS; id++)
        send(encodeJson(FRAME.open, id, { stream: names[id % names.length], input: {}, window: MAX_WINDOW }));
    }
    while (station.channel.count().streams < CONNECTIONS * STREAMS) await new Promise((resolve) => setImmediate(resolve));
    await source.run(40);
    const inside = (await held()) - before;
    // What is in a port's queue lies outside of what the process counts as its own.
    const queued = ports.reduce((sum, port) => sum + queuedIn(port), 0);
    const each = (inside + queued) / CONNECTIONS;
    t.diagnostic(
      `${Math.round(each / 1000)} kB a connection of ${STREAMS} stalled streams, 20 MB offered to each ring; ${queued / CONNECTIONS} bytes of it in a port`,
    );
    assert.ok(each < FULL_CONNECTION_BYTES, `${each} bytes`);
    assert.equal(station.channel.count().streams, CONNECTIONS * STREAMS);
  });

/** A port nobody listens at: what is posted waits in its queue. */
function deafPort(t: Parameters<typeof linked>[0], { channel }: Awaited<ReturnType<typeof linked>>['station'], ports: MessagePort[] = []) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port2);
  t.after(() => port2.close());
  channel.attach(portLink(port1), { token: CAST.platformAdmin.token, origin: CONSOLE });
  return async (frame: Uint8Array) => port2.postMessage(frame);
}

/** Takes everything out of it. */
function queuedIn(port: MessagePort): number {
  let bytes = 0;
  for (;;) {
    const next = receiveMessageOnPort(port) as { message: Uint8Array } | undefined;
    if (next === undefined) return bytes;
    bytes += next.message.length;
  }
}

/** A socket whose other end is never read. */
async function deafSockets(t: Parameters<typeof linked>[0], station: Awaited<ReturnType<typeof linked>>['station']) {
  const web = await serveWeb(station, station.station.folder.path);
  t.after(() => web.close());
  return async () => {
    const socket = new WebSocket(`${web.url.replace('http', 'ws')}/api/channel?contract=${CONTRACT}`, {
      headers: { authorization: `Bearer ${CAST.platformAdmin.token}` },
    });
    t.after(() => socket.terminate());
    socket.on('error', () => {});
    await once(socket, 'open');
    (socket as unknown as { _socket: Socket })._socket.pause();
    return (frame: Uint8Array) => socket.send(frame);
  };
}

onBothLinks(
  'a thousand readers that come and go leave no listener, no stream and no memory behind',
  () => ({}),
  async ({ t, station, dial }) => {
    const listeners = station.store.events.size;
    const comeAndGo = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const reader = await dial();
        for (const [name, input] of [
          ['people.me', {}],
          ['people.places', { site: EXAMPLE.site }],
          ['watch.notices', {}],
          ['watch.liveLog', {}],
        ] as const) {
          const stream = reader.open(name, input);
          if (name === 'watch.notices') await stream.next();
        }
        if (n % 2 === 0) await settled(reader);
        reader.end();
        // No more at once than one session may have.
        if (n % MAX_LINKS === MAX_LINKS - 1) await gone();
      }
      await gone();
    };
    const gone = async () => {
      while (station.channel.count().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    };
    // The first ones warm what is kept for good: compiled code, caches of statements.
    await comeAndGo(200);
    const before = await held();
    await comeAndGo(1_000);
    const growth = (await held()) - before;
    t.diagnostic(`${Math.round(growth / 1000)} kB more after a thousand readers of four streams each`);
    assert.ok(growth < MEGABYTE, `${growth} bytes`);
    assert.deepEqual(station.channel.count(), { connections: 0, streams: 0 });
    assert.equal(station.store.events.size, listeners);
  },
);
