// Questions and commands from a page: typed by the contract, over whatever link there is.
import { createORPCClient, ORPCError } from '@orpc/client';
import { StandardRPCLink } from '@orpc/client/standard';
import type { ContractRouterClient } from '@orpc/contract';
import { ClientPeer } from '@orpc/standard-server-peer';
import { isErrorCode, Refusal } from '../../contract/errors.ts';
import type { Contract } from '../../contract/index.ts';
import type { ClientLink, Dial } from './links.ts';
import { Redial } from './redial.ts';

export type StationClient = ContractRouterClient<Contract>;

export type Calls = {
  station: StationClient;
  readonly connected: boolean;
  start(): void;
  now(): void;
  stop(): void;
};

/** `token` is for links that carry no session of their own, as a window's port. */
export function openCalls(dial: Dial, token: () => string | undefined = () => undefined): Calls {
  let peer: ClientPeer | undefined;
  const redial = new Redial({
    kind: 'calls',
    dial,
    onOpen(link: ClientLink) {
      const own = new ClientPeer(async (message) => link.send(message as string | Uint8Array));
      link.onMessage((message) => void own.message(message));
      peer = own;
    },
    onLost() {
      peer?.close();
      peer = undefined;
    },
  });
  const sender = {
    async call(request: Parameters<ClientPeer['request']>[0]) {
      // Without a link nothing is kept for later: a command must not act long after it was pressed.
      if (peer === undefined) throw noContact();
      const response = await peer.request(request);
      return { ...response, body: async () => response.body };
    },
  };
  const link = new StandardRPCLink(sender, {
    url: 'http://orpc',
    headers: () => {
      const own = token();
      return own === undefined ? {} : { authorization: `Bearer ${own}` };
    },
    interceptors: [
      async ({ next }) => {
        try {
          return await next();
        } catch (error) {
          throw asRefusal(error);
        }
      },
    ],
  });
  return {
    station: createORPCClient(link),
    get connected() {
      return peer !== undefined;
    },
    start: () => redial.start(),
    now: () => redial.now(),
    stop: () => redial.stop(),
  };
}

export const noContact = () =>
  new Refusal('unavailable', 'The station does not answer just now. Nothing was changed.', { cause: 'noContact' });

/** Whatever went wrong, as a refusal: the one kind of failure the screens know. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof ORPCError && isErrorCode(error.code))
    return new Refusal(error.code, error.message, error.data as Record<string, unknown>);
  // A call that was under way when the link broke: it may have been carried out.
  if ((error as Error | undefined)?.name === 'AbortError')
    return new Refusal('unavailable', 'The connection broke before the answer came. Look whether it was done before trying again.', {
      cause: 'noAnswer',
    });
  return new Refusal('internal', (error as Error | undefined)?.message ?? 'Something went wrong.');
}
