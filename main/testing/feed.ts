// A feed of releases over HTTP on this machine, signed by a key made for the test, and able to behave badly.
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { manifestsOf, type Release, signatureOf, ymlOf } from '../../tools/package/manifest.ts';
import type { Channel, Manifest } from '../hosts/desktop/update/manifest.ts';

export type KeyPair = { key: KeyObject; known: string };

export function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { key: privateKey, known: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export type TestRelease = { file: string; bytes: Buffer; files: Map<string, Buffer> };

/** A release as it lies in a feed. `change` is what the signer wrote into the manifest beyond the usual. */
export function releaseOf(
  version: string,
  pair: KeyPair,
  { bytes = randomBytes(300_000), change, ...given }: { bytes?: Buffer; change?: (manifest: Manifest) => object } & Partial<Release> = {},
): TestRelease {
  const file = `Outpost-${version}-linux-${process.arch}.AppImage`;
  const release = { version, channel: 'latest' as Channel, at: Date.parse('2026-05-01'), ...given };
  const files = new Map([[file, bytes]]);
  for (const [name, manifest] of manifestsOf([{ file, bytes, platform: 'linux', arch: process.arch }], release)) {
    const yml = ymlOf((change?.(manifest) ?? manifest) as Manifest);
    files.set(name, Buffer.from(yml));
    files.set(`${name}.sig`, Buffer.from(signatureOf(name, yml, pair.key)));
  }
  return { file, bytes, files };
}

export type FeedServer = {
  address: string;
  files: Map<string, Buffer>;
  /** Names, in the order they were asked for. */
  asked: string[];
  /** Answers for one name in another way. */
  answer(name: string, how: (response: ServerResponse, bytes: Buffer) => void): void;
};

export async function serveFeed(t: TestContext, release?: TestRelease): Promise<FeedServer> {
  const files = new Map(release?.files);
  const asked: string[] = [];
  const others = new Map<string, (response: ServerResponse, bytes: Buffer) => void>();
  const listener: RequestListener = (request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    asked.push(name);
    const bytes = files.get(name);
    const other = others.get(name);
    if (other) other(response, bytes ?? Buffer.alloc(0));
    else if (bytes) response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else response.writeHead(404).end('nothing here');
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, files, asked, answer: (name, how) => void others.set(name, how) };
}
