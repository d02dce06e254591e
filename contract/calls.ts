// How calls travel over a link, as JSON: a message, or a list of those that came up in the same moment.
// And the contract as functions, for whoever asks.
import type { z } from 'zod';
import type { Refused } from './errors.ts';
import { type Contract, contract } from './index.ts';

/** `call`: the procedure's full name. `token`: for links that carry no session of their own. */
export type CallMessage = { id: number; call: string; input?: unknown; token?: string };
export type CancelMessage = { id: number; cancel: true };
export type AnswerMessage = { id: number; answer: unknown } | { id: number; refused: Refused };

/** Beyond this many characters a list is sent in parts: a station takes no message over 1 MiB. */
const LIST_LENGTH = 200_000;

/**
 * Sends what comes up in one moment as one message: a page that opens asks a dozen things at once, and each message has its
 * price. Alone, a message leaves as it is.
 */
export function gathering(post: (message: string) => void, later: (work: () => void) => void): (message: string) => void {
  let gathered: string[] = [];
  let length = 0;
  const flush = () => {
    const now = gathered;
    gathered = [];
    length = 0;
    if (now.length > 0) post(now.length === 1 ? (now[0] as string) : `[${now.join(',')}]`);
  };
  return (message) => {
    if (gathered.length === 0) later(flush);
    else if (length + message.length > LIST_LENGTH) flush();
    gathered.push(message);
    length += message.length;
  };
}

export type CallOptions = { signal?: AbortSignal };

type Asking<P> = P extends { '~orpc': { inputSchema?: infer I; outputSchema?: infer O } }
  ? (input: z.input<Extract<I, z.ZodType>>, options?: CallOptions) => Promise<z.output<Extract<O, z.ZodType>>>
  : never;

/** Every procedure as a function: station.people.createSite({…}). */
export type StationClient = { [A in keyof Contract]: { [P in keyof Contract[A]]: Asking<Contract[A][P]> } };

/** The functions of the contract over one that asks by name. Only what is declared is there. */
export function clientOver(ask: (procedure: string, input: unknown, options?: CallOptions) => Promise<unknown>): StationClient {
  const areas = Object.entries(contract).map(([area, procedures]) => {
    const functions = Object.keys(procedures).map((name) => [
      name,
      (input: unknown, options?: CallOptions) => ask(`${area}.${name}`, input, options),
    ]);
    return [area, Object.fromEntries(functions)];
  });
  return Object.fromEntries(areas) as StationClient;
}
