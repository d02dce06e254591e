// The two lasting links to another station, as pipes: what the page says goes there, what it says comes here, and both ends end together.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { goodbye } from '../../../../contract/relay.ts';
import { CLOSE, type Link, socketLink } from '../../../links.ts';
import type { LinkKind } from '../messages.ts';
import type { Address } from './address.ts';
import type { Connect } from './pinned.ts';

const HANDSHAKE_MS = 5_000;
/** Nothing that a station says in one message comes near it. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Beyond this the other station does not read: the page dials anew, and goes on from where it was. */
const MOST_UNSENT = 4 * 1024 * 1024;

export type SocketOptions = {
  address: Address;
  connect: Connect;
  kind: LinkKind;
  contract: string;
  token: string;
  agent: string;
  aliveMs: number;
};

/** `onGone` hears the code and words by which it was closed. */
export type Distant = Link & { onGone(listener: (code: number, reason: string) => void): void };

/** Settles with an open link, or rejects; `signal` gives it up. */
export async function dialSocket(options: SocketOptions, signal: AbortSignal): Promise<Distant> {
  const { address, connect, kind, contract, token, agent, aliveMs } = options;
  const connection = await connect(signal);
  const socket = new WebSocket(`${address.secure ? 'wss' : 'ws'}://${address.authority}/api/${kind}?contract=${contract}`, {
    // The one whose certificate was looked at; a redirect would lead to another one, and is not followed.
    createConnection: () => connection,
    headers: { authorization: `Bearer ${token}`, 'user-agent': agent },
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  socket.on('error', () => socket.terminate());
  const link = socketLink(socket);
  keepAlive(socket, aliveMs);
  // What it says with the handshake is kept until somebody listens.
  socket.once('open', () => socket.pause());
  try {
    await once(socket, 'open', { signal });
  } catch (error) {
    socket.terminate();
    throw error;
  }
  if (!link.isOpen()) throw new Error('the station has closed the link');
  const onGone: Distant['onGone'] = (listener) =>
    socket.on('close', (code: number, reason: Buffer) => listener(code, reason.toString('utf8')));
  return { ...link, onMessage: listenTo(link, socket), onGone };
}

const listenTo =
  (link: Link, socket: WebSocket): Link['onMessage'] =>
  (listener) => {
    link.onMessage(listener);
    socket.resume();
  };

/** A cable that was pulled says nothing: whoever gives no sign of life within the time is taken for gone. */
function keepAlive(socket: WebSocket, aliveMs: number): void {
  let alive = true;
  for (const sign of ['open', 'message', 'ping', 'pong']) socket.on(sign, () => (alive = true));
  const timer = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, aliveMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}

/** Whatever is said at one end is said at the other, and neither outlives the other. */
export function pipe(port: Link, socket: Distant): void {
  port.onMessage((message) => {
    if (!socket.isOpen()) return;
    socket.send(message);
    if ((socket.buffered() ?? 0) > MOST_UNSENT) port.close(CLOSE.tooSlow, 'the station does not read');
  });
  // A copy of exactly these bytes: a port would send the whole memory they are a part of.
  socket.onMessage((message) => port.isOpen() && port.send(typeof message === 'string' ? message : new Uint8Array(message)));
  port.onClose(() => socket.close(CLOSE.goingAway, 'the window has gone'));
  socket.onGone((code, reason) => {
    if (port.isOpen()) port.send(goodbye(code, reason));
    port.close(code, reason);
  });
}
