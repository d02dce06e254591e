// Questions and commands from a page: typed by the contract, over whatever link there is. What was under way when the link broke
// is asked again where that is harmless: a question always, a command when it has a name of its own, its opId.
import {
  type AnswerMessage,
  type CallMessage,
  type CancelMessage,
  clientOver,
  gathering,
  type StationClient,
} from '../../contract/calls.ts';
import { isErrorCode, Refusal } from '../../contract/errors.ts';
import { growingIds } from '../../contract/ids.ts';
import { procedures } from '../../contract/index.ts';
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

type Waiting = { procedure: string; input: unknown; resolve(answer: unknown): void; reject(refusal: Refusal): void };

/** So long may a link be away before whoever pressed a button is told. */
const PATIENCE_MS = 8_000;
/** More commands than this whose end nobody knows are not remembered. */
const MOST_UNSETTLED = 100;

/** `token` is for links that carry no session of their own, as a window's port; `onDone` hears of every command that was carried out. */
export function openCalls(
  dial: Dial,
  token: () => string | undefined = () => undefined,
  patienceMs: number = PATIENCE_MS,
  onDone: (procedure: string) => void = () => {},
): Calls {
  const waiting = new Map<number, Waiting>();
  /** Commands that may have been carried out or not, by what was asked: pressed once more, they are the same command still. */
  const unsettled = new Map<string, string>();
  const nextOpId = growingIds(Date.now, (bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
  let giveUp: ReturnType<typeof setTimeout> | undefined;
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
        const said = answersIn(message);
        // A link that speaks nonsense is given up for a new one.
        if (said === undefined) redial.again();
        else for (const each of said) settle(each);
      });
      clearTimeout(giveUp);
      giveUp = undefined;
      for (const [id, call] of waiting) send(id, call);
    },
    onLost() {
      if (link === undefined) return;
      link = undefined;
      rejectAll(({ procedure, input }) => !isRepeatable(procedure, input));
      giveUp = setTimeout(rejectAll, patienceMs);
    },
  });

  function rejectAll(which: (call: Waiting) => boolean = () => true): void {
    for (const [id, call] of [...waiting]) {
      if (!which(call)) continue;
      waiting.delete(id);
      call.reject(noAnswer());
    }
  }

  function send(id: number, { procedure, input }: Waiting): void {
    const own = token();
    link?.send(JSON.stringify({ id, call: procedure, input, ...(own !== undefined && { token: own }) } satisfies CallMessage));
  }

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
    return new Promise((resolve, reject) => {
      const call = { procedure, input, resolve, reject };
      waiting.set(id, call);
      signal?.addEventListener('abort', () => {
        if (!waiting.delete(id)) return;
        link?.send(JSON.stringify({ id, cancel: true } satisfies CancelMessage));
        reject(cancelled());
      });
      send(id, call);
    });
  }

  /** Gives a command its name, the one it had before where nobody knows how that ended. */
  async function askOnce(procedure: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    if (!takesOpId(procedure) || (input as { opId?: string }).opId !== undefined) return ask(procedure, input, signal);
    const what = `${procedure} ${JSON.stringify(input)}`;
    const opId = unsettled.get(what) ?? nextOpId();
    try {
      const answer = await ask(procedure, { ...(input as object), opId }, signal);
      unsettled.delete(what);
      onDone(procedure);
      return answer;
    } catch (error) {
      if (asRefusal(error).data?.cause !== 'noAnswer') unsettled.delete(what);
      else if (unsettled.size < MOST_UNSETTLED) unsettled.set(what, opId);
      throw error;
    }
  }

  return {
    station: clientOver((procedure, input, { signal } = {}) => askOnce(procedure, input, signal)),
    get connected() {
      return link !== undefined;
    },
    start: () => redial.start(),
    now: () => redial.now(),
    stop() {
      redial.stop();
      clearTimeout(giveUp);
      link = undefined;
      rejectAll();
      unsettled.clear();
    },
  };
}

function answersIn(message: string | Uint8Array): AnswerMessage[] | undefined {
  try {
    const said = JSON.parse(String(message)) as AnswerMessage | AnswerMessage[];
    const all = Array.isArray(said) ? said : [said];
    return all.every((one) => 'answer' in one || isErrorCode(one.refused.code)) ? all : undefined;
  } catch {
    return undefined;
  }
}

const takesOpId = (procedure: string): boolean => {
  const declared = procedures.get(procedure)?.['~orpc'];
  const shape = (declared?.inputSchema as { shape?: object } | undefined)?.shape ?? {};
  return declared?.meta.kind === 'command' && 'opId' in shape;
};

const isRepeatable = (procedure: string, input: unknown): boolean =>
  procedures.get(procedure)?.['~orpc'].meta.kind === 'question' || (input as { opId?: string } | undefined)?.opId !== undefined;

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
