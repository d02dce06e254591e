// REST: every procedure as POST /api/<area>/<name>, and the documents that describe them.

import { StandardOpenAPICodec, StandardOpenAPIMatcher } from '@orpc/openapi/standard';
import { StandardBracketNotationSerializer, StandardOpenAPIJsonSerializer, StandardOpenAPISerializer } from '@orpc/openapi-client/standard';
import { StandardHandler } from '@orpc/server/standard';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorStatus, isErrorCode, Refusal } from '../../../contract/errors.ts';
import { contract } from '../../../contract/index.ts';
import { kebab, type ProcedureMeta } from '../../../contract/procedure.ts';
import { speaks } from '../../../contract/version.ts';
import { type Request, wireError } from '../../router.ts';
import type { Site } from '../../site.ts';
import { cookieHeader, type GuardOptions, type Head, originOf, tokenOf } from './guard.ts';
import type { Metrics } from './metrics.ts';

/** A browser asks for the session as a cookie it cannot read; a program gets the token. */
const AS_COOKIE = 'outpost-session';
const SIGNS_IN = new Set(['/api/people/sign-in', '/api/people/sign-in-by-link', '/api/people/set-up']);
const SIGNS_OUT = '/api/people/sign-out';

export function serveApi(app: FastifyInstance, site: Site, guard: GuardOptions, metrics: Metrics): void {
  const { log } = site.station;
  const serializer = new StandardOpenAPISerializer(new StandardOpenAPIJsonSerializer(), new StandardBracketNotationSerializer());
  const codec = new StandardOpenAPICodec(serializer, {
    customErrorResponseBodyEncoder: (error) => {
      const { code, message, data } = wireError(error, log, site.reference);
      return { code, message, data };
    },
  });
  const handler = new StandardHandler<Request>(site.router as never, new StandardOpenAPIMatcher(), codec, {
    clientInterceptors: [
      async ({ next, path }) => {
        const done = metrics.callStarted(path.join('.'));
        try {
          const answer = await next();
          done('ok');
          return answer;
        } catch (error) {
          const wire = wireError(error, log, site.reference);
          done(wire.code);
          throw wire;
        }
      },
    ],
  });
  const open = publicAddresses();

  // After the count of requests, before the body: preParsing.
  app.post('/api/*', { preParsing: mustHaveSession }, async (request, reply) => {
    const head = headOf(request);
    const url = urlOf(request);
    const { response } = await handler.handle(
      {
        method: 'POST',
        url,
        headers: request.headers,
        // Without a body there is no input to give; that it is “null” was said.
        body: async () => (request.body === undefined ? {} : request.body),
        signal: undefined,
      },
      { prefix: '/api', context: { token: tokenOf(guard, head), origin: originOf(head) } },
    );
    if (response === undefined) return refuse(reply, new Refusal('notFound', 'There is no such procedure. /api/docs lists them all.'));
    reply.status(response.status).header('cache-control', 'no-store');
    return reply.send(asBrowserSession(url.pathname, request, reply, response.status, response.body));
  });

  /** Asked before the body is even read: a stranger learns nothing from how it would be refused. */
  async function mustHaveSession(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const version = request.headers['outpost-contract'];
    if (typeof version === 'string' && !speaks(version))
      return refuse(reply, new Refusal('unsupported', 'This page speaks another version than the station. Load it again.'));
    if (open.has(urlOf(request).pathname)) return undefined;
    const session = await site.authority.session(tokenOf(guard, headOf(request)));
    return session === undefined ? refuse(reply, new Refusal('unauthenticated', 'Please sign in.')) : undefined;
  }

  /** For a browser the token goes into a cookie that no script reads; the body says only that it worked. */
  function asBrowserSession(address: string, request: FastifyRequest, reply: FastifyReply, status: number, body: unknown): unknown {
    const host = request.headers.host ?? '';
    if (status < 300 && SIGNS_IN.has(address) && request.headers[AS_COOKIE] === 'cookie') {
      reply.header('set-cookie', cookieHeader(guard, host, (body as { token: string }).token));
      return { token: '' };
    }
    if (status < 300 && address === SIGNS_OUT) reply.header('set-cookie', cookieHeader(guard, host, undefined));
    return body;
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

/** What is allowed and what is called is decided by one and the same reading of the address. */
const urlOf = (request: FastifyRequest) => new URL(`http://station${request.url}`);

export const headOf = (request: FastifyRequest): Head => ({
  method: request.method,
  address: request.socket.remoteAddress ?? '',
  headers: request.headers,
});

export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply
    .status(errorStatus[refusal.code])
    .header('cache-control', 'no-store')
    .send({ code: refusal.code, message: refusal.message, data: refusal.data ?? {} });
}

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

function publicAddresses(): Set<string> {
  const found = new Set<string>();
  for (const [area, procedures] of Object.entries(contract))
    for (const [name, procedure] of Object.entries(procedures as Record<string, { '~orpc': { meta: ProcedureMeta } }>)) {
      const { needs } = procedure['~orpc'].meta;
      if ('session' in needs && !needs.session) found.add(`/api/${area}/${kebab(name)}`);
    }
  return found;
}
