// Reads one stream in a thread of its own and notes when each piece of it arrived.
import { type MessagePort, parentPort } from 'node:worker_threads';
import { decodeFrame, encodeJson, FRAME, MAX_WINDOW } from '../contract/channel.ts';

export type Watch = { port: MessagePort } | { largestGapSince: number };

let arrivals: number[] = [];
let reads = false;
const now = () => performance.timeOrigin + performance.now();

parentPort?.on('message', (asked: Watch) => {
  if ('port' in asked) {
    asked.port.on('message', (message: Uint8Array) => {
      const { type, stream } = decodeFrame(message);
      if (type !== FRAME.bytes || stream !== 1) return;
      arrivals.push(now());
      if (!reads) parentPort?.postMessage('reads');
      reads = true;
    });
    asked.port.postMessage(encodeJson(FRAME.open, 1, { stream: 'watch.liveLog', input: {}, window: MAX_WINDOW }));
    return;
  }
  const since = arrivals.filter((at) => at >= asked.largestGapSince);
  const gaps = since.slice(1).map((at, n) => at - (since[n] as number));
  arrivals = [];
  parentPort?.postMessage(Math.max(...gaps));
});
