// Questions and commands over a socket or a port: sends at the pace of the reader, bounds what is open at once, and lets a
// malformed message end its own connection and nothing else.
import { type AnswerMessage, type CallMessage, type CancelMessage, gathering } from '../contract/calls.ts';
import { Refusal } from '../contract/errors.ts';
import { CLOSE, type Link, linkCount } from './links.ts';
import type { Logger } from './log.ts';
import type { Request, Router } from './router.ts';

const HIGH_WATER_BYTES = 1024 * 1024;
/** Calls asked and not answered, on one connection. */
const MAX_OPEN = 256;
/** Of these so many are worked on; one whose answer the reader does not take keeps its place. */
const AT_ONCE = 32;

export type CallServer = { attach(link: Link, request: Request): void };

/** A call that was asked and not answered yet. Its signal is made only for a handler that looks at it. */
class Open {
  givenUp = false;
  private abort: AbortController | undefined;

  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    if (this.givenUp) this.abort.abort();
    return this.abort.signal;
  }

  giveUp(): void {
    this.givenUp = true;
    this.abort?.abort();
  }
}

export function openCalls(router: Router, log: Logger): CallServer {
  const hasRoomFor = linkCount();
  return {
    attach(link, request) {
      if (!hasRoomFor(link, request.token)) return;
      const turn = openTurns(AT_ONCE);
      const open = new Map<number, Open>();
      let unsent = 0;
      const say = gathering((message) => link.isOpen() && link.send(message), queueMicrotask);

      async function send(message: AnswerMessage): Promise<void> {
        unsent += 1;
        // A call counts until its answer has left: beyond the open ones these are refusals, and nobody reads those either.
        if (unsent > 2 * MAX_OPEN) link.close(CLOSE.tooSlow, 'the reader does not read');
        while (link.isOpen() && (link.buffered() ?? 0) > HIGH_WATER_BYTES) await link.drained();
        unsent -= 1;
        if (link.isOpen()) say(JSON.stringify(message));
      }

      async function answer({ id, call, input, token }: CallMessage, own: Open): Promise<void> {
        const done = await turn();
        try {
          // What was given up while it waited is not begun.
          if (own.givenUp) return;
          const answer = await router.answer(call, input, token === undefined ? request : { ...request, token }, own);
          if (!own.givenUp) await send({ id, answer });
        } catch (error) {
          // The router lets out nothing but refusals.
          if (!own.givenUp) await send({ id, refused: (error as Refusal).travelling });
        } finally {
          done();
        }
      }

      function receive(message: string | Uint8Array): void {
        const parsed = parse(message);
        for (const each of Array.isArray(parsed) ? parsed : [parsed]) if (link.isOpen()) receiveOne(each);
      }

      function receiveOne(message: unknown): void {
        const asked = asCall(message);
        if (asked === undefined || ('call' in asked && open.has(asked.id))) badFrame();
        else if ('cancel' in asked) open.get(asked.id)?.giveUp();
        else if (open.size >= MAX_OPEN) void send({ id: asked.id, refused: TOO_MANY.travelling });
        else begin(asked);
      }

      function begin(asked: CallMessage): void {
        const own = new Open();
        open.set(asked.id, own);
        answer(asked, own)
          .catch((error: unknown) => log.error({ error, event: 'callLost' }, 'an answer could not be sent'))
          .finally(() => open.delete(asked.id));
      }

      function badFrame(): void {
        log.warn({ event: 'badFrame' }, 'a malformed call closed its connection');
        link.close(CLOSE.badFrame, 'bad frame');
      }

      link.onMessage((message) => {
        if (link.isOpen()) receive(message);
      });
      link.onClose(() => {
        for (const own of open.values()) own.giveUp();
      });
    },
  };
}

const TOO_MANY = new Refusal('tooMany', `More than ${MAX_OPEN} calls are open on this connection.`);

const FIELDS = new Set(['id', 'call', 'input', 'token', 'cancel']);

/** What a message asks, or undefined for one that no client of ours would send. By hand: every call comes by here. */
function asCall(message: unknown): CallMessage | CancelMessage | undefined {
  const asked = message as Partial<CallMessage & CancelMessage> | null | undefined;
  if (typeof asked !== 'object' || asked === null || !Number.isSafeInteger(asked.id)) return undefined;
  for (const field in asked) if (!FIELDS.has(field)) return undefined;
  if (asked.cancel === true) return asked as CancelMessage;
  if (typeof asked.call !== 'string' || (asked.token !== undefined && typeof asked.token !== 'string')) return undefined;
  return asked as CallMessage;
}

function parse(message: string | Uint8Array): unknown {
  try {
    return typeof message === 'string' ? JSON.parse(message) : undefined;
  } catch {
    return undefined;
  }
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
