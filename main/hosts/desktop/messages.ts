// What page, main and station say to each other. The page is not trusted: what it sends is read here.
import type { UpdateAnswer, UpdateState, UpdateStep } from '../../../contract/watch/updates.ts';
import { readDeepLink } from './deepLink.ts';
import { ORIGIN } from './navigation.ts';

/** Channels between preload and main. */
export const DIAL = 'outpost:dial';
export const PORT = 'outpost:port';
export const LOST = 'outpost:lost';
/** From the page: something about itself, for the window around it. */
export const TELL = 'outpost:tell';
/** To the page: a place to go to, and what has happened to it or its station. */
export const GO = 'outpost:go';
export const HAPPENED = 'outpost:happened';

const KINDS = ['calls', 'channel'] as const;
export type LinkKind = (typeof KINDS)[number];

/** `door` is for what needs no session at another station, `stations` to choose one. */
const PORT_KINDS = [...KINDS, 'door', 'stations'] as const;
export type PortKind = (typeof PORT_KINDS)[number];
/** Another station than the window's own, and the session there. */
export type Elsewhere = { station: string; token?: string | undefined };

/** `id` is the page's own name for the port it asks for. */
export type DialRequest = { kind: PortKind; id: string; contract: string; to?: Elsewhere };
export type Refused = { refused: string; code: number };

/**
 * `attach` numbers the question, and comes with the station's end of the port. `busy` asks what it is at work on. `key` opens its
 * secrets, which only the window's process can have from the keyring. `log` is for its log.
 */
export type ToStation =
  | { attach: number; kind: PortKind; contract: string; to?: Elsewhere }
  | { busy: number }
  | { key: Uint8Array; keyring: string }
  | { noKey: string }
  | { log: Record<string, unknown>; words: string }
  | { power: 'suspend' | 'resume' }
  | { stop: true }
  | Granted;
/** `link` signs somebody in once, at a demo station; `answer` is to `attach`, `tasks` to `busy`. */
export type FromStation =
  | { ready: true; link?: string }
  | ({ answer: number } & Partial<Refused>)
  | { busy: number; tasks: string[] }
  | { wants: 'key' }
  | Wish;

/** The station wants to know how far an update is, or to go a step; `granted` is to `wish`. */
export type Wish = { wish: number; step: UpdateStep | 'look' };
export type Granted = { granted: number; state: UpdateState; answer: UpdateAnswer };

/** What has happened behind the screens, to be said in them. */
export type Happened = 'stationAgain' | 'screensAgain' | 'secretsAgain';

/** What a page tells its window. `at` is a page as addresses have it, of the place where one stands. */
export type Told =
  | { told: 'shown'; inside: boolean }
  | { told: 'unread'; count: number }
  | { told: 'notice'; title: string; text: string; at: string };

/** What the preload sent, or undefined where it is not a question anybody of ours would ask. */
export function readDial(sent: readonly unknown[]): DialRequest | undefined {
  const [kind, id, contract, elsewhere] = sent;
  if (sent.length < 3 || sent.length > 4 || typeof id !== 'string' || typeof contract !== 'string') return undefined;
  const known = PORT_KINDS.find((one) => one === kind);
  if (known === undefined || !/^[a-z0-9-]{1,40}$/.test(id) || !/^[0-9.]{1,12}$/.test(contract)) return undefined;
  const to = sent.length === 4 ? readElsewhere(elsewhere) : undefined;
  // One chooses at one's own station, and its door are its calls.
  const leadsElsewhere = sent.length === 4;
  if ((known === 'door' && !leadsElsewhere) || (known === 'stations' && leadsElsewhere)) return undefined;
  if (leadsElsewhere && to === undefined) return undefined;
  return { kind: known, id, contract, ...(to && { to }) };
}

/** The address itself is read where it is used. */
function readElsewhere(sent: unknown): Elsewhere | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined;
  const { station, token } = sent as Record<string, unknown>;
  if (!isLine(station, 300) || station === '') return undefined;
  if (token !== undefined && !(typeof token === 'string' && /^[A-Za-z0-9_-]{16,128}$/.test(token))) return undefined;
  return { station, ...(token !== undefined && { token }) };
}

/** The same for what a page tells. Read name by name: nothing that is not asked for comes along. */
export function readTold(sent: readonly unknown[]): Told | undefined {
  const [said] = sent;
  if (sent.length !== 1 || typeof said !== 'object' || said === null) return undefined;
  const { told, inside, count, title, text, at } = said as Record<string, unknown>;
  if (told === 'shown') return typeof inside === 'boolean' ? { told, inside } : undefined;
  if (told === 'unread')
    return Number.isInteger(count) && (count as number) >= 0 && (count as number) <= 9_999 ? { told, count: count as number } : undefined;
  if (told !== 'notice' || !isLine(title, 200) || !isLine(text, 500) || !isPage(at)) return undefined;
  return { told, title, text, at };
}

/** Empty, or what a link could name as well. */
const isPage = (value: unknown): value is string =>
  typeof value === 'string' && (value === '' || readDeepLink(`outpost://open/-/${value}`)?.page === value);
const isLine = (value: unknown, longest: number): value is string => typeof value === 'string' && value.length <= longest;

/** The page itself: no frame within it, no other origin. Null is a frame that has gone meanwhile. */
export const isOurPage = (frame: { parent: unknown; origin: string } | null): boolean =>
  frame !== null && frame.parent === null && frame.origin === ORIGIN;
