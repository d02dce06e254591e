// The HTTP face of a station: pages, REST, sockets, health and metrics on one listener.
import { timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { Refusal } from '../../../contract/errors.ts';
import { CONTRACT } from '../../../contract/version.ts';
import type { Site } from '../../site.ts';
import { networks } from '../../store/networks.ts';
import { fastifyRefusal, headOf, refuse, serveApi, turnAwayUnread } from './api.ts';
import { type GuardOptions, type Head, isFromHere, isLoopback, knownHosts, refuseStranger } from './guard.ts';
import { openMetrics } from './metrics.ts';
import { servePages } from './pages.ts';
import { isWebSocket, serveSockets } from './sockets.ts';
import { type Certificate, certificate } from './tls.ts';

const BODY_BYTES = 1024 * 1024;
const CALLS_A_MINUTE = 6_000;
/** For a whole request, over the slowest link: what trickles longer only holds a connection. */
const REQUEST_MS = 120_000;

export type WebServer = {
  url: string;
  certificate: Certificate | undefined;
  close(): Promise<void>;
};

export async function serveWeb(site: Site, screens: string): Promise<WebServer> {
  const { settings, folder, log, clock } = site.station;
  const beyondLoopback = !(settings.host === 'localhost' || isLoopback(settings.host));
  const tls =
    settings.tlsCert !== undefined || settings.tlsKey !== undefined || (beyondLoopback && !settings.insecureHttp)
      ? await certificate(settings, folder.secrets, clock())
      : undefined;
  const guard: GuardOptions = {
    secure: tls !== undefined,
    beyondLoopback,
    allowedHosts: settings.allowedHosts,
    stationId: site.store.stationId,
    isTrustedProxy: networks(settings.trustedProxies),
    forwardedHeader: settings.forwardedHeader,
  };
  const isKnown = knownHosts(guard);

  const app = Fastify({
    bodyLimit: BODY_BYTES,
    forceCloseConnections: true,
    requestTimeout: REQUEST_MS,
    // Only whole addresses and our own names of procedures: nothing is guessed from a path.
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (_, __, reply) => refuse(reply, new Refusal('invalid', 'This is not a proper address.')),
    clientErrorHandler: turnAwayUnread,
    // Programs offer HTTP/2 by the same header as a screen asks for its sockets: they get their answer over HTTP/1.
    ...(tls
      ? { https: { cert: tls.cert, key: tls.key, shouldUpgradeCallback: isWebSocket } }
      : { http: { shouldUpgradeCallback: isWebSocket } }),
  });
  app.removeContentTypeParser('text/plain');
  // An empty body is the empty input; “__proto__” anywhere is refused, not merged.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, {});
    else parse(request, body as string, done);
  });

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'content-security-policy': `default-src 'none'; style-src 'self'; frame-ancestors 'none'`,
      // Browsers refuse this one, and say so, on a page they do not trust.
      ...((tls || !beyondLoopback) && { 'cross-origin-opener-policy': 'same-origin' }),
      ...(tls && !tls.selfMade && { 'strict-transport-security': 'max-age=31536000' }),
    });
    // Who has gone already has no address any more to be judged or counted by.
    if (request.socket.remoteAddress === undefined) return refuse(reply, new Refusal('cancelled', 'The connection was lost.'));
    const refused = refuseStranger(guard, isKnown, headOf(guard, request));
    if (refused && !isPlainNavigation(request.method, request.url, refused.status))
      return reply.status(refused.status).send({ code: refused.code, message: refused.message, data: {} });
  });
  await app.register(rateLimit, {
    max: CALLS_A_MINUTE,
    timeWindow: 60_000,
    // Not all who come by one proxy together.
    keyGenerator: (request) => headOf(guard, request).address,
    errorResponseBuilder: (_, { after, ttl }) => new Refusal('tooMany', `Too many requests. Try again in ${after}.`, { retryAfterMs: ttl }),
  });

  app.setErrorHandler((error, request, reply) => {
    const refusal = fastifyRefusal(error as Error);
    if (refusal) return refuse(reply, refusal);
    const id = site.reference();
    log.error({ error, id, event: 'failed', url: request.url.split('?', 1)[0] }, 'a request failed');
    return refuse(
      reply,
      new Refusal('internal', `Something went wrong in the station. The log knows more under ${id}.`, { reference: id }),
    );
  });
  app.setNotFoundHandler((_, reply) => refuse(reply, new Refusal('notFound', 'There is nothing at this address.')));

  const metrics = openMetrics(site);
  app.get('/healthz', async (_, reply) => {
    const damaged = site.store.damage !== undefined;
    return reply
      .status(damaged ? 503 : 200)
      .header('cache-control', 'no-store')
      .send({ status: damaged ? 'damaged' : 'ok', version: site.station.version });
  });
  app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(headOf(guard, request), settings.metricsToken))
      return refuse(reply, new Refusal('forbidden', 'Metrics are read on this machine, or with the metrics token.'));
    return reply.type(metrics.contentType).send(await metrics.text());
  });
  serveApi(app, site, guard);
  await servePages(app, screens, { contract: CONTRACT, insecure: String(beyondLoopback && tls === undefined) });

  await app.listen({ host: settings.host, port: settings.port });
  const sockets = serveSockets(app.server as Server, site, guard, isKnown);
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://${addressName(settings.host)}:${port}`,
    certificate: tls,
    async close() {
      sockets.close();
      await app.close();
    },
  };
}

/** A link on somebody else's page may lead here: the empty page is no secret, and what it asks for then comes from itself. */
const isPlainNavigation = (method: string, url: string, status: number) =>
  status === 403 && method === 'GET' && !url.startsWith('/api/') && !url.startsWith('/metrics');

function mayReadMetrics(head: Head, token: string | undefined): boolean {
  if (isFromHere(head)) return true;
  // Whatever somebody chose as that token, unlike those the station makes.
  const [, given] = /^Bearer (.+)$/.exec(String(head.headers.authorization)) ?? [];
  if (token === undefined || given === undefined) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const addressName = (host: string) => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host);
