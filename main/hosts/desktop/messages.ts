// What page, main and station say to each other when a link is opened. The page is not trusted: what it sends is read here.
import type { UpdateAnswer, UpdateState, UpdateStep } from '../../../contract/watch/updates.ts';
import { ORIGIN } from './navigation.ts';

/** Channels between preload and main. */
export const DIAL = 'outpost:dial';
export const PORT = 'outpost:port';
export const LOST = 'outpost:lost';

const KINDS = ['calls', 'channel'] as const;
export type LinkKind = (typeof KINDS)[number];

/** `id` is the page's own name for the port it asks for. */
export type DialRequest = { kind: LinkKind; id: string; contract: string };
export type Refused = { refused: string; code: number };

/** `attach` numbers the question, and comes with the station's end of the port. */
export type ToStation = { attach: number; kind: LinkKind; contract: string } | { stop: true } | Granted;
/** `link` signs somebody in once, at a demo station; `answer` is to `attach`. */
export type FromStation = { ready: true; link?: string } | ({ answer: number } & Partial<Refused>) | Wish;

/** The station wants to know how far an update is, or to go a step; `granted` is to `wish`. */
export type Wish = { wish: number; step: UpdateStep | 'look'; busy: boolean };
export type Granted = { granted: number; state: UpdateState; answer: UpdateAnswer };

/** What the preload sent, or undefined where it is not a question anybody of ours would ask. */
export function readDial(sent: readonly unknown[]): DialRequest | undefined {
  const [kind, id, contract] = sent;
  if (sent.length !== 3 || typeof id !== 'string' || typeof contract !== 'string') return undefined;
  const known = KINDS.find((one) => one === kind);
  if (known === undefined || !/^[a-z0-9-]{1,40}$/.test(id) || !/^[0-9.]{1,12}$/.test(contract)) return undefined;
  return { kind: known, id, contract };
}

/** The page itself: no frame within it, no other origin. Null is a frame that has gone meanwhile. */
export const isOurPage = (frame: { parent: unknown; origin: string } | null): boolean =>
  frame !== null && frame.parent === null && frame.origin === ORIGIN;
