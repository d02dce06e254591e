// One call over any wire: memory, MessagePort, WebSocket, REST. The input is JSON text, so that what no client of ours would
// ever send can be sent too; the answer has one shape.
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket } from 'ws';
import type { AnswerMessage } from '../../contract/calls.ts';
import { Refusal } from '../../contract/errors.ts';
import { kebab } from '../../contract/procedure.ts';
import { CONTRACT } from '../../contract/version.ts';
import { serveWeb, type WebServer } from '../hosts/web/server.ts';
import { portLink } from '../links.ts';
import { CONSOLE, type TestStation } from './station.ts';

/** `outcome`: 'ok', a code of a refusal, or 'closed' where the connection was ended instead of an answer. */
export type Answer = { outcome: string; body: unknown; message?: string | undefined; data?: unknown };
export type Wire = {
  name: 'memory' | 'port' | 'socket' | 'rest';
  /** `input` as JSON text; undefined sends none. */
  call(procedure: string, input: string | undefined, token: string | undefined): Promise<Answer>;
};

/** Serves the station on a free port of this machine, until the test ends. */
export async function serve(t: TestContext, station: TestStation): Promise<WebServer> {
  const web = await serveWeb(station, station.station.folder.path);
  t.after(() => web.close());
  return web;
}

export async function openWires(t: TestContext, station: TestStation): Promise<Wire[]> {
  const { url } = await serve(t, station);
  return [memoryWire(station), portWire(t, station), socketWire(t, url), restWire(url)];
}

export function memoryWire(station: TestStation): Wire {
  return {
    name: 'memory',
    async call(procedure, input, token) {
      const [area, short] = procedure.split('.') as [string, string];
      const client = station.client({ token, origin: CONSOLE }) as unknown as Record<string, Record<string, (input: unknown) => unknown>>;
      try {
        const body = await client[area]?.[short]?.(input === undefined ? undefined : JSON.parse(input));
        return { outcome: 'ok', body };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return refused(error.travelling);
      }
    },
  };
}

const refused = ({ code, message, data }: { code: string; message: string; data?: unknown }): Answer => ({
  outcome: code,
  body: undefined,
  message,
  data,
});

// ---- the two wires that speak messages

type Asker = {
  ask(procedure: string, input: string | undefined): Promise<Answer>;
  /** The answers to calls that were sent by hand. */
  listen(ids: number[]): Promise<Answer[]>;
  readonly open: boolean;
};

/** `post` sends one message; hand the answers in by `hear`, the end of the connection by `close`. */
export function asker(post: (message: string) => void): Asker & { hear(message: string): void; close(): void } {
  const waiting = new Map<number, (answer: Answer) => void>();
  let open = true;
  let last = 0;
  return {
    get open() {
      return open;
    },
    ask(procedure, input) {
      const id = ++last;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        post(callMessage(id, procedure, input));
      });
    },
    listen: (ids) => Promise.all(ids.map((id) => new Promise<Answer>((resolve) => waiting.set(id, resolve)))),
    hear(message) {
      // Answers of one moment come as a list.
      for (const said of [JSON.parse(message) as AnswerMessage | AnswerMessage[]].flat()) {
        waiting.get(said.id)?.('answer' in said ? { outcome: 'ok', body: said.answer } : refused(said.refused));
        waiting.delete(said.id);
      }
    },
    close() {
      open = false;
      for (const resolve of waiting.values()) resolve({ outcome: 'closed', body: undefined });
      waiting.clear();
    },
  };
}

/** A call as the client library would write it, around any text at all. */
export const callMessage = (id: number, procedure: string, input: string | undefined, more = '') =>
  `{"id":${id},"call":"${procedure}"${input === undefined ? '' : `,"input":${input}`}${more}}`;

function portWire(t: TestContext, station: TestStation): Wire {
  const known = new Map<string | undefined, Asker>();
  function open(token: string | undefined): Asker {
    const { port1, port2 } = new MessageChannel();
    const one = asker((message) => port2.postMessage(message));
    port2.on('message', (message: string) => one.hear(message));
    port2.on('close', () => one.close());
    station.calls.attach(portLink(port1), { token, origin: CONSOLE });
    t.after(() => port2.close());
    known.set(token, one);
    return one;
  }
  return {
    name: 'port',
    call(procedure, input, token) {
      const present = known.get(token);
      return (present?.open ? present : open(token)).ask(procedure, input);
    },
  };
}

/** Nobody without a session gets as far as a WebSocket: then the answer is that of the handshake. */
function socketWire(t: TestContext, url: string): Wire {
  const known = new Map<string, Asker>();
  async function open(token: string): Promise<Asker | Answer> {
    const socket = await dialled(url, '/api/calls', token);
    if (typeof socket === 'number') return refused({ code: socket === 401 ? 'unauthenticated' : String(socket), message: '', data: {} });
    const one = asker((message) => socket.send(message));
    socket.on('message', (message) => one.hear(message.toString()));
    socket.on('close', () => one.close());
    t.after(() => socket.terminate());
    known.set(token, one);
    return one;
  }
  return {
    name: 'socket',
    async call(procedure, input, token = '') {
      const present = known.get(token);
      const one = present?.open ? present : await open(token);
      return 'outcome' in one ? one : one.ask(procedure, input);
    },
  };
}

/** An open WebSocket, or the status it was turned away with. `hear` misses nothing: a station may speak first. */
export async function dialled(
  url: string,
  path: string,
  token: string | undefined,
  options: { headers?: Record<string, string>; query?: string; hear?: (message: Buffer) => void } = {},
): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}?${options.query ?? `contract=${CONTRACT}`}`, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...options.headers },
    rejectUnauthorized: false,
  });
  if (options.hear) socket.on('message', options.hear);
  const turnedAway = new Promise<number>((resolve) => {
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
  });
  socket.on('error', () => {});
  return Promise.race([once(socket, 'open').then(() => socket), turnedAway]);
}

function restWire(url: string): Wire {
  return {
    name: 'rest',
    async call(procedure, input, token) {
      const [area, short] = procedure.split('.') as [string, string];
      const response = await fetch(`${url}/api/${area}/${kebab(short)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        body: input ?? null,
      });
      const body = (await response.json()) as { code: string; message: string; data: unknown };
      return response.ok ? { outcome: 'ok', body } : refused(body);
    },
  };
}
