// The files of the screens, served to the window alone: a pure answer to a request, with a fresh nonce at each load of the page.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, isAbsolute, join, relative, resolve } from 'node:path';
import { contentSecurityPolicy } from '../web/csp.ts';
import { isOurs } from './navigation.ts';

/** What the build writes, and nothing else; a file of another kind is not served. */
const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
/** Written into the page by the build. */
const NONCE_MARK = '%NONCE%';

const HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };

/** `folder` holds the built screens. */
export async function screensAnswer(request: { method: string; url: string }, folder: string): Promise<Response> {
  if (!isOurs(request.url)) return refused(403);
  if (request.method !== 'GET') return refused(405);
  const path = decoded(new URL(request.url).pathname);
  if (path === undefined) return refused(400);
  const extension = extname(path).toLowerCase();
  // The screens find their way by the path themselves: every address that names no file is their page.
  if (extension === '' && !path.startsWith('/assets/')) return screensPage(folder);
  const type = Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
  const file = fileWithin(folder, path);
  const bytes = type === undefined || file === undefined ? undefined : await contents(file);
  if (type === undefined || bytes === undefined) return refused(404);
  return new Response(bytes, { headers: { ...HEADERS, 'content-type': type } });
}

async function screensPage(folder: string): Promise<Response> {
  const template = await contents(join(folder, 'index.html'));
  if (template === undefined) return refused(503, 'The screens are not built: run “npm run build”, then start again.\n');
  const nonce = randomBytes(16).toString('base64');
  return page(Buffer.from(template).toString('utf8').replaceAll(NONCE_MARK, nonce), nonce);
}

/** A page of ours with the policy of all our pages. */
export const page = (html: string, nonce: string): Response =>
  new Response(html, {
    headers: {
      ...HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy(nonce),
      'cache-control': 'no-store',
    },
  });

const refused = (status: number, words = 'There is nothing at this address.\n') =>
  new Response(words, { status, headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' } });

/** Judged by what the whole path comes to, not by how it begins: “%2e%2e%2f” and a backslash are steps up as well. */
export function fileWithin(folder: string, path: string): string | undefined {
  const file = resolve(folder, `.${path}`);
  const inner = relative(folder, file);
  return inner === '' || inner.startsWith('..') || isAbsolute(inner) ? undefined : file;
}

function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

async function contents(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
