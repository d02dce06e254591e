// The station of the desktop: the areas over one store, as everywhere, spoken to through ports instead of sockets.
import { join } from 'node:path';
import type { MessagePortMain, ParentPort } from 'electron';
import { MAX_READER_FRAME } from '../../../contract/channel.ts';
import { speaks } from '../../../contract/version.ts';
import { CLOSE, type Link, portLink } from '../../links.ts';
import type { Updates } from '../../platform.ts';
import type { Site } from '../../site.ts';
import { VERSION } from '../../version.ts';
import { openStation } from '../open.ts';
import type { DialRequest, FromStation, Granted, Refused, ToStation, Wish } from './messages.ts';
import { openRelay, type Relay } from './relay/index.ts';

const MOST_PORTS = 64;
/** What a socket may send in one message, a port may as well, and no more. */
const MOST_BYTES = { calls: 1024 * 1024, channel: MAX_READER_FRAME, door: 1024 * 1024, stations: 4096 };
const LINK_MS = 10 * 60_000;
/** The port proves the window and no person: who sits there signs in as anywhere. */
const REQUEST = {
  token: undefined,
  origin: { from: 'window', local: true, agent: `Outpost ${VERSION}, desktop window on ${process.platform}` },
};

export async function runStation(window: ParentPort, data: string, demo: boolean): Promise<void> {
  const say = (message: FromStation) => window.postMessage(message);
  const key = keyFrom(window, say);
  try {
    const flags = demo ? { name: 'Demo station' } : {};
    const options = { data, demo, setUp: undefined, restore: undefined, flags };
    const { site, stop } = await openStation(options, 'desktop', undefined, { key: key.lend, updates: updatesFrom(window, say) });
    const { log } = site.station;
    key.onGiven((keyring) => log.info({ event: 'keyring', keyring }, 'the key of the secrets was lent'));
    const relay = openRelay({ file: join(data, 'window', 'stations.json'), now: Date.now, log, agent: REQUEST.origin.agent });
    const { attach, closeAll } = openDoor(site, relay);
    window.on('message', ({ data, ports: [port] }) => {
      const message = data as ToStation;
      if ('attach' in message && port) void attach(port, message).then((refused) => say({ answer: message.attach, ...refused }));
      else if ('busy' in message) void tasksOf(site).then((tasks) => say({ busy: message.busy, tasks }));
      else if ('log' in message) log.info(message.log, message.words);
      else if ('power' in message) {
        log.info({ event: message.power }, message.power === 'suspend' ? 'the computer falls asleep' : 'the computer has woken');
        if (message.power === 'suspend') closeAll();
      } else if ('stop' in message) void stop().finally(() => process.exit(0));
    });
    say({ ready: true, ...(demo && { link: await site.people.consoleLink(undefined, LINK_MS) }) });
  } catch (error) {
    // Ended only when it is said: on Windows what is written to a pipe leaves later.
    process.stderr.write(`${(error as Error).message}\n`, () => process.exit(1));
  }
}

/** The window's process installs; this one asks it to. */
function updatesFrom(window: ParentPort, say: (message: FromStation) => void): Updates {
  const waiting = new Map<number, (granted: Granted) => void>();
  let last = 0;
  window.on('message', ({ data }) => {
    const message = data as ToStation;
    if (!('granted' in message)) return;
    waiting.get(message.granted)?.(message);
    waiting.delete(message.granted);
  });
  const ask = (step: Wish['step']) =>
    new Promise<Granted>((resolve) => {
      waiting.set(++last, resolve);
      say({ wish: last, step });
    });
  return {
    state: async () => (await ask('look')).state,
    go: async (step) => (await ask(step)).answer,
  };
}

/** The keyring can be asked by the window's process alone; this one asks it when the first secret is wanted. */
function keyFrom(window: ParentPort, say: (message: FromStation) => void) {
  let given: PromiseWithResolvers<Uint8Array> | undefined;
  const { promise: how, resolve: tellHow } = Promise.withResolvers<string>();
  window.on('message', ({ data }) => {
    const message = data as ToStation;
    if ('key' in message) {
      tellHow(message.keyring);
      given?.resolve(message.key);
    } else if ('noKey' in message) {
      given?.reject(new Error(message.noKey));
      // Asked again with the next secret: the person may have mended it.
      given = undefined;
    }
  });
  return {
    onGiven: (listener: (keyring: string) => void) => void how.then(listener),
    lend: () => () => {
      if (given === undefined) {
        given = Promise.withResolvers<Uint8Array>();
        say({ wants: 'key' });
      }
      return given.promise;
    },
  };
}

/** What is under way, by its name: everybody's, as a stop of the station is everybody's. */
async function tasksOf({ station }: Site): Promise<string[]> {
  return (await station.tasks.underWay()).map(({ title }) => title);
}

function openDoor(site: Site, relay: Relay) {
  const open = new Set<Link>();
  const closeAll = () => {
    for (const link of [...open]) link.close(CLOSE.goingAway, 'the computer falls asleep');
  };
  const attach = async (port: MessagePortMain, { kind, contract, to }: Omit<DialRequest, 'id'>): Promise<Refused | undefined> => {
    const link = portLink(port);
    const refuse = (refused: string, code: number): Refused => {
      port.close();
      return { refused, code };
    };
    if (!speaks(contract)) return refuse('this page speaks another version than the station: load it again', CLOSE.contract);
    if (open.size >= MOST_PORTS) return refuse(`more than ${MOST_PORTS} links are open`, CLOSE.tooSlow);
    open.add(link);
    link.onClose(() => open.delete(link));
    const own = bounded(link, MOST_BYTES[kind]);
    if (kind === 'stations') relay.serveDesk(own);
    else if (to !== undefined) return relay.attach(own, { kind, contract, to });
    else if (kind !== 'door') site[kind].attach(own, REQUEST);
    return undefined;
  };
  return { attach, closeAll };
}

const bounded = (link: Link, most: number): Link => ({
  ...link,
  onMessage: (listener) =>
    link.onMessage((message) => (message.length > most ? link.close(CLOSE.badFrame, 'too large') : listener(message))),
});
