// Brings a file of the feed onto the disk, for electron-updater: hashed on its way, no longer than the manifest says, and
// given up when nothing comes or nobody wants it.
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CancellationError, DigestTransform, type DownloadOptions } from 'builder-util-runtime';
import type { Feed } from './feed.ts';
import { UpdateTrouble } from './trouble.ts';

/** The part of electron-updater's HTTP executor that is used once the manifest is read by us. */
export type Transfer = { download(url: URL, destination: string, options: DownloadOptions): Promise<string> };

type Wanted = { feed: Feed; size(name: string): number; stallMs: number; received(bytes: number, of: number): void };

export const transfer = (wanted: () => Wanted): Transfer => ({
  async download(url, destination, { sha512, cancellationToken }) {
    const abort = new AbortController();
    const cancel = () => abort.abort(new CancellationError());
    cancellationToken.once('cancel', cancel);
    try {
      await bring(wanted(), basename(decodeURIComponent(url.pathname)), destination, sha512 ?? '', abort);
      return destination;
    } finally {
      cancellationToken.off('cancel', cancel);
    }
  },
});

async function bring(wanted: Wanted, name: string, destination: string, sha512: string, abort: AbortController): Promise<void> {
  const { feed, stallMs, received } = wanted;
  const size = wanted.size(name);
  const stalled = () => abort.abort(new UpdateTrouble('stalled', `nothing more of ${name} came for ${stallMs} ms`));
  const late = setTimeout(stalled, stallMs);
  let bytes = 0;
  async function* counted(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      late.refresh();
      bytes += chunk.length;
      if (bytes > size) throw new UpdateTrouble('damaged', `${name} is longer than ${size} bytes`);
      received(bytes, size);
      yield chunk;
    }
  }
  try {
    const from = await feed.open(name, abort.signal);
    const file = createWriteStream(destination, { mode: 0o600, flush: true });
    await pipeline(from, counted, new DigestTransform(sha512, 'sha512', 'base64'), file, {
      signal: abort.signal,
    });
  } catch (error) {
    if (abort.signal.aborted) throw abort.signal.reason;
    throw isOfTheNet(error) ? new UpdateTrouble('unreachable', `${name} broke off after ${bytes} bytes`, error) : error;
  } finally {
    clearTimeout(late);
    abort.abort();
  }
}

/** undici says “terminated” for a connection that ends within a body. */
const isOfTheNet = (error: unknown) => error instanceof TypeError || (error as NodeJS.ErrnoException).code === 'ECONNRESET';
