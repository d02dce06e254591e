// Requests no browser and no fetch would send: any Host, any Origin, any head, any bytes.
import { once } from 'node:events';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressOf } from '../../contract/procedure.ts';
import { serveWeb, type WebServer } from '../hosts/web/server.ts';
import type { TestStation } from './station.ts';

export type Said = { status: number; headers: Record<string, string | string[] | undefined>; text: string };
/** `from`: the address of this machine that it is sent from. */
export type Asked = { method?: string; headers?: Record<string, string | string[]>; body?: string; from?: string };

/** One request on a connection of its own. */
export async function ask(url: string, path: string, { method = 'GET', headers = {}, body, from }: Asked = {}): Promise<Said> {
  const { protocol, hostname, port } = new URL(url);
  const send = protocol === 'https:' ? secure : plain;
  const request = send({
    hostname: hostname.replace(/[[\]]/g, ''),
    port,
    path,
    method,
    headers,
    agent: false,
    rejectUnauthorized: false,
    ...(from !== undefined && { localAddress: from }),
  });
  request.end(body);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}

/** A procedure by REST. */
export const post = (
  url: string,
  procedure: string,
  input: unknown,
  headers: Record<string, string | string[]> = {},
  from?: string,
): Promise<Said> =>
  ask(url, `/api/${addressOf(procedure)}`, {
    ...(from !== undefined && { from }),
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(input),
  });

export const withToken = (token: string) => ({ authorization: `Bearer ${token}` });

/** The code of a refusal, as every one of them has to look. */
export function codeOf({ text, status }: Said): string {
  if (status < 400) return 'ok';
  const { code, message, data } = JSON.parse(text) as { code: string; message: string; data: object };
  if (typeof message !== 'string' || message === '' || typeof data !== 'object') throw new Error(`this is no refusal: ${text}`);
  return code;
}

/** Bytes over a connection; gives everything the station says until it ends it. */
export async function bytes(url: string, sent: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  // Ended by the station in the middle of what we send: what it said before is what counts.
  let said = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  socket.write(sent);
  await once(socket, 'close');
  return said;
}

/** The station with the screens as they are built. */
export async function serveScreens(t: TestContext, station: TestStation): Promise<WebServer> {
  const web = await serveWeb(station, fileURLToPath(new URL('../../dist/renderer', import.meta.url)));
  t.after(() => web.close());
  return web;
}
