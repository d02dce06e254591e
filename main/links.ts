// The two wires as one shape: a WebSocket and a MessagePort, with what the other end has not taken yet.
import { TOO_MANY_LINKS } from '../contract/channel.ts';

export type Link = {
  send(message: string | Uint8Array): void;
  /** Bytes handed over that have not left; undefined where nobody can tell, as of a port. */
  buffered(): number | undefined;
  /** Settles when some of it has left. */
  drained(): Promise<void>;
  onMessage(listener: (message: string | Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(code: number, reason: string): void;
  isOpen(): boolean;
};

/** Close codes of ours; the reason says the same in words. */
export const CLOSE = {
  badFrame: 1007,
  tooSlow: 4008,
  sessionEnded: 4401,
  contract: 4426,
  tooMany: TOO_MANY_LINKS,
  goingAway: 1001,
} as const;

/** Of one kind. Each window of a browser has one. */
export const MAX_LINKS = 32;

/**
 * Counts the open links of each session, by its token: true where there is room for one more, else it is closed and told why.
 * Those of the desktop's window come without a token, and its host counts them.
 */
export function linkCount(): (link: Link, token: string | undefined) => boolean {
  const open = new Map<string, number>();
  return (link, token) => {
    if (token === undefined) return true;
    const count = open.get(token) ?? 0;
    if (count >= MAX_LINKS) {
      link.close(CLOSE.tooMany, `more than ${MAX_LINKS} windows of this session are open: close some, or sign in anew`);
      return false;
    }
    open.set(token, count + 1);
    link.onClose(() => {
      const left = (open.get(token) ?? 0) - 1;
      if (left > 0) open.set(token, left);
      else open.delete(token);
    });
    return true;
  };
}

/** What the `ws` package's socket and a browser's have in common, as far as we use it. */
type Socket = {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, done: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): void;
  on(event: 'close' | 'error', listener: () => void): void;
};

const OPEN = 1;
const CLOSE_PATIENCE_MS = 3_000;

export function socketLink(socket: Socket): Link {
  let waiting: (() => void)[] = [];
  const wake = () => {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  };
  socket.on('close', wake);
  return {
    send: (message) => socket.send(message, wake),
    buffered: () => socket.bufferedAmount,
    drained: () => (socket.readyState === OPEN ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
    onMessage: (listener) =>
      socket.on('message', (data, isBinary) => {
        const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data;
        listener(isBinary ? bytes : bytes.toString('utf8'));
      }),
    onClose: (listener) => socket.on('close', listener),
    close(code, reason) {
      socket.close(code, reason);
      // A reader that has stopped reading never answers the closing handshake.
      setTimeout(() => socket.terminate(), CLOSE_PATIENCE_MS).unref();
    },
    isOpen: () => socket.readyState === OPEN,
  };
}

/** Node's MessagePort and Electron's MessagePortMain, as far as we use them. */
export type Port = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start?(): void;
  close(): void;
};

export function portLink(port: Port): Link {
  let open = true;
  const closed: (() => void)[] = [];
  const end = () => {
    if (!open) return;
    open = false;
    for (const listener of closed) listener();
  };
  port.on('close', end);
  return {
    send: (message) => port.postMessage(message),
    buffered: () => undefined,
    drained: async () => {},
    onMessage(listener) {
      port.on('message', (message) => {
        // Electron wraps what was posted in an event, Node does not.
        const data = typeof message === 'object' && message !== null && 'data' in message ? (message as { data: unknown }).data : message;
        // Anything else is a broken peer: an empty frame is refused by every reader of ours.
        listener(typeof data === 'string' || data instanceof Uint8Array ? data : new Uint8Array());
      });
      port.start?.();
    },
    onClose: (listener) => void closed.push(listener),
    close() {
      port.close();
      end();
    },
    isOpen: () => open,
  };
}
