// The page's questions about stations: which are known, what one shows, that somebody has confirmed it. Served to one port.
import type { AnswerMessage } from '../../../../contract/calls.ts';
import { Refusal } from '../../../../contract/errors.ts';
import { type LookedAt, type StationsAsk, type StationsSaid, stationsAsk } from '../../../../contract/relay.ts';
import { CLOSE, type Link } from '../../../links.ts';
import type { Logger } from '../../../log.ts';
import { readAddress } from './address.ts';
import type { Book } from './book.ts';
import { findStations } from './find.ts';
import { lookAt } from './pinned.ts';

const MOST_OPEN = 8;

export function serveDesk(link: Link, book: Book, log: Logger): void {
  const gone = new AbortController();
  /** Seen from this very port: only what was shown can have been compared. */
  const shown = new Map<string, string | null>();
  let stopLooking: (() => void) | undefined;
  let open = 0;
  const say = (message: StationsSaid) => link.isOpen() && link.send(JSON.stringify(message));
  link.onClose(() => {
    gone.abort();
    stopLooking?.();
  });

  async function answer(asked: StationsAsk): Promise<unknown> {
    if (asked.ask === 'list') return book.all();
    if (asked.ask === 'find') {
      stopLooking ??= findStations(
        (found) => say({ found }),
        (error) => log.warn({ error, event: 'notLooked' }, 'the network could not be asked for stations'),
      );
      return {};
    }
    const address = readAddress(asked.address);
    if (asked.ask === 'look') {
      const fingerprint = await lookAt(address, gone.signal);
      shown.set(address.text, fingerprint);
      return { address: address.text, fingerprint, known: book.find(address.text)?.fingerprint === fingerprint } satisfies LookedAt;
    }
    if (asked.ask === 'trust') {
      if (shown.get(address.text) !== asked.fingerprint)
        throw new Refusal('invalid', 'This is not the fingerprint that was shown: look at the station again.');
      // Another one in its place is a decision of its own: the old one is forgotten first.
      const before = book.find(address.text);
      if (before && before.fingerprint !== asked.fingerprint)
        throw new Refusal('conflict', `Forget ${address.text} first: another certificate was confirmed for it.`);
      if (before === undefined) book.confirm(address.text, asked.fingerprint);
      log.info({ event: 'stationConfirmed', address: address.text, fingerprint: asked.fingerprint }, 'somebody confirmed another station');
    } else {
      book.forget(address.text);
      log.info({ event: 'stationForgotten', address: address.text }, 'another station was forgotten');
    }
    return {};
  }

  link.onMessage((message) => {
    const asked = stationsAsk.safeParse(parsed(message)).data;
    if (asked === undefined) return link.close(CLOSE.badFrame, 'bad frame');
    const settle = (message: AnswerMessage) => {
      open -= 1;
      say(message);
    };
    open += 1;
    const begun = open > MOST_OPEN ? Promise.reject(new Refusal('tooMany', 'Too many questions at once.')) : answer(asked);
    begun.then(
      (answer) => settle({ id: asked.id, answer }),
      (error: unknown) => settle({ id: asked.id, refused: asRefusal(error).travelling }),
    );
  });
}

const asRefusal = (error: unknown) => (error instanceof Refusal ? error : new Refusal('internal', (error as Error).message));

function parsed(message: string | Uint8Array): unknown {
  try {
    return JSON.parse(String(message));
  } catch {
    return undefined;
  }
}
