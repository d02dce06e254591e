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
const MAX_OPEN = 256;

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
      new ORPCError(refusal.code, { status: errorStatus[refusal.code], message: refusal.message, data: {} }).toJSON(),
    ),
  });

  return {
    attach(link, request) {
      let open = 0;
      const peer = new ServerPeer(async (message) => {
        while (link.isOpen() && link.buffered() > HIGH_WATER_BYTES) await link.drained();
        if (link.isOpen()) link.send(message as string | Uint8Array);
      });
      link.onMessage((message) => {
        peer
          .message(message, async (call) => {
            if (open >= MAX_OPEN) return refuse(new Refusal('tooMany', `More than ${MAX_OPEN} calls are open on this connection.`));
            open += 1;
            try {
              const token = bearer(call.headers.authorization) ?? request.token;
              const { response } = await handler.handle({ ...call, body: async () => call.body }, { context: { ...request, token } });
              return response ?? refuse(new Refusal('notFound', 'There is no such procedure.'));
            } finally {
              open -= 1;
            }
          })
          .catch((error: unknown) => {
            if (!link.isOpen()) return;
            log.warn({ error, event: 'badFrame' }, 'a malformed call closed its connection');
            link.close(CLOSE.badFrame, 'bad frame');
          });
      });
      link.onClose(() => peer.close());
    },
  };
}

/** 'Bearer abc' → 'abc'. Undefined for anything else. */
export function bearer(header: string | readonly string[] | undefined): string | undefined {
  const match = typeof header === 'string' ? /^Bearer ([A-Za-z0-9_-]{16,128})$/.exec(header) : null;
  return match?.[1];
}
