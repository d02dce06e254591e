// Questions and commands from a page: typed by the contract, over whatever link there is.
import {
  type AnswerMessage,
  type CallMessage,
  type CancelMessage,
  clientOver,
  gathering,
  type StationClient,
} from '../../contract/calls.ts';
import { Refusal } from '../../contract/errors.ts';
import type { ClientLink, Dial } from './links.ts';
import { Redial } from './redial.ts';

export type { StationClient };

export type Calls = {
  station: StationClient;
  readonly connected: boolean;
  start(): void;
  now(): void;
  stop(): void;
};

type Waiting = { resolve(answer: unknown): void; reject(refusal: Refusal): void };

/** `token` is for links that carry no session of their own, as a window's port. */
export function openCalls(dial: Dial, token: () => string | undefined = () => undefined): Calls {
  const waiting = new Map<number, Waiting>();
  let link: { raw: ClientLink; send(message: string): void } | undefined;
  let last = 0;

  const redial = new Redial({
    kind: 'calls',
    dial,
    onOpen(opened) {
      link = { raw: opened, send: gathering((message) => link?.raw === opened && opened.send(message), queueMicrotask) };
      opened.onMessage((message) => {
        // What a link that was given up still says is for nobody.
        if (link?.raw !== opened) return;
        const said = JSON.parse(String(message)) as AnswerMessage | AnswerMessage[];
        if (Array.isArray(said)) for (const each of said) settle(each);
        else settle(said);
      });
    },
    onLost() {
      link = undefined;
      const lost = [...waiting.values()];
      waiting.clear();
      for (const { reject } of lost) reject(noAnswer());
    },
  });

  function settle(message: AnswerMessage): void {
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if ('answer' in message) call?.resolve(message.answer);
    else call?.reject(new Refusal(message.refused.code, message.refused.message, message.refused.data));
  }

  function ask(procedure: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    const present = link;
    // Without a link nothing is kept for later: a command must not act long after it was pressed.
    if (present === undefined) return Promise.reject(noContact());
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = ++last;
    const own = token();
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => {
        if (!waiting.delete(id)) return;
        present.send(JSON.stringify({ id, cancel: true } satisfies CancelMessage));
        reject(cancelled());
      });
      present.send(JSON.stringify({ id, call: procedure, input, ...(own !== undefined && { token: own }) } satisfies CallMessage));
    });
  }

  return {
    station: clientOver((procedure, input, { signal } = {}) => ask(procedure, input, signal)),
    get connected() {
      return link !== undefined;
    },
    start: () => redial.start(),
    now: () => redial.now(),
    stop: () => redial.stop(),
  };
}

const cancelled = () => new Refusal('cancelled', 'The call was given up.');

export const noContact = () =>
  new Refusal('unavailable', 'The station does not answer just now. Nothing was changed.', { cause: 'noContact' });

/** A call that was under way when the link broke may have been carried out. */
const noAnswer = () =>
  new Refusal('unavailable', 'The connection broke before the answer came. Look whether it was done before trying again.', {
    cause: 'noAnswer',
  });

/** Whatever went wrong, as a refusal: the one kind of failure the screens know. */
export function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('internal', (error as Error | undefined)?.message ?? 'Something went wrong.');
}
