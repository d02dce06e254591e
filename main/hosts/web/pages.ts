// The screens: one page with a fresh nonce at each load, and its hashed files, which never change.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { contentSecurityPolicy } from './csp.ts';
import { DOCS_STYLE } from './docs.ts';

const NONCE_MARK = '%NONCE%';
const YEAR_S = 31_536_000;

/** `folder` holds the built screens; a station without them still serves its API. */
export async function servePages(app: FastifyInstance, folder: string, facts: Record<string, string>): Promise<void> {
  const file = join(folder, 'index.html');
  const template = existsSync(file) ? readFileSync(file, 'utf8') : undefined;

  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    maxAge: YEAR_S * 1000,
    immutable: true,
    index: false,
  });
  app.get('/api/docs.css', (_, reply) => reply.type('text/css; charset=utf-8').send(DOCS_STYLE));

  app.get('/*', (request, reply) => {
    const path = request.url.split('?', 1)[0] as string;
    if (path.startsWith('/api/') || path.startsWith('/assets/') || /\.[a-z0-9]{2,5}$/i.test(path)) return reply.callNotFound();
    if (template === undefined)
      return reply
        .status(503)
        .type('text/plain; charset=utf-8')
        .send('The screens are not built: run “npm run build”, then start the station again.\n');
    const nonce = randomBytes(16).toString('base64');
    return reply
      .header('content-security-policy', contentSecurityPolicy(nonce, { connect: [] }))
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(withFacts(template.replaceAll(NONCE_MARK, nonce), facts));
  });
}

/** What a page must know before it has asked anything, as attributes of its root: no inline script. */
function withFacts(html: string, facts: Record<string, string>): string {
  const attributes = Object.entries(facts)
    .map(([name, value]) => ` data-${name}="${value.replace(/[&"<>]/g, (letter) => `&#${letter.charCodeAt(0)};`)}"`)
    .join('');
  return html.replace('<html', `<html${attributes}`);
}
