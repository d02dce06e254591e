// What the contract costs: a question with session, input, permission and answer, against a bare echo on the same wire.
// The one who asks is another thread, as a window's page is another process.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MessageChannel, Worker } from 'node:worker_threads';
import { WebSocketServer } from 'ws';
import { type Link, portLink, socketLink } from '../main/links.ts';
import type { Asked } from './contract-calls.asker.ts';
import { type Bench, bestOfEach, figure } from './figure.ts';
import { openBenchStation, REQUEST } from './station.ts';

const ROUNDS = 5;
const CALLS = 10_000;
const ANSWER = { id: '0'.repeat(36), name: 'Outpost', version: '0.1.0', contract: '0.1', time: Date.now() };

export const bench: Bench = async () => {
  const station = await openBenchStation();
  const asker = new Worker(new URL('./contract-calls.asker.ts', import.meta.url));
  const ask = async (asked: Asked): Promise<number> => {
    asker.postMessage(asked, asked.port ? [asked.port] : []);
    return (await once(asker, 'message'))[0] as number;
  };
  const attach = (link: Link) => station.site.calls.attach(link, REQUEST);
  const sockets = { ours: await listen(attach), echo: await listen(echo) };
  const port = (serve: (link: Link) => void) => {
    const { port1, port2 } = new MessageChannel();
    serve(portLink(port1));
    return port2;
  };

  const figures = [];
  for (const wire of ['MessagePort', 'WebSocket'] as const)
    for (const atOnce of [1, 100]) {
      const run = { total: CALLS, atOnce };
      const [ours, theirs] = await bestOfEach(
        ROUNDS,
        () =>
          ask(wire === 'WebSocket' ? { ...run, who: 'station', url: sockets.ours.url } : { ...run, who: 'station', port: port(attach) }),
        () => ask(wire === 'WebSocket' ? { ...run, who: 'echo', url: sockets.echo.url } : { ...run, who: 'echo', port: port(echo) }),
      );
      figures.push(figure('contract-calls', `${wire}, ${atOnce} at once`, ours, 'calls/s', 'bare echo of the same bytes', theirs));
    }
  await asker.terminate();
  for (const { server } of Object.values(sockets)) server.close();
  await station.close();
  return figures;
};

/** The least that can answer: reads which question it is, and sends an answer of the same size. */
function echo(link: Link): void {
  link.onMessage((message) => {
    const { id } = JSON.parse(String(message)) as { id: number };
    link.send(JSON.stringify({ id, answer: ANSWER }));
  });
}

async function listen(serve: (link: Link) => void): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => serve(socketLink(socket)));
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
