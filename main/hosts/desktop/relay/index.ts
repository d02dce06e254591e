// The relay: this window at another station. Its page asks for a port as always, and the other end of it is a station elsewhere.
import { Refusal } from '../../../../contract/errors.ts';
import type { OtherCertificate } from '../../../../contract/relay.ts';
import { CLOSE, type Link } from '../../../links.ts';
import type { Logger } from '../../../log.ts';
import type { LinkKind, Refused } from '../messages.ts';
import { readAddress } from './address.ts';
import { openBook } from './book.ts';
import { serveDesk } from './desk.ts';
import { serveDoor } from './door.ts';
import { type Connect, pinnedTo } from './pinned.ts';
import { dialSocket, pipe } from './socket.ts';

export type RelayOptions = {
  /** Where the stations are kept that this window knows. */
  file: string;
  now: () => number;
  log: Logger;
  agent: string;
  patience?: Patience;
};
/** How long an answer may take, and how long a lasting link may give no sign of life. */
export type Patience = { answerMs: number; aliveMs: number };
const PATIENCE: Patience = { answerMs: 15_000, aliveMs: 25_000 };

/** A port of the page's that leads elsewhere. `token` is the session there; the door needs none. */
export type Elsewhere = { kind: LinkKind | 'door'; contract: string; to: { station: string; token?: string | undefined } };

export type Relay = ReturnType<typeof openRelay>;

export function openRelay({ file, now, log, agent, patience = PATIENCE }: RelayOptions) {
  const book = openBook(file, now);
  /** Said once in the log for each that shows itself, not at every try. */
  const warned = new Set<string>();

  function warnOf(error: unknown): void {
    const { cause, address, confirmed, shown } = ((error as Refusal | undefined)?.data ?? {}) as Partial<OtherCertificate>;
    if (cause !== 'certificate' || warned.has(`${address} ${shown}`)) return;
    warned.add(`${address} ${shown}`);
    log.warn({ event: 'otherCertificate', address, confirmed, shown }, 'another station shows another certificate than was confirmed');
  }

  async function attach(port: Link, { kind, contract, to }: Elsewhere): Promise<Refused | undefined> {
    const refuse = (refused: string, code: number): Refused => {
      port.close(code, refused);
      return { refused, code };
    };
    try {
      const address = readAddress(to.station);
      const pinned = pinnedTo(address, () => book.find(address.text)?.fingerprint);
      const connect: Connect = (signal) =>
        pinned(signal).catch((error: unknown) => {
          warnOf(error);
          throw error;
        });
      if (kind === 'door') {
        const onAnswer = (procedure: string, answer: unknown) => {
          const { name } = (answer as { station?: { name?: unknown } }).station ?? {};
          if (procedure === 'people.me' && typeof name === 'string') book.used(address.text, name);
        };
        serveDoor(port, { address, connect, contract, agent, answerMs: patience.answerMs, onAnswer });
        return undefined;
      }
      if (to.token === undefined) return refuse('nobody is signed in there', CLOSE.sessionEnded);
      const gone = new AbortController();
      port.onClose(() => gone.abort());
      pipe(port, await dialSocket({ address, connect, kind, contract, token: to.token, agent, aliveMs: patience.aliveMs }, gone.signal));
      return undefined;
    } catch (error) {
      return refuse(error instanceof Refusal ? error.message : 'the station cannot be reached', UNREACHED);
    }
  }

  return { attach, serveDesk: (port: Link) => serveDesk(port, book, log) };
}

const UNREACHED = 1006;
