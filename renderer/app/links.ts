// How a page reaches its station: two links, one for calls and one for the channel, over sockets or ports.

import { readGoodbye } from '../../contract/relay.ts';

export type ClientLink = {
  send(message: string | Uint8Array): void;
  onMessage(listener: (message: string | Uint8Array) => void): void;
  /** Called once, with the code and words of whoever closed it. */
  onClose(listener: (code: number, reason: string) => void): void;
  close(): void;
};

export type LinkKind = 'calls' | 'channel';

/** A way to the station. Settles with an open link, or rejects. */
export type Dial = (kind: LinkKind, signal: AbortSignal) => Promise<ClientLink>;

/** Beyond this a link that is being opened is given up. */
export const DIAL_MS = 10_000;

export function dialSocket(address: (kind: LinkKind) => string): Dial {
  return (kind, signal) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(address(kind));
      // Blobs would be read one after another in no certain order.
      socket.binaryType = 'arraybuffer';
      const giveUp = () => {
        socket.close();
        reject(new Error('the station does not answer'));
      };
      const timer = setTimeout(giveUp, DIAL_MS);
      signal.addEventListener('abort', giveUp, { once: true });
      socket.onclose = (event) => {
        clearTimeout(timer);
        reject(Object.assign(new Error(event.reason || 'the station cannot be reached'), { code: event.code }));
      };
      socket.onopen = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        resolve(socketLink(socket));
      };
    });
}

function socketLink(socket: WebSocket): ClientLink {
  return {
    send: (message) => socket.send(message as string),
    onMessage(listener) {
      socket.addEventListener('message', ({ data }) => listener(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)));
    },
    onClose(listener) {
      socket.onclose = (event) => listener(event.code, event.reason);
    },
    close: () => socket.close(),
  };
}

/** A browser's or Node's MessagePort. */
type Port = {
  postMessage(message: unknown): void;
  addEventListener(event: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(event: 'close', listener: () => void): void;
  start(): void;
  close(): void;
};

export function portLink(port: Port): ClientLink {
  let tell: ((code: number, reason: string) => void) | undefined;
  const ended = (code: number, reason: string) => {
    const once = tell;
    tell = undefined;
    once?.(code, reason);
  };
  port.addEventListener('close', () => ended(1006, ''));
  return {
    send: (message) => port.postMessage(message),
    onMessage(listener) {
      port.addEventListener('message', ({ data }) => {
        const gone = readGoodbye(data);
        if (gone === undefined) listener(data as string | Uint8Array);
        else ended(gone.code, gone.reason);
      });
      port.start();
    },
    onClose(listener) {
      tell = listener;
    },
    close: () => port.close(),
  };
}
