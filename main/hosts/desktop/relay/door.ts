// Questions that need no session yet, to another station: signing in, and whether one is signed in. Its sockets take nobody without a
// session, so these go by REST, each over a connection of its own.
import { type IncomingMessage, request } from 'node:http';
import type { AnswerMessage, CallMessage } from '../../../../contract/calls.ts';
import { isErrorCode, Refusal } from '../../../../contract/errors.ts';
import { addressOf } from '../../../../contract/procedure.ts';
import { CLOSE, type Link } from '../../../links.ts';
import type { Address } from './address.ts';
import { type Connect, unreachable } from './pinned.ts';

/** What the page's door asks, and nothing else goes by this way. */
const ASKED = new Set(
  ['setUpState', 'setUp', 'signInMethods', 'signIn', 'signInForwarded', 'signInByLink', 'signInByKey', 'signOut'].concat([
    'me',
    'seeAs',
    'endSeeAs',
    'confirmSession',
  ]),
);
const AREA = 'people.';
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_OPEN = 8;

export type DoorOptions = {
  address: Address;
  connect: Connect;
  contract: string;
  agent: string;
  answerMs: number;
  onAnswer(procedure: string, answer: unknown): void;
};

/** Serves one port of the page's. */
export function serveDoor(link: Link, options: DoorOptions): void {
  const gone = new AbortController();
  let open = 0;
  const say = (message: AnswerMessage) => link.isOpen() && link.send(JSON.stringify(message));
  link.onClose(() => gone.abort());
  link.onMessage((message) => {
    const call = readCall(message);
    if (call === undefined) return link.close(CLOSE.badFrame, 'bad frame');
    if (open >= MOST_OPEN) return say({ id: call.id, refused: new Refusal('tooMany', 'Too many questions at once.').travelling });
    open += 1;
    askDoor(options, call, gone.signal)
      .then(
        (answer) => {
          say({ id: call.id, answer });
          options.onAnswer(call.call, answer);
        },
        (error: unknown) => say({ id: call.id, refused: (error instanceof Refusal ? error : unreachable(options.address)).travelling }),
      )
      .finally(() => {
        open -= 1;
      });
  });
}

function readCall(message: string | Uint8Array): CallMessage | undefined {
  try {
    const { id, call, input, token } = JSON.parse(String(message)) as CallMessage;
    const known = typeof call === 'string' && call.startsWith(AREA) && ASKED.has(call.slice(AREA.length));
    return known && Number.isSafeInteger(id) && (token === undefined || isToken(token))
      ? { id, call, input, ...(token && { token }) }
      : undefined;
  } catch {
    return undefined;
  }
}

/** As sessions are made: nothing else may stand in a header. */
export const isToken = (token: unknown): token is string => typeof token === 'string' && /^[A-Za-z0-9_-]{16,128}$/.test(token);

async function askDoor(
  { address, connect, contract, agent, answerMs }: DoorOptions,
  call: CallMessage,
  gone: AbortSignal,
): Promise<unknown> {
  // One time for all of it: a station that trickles its answer holds nobody longer than one that is silent.
  const signal = AbortSignal.any([gone, AbortSignal.timeout(answerMs)]);
  const socket = await connect(signal);
  const body = JSON.stringify(call.input ?? {});
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({
        createConnection: () => socket,
        method: 'POST',
        path: `/api/${addressOf(call.call)}`,
        setHost: false,
        headers: {
          host: address.authority,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'outpost-contract': contract,
          'user-agent': agent,
          ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
        },
        signal,
      });
      asked.once('response', resolve).on('error', reject);
      asked.end(body);
    });
    return read(response.statusCode ?? 0, await bodyOf(response));
  } finally {
    socket.destroy();
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) throw noStation();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A redirect is no answer either: the certificate was confirmed for this address and for no other. */
function read(status: number, body: string): unknown {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    throw noStation();
  }
  if (typeof said !== 'object' || said === null) throw noStation();
  if (status === 200) return said;
  const { code, message, data } = said as { code?: unknown; message?: unknown; data?: unknown };
  if (status < 400 || !isErrorCode(code) || typeof message !== 'string') throw noStation();
  throw new Refusal(
    code,
    message.slice(0, 1_000),
    (typeof data === 'object' ? (data ?? undefined) : undefined) as Record<string, unknown> | undefined,
  );
}

const noStation = () => new Refusal('unavailable', 'What answers at this address is not a station.', { cause: 'noStation' });
