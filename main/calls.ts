// Questions and commands over a socket or a port. One adapter for both: sends at the pace of the reader, bounds what is
// open at once, and lets a malformed message end its own connection and nothing else.

import { StandardRPCJsonSerializer, StandardRPCSerializer } from '@orpc/client/standard';
import { ORPCError } from '@orpc/server';
import { StandardHandler, StandardRPCCodec, StandardRPCMatcher } from '@orpc/server/standard';
import { ServerPeer } from '@orpc/standard-server-peer';
import { errorStatus, Refusal } from '../contract/errors.ts';
import { CLOSE, type Link } from './links.ts';
import type { Logger } from './log.ts';
import { type Request, type Router, wireError } from './router.ts';

const HIGH_WATER_BYTES = 1024 * 1024;
/** Calls asked and not answered, on one connection. */
const MAX_OPEN = 256;
/** Of these so many are worked on; one whose answer the reader does not take keeps its place. */
const AT_ONCE = 32;

export type CallServer = { attach(link: Link, request: Request): void };

export function openCalls(router: Router, log: Logger, reference: () => string): CallServer {
  const serializer = new StandardRPCSerializer(new StandardRPCJsonSerializer());

  /** What oRPC itself refuses, before any of our code ran, still leaves as one of our codes. */
  class Codec extends StandardRPCCodec {
    override encodeError(error: ORPCError<string, unknown>) {
      return super.encodeError(wireError(error, log, reference));
    }
  }
  const handler = new StandardHandler<Request>(router as never, new StandardRPCMatcher(), new Codec(serializer), {
    clientInterceptors: [
      async ({ next }) => {
        try {
          return await next();
        } catch (error) {
          throw wireError(error, log, reference);
        }
      },
    ],
  });

  const refuse = (refusal: Refusal) => ({
    status: errorStatus[refusal.code],
    headers: {},
    body: serializer.serialize(
      new ORPCError(refusal.code, { status: errorStatus[refusal.code], message: refusal.message, data: refusal.data ?? {} }).toJSON(),
    ),
  });

  return {
    attach(link, request) {
      const turn = openTurns(AT_ONCE);
      let open = 0;
      let unsent = 0;
      const peer = new ServerPeer(async (message) => {
        unsent += 1;
        // A call counts until its answer has left: beyond the open ones these are refusals, and nobody reads those either.
        if (unsent > 2 * MAX_OPEN) link.close(CLOSE.tooSlow, 'the reader does not read');
        while (link.isOpen() && link.buffered() > HIGH_WATER_BYTES) await link.drained();
        unsent -= 1;
        if (link.isOpen()) link.send(message as string | Uint8Array);
      });

      async function answer(message: string | Uint8Array, tooMany: boolean): Promise<void> {
        let done = () => {};
        try {
          await peer.message(message, async (call) => {
            if (tooMany) return refuse(new Refusal('tooMany', `More than ${MAX_OPEN} calls are open on this connection.`));
            done = await turn();
            // What was given up while it waited is not begun.
            if (!link.isOpen() || call.signal?.aborted) return refuse(new Refusal('cancelled', 'The call was given up.'));
            const token = bearer(call.headers.authorization) ?? request.token;
            const { response } = await handler.handle({ ...call, body: async () => call.body }, { context: { ...request, token } });
            return response ?? refuse(new Refusal('notFound', 'There is no such procedure.'));
          });
        } finally {
          done();
        }
      }

      link.onMessage((message) => {
        if (!link.isOpen()) return;
        open += 1;
        answer(message, open > MAX_OPEN)
          .catch((error: unknown) => {
            if (!link.isOpen()) return;
            log.warn({ error, event: 'badFrame' }, 'a malformed call closed its connection');
            link.close(CLOSE.badFrame, 'bad frame');
          })
          .finally(() => {
            open -= 1;
          });
      });
      link.onClose(() => peer.close());
    },
  };
}

/** So many at once: settles when it is one's turn, with how to hand the turn on. */
function openTurns(count: number): () => Promise<() => void> {
  let free = count;
  const waiting: (() => void)[] = [];
  const handOn = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return handOn;
  };
}

/** 'Bearer abc' → 'abc'. Undefined for anything else. */
export function bearer(header: string | readonly string[] | undefined): string | undefined {
  const match = typeof header === 'string' ? /^Bearer ([A-Za-z0-9_-]{16,128})$/.exec(header) : null;
  return match?.[1];
}
