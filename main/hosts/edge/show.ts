// Shows the product: a demo plant in the working folder, in a window where that can be, else in the browser at the printed address.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderInUse } from '../../store/faults.ts';
import { openFolder } from '../../store/folder.ts';
import { runEdge } from './run.ts';
import { electronFolder, fetchElectron, meansHere, runWindow, wayToShow } from './window.ts';

const FOLDER = '.outpost/demo';
const FIRST_PORT = 8480;
const PORTS_TRIED = 50;
const LINK_MS = 10 * 60_000;
const RUNNING = 'running.json';

const say = (line: string) => void process.stdout.write(`${line}\n`);

export async function start(args: string[]): Promise<void> {
  const data = resolve(FOLDER);
  try {
    if (!saysWhereItRuns(data) && !(await showWindow(data))) await showInBrowser(data, args);
  } catch (error) {
    if (error instanceof FolderInUse && saysWhereItRuns(data)) return;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

/** True where a browser shows it already. The file with the address outlives a kill; the lock of the folder does not. */
function saysWhereItRuns(data: string): boolean {
  const running = join(data, RUNNING);
  if (!existsSync(running)) return false;
  try {
    openFolder(data).release();
    rmSync(running, { force: true });
    return false;
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    const { url } = JSON.parse(readFileSync(running, 'utf8')) as { url: string };
    say(`The demo station is running already.\n${url}`);
    return true;
  }
}

/** True where there was a window, and it was closed again. */
async function showWindow(data: string): Promise<boolean> {
  const folder = electronFolder();
  const means = () => meansHere(folder, process.stdout.isTTY === true, process.env, process.platform);
  if (wayToShow(means()) === 'fetch') {
    say('Fetching Electron for the window, for 20 seconds at most …');
    await fetchElectron(folder as string);
  }
  const { binary, display } = means();
  if (binary === undefined || !display) {
    say(
      display
        ? 'Electron’s binary is not on this machine: the same screens open in a browser.'
        : 'There is no display here for a window: the same screens open in a browser.',
    );
    return false;
  }
  const desktop = fileURLToPath(new URL('./desktop.js', import.meta.url));
  const { opened, code } = await runWindow(binary, [desktop, '--data', data, '--demo'], say);
  process.exitCode = opened ? (code ?? 1) : 0;
  if (opened || code === 0) return true;
  say(`The window did not open (Electron ended with ${code}): the same screens open in a browser.`);
  return false;
}

async function showInBrowser(data: string, args: string[]): Promise<void> {
  const running = join(data, RUNNING);
  const port = await freePort(FIRST_PORT);
  const flags = { port, name: 'Demo station' };
  const log = args.includes('--log') ? process.stdout : undefined;
  const edge = await runEdge({ data, demo: true, setUp: undefined, restore: undefined, flags }, 'edge', log);
  writeFileSync(running, JSON.stringify({ url: edge.web.url, pid: process.pid }), { mode: 0o600 });
  const stop = () => {
    rmSync(running, { force: true });
    edge.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  // Before the address is said: whoever reads it may end the station at once.
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const secret = await edge.site.people.consoleLink(undefined, LINK_MS);
  say(`Signed in by this link once, within ten minutes; Ctrl+C stops the station.\n${edge.web.url}/#link=${secret}`);
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
