// The page's side of the door: how it signs in, and where its links lead. A browser and the desktop window differ here only.
import { errorStatus, Refusal } from '../../contract/errors.ts';
import { addressOf } from '../../contract/procedure.ts';
import { CONTRACT } from '../../contract/version.ts';
import { noContact, openCalls, type StationClient } from './calls.ts';
import { type ClientLink, DIAL_MS, type Dial, dialSocket, type LinkKind, portLink } from './links.ts';
import { hearShell, type Told, type Wanted } from './shell.ts';
import { namedFor, openDesk, type Stations, stationElsewhere } from './stations/stations.ts';

export type Transport = {
  dial: Dial;
  /** The session of links that carry none by themselves. */
  token(): string | undefined;
  /** For what needs no session, and to see whether there is one. */
  door: Pick<
    StationClient['people'],
    | 'setUpState'
    | 'setUp'
    | 'signInMethods'
    | 'signIn'
    | 'signInForwarded'
    | 'signInByLink'
    | 'signInByKey'
    | 'signOut'
    | 'me'
    | 'seeAs'
    | 'endSeeAs'
    | 'confirmSession' // by the word of a proxy, which stands in a request and in no socket
  >;
  /** Whether this window sees the station as somebody else. Its own session is kept, and is back once this is left. */
  view: { readonly open: boolean; leave(): void };
  /** What the page keeps under this name is kept for its station alone. */
  named(name: string): string;
  /** Where another station can be chosen: in the desktop window. */
  stations: Stations | undefined;
  /** Plain HTTP beyond the machine: every screen says so. */
  insecure: boolean;
};

/** Of this window alone: another one goes on as oneself. In a browser it says so, in the desktop it is the token. */
const VIEW = 'outpost.view';
const viewUnder = (name: string): Transport['view'] => ({
  get open() {
    return sessionStorage.getItem(name) !== null;
  },
  leave: () => sessionStorage.removeItem(name),
});
const view = viewUnder(VIEW);

// ---- a browser: the session is a cookie no script reads; REST signs in, sockets do the rest

async function post(path: string, input: unknown): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'outpost-session': 'cookie',
      'outpost-contract': CONTRACT,
      ...(view.open && { 'outpost-view': 'yes' }),
    },
    body: JSON.stringify(input),
  }).catch(() => {
    throw noContact();
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const { code, message, data } = (answer ?? {}) as { code?: string; message?: string; data?: Record<string, unknown> };
  if (code !== undefined && Object.hasOwn(errorStatus, code)) throw new Refusal(code as keyof typeof errorStatus, message ?? '', data);
  throw noContact();
}

export function browserTransport(): Transport {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const door = new Proxy({} as Transport['door'], {
    get: (_, name: string) => async (input: unknown) => {
      const answer = await post(`/api/${addressOf(`people.${name}`)}`, input);
      if (name === 'seeAs') sessionStorage.setItem(VIEW, 'yes');
      return answer;
    },
  });
  return {
    dial: dialSocket((kind) => `${scheme}://${location.host}/api/${kind}?contract=${CONTRACT}${view.open ? '&view=yes' : ''}`),
    token: () => undefined,
    door,
    view,
    named: (name) => name,
    stations: undefined,
    insecure: document.documentElement.dataset.insecure === 'true',
  };
}

// ---- the desktop window: ports from the preload; the session is a token kept for this window

/** What the desktop's preload puts on the window. The answer comes as a message to the window, with the port. */
export type WindowDoor = { dial(kind: string, id: string, contract: string, to?: Elsewhere): void; tell(said: Told): void };
type Elsewhere = { station: string; token?: string };
/** `door` is for what needs no session at another station, `stations` to choose one. */
type PortKind = LinkKind | 'door' | 'stations';
type OpenPort = (kind: PortKind, signal: AbortSignal, to?: Elsewhere) => Promise<ClientLink>;
type Message = {
  outpostPort?: string;
  refused?: string;
  code?: number;
  outpostLost?: true;
  outpostGo?: Wanted;
  outpostHappened?: string;
} | null;
declare global {
  interface Window {
    outpost?: WindowDoor;
  }
}

const TOKEN = 'outpost.token';
const CONTRACT_REFUSED = 4426;

export function windowTransport(windowDoor: WindowDoor): Transport {
  const open = openPorts(windowDoor);
  const station = stationElsewhere();
  const named = (name: string) => namedFor(station, name);
  const token = () => sessionStorage.getItem(named(VIEW)) ?? sessionStorage.getItem(named(TOKEN)) ?? undefined;
  const dial: Dial = (kind, signal) => {
    const own = token();
    return open(kind, signal, station === undefined ? undefined : { station, ...(own !== undefined && { token: own }) });
  };
  const door = portDoor((signal) => (station === undefined ? open('calls', signal) : open('door', signal, { station })), token);
  const keep = async <A extends { token: string }>(answer: Promise<A>, where = TOKEN) => {
    const given = await answer;
    sessionStorage.setItem(named(where), given.token);
    return { ...given, token: '' };
  };
  return {
    dial,
    token,
    view: viewUnder(named(VIEW)),
    named,
    stations: {
      at: station,
      open: () => openDesk(() => open('stations', new AbortController().signal)),
      forgetKept(address) {
        for (const name of [VIEW, TOKEN]) sessionStorage.removeItem(namedFor(address, name));
      },
    },
    insecure: false,
    door: {
      me: door.me,
      confirmSession: door.confirmSession,
      setUpState: door.setUpState,
      setUp: (input) => keep(door.setUp(input)),
      signInMethods: door.signInMethods,
      signIn: (input) => keep(door.signIn(input)),
      signInForwarded: (input) => keep(door.signInForwarded(input)),
      signInByLink: (input) => keep(door.signInByLink(input)),
      signInByKey: (input) => keep(door.signInByKey(input)),
      seeAs: (input) => keep(door.seeAs(input), VIEW),
      endSeeAs: door.endSeeAs,
      async signOut(input) {
        const answer = await door.signOut(input);
        sessionStorage.removeItem(named(TOKEN));
        return answer;
      },
    } as Transport['door'],
  };
}

function openPorts(door: WindowDoor): OpenPort {
  const asked = new Map<string, (told: NonNullable<Message>, port: MessagePort | undefined) => void>();
  const open = new Set<MessagePort>();
  let dials = 0;

  window.addEventListener('message', ({ source, data, ports: [port] }: MessageEvent<Message>) => {
    if (source !== window || typeof data !== 'object' || data === null) return;
    if (data.outpostLost) for (const lost of open) lost.dispatchEvent(new Event('close'));
    hearShell(data);
    const answer = asked.get(data.outpostPort ?? '');
    asked.delete(data.outpostPort ?? '');
    answer?.(data, port);
  });

  function linkOver(port: MessagePort): ClientLink {
    open.add(port);
    port.addEventListener('close', () => open.delete(port));
    const link = portLink(port as never);
    const close = () => {
      open.delete(port);
      link.close();
    };
    const onClose: ClientLink['onClose'] = (listener) =>
      link.onClose((code, reason) => {
        close();
        listener(code, reason);
      });
    return { ...link, onClose, close };
  }

  return (kind, signal, to) =>
    new Promise((resolve, reject) => {
      const id = `${kind}-${++dials}`;
      let givenUp = false;
      const giveUp = () => {
        givenUp = true;
        reject(new Error('the station does not answer'));
      };
      const timer = setTimeout(giveUp, DIAL_MS);
      signal.addEventListener('abort', giveUp, { once: true });
      asked.set(id, ({ refused, code }, port) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        // Whoever asked has gone: left open it would be counted at the station.
        if (givenUp) port?.close();
        else if (port) resolve(linkOver(port));
        else reject(Object.assign(new Error(refused ?? 'the station cannot be reached'), { code }));
      });
      if (to === undefined) door.dial(kind, id, CONTRACT);
      else door.dial(kind, id, CONTRACT, to);
    });
}

/** Each question has a port of its own, as it has a request of its own in a browser: it waits for a station that is just starting. */
function portDoor(dial: (signal: AbortSignal) => Promise<ClientLink>, token: () => string | undefined): Transport['door'] {
  async function ask(name: keyof Transport['door'], input: unknown): Promise<unknown> {
    const link = await dial(new AbortController().signal).catch((error: Error & { code?: number }) => {
      throw error.code === CONTRACT_REFUSED ? new Refusal('unsupported', error.message) : noContact();
    });
    const calls = openCalls(async () => link, token, 0);
    calls.start();
    // The link is taken into use when this turn is over.
    await new Promise((resolve) => setTimeout(resolve));
    try {
      return await (calls.station.people[name] as (input: unknown) => Promise<unknown>)(input);
    } finally {
      calls.stop();
    }
  }
  return new Proxy({} as Transport['door'], { get: (_, name: keyof Transport['door']) => (input: unknown) => ask(name, input) });
}

export const openTransport = (): Transport => (window.outpost ? windowTransport(window.outpost) : browserTransport());
