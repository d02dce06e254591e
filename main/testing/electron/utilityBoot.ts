// Start of a process forked by the double: gives it process.parentPort as Electron would, forbids electron, runs the entry.
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import type { ParentPort } from 'electron';
import { forbidElectron } from './hook.ts';
import { bridge, type Crossing, portMain } from './ports.ts';
import { strict } from './strict.ts';

forbidElectron();
const send = (crossing: Crossing) => void process.send?.(crossing);
const ports = bridge(send);
const early: object[] = [];
const events = new EventEmitter();

process.on('message', (crossing: Crossing) => {
  if (ports.receive(crossing) || crossing.to !== 'line') return;
  const given = crossing.ports.map((number) => {
    const { port1, port2 } = new MessageChannel();
    ports.carry(number, port1);
    return portMain(port2);
  });
  const event = strict('MessageEvent', { data: crossing.data, ports: given });
  // Queued until somebody listens.
  if (!events.emit('message', event)) early.push(event);
});
events.on('newListener', (name) => {
  if (name === 'message') setImmediate(() => early.splice(0).forEach((event) => void events.emit('message', event)));
});
// The window's process takes its own with it.
process.on('disconnect', () => process.exit(0));

const postMessage: ParentPort['postMessage'] = (message) => send({ to: 'line', data: structuredClone(message), ports: [] });
const parentPort = strict('parentPort', Object.assign(events, { postMessage })) as unknown as ParentPort;
Object.defineProperty(process, 'parentPort', { value: parentPort });

const entry = process.argv[2] as string;
process.argv.splice(1, 1);
await import(pathToFileURL(entry).href);
