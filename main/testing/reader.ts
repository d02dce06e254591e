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
import { portLink } from '../links.ts';
import { CONSOLE, type TestStation } from './station.ts';
import { dialled } from './wires.ts';

/** What a frame of a stream says, in one shape. `size` is what it costs of the window. */
export type Said = { size: number } & (
  | { type: 'values'; values: StateValues & EventValues & SampleValues }
  | { type: 'bytes'; offset: number; bytes: Uint8Array }
  | { type: 'lost'; bytes: number }
  | { type: 'end'; end: End }
);

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

/** A reader over a MessagePort, as the desktop's window has it. */
export function portReader(t: TestContext, { channel }: { channel: Channel }, token: string | undefined): Reader {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port2.close());
  const reader = readerOn((hear) => {
    port2.on('message', hear);
    return {
      send: (frame) => port2.postMessage(frame),
      end: () => port2.close(),
      closed: once(port2, 'close').then(() => 0),
    };
  });
  channel.attach(portLink(port1), { token, origin: CONSOLE });
  return reader;
}

/** A reader over a real WebSocket, as a browser has it. */
export async function socketReader(t: TestContext, url: string, token: string | undefined): Promise<Reader> {
  const socket = await dialled(url, '/api/channel', token);
  if (typeof socket === 'number') throw new Error(`turned away with ${socket}`);
  t.after(() => socket.terminate());
  return readerOn((hear) => {
    socket.on('message', (message: Buffer) => hear(message));
    return {
      send: (frame) => socket.send(frame),
      end: () => socket.terminate(),
      closed: once(socket, 'close').then(([code]) => code as number),
    };
  });
}
