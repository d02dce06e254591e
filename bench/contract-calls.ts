// What the contract costs: a question with session, input, permission and answer, against a bare echo on the same wire.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { WebSocket, WebSocketServer } from 'ws';
import { type Link, portLink, socketLink } from '../main/links.ts';
import { openCalls } from '../renderer/app/calls.ts';
import type { ClientLink } from '../renderer/app/links.ts';
import { type Bench, bestOfEach, figure, perSecond } from './figure.ts';
import { openBenchStation, REQUEST } from './station.ts';

const ROUNDS = 5;
const CALLS = 4_000;

type Wire = { name: string; connect(serve: (link: Link) => void): Promise<ClientLink>; close(): Promise<void> };

export const bench: Bench = async () => {
  const station = await openBenchStation();
  const figures = [];
  for (const wire of [portWire(), await socketWire()]) {
    const calls = openCalls(async () => wire.connect((link) => station.site.calls.attach(link, REQUEST)));
    calls.start();
    const ask = () => calls.station.people.listSessions({});
    await untilAnswered(ask);
    const echo = await openEcho(wire);
    for (const atOnce of [1, 100]) {
      const [ours, theirs] = await bestOfEach(
        ROUNDS,
        () => perSecond(CALLS, atOnce, ask),
        () => perSecond(CALLS, atOnce, echo),
      );
      figures.push(figure('contract-calls', `${wire.name}, ${atOnce} at once`, ours, 'calls/s', 'bare echo of the same bytes', theirs));
    }
    calls.stop();
    await wire.close();
  }
  await station.close();
  return figures;
};

async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  while (
    !(await ask().then(
      () => true,
      () => false,
    ))
  )
    await new Promise((resolve) => setImmediate(resolve));
}

/** The least a wire can do: the same question and an answer of the same size, with a number to tell them apart. */
async function openEcho(wire: Wire): Promise<() => Promise<void>> {
  const answer = JSON.stringify({
    i: '0',
    p: {
      b: {
        json: {
          sessions: [{ id: '0'.repeat(36), createdAt: 1e12, seenAt: 1e12, expiresAt: 1e12, from: 'console', agent: 'test', current: true }],
        },
      },
    },
  });
  const link = await wire.connect((server) => {
    server.onMessage((message) => {
      const { i } = JSON.parse(String(message)) as { i: string };
      server.send(answer.replace('"0"', `"${i}"`));
    });
  });
  const waiting = new Map<string, () => void>();
  link.onMessage((message) => {
    const { i } = JSON.parse(String(message)) as { i: string };
    waiting.get(i)?.();
    waiting.delete(i);
  });
  let n = 0;
  return () =>
    new Promise<void>((resolve) => {
      const i = String(++n);
      waiting.set(i, resolve);
      link.send(JSON.stringify({ i, p: { u: '/people/listSessions', b: { json: {} } } }));
    });
}

function portWire(): Wire {
  const open: MessagePort[] = [];
  return {
    name: 'MessagePort',
    async connect(serve) {
      const { port1, port2 } = new MessageChannel();
      open.push(port1, port2);
      serve(portLink(port1));
      return {
        send: (message) => port2.postMessage(message),
        onMessage: (listener) => void port2.on('message', listener),
        onClose: (listener) => void port2.on('close', () => listener(1006, '')),
        close: () => port2.close(),
      };
    },
    async close() {
      for (const port of open) port.close();
    },
  };
}

async function socketWire(): Promise<Wire> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name: 'WebSocket',
    async connect(serve) {
      server.once('connection', (socket) => serve(socketLink(socket)));
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      await once(socket, 'open');
      return {
        send: (message) => socket.send(message),
        onMessage: (listener) => void socket.on('message', (data, isBinary) => listener(isBinary ? (data as Buffer) : data.toString())),
        onClose: (listener) => void socket.on('close', (code, reason) => listener(code, reason.toString())),
        close: () => socket.terminate(),
      };
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
