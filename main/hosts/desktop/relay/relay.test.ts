// The relay against a real station over TLS, and against what may answer in its place.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AnswerMessage } from '../../../../contract/calls.ts';
import { decodeFrame, FRAME, frameJson, type Hello } from '../../../../contract/channel.ts';
import type { Refused } from '../../../../contract/errors.ts';
import { type KnownStation, type LookedAt, readGoodbye } from '../../../../contract/relay.ts';
import { CONTRACT } from '../../../../contract/version.ts';
import { portLink } from '../../../links.ts';
import { openLog } from '../../../log.ts';
import type { StationSettings } from '../../../store/settings.ts';
import { temporaryFolder } from '../../../testing/databases.ts';
import { openTestStation } from '../../../testing/station.ts';
import { serve } from '../../../testing/wires.ts';
import { buildWorld, CAST, PASSWORD } from '../../../testing/world.ts';
import { certificate } from '../../web/tls.ts';
import { openRelay, type Patience, type Relay } from './index.ts';

const TOKEN = 'a-token-of-a-session-somewhere';

type Page = {
  port: MessagePort;
  say(message: unknown): void;
  heard: (string | Uint8Array)[];
  /** The first message that fits, now or later. */
  hear<M>(fits: (message: string | Uint8Array) => M | undefined): Promise<M>;
  gone: Promise<unknown>;
};

function pagePort(): { page: Page; link: ReturnType<typeof portLink> } {
  const { port1, port2: port } = new MessageChannel();
  const heard: Page['heard'] = [];
  const listeners = new Set<() => void>();
  port.on('message', (message: string | Uint8Array) => {
    heard.push(message);
    for (const listener of [...listeners]) listener();
  });
  const page: Page = {
    port,
    heard,
    say: (message) => port.postMessage(typeof message === 'string' ? message : JSON.stringify(message)),
    hear: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = heard.map(fits).find((one) => one !== undefined);
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
    gone: once(port, 'close'),
  };
  return { page, link: portLink(port1) };
}

function open(t: TestContext, patience?: Patience) {
  const lines: string[] = [];
  const log = openLog('debug', { write: (line: string) => void lines.push(line) });
  const file = join(temporaryFolder(t), 'stations.json');
  const relay = openRelay({ file, now: Date.now, log, agent: 'test', ...(patience && { patience }) });
  return { relay, lines };
}

let asked = 0;
async function ask<A>(page: Page, question: Record<string, unknown>): Promise<A> {
  const id = ++asked;
  page.say({ ...question, id });
  const said = await page.hear((message) => {
    const one = JSON.parse(String(message)) as AnswerMessage;
    return one.id === id ? one : undefined;
  });
  if ('refused' in said) throw Object.assign(new Error(said.refused.message), said.refused);
  return said.answer as A;
}

function desk(t: TestContext, relay: Relay): Page {
  const { page, link } = pagePort();
  relay.serveDesk(link);
  t.after(() => page.port.close());
  return page;
}

async function confirm(t: TestContext, relay: Relay, address: string): Promise<LookedAt> {
  const page = desk(t, relay);
  const looked = await ask<LookedAt>(page, { ask: 'look', address });
  await ask(page, { ask: 'trust', address, fingerprint: looked.fingerprint });
  return looked;
}

async function dial(t: TestContext, relay: Relay, kind: 'calls' | 'channel' | 'door', station: string, token = TOKEN) {
  const { page, link } = pagePort();
  t.after(() => page.port.close());
  const refused = await relay.attach(link, { kind, contract: CONTRACT, to: { station, token } });
  return { page, refused };
}

async function realStation(t: TestContext) {
  const station = await openTestStation(t, { settings: { port: 0, host: '0.0.0.0' } });
  await buildWorld(station);
  const served = await serve(t, station);
  return { url: served.url, fingerprint: served.certificate?.fingerprint };
}

/** Something that shows a certificate of its own at an address, and does as it likes. `said` counts what reached it after the handshake. */
async function pretender(t: TestContext, behave: (server: Server) => void, port = 0) {
  const { cert, key, fingerprint } = await certificate({} as StationSettings, temporaryFolder(t), Date.now());
  const server = createServer({ cert, key });
  const seen = { requests: 0, sockets: new Set<Socket>() };
  server.on('secureConnection', (socket: Socket) => {
    seen.sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('request', () => seen.requests++);
  server.on('upgrade', () => seen.requests++);
  behave(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () => {
    for (const socket of seen.sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  t.after(stop);
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, fingerprint, seen, stop };
}

const withSockets = (onOpen: (socket: WebSocket) => void) => (server: Server) => {
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    onOpen(socket);
  });
};

test('once its certificate is confirmed, one signs in at a station, asks it, and reads its streams', async (t) => {
  const { url, fingerprint } = await realStation(t);
  const { relay, lines } = open(t);
  assert.deepEqual(await confirm(t, relay, url), { address: url, fingerprint, known: false });

  const door = await dial(t, relay, 'door', url);
  await assert.rejects(ask(door.page, { call: 'people.me', input: {} }), { code: 'unauthenticated' });
  const who = { email: 'ada@example.org', password: PASSWORD };
  const { token } = await ask<{ token: string }>(door.page, { call: 'people.signIn', input: who });
  const me = await ask<{ station: { name: string } }>(door.page, { call: 'people.me', input: {}, token });
  const [known] = await ask<KnownStation[]>(desk(t, relay), { ask: 'list' });
  assert.deepEqual([known?.address, known?.name, known?.fingerprint], [url, me.station.name, fingerprint]);

  const calls = await dial(t, relay, 'calls', url, token);
  assert.equal(calls.refused, undefined);
  assert.deepEqual(Object.keys(await ask<object>(calls.page, { call: 'people.me', input: {} })), Object.keys(me));
  const channel = await dial(t, relay, 'channel', url, token);
  const hello = await channel.page.hear((message) => {
    const frame = typeof message === 'string' ? undefined : decodeFrame(message);
    return frame?.type === FRAME.hello ? (frameJson(frame.payload) as Hello) : undefined;
  });
  assert.equal(hello.station.name, me.station.name);
  // Of a frame exactly its own bytes crossed.
  assert.ok(channel.page.heard.every((one) => typeof one === 'string' || one.buffer.byteLength === one.byteLength));

  await ask(door.page, { call: 'people.signOut', input: {}, token });
  await assert.rejects(ask(door.page, { call: 'people.me', input: {}, token }), { code: 'unauthenticated' });
  const late = await dial(t, relay, 'calls', url, token);
  assert.ok(late.refused !== undefined, 'a session that has ended opens nothing');
  assert.ok(!lines.join('').includes(token) && !lines.join('').includes(PASSWORD));
});

test('10,000 questions go there and come back', async (t) => {
  const { url } = await realStation(t);
  const { relay } = open(t);
  await confirm(t, relay, url);
  const { page } = await dial(t, relay, 'calls', url, CAST.viewer.token);
  for (let round = 0; round < 50; round++)
    await Promise.all([
      page.say(Array.from({ length: 200 }, (_, n) => ({ id: round * 200 + n + 1, call: 'sync.status', input: {} }))),
      page.hear((message) => (String(message).includes(`"id":${round * 200 + 200},`) ? true : undefined)),
    ]);
  const answers = page.heard.flatMap((message) => JSON.parse(String(message)) as AnswerMessage | AnswerMessage[]);
  assert.equal(new Set(answers.map(({ id }) => id)).size, 10_000);
  assert.ok(answers.every((one) => 'answer' in one));
});

test('a station nobody has confirmed, or one with another certificate, is told nothing at all', async (t) => {
  const first = await pretender(t, () => {});
  const { relay, lines } = open(t);
  const never = await dial(t, relay, 'door', first.url);
  await assert.rejects(ask(never.page, { call: 'people.setUpState', input: {} }), { code: 'forbidden' });
  assert.equal(first.seen.sockets.size, 0);

  await confirm(t, relay, first.url);
  await first.stop();
  const other = await pretender(
    t,
    withSockets(() => {}),
    Number(new URL(first.url).port),
  );
  const { page } = await dial(t, relay, 'door', first.url);
  const refusal = await ask(page, { call: 'people.signIn', input: { email: 'a@b.c', password: 'secret' } }).catch(
    (error: Refused) => error,
  );
  assert.deepEqual((refusal as Refused).data, {
    cause: 'certificate',
    address: first.url,
    confirmed: first.fingerprint,
    shown: other.fingerprint,
  });
  for (const kind of ['calls', 'channel'] as const)
    assert.match((await dial(t, relay, kind, first.url)).refused?.refused ?? '', /another certificate/);
  assert.equal(other.seen.requests, 0);
  assert.equal(lines.filter((line) => line.includes('otherCertificate')).length, 1, 'said once in the log');

  // To confirm the new one the old one is forgotten first, and only what was shown can be confirmed.
  const page2 = desk(t, relay);
  await assert.rejects(ask(page2, { ask: 'trust', address: first.url, fingerprint: other.fingerprint }), { code: 'invalid' });
  await ask(page2, { ask: 'look', address: first.url });
  await assert.rejects(ask(page2, { ask: 'trust', address: first.url, fingerprint: other.fingerprint }), { code: 'conflict' });
  await ask(page2, { ask: 'forget', address: first.url });
  await ask(page2, { ask: 'trust', address: first.url, fingerprint: other.fingerprint });
});

test('a redirect is not followed, and no answer of a station', async (t) => {
  const target = await pretender(t, () => {});
  const { relay } = open(t);
  const redirecting = await pretender(t, (server) => {
    server.on('request', (_, response) => response.writeHead(302, { location: target.url }).end('{}'));
    server.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target.url}\r\nContent-Length: 0\r\n\r\n`));
  });
  await confirm(t, relay, redirecting.url);
  const { page } = await dial(t, relay, 'door', redirecting.url);
  await assert.rejects(ask(page, { call: 'people.me', input: {}, token: TOKEN }), { data: { cause: 'noStation' } });
  assert.notEqual((await dial(t, relay, 'calls', redirecting.url)).refused, undefined);
  assert.equal(target.seen.sockets.size, 0);
});

test('answers that are none, and ones without an end, are refused', async (t) => {
  const { relay } = open(t);
  const bodies = [
    '',
    '<html>',
    'null',
    '7',
    '{"code":"made-up","message":"x"}',
    '{"code":"forbidden"}',
    '[',
    `"${'x'.repeat(9 * 1024 * 1024)}"`,
  ];
  for (const [status, each] of [
    ...bodies.map((body) => [403, body] as const),
    ...bodies.filter((body) => !body.startsWith('{')).map((body) => [200, body] as const),
    [200, `{"x":"${'x'.repeat(9 * 1024 * 1024)}"}`] as const,
  ]) {
    const server = await pretender(t, (server) => server.on('request', (_, response) => response.writeHead(status).end(each)));
    await confirm(t, relay, server.url);
    const { page } = await dial(t, relay, 'door', server.url);
    await assert.rejects(ask(page, { call: 'people.me', input: {} }), { data: { cause: 'noStation' } }, `${status} ${each.slice(0, 30)}`);
    await server.stop();
  }
});

test('one that is silent, or trickles, is given up in time', async (t) => {
  const { relay } = open(t, { answerMs: 300, aliveMs: 100 });
  const silent = await pretender(t, (server) => server.on('request', () => {}));
  const trickling = await pretender(t, (server) =>
    server.on('request', (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    }),
  );
  for (const { url } of [silent, trickling]) {
    await confirm(t, relay, url);
    const { page } = await dial(t, relay, 'door', url);
    await assert.rejects(ask(page, { call: 'people.me', input: {} }), { code: 'unavailable' });
  }
});

test('a link that is half open is found dead, and both its ends end', async (t) => {
  const { relay } = open(t, { answerMs: 300, aliveMs: 100 });
  const deaf = await pretender(t, (server) => {
    const sockets = new WebSocketServer({ server, autoPong: false });
    sockets.on('connection', (socket) => socket.on('error', () => {}));
  });
  await confirm(t, relay, deaf.url);
  const { page, refused } = await dial(t, relay, 'channel', deaf.url);
  assert.equal(refused, undefined);
  const { code } = await page.hear(readGoodbye);
  assert.equal(code, 1006);
  await page.gone;
});

test('how a station closes a link is told with its code; a frame beyond all measure closes it', async (t) => {
  const { relay } = open(t);
  const closing = await pretender(
    t,
    withSockets((socket) => socket.close(4426, 'another version')),
  );
  const shouting = await pretender(
    t,
    withSockets((socket) => socket.send(Buffer.alloc(17 * 1024 * 1024))),
  );
  await confirm(t, relay, closing.url);
  await confirm(t, relay, shouting.url);
  const closed = await dial(t, relay, 'channel', closing.url);
  assert.deepEqual(await closed.page.hear(readGoodbye), { code: 4426, reason: 'another version' });
  const { page } = await dial(t, relay, 'channel', shouting.url);
  await page.hear(readGoodbye);
  await page.gone;
  assert.equal(page.heard.length, 1, 'nothing of it has crossed');
});

test('a page that closes its port closes the link there; one that says nonsense loses its port', async (t) => {
  const { relay } = open(t);
  let there: WebSocket | undefined;
  const opened = Promise.withResolvers<void>();
  const server = await pretender(
    t,
    withSockets((socket) => {
      there = socket;
      opened.resolve();
    }),
  );
  await confirm(t, relay, server.url);
  const { page } = await dial(t, relay, 'calls', server.url);
  await opened.promise;
  page.port.close();
  await once(there as WebSocket, 'close');

  for (const nonsense of [
    '',
    '{',
    '7',
    '{"id":1,"call":"people.listAudit"}',
    '{"id":1,"call":"people.me","token":"a b\\r\\nx: y"}',
    '{"id":"1","call":"people.me"}',
  ]) {
    const door = await dial(t, relay, 'door', server.url);
    door.page.say(nonsense);
    await door.page.gone;
    const own = desk(t, relay);
    own.say(nonsense);
    await own.gone;
  }
  assert.match((await dial(t, relay, 'calls', 'https://a@b')).refused?.refused ?? '', /An address like/);
});
