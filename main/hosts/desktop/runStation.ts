// The station of the desktop: the areas over one store, as everywhere, spoken to through ports instead of sockets.
import type { MessagePortMain, ParentPort } from 'electron';
import { MAX_READER_FRAME } from '../../../contract/channel.ts';
import { speaks } from '../../../contract/version.ts';
import { CLOSE, type Link, portLink } from '../../links.ts';
import type { Updates } from '../../platform.ts';
import type { Site } from '../../site.ts';
import { VERSION } from '../../version.ts';
import { openStation } from '../open.ts';
import type { FromStation, Granted, LinkKind, Refused, ToStation, Wish } from './messages.ts';

const MOST_PORTS = 64;
/** What a socket may send in one message, a port may as well, and no more. */
const MOST_BYTES = { calls: 1024 * 1024, channel: MAX_READER_FRAME };
const LINK_MS = 10 * 60_000;
/** The port proves the window and no person: who sits there signs in as anywhere. */
const REQUEST = {
  token: undefined,
  origin: { from: 'window', local: true, agent: `Outpost ${VERSION}, desktop window on ${process.platform}` },
};

export async function runStation(window: ParentPort, data: string, demo: boolean): Promise<void> {
  const say = (message: FromStation) => window.postMessage(message);
  try {
    const flags = demo ? { name: 'Demo station' } : {};
    const wishes = updatesOf(say);
    const options = { data, demo, setUp: undefined, restore: undefined, flags };
    const { site, stop } = await openStation(options, 'desktop', undefined, wishes.updates);
    const attach = openDoor(site);
    window.on('message', ({ data, ports: [port] }) => {
      const message = data as ToStation;
      if ('granted' in message) return wishes.granted(message);
      if ('attach' in message && port) say({ answer: message.attach, ...attach(port, message.kind, message.contract) });
      else if ('stop' in message) void stop().finally(() => process.exit(0));
    });
    say({ ready: true, ...(demo && { link: await site.people.consoleLink(undefined, LINK_MS) }) });
  } catch (error) {
    // Ended only when it is said: on Windows what is written to a pipe leaves later.
    process.stderr.write(`${(error as Error).message}\n`, () => process.exit(1));
  }
}

/** The window's process installs; this one asks it to. */
function updatesOf(say: (message: FromStation) => void): { updates: Updates; granted(message: Granted): void } {
  const waiting = new Map<number, (granted: Granted) => void>();
  let last = 0;
  const ask = (step: Wish['step'], busy: boolean) =>
    new Promise<Granted>((resolve) => {
      waiting.set(++last, resolve);
      say({ wish: last, step, busy });
    });
  return {
    updates: {
      state: async () => (await ask('look', false)).state,
      go: async (step, busy) => (await ask(step, busy)).answer,
    },
    granted(message) {
      waiting.get(message.granted)?.(message);
      waiting.delete(message.granted);
    },
  };
}

function openDoor(site: Site): (port: MessagePortMain, kind: LinkKind, contract: string) => Refused | undefined {
  let open = 0;
  return (port, kind, contract) => {
    const link = portLink(port);
    const refuse = (refused: string, code: number): Refused => {
      port.close();
      return { refused, code };
    };
    if (!speaks(contract)) return refuse('this page speaks another version than the station: load it again', CLOSE.contract);
    if (open >= MOST_PORTS) return refuse(`more than ${MOST_PORTS} links are open`, CLOSE.tooSlow);
    open += 1;
    link.onClose(() => {
      open -= 1;
    });
    site[kind].attach(bounded(link, MOST_BYTES[kind]), REQUEST);
    return undefined;
  };
}

const bounded = (link: Link, most: number): Link => ({
  ...link,
  onMessage: (listener) =>
    link.onMessage((message) => (message.length > most ? link.close(CLOSE.badFrame, 'too large') : listener(message))),
});
