// Message ports as Electron's own processes have them: silent before start(), given away once, everything that crosses is cloned.
import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { MessagePortMain } from 'electron';
import { refuse, strict } from './strict.ts';

const inner = new WeakMap<object, MessagePort>();

export function portMain(raw: MessagePort): MessagePortMain {
  const events = new EventEmitter();
  const own = () => (inner.has(port) ? raw : refuse('this port was given away'));
  const methods: Pick<MessagePortMain, 'start' | 'close' | 'postMessage'> = {
    start: () => void own().on('message', (data) => events.emit('message', strict('MessageEvent', { data, ports: [] }))),
    close: () => own().close(),
    postMessage: (message, transfer = []) => own().postMessage(message, transfer.map(give)),
  };
  const port = strict('MessagePortMain', Object.assign(events, methods)) as unknown as MessagePortMain;
  raw.on('close', () => events.emit('close'));
  inner.set(port, raw);
  return port;
}

/** Takes it from whoever had it. */
export function give(port: object): MessagePort {
  const raw = inner.get(port) ?? refuse('only a port that is still one’s own can be transferred');
  inner.delete(port);
  raw.removeAllListeners();
  return raw;
}

export class ChannelMain {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = portMain(port1);
    this.port2 = portMain(port2);
  }
}

/** How a port crosses to a real process, which can be given none: number by number over the line between both. */
export type Crossing =
  | { to: 'line'; data: unknown; ports: number[] }
  | { to: 'port'; port: number; data: unknown }
  | { to: 'end'; port: number };

export function bridge(send: (crossing: Crossing) => void) {
  const ports = new Map<number, MessagePort>();
  return {
    carry(number: number, port: MessagePort): void {
      ports.set(number, port);
      port.on('message', (data) => send({ to: 'port', port: number, data }));
      port.on('close', () => {
        if (ports.delete(number)) send({ to: 'end', port: number });
      });
    },
    /** True where it was for one of the ports. */
    receive(crossing: Crossing): boolean {
      if (crossing.to === 'line') return false;
      const port = ports.get(crossing.port);
      if (crossing.to === 'port') port?.postMessage(crossing.data);
      else if (ports.delete(crossing.port)) port?.close();
      return true;
    },
    end(): void {
      for (const port of ports.values()) port.close();
      ports.clear();
    },
  };
}
