// REST: every procedure as POST /api/<area>/<name>, and the documents that describe them.

import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorStatus, isErrorCode, Refusal } from '../../../contract/errors.ts';
import { procedures } from '../../../contract/index.ts';
import { addressOf } from '../../../contract/procedure.ts';
import { speaks } from '../../../contract/version.ts';
import type { Site } from '../../site.ts';
import { cookieHeader, type GuardOptions, type Head, originOf, readHead, tokenOf, type Which } from './guard.ts';

/** A browser asks for the session as a cookie it cannot read; a program gets the token. */
const AS_COOKIE = 'outpost-session';
const SIGNS_IN = new Set(['people.setUp', 'people.signIn', 'people.signInForwarded', 'people.signInByLink', 'people.signInByKey']);
const SIGNS_OUT = 'people.signOut';
/** A page that sees as somebody else asks with this header: the other cookie is meant. */
const IN_VIEW = 'outpost-view';
const BEGINS_VIEW = 'people.seeAs';
const ENDS_VIEW = 'people.endSeeAs';

/** /api/people/sign-in → people.signIn */
const PROCEDURES = new Map([...procedures.keys()].map((name) => [`/api/${addressOf(name)}`, name]));

export function serveApi(app: FastifyInstance, site: Site, guard: GuardOptions): void {
  // After the count of requests, before the body: preParsing.
  app.post('/api/*', { preParsing: mustHaveSession }, async (request, reply) => {
    const name = PROCEDURES.get(pathOf(request));
    if (name === undefined) return refuse(reply, new Refusal('notFound', 'There is no such procedure. /api/docs lists them all.'));
    const head = headOf(guard, request);
    // Without a body there is no input to give; that it is “null” was said.
    const input = request.body === undefined ? {} : request.body;
    try {
      const answer = await site.router.answer(name, input, {
        token: tokenOf(guard, head, whichOf(request)),
        origin: originOf(guard, head),
      });
      reply.header('cache-control', 'no-store');
      return reply.send(asBrowserSession(name, head, reply, answer));
    } catch (error) {
      return refuse(reply, error as Refusal);
    }
  });

  /** Asked before the body is even read: a stranger learns nothing from how it would be refused. */
  async function mustHaveSession(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const version = request.headers['outpost-contract'];
    if (typeof version === 'string' && !speaks(version))
      return refuse(reply, new Refusal('unsupported', 'This page speaks another version than the station. Load it again.'));
    if (!needsSession(pathOf(request))) return undefined;
    const session = await site.authority.session(tokenOf(guard, headOf(guard, request), whichOf(request)));
    return session === undefined ? refuse(reply, new Refusal('unauthenticated', 'Please sign in.')) : undefined;
  }

  /** For a browser the token goes into a cookie that no script reads; the body says only that it worked. */
  function asBrowserSession(name: string, head: Head, reply: FastifyReply, answer: unknown): unknown {
    if (name === SIGNS_OUT) reply.header('set-cookie', cookieHeader(guard, head, undefined));
    if (name === ENDS_VIEW) reply.header('set-cookie', cookieHeader(guard, head, undefined, 'view'));
    if (head.headers[AS_COOKIE] !== 'cookie') return answer;
    const which = name === BEGINS_VIEW ? 'view' : SIGNS_IN.has(name) ? 'own' : undefined;
    if (which === undefined) return answer;
    reply.header('set-cookie', cookieHeader(guard, head, (answer as { token: string }).token, which));
    return { ...(answer as object), token: '' };
  }

  app.get('/api/openapi.json', async (_, reply) => reply.header('cache-control', 'no-cache').send(await document()));
  app.get('/api/docs', async (_, reply) => {
    const { docsPage } = await import('./docs.ts');
    return reply.type('text/html; charset=utf-8').send(docsPage(await document()));
  });

  // Describing a hundred schemas takes longer than starting: made when first asked for.
  let described: Promise<object> | undefined;
  function document(): Promise<object> {
    described ??= import('./openapi.ts').then(({ describe }) => describe(site.station.version));
    return described;
  }
}

const whichOf = ({ headers }: FastifyRequest): Which => (headers[IN_VIEW] === undefined ? 'own' : 'view');

/** What is allowed and what is called is decided by one and the same reading of the address. */
const pathOf = (request: FastifyRequest) => new URL(`http://station${request.url}`).pathname;

function needsSession(path: string): boolean {
  const needs = procedures.get(PROCEDURES.get(path) ?? '')?.['~orpc'].meta.needs;
  return needs === undefined || !('session' in needs) || needs.session;
}

export const headOf = (guard: GuardOptions, request: FastifyRequest): Head =>
  readHead(guard, { method: request.method, peer: request.socket.remoteAddress ?? '', headers: request.headers });

export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const waitMs = refusal.data?.retryAfterMs;
  if (typeof waitMs === 'number') reply.header('retry-after', Math.ceil(waitMs / 1000));
  return reply.status(errorStatus[refusal.code]).header('cache-control', 'no-store').send(refusal.travelling);
}

/** What cannot even be read as a request is told why, and its connection ended. */
export function turnAwayUnread(error: { code?: string }, socket: Socket): void {
  if (!socket.writable) return;
  const refusal = unread[error.code ?? ''] ?? new Refusal('invalid', 'This is not a proper request.');
  const body = JSON.stringify(refusal.travelling);
  socket.end(
    `HTTP/1.1 ${errorStatus[refusal.code]} Refused\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const unread: Record<string, Refusal> = {
  // Ports share cookies: those of other programs on this machine come along.
  HPE_HEADER_OVERFLOW: new Refusal('tooLarge', 'The head of the request is too large: remove the cookies of this address, then try again.'),
  ERR_HTTP_REQUEST_TIMEOUT: new Refusal('timedOut', 'The request took too long to arrive. Send it again.'),
};

/** What Fastify itself refuses, in the one shape every refusal has. */
export function fastifyRefusal(error: { statusCode?: number; code?: string; message?: string }): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const status = error.statusCode;
  if (status === 413) return new Refusal('tooLarge', 'The request is larger than 1 MiB.');
  if (status === 415) return new Refusal('invalid', 'Send the input as application/json.');
  if (status !== undefined && status >= 400 && status < 500)
    return new Refusal(isErrorCode(error.code) ? error.code : 'invalid', 'The request is not proper JSON.');
  return undefined;
}
