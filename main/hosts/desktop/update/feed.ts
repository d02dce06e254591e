// Where releases lie: a folder, or an address. Files are asked for by name alone, so that nothing can point elsewhere.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UpdateTrouble } from './trouble.ts';

export type Feed = { open(name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> };
/** Node's fetch, or Electron's, which knows the system's proxies and certificates. */
export type Fetch = (address: string, init: RequestInit) => Promise<Response>;

/** A path, or an https address; http only within this machine. */
export function feedAt(address: string, fetch: Fetch): Feed | undefined {
  if (isAbsolute(address)) return folderFeed(address);
  const url = URL.parse(address.endsWith('/') ? address : `${address}/`);
  if (url === null) return undefined;
  if (url.protocol === 'file:') return folderFeed(fileURLToPath(url));
  const isNear = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url.protocol === 'https:' || isNear ? webFeed(url, fetch) : undefined;
}

const folderFeed = (folder: string): Feed => ({
  async open(name) {
    // Opened first: a stream would say that there is nothing only when it is read.
    const handle = await open(join(folder, name)).catch((error: Error) => {
      throw new UpdateTrouble('unreachable', error.message, error);
    });
    return createReadStream('', { fd: handle });
  },
});

const webFeed = (base: URL, fetch: Fetch): Feed => ({
  async open(name, signal) {
    const response = await fetch(new URL(name, base).href, { signal, redirect: 'error', cache: 'no-store' }).catch((error: Error) => {
      throw new UpdateTrouble('unreachable', `${base.host} does not answer: ${error.message}`, error);
    });
    if (response.ok && response.body !== null) return response.body;
    await response.body?.cancel();
    throw new UpdateTrouble('unreachable', `${base.host} answered ${response.status} for ${name}`);
  },
});

/** A small file, whole. Who sends more than there can be, or nothing for too long, is not listened to. */
export async function readSmall(feed: Feed, name: string, most: number, withinMs: number): Promise<string> {
  const abort = new AbortController();
  const late = setTimeout(() => abort.abort(new UpdateTrouble('stalled', `${name} did not come within ${withinMs} ms`)), withinMs);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of await feed.open(name, abort.signal)) {
      bytes += chunk.length;
      if (bytes > most) throw new UpdateTrouble('manifest', `${name} is larger than ${most} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (abort.signal.aborted) throw abort.signal.reason;
    throw error instanceof UpdateTrouble ? error : new UpdateTrouble('unreachable', `${name}: ${(error as Error).message}`, error);
  } finally {
    clearTimeout(late);
    abort.abort();
  }
}
