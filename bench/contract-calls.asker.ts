// The thread that asks: our client of the station, or the least that can ask an echo: one message there, one back.
import { once } from 'node:events';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { openCalls } from '../renderer/app/calls.ts';
import type { ClientLink } from '../renderer/app/links.ts';
import { perSecond } from './figure.ts';

export type Asked = { who: 'station' | 'echo'; total: number; atOnce: number; url?: string; port?: MessagePort };

const WARM_UP = 500;

parentPort?.on('message', async ({ who, total, atOnce, url, port }: Asked) => {
  const link = port ? overPort(port) : await overSocket(url as string);
  const ask = who === 'station' ? await askStation(link) : askEcho(link);
  await perSecond(WARM_UP, atOnce, ask);
  const rate = await perSecond(total, atOnce, ask);
  link.close();
  parentPort?.postMessage(rate);
});

async function askStation(link: ClientLink): Promise<() => Promise<unknown>> {
  const calls = openCalls(async () => link);
  calls.start();
  while (!calls.connected) await new Promise((resolve) => setImmediate(resolve));
  return () => calls.station.watch.about({});
}

function askEcho(link: ClientLink): () => Promise<unknown> {
  const waiting = new Map<number, (answer: unknown) => void>();
  link.onMessage((message) => {
    const { id, answer } = JSON.parse(String(message)) as { id: number; answer: unknown };
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let last = 0;
  return () =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      link.send(JSON.stringify({ id, call: 'watch.about', input: {} }));
    });
}

function overPort(port: MessagePort): ClientLink {
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => void port.on('close', () => listener(1006, '')),
    close: () => port.close(),
  };
}

async function overSocket(url: string): Promise<ClientLink> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return {
    send: (message) => socket.send(message),
    onMessage: (listener) => void socket.on('message', (data, isBinary) => listener(isBinary ? (data as Buffer) : data.toString())),
    onClose: (listener) => void socket.on('close', (code, reason) => listener(code, reason.toString())),
    close: () => socket.terminate(),
  };
}
