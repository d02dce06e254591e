// A Modbus server that costs next to nothing, in a thread of its own: every request gets the same reply under its own id.
import { type AddressInfo, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { mbapFrame } from '../main/plant/modbus/mbap.ts';

const { registers } = workerData as { registers: number };
const REQUEST_BYTES = 12;
const words = Array.from({ length: registers * 2 }, (_, n) => n & 0xff);
const template = mbapFrame(0, 1, Uint8Array.of(3, words.length, ...words));

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (asked) => {
    for (let at = 0; at + REQUEST_BYTES <= asked.length; at += REQUEST_BYTES) {
      const reply = Buffer.from(template);
      reply.writeUInt16BE(asked.readUInt16BE(at), 0);
      socket.write(reply);
    }
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
