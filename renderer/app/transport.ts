// The page's side of the door: how it signs in, and where its links lead. A browser and the desktop window differ here only.
import { errorStatus, Refusal } from '../../contract/errors.ts';
import { addressOf } from '../../contract/procedure.ts';
import { CONTRACT } from '../../contract/version.ts';
import { noContact, openCalls, type StationClient } from './calls.ts';
import { type Dial, dialSocket, portLink } from './links.ts';

export type Transport = {
  dial: Dial;
  /** The session of links that carry none by themselves. */
  token(): string | undefined;
  /** For what needs no session, and to see whether there is one. */
  door: Pick<StationClient['people'], 'setUpState' | 'setUp' | 'signIn' | 'signInByLink' | 'signOut' | 'me'>;
  /** Plain HTTP beyond the machine: every screen says so. */
  insecure: boolean;
};

// ---- a browser: the session is a cookie no script reads; REST signs in, sockets do the rest

async function post(path: string, input: unknown): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'outpost-session': 'cookie', 'outpost-contract': CONTRACT },
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
    get: (_, name: string) => (input: unknown) => post(`/api/${addressOf(`people.${name}`)}`, input),
  });
  return {
    dial: dialSocket((kind) => `${scheme}://${location.host}/api/${kind}?contract=${CONTRACT}`),
    token: () => undefined,
    door,
    insecure: document.documentElement.dataset.insecure === 'true',
  };
}

// ---- the desktop window: ports from the preload; the session is a token kept for this window

/** What preload puts on the window. */
export type WindowDoor = { dial(kind: string, id: string, contract: string): void };
declare global {
  interface Window {
    outpost?: WindowDoor;
  }
}

const TOKEN = 'outpost.token';

export function windowTransport(door: WindowDoor): Transport {
  let ports = 0;
  const dial: Dial = (kind, signal) =>
    new Promise((resolve, reject) => {
      const id = `${kind}-${++ports}`;
      const listen = (event: MessageEvent) => {
        if (event.source !== window || (event.data as { outpostPort?: string } | null)?.outpostPort !== id) return;
        window.removeEventListener('message', listen);
        const [port] = event.ports;
        if (port) resolve(portLink(port as never));
        else reject(new Error((event.data as { refused?: string }).refused ?? 'the station does not answer'));
      };
      window.addEventListener('message', listen);
      signal.addEventListener('abort', () => window.removeEventListener('message', listen), { once: true });
      door.dial(kind, id, CONTRACT);
    });
  const token = () => sessionStorage.getItem(TOKEN) ?? undefined;
  const calls = openCalls(dial, token);
  calls.start();
  const keep = async (answer: Promise<{ token: string }>) => {
    const { token: given } = await answer;
    sessionStorage.setItem(TOKEN, given);
    return { token: '' };
  };
  const { people } = calls.station;
  return {
    dial,
    token,
    insecure: false,
    door: {
      ...people,
      setUp: (input) => keep(people.setUp(input)),
      signIn: (input) => keep(people.signIn(input)),
      signInByLink: (input) => keep(people.signInByLink(input)),
      async signOut(input) {
        const answer = await people.signOut(input);
        sessionStorage.removeItem(TOKEN);
        return answer;
      },
    } as Transport['door'],
  };
}

export const openTransport = (): Transport => (window.outpost ? windowTransport(window.outpost) : browserTransport());
