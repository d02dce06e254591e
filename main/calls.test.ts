// Calls over a port and over a real WebSocket: garbage ends its own connection, a reader is never outrun, and what is given up is not carried on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';
import { Refusal } from '../contract/errors.ts';
import { openCalls } from './calls.ts';
import { CLOSE, type Link, portLink, socketLink } from './links.ts';
import { openLog } from './log.ts';
import type { Asking, Request, Router } from './router.ts';
import { LINKS } from './testing/links.ts';
import { CONSOLE } from './testing/station.ts';
import { asker, callMessage } from './testing/wires.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const LARGE = 'x'.repeat(500_000);

/** A router of the test's own: procedures that wait until they are let go, and one that says much. */
function openStation() {
  const state = { begun: 0, large: 0, tokens: [] as unknown[], signals: [] as AbortSignal[], letGo: [] as (() => void)[] };
  const answers: Record<string, (input: unknown, request: Request, asking: Asking) => unknown> = {
    echo: (input) => input,
    async wait(_, __, { signal }) {
      state.begun += 1;
      state.signals.push(signal);
      await new Promise<void>((resolve) => state.letGo.push(resolve));
      return 'done';
    },
    large() {
      state.large += 1;
      return LARGE;
    },
    token(_, { token }) {
      state.tokens.push(token);
      return 'seen';
    },
  };
  const router: Router = {
    async answer(procedure, input, request, asking) {
      const found = Object.hasOwn(answers, procedure) ? answers[procedure] : undefined;
      if (found === undefined) throw new Refusal('notFound', 'There is no such procedure.', { asked: procedure });
      return found(input, request, asking as Asking);
    },
    observe() {},
  };
  const lines: string[] = [];
  const calls = openCalls(router, openLog('info', { write: (line) => void lines.push(line) }));
  return {
    ...state,
    state,
    letGo: () => {
      for (const go of state.letGo.splice(0)) go();
    },
    attach: (link: Link) => calls.attach(link, { token: 'of-the-connection', origin: CONSOLE }),
    logged: () => lines.join(''),
  };
}
type Station = ReturnType<typeof openStation>;

type Client = ReturnType<typeof asker> & {
  post(message: string | Uint8Array): void;
  end(): void;
  closed: Promise<number>;
  pause(): void;
  resume(): void;
};

async function dial(t: TestContext, link: (typeof LINKS)[number], station: Station): Promise<Client> {
  if (link === 'port') {
    const { port1, port2 } = new MessageChannel();
    t.after(() => port2.close());
    const one = asker((message) => port2.postMessage(message));
    port2.on('message', (message: string) => one.hear(message));
    const closed = once(port2, 'close').then(() => 0);
    void closed.then(() => one.close());
    station.attach(portLink(port1));
    return Object.assign(one, {
      post: (m: string | Uint8Array) => port2.postMessage(m),
      end: () => port2.close(),
      closed,
      pause() {},
      resume() {},
    });
  }
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on('connection', (socket) => station.attach(socketLink(socket)));
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  socket.on('error', () => {});
  await once(socket, 'open');
  const one = asker((message) => socket.send(message));
  socket.on('message', (message) => one.hear(message.toString()));
  const closed = once(socket, 'close').then(([code]) => code as number);
  void closed.then(() => one.close());
  const raw = (socket as unknown as { _socket: Socket })._socket;
  return Object.assign(one, {
    post: (m: string | Uint8Array) => socket.send(m),
    end: () => socket.terminate(),
    closed,
    pause: () => raw.pause(),
    resume: () => raw.resume(),
  });
}

function onBoth(name: string, body: (station: Station, dial: () => Promise<Client>, t: TestContext) => Promise<void>): void {
  for (const link of LINKS)
    test(`${name} (${link})`, async (t) => {
      const station = openStation();
      await body(station, () => dial(t, link, station), t);
    });
}

onBoth('garbage closes its connection with 1007 and touches no other', async (_, dial) => {
  const neighbour = await dial();
  const garbage: (string | Uint8Array)[] = [
    '',
    'hello',
    '{',
    'null',
    '5',
    '"x"',
    '{}',
    '{"id":1}',
    '{"call":"echo"}',
    '{"id":"1","call":"echo"}',
    '{"id":1.5,"call":"echo"}',
    '{"id":1e300,"call":"echo"}',
    '{"id":null,"call":"echo"}',
    '{"id":1,"call":5}',
    '{"id":1,"call":"echo","token":5}',
    '{"id":1,"call":"echo","token":null}',
    '{"id":1,"call":"echo","extra":1}',
    '{"id":1,"call":"echo","__proto__":{"token":"x"}}',
    '{"id":1,"cancel":false}',
    '{"id":1,"cancel":"true"}',
    '[[]]',
    '[null]',
    '[{"id":1,"call":"echo"},{"id":1}]',
    '[{"id":1,"call":"wait"},{"id":1,"call":"wait"}]',
    '['.repeat(10_000) + ']'.repeat(10_000),
    `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
    new Uint8Array(),
    Uint8Array.of(0, 1, 2, 3),
    new Uint8Array(Buffer.from('{"id":1,"call":"echo"}')),
  ];
  for (const message of garbage) {
    const client = await dial();
    client.post(message);
    const code = await client.closed;
    assert.ok(code === CLOSE.badFrame || code === 0, `${String(message).slice(0, 60)}: ${code}`);
    assert.deepEqual(await neighbour.ask('echo', '{"still":"here"}'), { outcome: 'ok', body: { still: 'here' } });
  }
});

onBoth('what is asked in one list is answered each for itself, and an empty list asks nothing', async (_, dial) => {
  const client = await dial();
  client.post('[]');
  client.post('[{"id":9001,"cancel":true}]');
  assert.deepEqual(
    await Promise.all(Array.from({ length: 50 }, (_, n) => client.ask('echo', String(n)))),
    Array.from({ length: 50 }, (_, n) => ({ outcome: 'ok', body: n })),
  );
  const listed = client.listen([1_000_001, 1_000_002, 1_000_003]);
  client.post('[{"id":1000001,"call":"echo","input":1},{"id":1000002,"call":"nothing"},{"id":1000003,"call":"echo","input":3}]');
  assert.deepEqual(
    (await listed).map(({ outcome, body }) => [outcome, body]),
    [
      ['ok', 1],
      ['notFound', undefined],
      ['ok', 3],
    ],
  );
});

onBoth('nothing that comes behind garbage is carried out', async (station, dial) => {
  const client = await dial();
  client.post(`[${callMessage(1, 'wait', '{}')},{"no":"call"},${callMessage(2, 'wait', '{}')}]`);
  client.post(callMessage(3, 'wait', '{}'));
  await client.closed;
  for (let n = 0; n < 5; n++) await turn();
  assert.ok(station.state.begun <= 1, `${station.state.begun} were begun`);
});

onBoth('a call may name its own session', async (station, dial) => {
  const client = await dial();
  client.post(callMessage(1_000_001, 'token', '{}', ',"token":"of-the-call-itself"'));
  await client.ask('token', '{}');
  assert.deepEqual(station.state.tokens, ['of-the-call-itself', 'of-the-connection']);
});

onBoth('of more than 256 calls at once the others are answered tooMany, and all the rest are carried out', async (station, dial) => {
  const client = await dial();
  const asked = Array.from({ length: 400 }, () => client.ask('wait', '{}'));
  let refused = 0;
  for (const one of asked)
    void one.then(({ outcome }) => {
      refused += outcome === 'tooMany' ? 1 : 0;
    });
  while (refused < 144) await turn();
  assert.ok(station.state.begun <= 32, `${station.state.begun} are worked on at once`);
  while (station.state.letGo.length > 0 || station.state.begun < 256) {
    station.letGo();
    await turn();
  }
  const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
  assert.deepEqual([outcomes.filter((o) => o === 'ok').length, outcomes.filter((o) => o === 'tooMany').length], [256, 144]);
  assert.equal((await client.ask('echo', '1')).outcome, 'ok');
});

onBoth('a call that is given up is told so, and its place is free again', async (station, dial) => {
  const client = await dial();
  for (let n = 0; n < 100; n++) client.post(callMessage(1_000_000 + n, 'wait', '{}'));
  while (station.state.begun < 32) await turn();
  for (let n = 0; n < 100; n++) client.post(`{"id":${1_000_000 + n},"cancel":true}`);
  while (station.state.signals.some((signal) => !signal.aborted)) await turn();
  // Those that ran end by themselves; those that only waited for their turn are not begun any more.
  station.letGo();
  assert.equal((await client.ask('echo', '1')).outcome, 'ok');
  assert.equal(station.state.begun, 32);
});

onBoth('a lost connection gives up its calls: what runs is told, what waits is not begun', async (station, dial) => {
  const client = await dial();
  for (let n = 0; n < 100; n++) client.post(callMessage(1_000_000 + n, 'wait', '{}'));
  while (station.state.begun < 32) await turn();
  client.end();
  while (station.state.signals.some((signal) => !signal.aborted)) await turn();
  station.letGo();
  for (let n = 0; n < 5; n++) await turn();
  assert.equal(station.state.begun, 32);
  assert.doesNotMatch(station.logged(), /badFrame|failed/);
});

const held = async () => {
  for (let n = 0; n < 3; n++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test('a reader that does not read is not answered ahead: its calls wait, and all are answered once it reads', async (t) => {
  const station = openStation();
  const client = await dial(t, 'socket', station);
  await client.ask('large', '{}');
  client.pause();
  const before = await held();
  const asked = Array.from({ length: 200 }, () => client.ask('large', '{}'));
  let seen = -1;
  while (seen !== station.state.large) {
    seen = station.state.large;
    for (let n = 0; n < 20; n++) await turn();
  }
  const grown = (await held()) - before;
  t.diagnostic(`${Math.round(grown / 1000)} kB held for 200 answers of 500 kB, ${seen} of them made`);
  assert.ok(seen < 60, `${seen} answers were made`);
  assert.ok(grown < 25_000_000, `${grown} bytes`);
  client.resume();
  const answers = await Promise.all(asked);
  assert.ok(answers.every(({ body }) => body === LARGE));
});

test('a reader that goes on asking and reads nothing is closed with 4008', async (t) => {
  const station = openStation();
  const client = await dial(t, 'socket', station);
  client.pause();
  const before = await held();
  for (let n = 0; n < 20_000; n++) client.post(callMessage(1_000_000 + n, 'large', '{}'));
  for (let seen = -1; seen !== station.state.large; ) {
    seen = station.state.large;
    for (let n = 0; n < 20; n++) await turn();
  }
  assert.ok((await held()) - before < 40_000_000);
  client.resume();
  assert.equal(await client.closed, CLOSE.tooSlow);
});
