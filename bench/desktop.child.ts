// The built desktop program under the double of Electron, in a process of its own: a process can start it only once.
// Says what it has measured to whoever forked it.
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { dial, startDesktop } from '../main/testing/electron/desktop.ts';
import { type Calls, openCalls } from '../renderer/app/calls.ts';
import { Channel } from '../renderer/app/channel.ts';
import { portLink } from '../renderer/app/links.ts';
import { perSecond } from './figure.ts';

const CALLS = 5_000;
const AT_ONCE = 100;
const READS = 6;
/** Just below the size at which the log is turned over. */
const FILE_BYTES = 9 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

const [, , what = '', data = ''] = process.argv;
const endings: (() => unknown)[] = [];
const desktop = await startDesktop({ after: (end: () => unknown) => void endings.push(end) }, data);
const page = () => desktop.windows[0]?.page;
await desktop.until(() => desktop.windows[0]?.address === 'outpost://app/');
process.send?.(what === 'start' ? await start() : await bridge());
for (const end of endings) await end();
process.exit(0);

async function link(kind: 'calls' | 'channel') {
  const { port, refused } = await dial(page(), kind);
  if (port === undefined) throw new Error(refused);
  return portLink(port as never);
}

async function clientOf(token: () => string | undefined): Promise<Calls> {
  const over = await link('calls');
  const calls = openCalls(async () => over, token);
  calls.start();
  while (!calls.connected) await new Promise(setImmediate);
  return calls;
}

/** As a page begins: one question, then something is drawn, and it says so. The station has the marks in its log. */
async function start(): Promise<Record<string, number>> {
  const calls = await clientOf(() => undefined);
  await calls.station.people.setUpState({});
  page()?.exposed.outpost?.tell?.({ told: 'shown', inside: false });
  for (;;) {
    await calls.station.people.setUpState({});
    const line = readFileSync(join(data, 'logs', 'outpost.log'), 'utf8')
      .split('\n')
      .find((one) => one.includes('"desktopStarted"'));
    if (line !== undefined) return JSON.parse(line) as Record<string, number>;
  }
}

async function bridge(): Promise<Record<string, number>> {
  let token: string | undefined;
  const calls = await clientOf(() => token);
  const admin = { name: 'Ada', email: 'ada@example.org', password: 'a long enough phrase' };
  ({ token } = await calls.station.people.setUp({ organisation: 'Bench', site: 'Works 1', timeZone: 'Europe/Berlin', admin }));
  const about = () => calls.station.watch.about({});
  await perSecond(500, AT_ONCE, about);
  const ours = await perSecond(CALLS, AT_ONCE, about);

  const log = join(data, 'logs', 'outpost.log');
  rmSync(log);
  writeFileSync(log, Buffer.alloc(FILE_BYTES, 'log '));
  const over = await link('channel');
  const channel = new Channel({ dial: async () => over, token: () => token });
  channel.start();
  let bytes = 0;
  const count = (piece: Uint8Array) => {
    bytes += piece.length;
  };
  const read = () =>
    new Promise<void>((resolve) => void channel.read('watch.logFile', {}, { bytes: count, end: () => resolve() }, { window: 1024 * 1024 }));
  await read();
  bytes = 0;
  const began = performance.now();
  for (let n = 0; n < READS; n++) await read();
  const megabytes = bytes / 1e3 / (performance.now() - began);

  // The least a port can do: the same questions and pieces to another thread and back.
  const { port1, port2 } = new MessageChannel();
  const echo = new Worker(
    `const { workerData: port } = require('node:worker_threads');
     const piece = Buffer.alloc(${PIECE_BYTES}, 'log ');
     port.on('message', (asked) => port.postMessage(asked === 'piece' ? piece : asked));`,
    { eval: true, workerData: port2, transferList: [port2] },
  );
  const waiting: (() => void)[] = [];
  port1.on('message', () => waiting.shift()?.());
  const ask = (message: string) =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      port1.postMessage(message);
    });
  const question = JSON.stringify({ id: 1, call: 'watch.about', input: {} });
  await perSecond(500, AT_ONCE, () => ask(question));
  const theirs = await perSecond(CALLS, AT_ONCE, () => ask(question));
  const pieces = await perSecond((READS * FILE_BYTES) / PIECE_BYTES, 16, () => ask('piece'));
  const ended = once(echo, 'exit');
  await echo.terminate();
  await ended;
  channel.stop();
  calls.stop();
  return { calls: ours, bareCalls: theirs, megabytes, bareMegabytes: (pieces * PIECE_BYTES) / 1e6 };
}
