// The reader's end of the channel for tests: every frame as it came, credit given by hand or at once, nothing repaired.
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import {
  decodeFrame,
  type End,
  type EventValues,
  encodeCredit,
  encodeFrame,
  encodeJson,
  FRAME,
  type Frame,
  frameBytes,
  frameJson,
  type Hello,
  type OpenRequest,
  type SampleValues,
  type StateValues,
} from '../../contract/channel.ts';
import { type Link, portLink } from '../links.ts';
import { CONSOLE, type TestStation } from './station.ts';
import { dialled } from './wires.ts';

/** What a frame of a stream says, in one shape. `size` is what it costs of the window. */
export type Said = { size: number } & (
  | { type: 'values'; values: StateValues & EventValues & SampleValues }
  | { type: 'bytes'; offset: number; bytes: Uint8Array }
  | { type: 'lost'; bytes: number }
  | { type: 'end'; end: End }
);

type Of<T extends Said['type']> = Extract<Said, { type: T }>;

/** What was said is of this kind. */
export function isA<T extends Said['type']>(said: Said, type: T): Of<T> {
  if (said.type !== type) throw new Error(`not ${type} but ${JSON.stringify(said).slice(0, 300)}`);
  return said as Of<T>;
}

export type OpenStream = {
  readonly id: number;
  /** Everything the stream said so far. */
  readonly said: Said[];
  /** The next thing it says that nobody asked for yet. */
  next(): Promise<Said>;
  /** Reads on until something fits. */
  until(fits: (said: Said) => boolean): Promise<Said>;
  credit(bytes: number): void;
  close(): void;
};

export type Reader = {
  open(stream: string, input: unknown, options?: Omit<OpenRequest, 'stream' | 'input'> & { manual?: true; id?: number }): OpenStream;
  send(frame: Uint8Array | string): void;
  /** The code the connection was closed with; 0 over a port, which knows none. */
  closed: Promise<number>;
  hello: Promise<Hello>;
  end(): void;
};

/** What a connection gives a reader, and takes from it. */
type Wiring = { send(frame: Uint8Array | string): void; end(): void; closed: Promise<number> };

function readerOn(wire: (hear: (raw: Uint8Array) => void) => Wiring): Reader {
  const open = new Map<number, { hear(said: Said): void }>();
  const hello = Promise.withResolvers<Hello>();
  let last = 0;
  const { send, end, closed } = wire((raw) => {
    const frame = decodeFrame(raw);
    if (frame.type === FRAME.hello) hello.resolve(frameJson(frame.payload) as Hello);
    else open.get(frame.stream)?.hear(saidBy(frame));
  });
  // A test may have thousands of readers: what was said on a connection goes with it.
  void closed.then(() => open.clear());

  return {
    send,
    end,
    closed,
    hello: hello.promise,
    open(stream, input, { manual, id = ++last, ...options } = {}) {
      const said: Said[] = [];
      let read = 0;
      let wake = () => {};
      const credit = (bytes: number) => send(encodeCredit(id, bytes));
      open.set(id, {
        hear(one) {
          said.push(one);
          if (!manual && one.type !== 'end') credit(one.size);
          wake();
        },
      });
      send(encodeJson(FRAME.open, id, { stream, input, ...options }));

      async function next(): Promise<Said> {
        while (said[read] === undefined) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
        return said[read++] as Said;
      }
      return {
        id,
        said,
        next,
        credit,
        async until(fits) {
          for (;;) {
            const one = await next();
            if (fits(one)) return one;
          }
        },
        close: () => send(encodeFrame(FRAME.close, id, new Uint8Array())),
      };
    },
  };
}

function saidBy({ type, payload }: Frame): Said {
  const size = payload.length;
  switch (type) {
    case FRAME.values:
      return { type: 'values', size, values: frameJson(payload) as StateValues & EventValues & SampleValues };
    case FRAME.bytes:
      return { type: 'bytes', size, ...frameBytes(payload) };
    case FRAME.lost:
      return { type: 'lost', size, bytes: (frameJson(payload) as { bytes: number }).bytes };
    case FRAME.end:
      return { type: 'end', size, end: frameJson(payload) as End };
    default:
      throw new Error(`a station does not send frames of type ${type} on a stream`);
  }
}

type Channel = TestStation['channel'];

const ends = new WeakMap<TestContext, Set<() => void>>();

/** Ends it with the test, unless it was closed before: then nothing remembers it. */
function endWith(t: TestContext, end: () => void, closed: Promise<unknown>): void {
  let all = ends.get(t);
  if (all === undefined) {
    const made = new Set<() => void>();
    all = made;
    ends.set(t, made);
    t.after(() => {
      for (const one of made) one();
    });
  }
  all.add(end);
  void closed.then(() => ends.get(t)?.delete(end));
}

/** A reader with nothing between: what the station sends is heard in the same instant, so that the order of things can be told. */
export function memoryReader({ channel }: { channel: Channel }, token: string | undefined): Reader {
  let station: (message: string | Uint8Array) => void = () => {};
  let open = true;
  const closed = Promise.withResolvers<number>();
  const listeners: (() => void)[] = [];
  const close = (code: number) => {
    open = false;
    for (const listener of listeners.splice(0)) listener();
    closed.resolve(code);
  };
  let heard: (raw: Uint8Array) => void = () => {};
  const reader = readerOn((hear) => {
    heard = hear;
    return { send: (frame) => station(frame), end: () => close(1006), closed: closed.promise };
  });
  const link: Link = {
    send: (message) => heard(message as Uint8Array),
    buffered: () => 0,
    drained: async () => {},
    onMessage: (listener) => {
      station = listener;
    },
    onClose: (listener) => listeners.push(listener),
    close,
    isOpen: () => open,
  };
  channel.attach(link, { token, origin: CONSOLE });
  return reader;
}

/** A reader over a MessagePort, as the desktop's window has it. */
export function portReader(t: TestContext, { channel }: { channel: Channel }, token: string | undefined): Reader {
  const { port1, port2 } = new MessageChannel();
  const reader = readerOn((hear) => {
    port2.on('message', hear);
    return {
      send: (frame) => port2.postMessage(frame),
      end: () => port2.close(),
      closed: once(port2, 'close').then(() => 0),
    };
  });
  endWith(t, reader.end, reader.closed);
  channel.attach(portLink(port1), { token, origin: CONSOLE });
  return reader;
}

/** A reader over a real WebSocket, as a browser has it. */
export async function socketReader(t: TestContext, url: string, token: string | undefined): Promise<Reader> {
  const early: Buffer[] = [];
  let hear: (message: Buffer) => void = (message) => early.push(message);
  const socket = await dialled(url, '/api/channel', token, { hear: (message) => hear(message) });
  if (typeof socket === 'number') throw new Error(`turned away with ${socket}`);
  const reader = readerOn((listener) => {
    hear = listener;
    process.nextTick(() => early.forEach(listener));
    return {
      send: (frame) => socket.send(frame),
      end: () => socket.terminate(),
      closed: once(socket, 'close').then(([code]) => code as number),
    };
  });
  endWith(t, reader.end, reader.closed);
  return reader;
}
