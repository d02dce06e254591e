// Shows the product: fills a demo station in the working folder and says where to look. The last line is the address.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { FolderInUse } from '../../store/faults.ts';
import { runEdge } from './run.ts';

const FOLDER = '.outpost/demo';
const FIRST_PORT = 8480;
const PORTS_TRIED = 50;
const LINK_MS = 10 * 60_000;
const RUNNING = 'running.json';

export async function start(args: string[]): Promise<void> {
  const data = resolve(FOLDER);
  const running = join(data, RUNNING);
  try {
    const port = await freePort(FIRST_PORT);
    const edge = await runEdge(
      { data, demo: true, setUp: undefined, restore: undefined, flags: { port, name: 'Demo station' } },
      'edge',
      args.includes('--log') ? process.stdout : undefined,
    );
    writeFileSync(running, JSON.stringify({ url: edge.web.url, pid: process.pid }), { mode: 0o600 });
    const secret = await edge.site.people.consoleLink(undefined, LINK_MS);
    process.stdout.write('Electron’s binary is not on this machine: the same screens open in a browser.\n');
    process.stdout.write(`Signed in by this link once, within ten minutes; Ctrl+C stops the station.\n${edge.web.url}/#link=${secret}\n`);
    const stop = () => {
      rmSync(running, { force: true });
      edge.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  } catch (error) {
    if (error instanceof FolderInUse && existsSync(running)) {
      const { url } = JSON.parse(readFileSync(running, 'utf8')) as { url: string };
      process.stdout.write(`The demo station is running already.\n${url}\n`);
      return;
    }
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + PORTS_TRIED; port++) if (await isFree(port)) return port;
  return 0;
}

const isFree = (port: number) =>
  new Promise<boolean>((settle) => {
    const probe = createServer();
    probe.once('error', () => settle(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => settle(true)));
  });
