// The channel: what framing and credits cost against a bare socket, and what a stream that stands still costs the station.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { encodeJson, FRAME } from '../contract/channel.ts';
import { socketLink } from '../main/links.ts';
import { Channel } from '../renderer/app/channel.ts';
import { type Bench, bestOfEach, figure } from './figure.ts';
import { openBenchStation, REQUEST } from './station.ts';

const ROUNDS = 3;
const FILE_BYTES = 256 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const WINDOW_BYTES = 1024 * 1024;
const BACKLOG_LIMIT_BYTES = 1024 * 1024;
const FLOOD_MS = 3_000;
const SETTLE_MS = 1_500;

export const bench: Bench = async () => {
  const station = await openBenchStation();
  const file = `${station.site.station.folder.logs}/outpost.log`;
  const out = createWriteStream(file);
  for (let written = 0; written < FILE_BYTES; written += PIECE_BYTES)
    if (!out.write(Buffer.alloc(PIECE_BYTES, 'log '))) await once(out, 'drain');
  out.end();
  await finished(out);

  const [ours, theirs] = await bestOfEach(
    ROUNDS,
    () => readByChannel(station),
    () => readBare(),
  );
  const backlog = await stalledBacklog(station);
  const unthrottled = await unthrottledBacklog();
  await station.close();
  return [
    figure('channel', 'a file read through the channel', ours, 'MB/s', 'bare socket, same pieces', theirs),
    figure('channel', 'held for one stream that stands still in a flood', backlog, 'bytes', 'limit', BACKLOG_LIMIT_BYTES),
    figure('channel', 'the same', backlog, 'bytes', 'unthrottled socket, as long a flood', unthrottled),
  ];
};

type Station = Awaited<ReturnType<typeof openBenchStation>>;

/** A server that hands each connection to `serve`. */
async function listen(serve: (socket: WebSocket) => unknown): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', serve);
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function readByChannel({ site }: Station): Promise<number> {
  const { url, server } = await listen((socket) => site.channel.attach(socketLink(socket), REQUEST));
  const channel = new Channel({
    dial: async () => {
      const socket = new WebSocket(url);
      await once(socket, 'open');
      return {
        send: (message) => socket.send(message),
        onMessage: (listener) => void socket.on('message', (data) => listener(data as Buffer)),
        onClose: (listener) => void socket.on('close', (code) => listener(code, '')),
        close: () => socket.terminate(),
      };
    },
  });
  channel.start();
  const started = performance.now();
  let bytes = 0;
  await new Promise<void>((resolve) => {
    const count = (piece: Uint8Array) => {
      bytes += piece.length;
    };
    channel.read('watch.logFile', {}, { bytes: count, end: () => resolve() }, { window: WINDOW_BYTES });
  });
  const seconds = (performance.now() - started) / 1000;
  channel.stop();
  server.close();
  return bytes / 1e6 / seconds;
}

/** As many bytes in pieces of the same size, sent as the socket takes them. */
async function readBare(): Promise<number> {
  const piece = Buffer.alloc(PIECE_BYTES, 'log ');
  const { url, server } = await listen((socket) => {
    let left = FILE_BYTES;
    const more = () => {
      while (left > 0 && socket.bufferedAmount < WINDOW_BYTES) {
        left -= PIECE_BYTES;
        socket.send(piece, more);
      }
      if (left <= 0) socket.close();
    };
    more();
  });
  const started = performance.now();
  const socket = new WebSocket(url);
  let bytes = 0;
  socket.on('message', (data) => {
    bytes += (data as Buffer).length;
  });
  await once(socket, 'close');
  const seconds = (performance.now() - started) / 1000;
  server.close();
  return bytes / 1e6 / seconds;
}

/** What one stream of the live log costs that nobody reads: the same flood without it and with it, the difference. */
async function stalledBacklog(station: Station): Promise<number> {
  const { site } = station;
  await flood(station); // the first one warms everything that stays
  const without = await flood(station);
  const attached: WebSocket[] = [];
  const { url, server } = await listen((socket) => {
    attached.push(socket);
    site.channel.attach(socketLink(socket), REQUEST);
  });
  const reader = new WebSocket(url);
  await once(reader, 'open');
  reader.send(encodeJson(FRAME.open, 1, { stream: 'watch.liveLog', input: {} }));
  await once(reader, 'message');
  reader.pause();
  const withReader = await flood(station);
  const queued = attached[0]?.bufferedAmount ?? 0;
  reader.terminate();
  server.close();
  return Math.max(0, withReader - without) + queued;
}

/** Writes to the log for a while as fast as it goes; gives what the process holds afterwards. */
async function flood({ site }: Station): Promise<number> {
  const line = 'x'.repeat(1024);
  const started = performance.now();
  while (performance.now() - started < FLOOD_MS) {
    for (let n = 0; n < 500; n++) site.station.log.error({ event: 'flood', line }, 'flood');
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The log's own file is behind by some lines: let it catch up before looking.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  for (let n = 0; n < 3; n++) global.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

/** The same reader behind a socket that everything is simply sent to. */
async function unthrottledBacklog(): Promise<number> {
  const line = 'x'.repeat(1024);
  const attached: WebSocket[] = [];
  const { url, server } = await listen((socket) => attached.push(socket));
  const reader = new WebSocket(url);
  await once(reader, 'open');
  reader.pause();
  const started = performance.now();
  while (performance.now() - started < FLOOD_MS) {
    for (let n = 0; n < 500; n++) attached[0]?.send(line);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const held = attached[0]?.bufferedAmount ?? 0;
  reader.terminate();
  server.close();
  return held;
}
