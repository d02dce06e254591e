// The two WebSockets of a screen: calls and channel. Checked before the handshake, pinged while open.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { MAX_READER_FRAME } from '../../../contract/channel.ts';
import { speaks } from '../../../contract/version.ts';
import { CLOSE, type Link, socketLink } from '../../links.ts';
import type { Request } from '../../router.ts';
import type { Site } from '../../site.ts';
import { type GuardOptions, originOf, readHead, refuseStranger, tokenOf } from './guard.ts';

const PING_MS = 25_000;
const CALL_BYTES = 1024 * 1024;
/** How long a reader may take to say goodbye when the station stops. One that has stopped reading never does. */
const GOODBYE_MS = 500;

export type Sockets = { close(): void };

export function serveSockets(server: Server, site: Site, guard: GuardOptions, isKnown: (name: string) => boolean): Sockets {
  const doors: Record<string, { sockets: WebSocketServer; attach(link: Link, request: Request): void }> = {
    '/api/calls': { sockets: socketServer(CALL_BYTES), attach: site.calls.attach },
    '/api/channel': { sockets: socketServer(MAX_READER_FRAME), attach: site.channel.attach },
  };
  const alive = new WeakSet<WebSocket>();

  server.on('upgrade', (incoming, stream, first) => {
    // Until the handshake is done nobody else listens for the loss of this connection.
    const onError = () => stream.destroy();
    stream.on('error', onError);
    admit(incoming, stream, first)
      .catch((error: unknown) => {
        site.station.log.error({ error, event: 'upgrade' }, 'a connection could not be opened');
        stream.destroy();
      })
      .finally(() => stream.off('error', onError));
  });

  async function admit(incoming: IncomingMessage, stream: Duplex, first: Buffer): Promise<void> {
    const head = readHead(guard, { method: 'GET', peer: incoming.socket.remoteAddress ?? '', headers: incoming.headers });
    const url = URL.parse(incoming.url ?? '/', 'http://station');
    if (url === null) return turnAway(stream, 400, 'Bad Request');
    const door = Object.hasOwn(doors, url.pathname) ? doors[url.pathname] : undefined;
    if (door === undefined) return turnAway(stream, 404, 'Not Found');
    const refused = refuseStranger(guard, isKnown, head);
    if (refused) return turnAway(stream, refused.status, 'Refused');
    // Whom a proxy names is asked of each request anew: a socket may stay open long after that person has left the proxy.
    const { named: _, ...origin } = originOf(guard, head);
    const request: Request = { token: tokenOf(guard, head, url.searchParams.has('view') ? 'view' : 'own'), origin };
    if ((await site.authority.session(request.token)) === undefined) return turnAway(stream, 401, 'Unauthorized');
    if (stream.destroyed) return;
    door.sockets.handleUpgrade(incoming, stream, first, (socket) => {
      if (!speaks(url.searchParams.get('contract') ?? ''))
        return socket.close(CLOSE.contract, 'this page speaks another version than the station: load it again');
      alive.add(socket);
      socket.on('pong', () => alive.add(socket));
      socket.on('error', () => socket.terminate());
      door.attach(socketLink(socket), request);
    });
  }

  const ping = setInterval(() => {
    for (const { sockets } of Object.values(doors))
      for (const socket of sockets.clients) {
        if (!alive.delete(socket)) socket.terminate();
        else socket.ping();
      }
  }, PING_MS);
  ping.unref();

  return {
    close() {
      clearInterval(ping);
      for (const { sockets } of Object.values(doors)) {
        for (const socket of sockets.clients) {
          socket.close(CLOSE.goingAway, 'the station is stopping');
          setTimeout(() => socket.terminate(), GOODBYE_MS).unref();
        }
        sockets.close();
      }
    },
  };
}

// Deflate off: it costs memory per connection, and what is large here is compressed already.
const socketServer = (maxPayload: number) => new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });

export const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';

function turnAway(stream: Duplex, status: number, words: string): void {
  stream.end(`HTTP/1.1 ${status} ${words}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
