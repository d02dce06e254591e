// Who may talk to this server at all: by the name it was reached under, by the page that asks, by what it carries.
// Pure: every decision is a function of the request's head.
import { hostname, networkInterfaces } from 'node:os';
import type { Origin } from '../../caller.ts';
import { bearer } from '../../calls.ts';

export type Head = {
  method: string;
  /** The address of the other end of the connection. */
  address: string;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

export type GuardOptions = {
  secure: boolean;
  /** Listening beyond this machine. */
  beyondLoopback: boolean;
  allowedHosts: readonly string[];
  stationId: string;
};

/** Name of a Host header without its port; '' for one that is none. */
export function hostName(header: string | undefined): string {
  try {
    return header === undefined || /[/@?#\\\s]/.test(header) ? '' : new URL(`http://${header}`).hostname;
  } catch {
    return '';
  }
}

export const isLoopback = (address: string) => /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address);

const isLoopbackName = (name: string) =>
  name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name);

/** The names this machine answers to. Anything else in a Host header is a name somebody else made point here. */
export function knownHosts({
  beyondLoopback,
  allowedHosts,
}: Pick<GuardOptions, 'beyondLoopback' | 'allowedHosts'>): (name: string) => boolean {
  const names = new Set(allowedHosts.map((allowed) => outerUrl(allowed)?.hostname ?? ''));
  if (beyondLoopback) {
    const own = hostname().toLowerCase();
    names.add(own).add(`${own}.local`);
  }
  const addresses = () =>
    Object.values(networkInterfaces())
      .flat()
      .map((net) => (net?.family === 'IPv6' ? `[${net.address}]` : net?.address));
  // Addresses may change while we run: a machine joins another network.
  return (name) => name !== '' && (isLoopbackName(name) || names.has(name) || (beyondLoopback && addresses().includes(name)));
}

export type Refused = { status: number; code: 'forbidden' | 'invalid'; message: string };

/** Refuses what cannot come from a page of ours or a program of the user's. Undefined: go on. */
export function refuseStranger(options: GuardOptions, isKnown: (name: string) => boolean, head: Head): Refused | undefined {
  const { headers } = head;
  const host = one(headers.host);
  if (!isKnown(hostName(host)))
    return {
      status: 421,
      code: 'forbidden',
      message: 'This station is not known under this name. Add the name to allowedHosts in its settings.',
    };
  const origin = one(headers.origin);
  if (origin !== undefined && !isOwnOrigin(options, host as string, origin))
    return { status: 403, code: 'forbidden', message: 'This page may not talk to the station.' };
  const site = one(headers['sec-fetch-site']);
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, code: 'forbidden', message: 'This page may not talk to the station.' };
  const names = [cookieName(options, host as string), cookieName(options, host as string, 'view')];
  if (names.some((name) => cookieValues(one(headers.cookie), name).length > 1))
    return { status: 400, code: 'invalid', message: 'The session was sent twice. Sign out and in again.' };
  return undefined;
}

/** An exact match with the name the request itself was sent to; behind a proxy, with a name from the settings, over TLS. */
export function isOwnOrigin({ secure, allowedHosts }: GuardOptions, host: string, origin: string): boolean {
  if (origin === `${secure ? 'https' : 'http'}://${host}`) return true;
  return allowedHosts.some((allowed) => origin === outerUrl(allowed)?.origin);
}

/** An entry of allowedHosts as a browser writes it: in small letters, without the usual port. */
const outerUrl = (allowed: string): URL | null => URL.parse(/^https?:\/\//i.test(allowed) ? allowed : `https://${allowed}`);

/**
 * The session a request carries. A cookie counts only where the page that sent it is certainly ours. `which`: a page that sees as
 * somebody else says so, and gets its own session in no case.
 */
export function tokenOf(options: GuardOptions, head: Head, which: Which = 'own'): string | undefined {
  const { headers } = head;
  const given = bearer(headers.authorization);
  if (given !== undefined) return given;
  const fromUs = one(headers.origin) !== undefined || one(headers['sec-fetch-site']) === 'same-origin';
  if (!fromUs) return undefined;
  return cookieValues(one(headers.cookie), cookieName(options, one(headers.host) ?? '', which))[0];
}

export function originOf(head: Head): Origin {
  return {
    from: head.address.replace(/^::ffff:/, ''),
    local: isFromHere(head),
    agent: one(head.headers['user-agent']) ?? '',
  };
}

/** A proxy on this machine makes everybody come from it. It adds one of these, or at least passes on the name it was called by. */
const BY_PROXY = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

export const isFromHere = ({ address, headers }: Head): boolean =>
  isLoopback(address) && isLoopbackName(hostName(one(headers.host))) && BY_PROXY.every((name) => headers[name] === undefined);

// ---- the cookie

/** One's own session, or the one in which one sees as somebody else: beside it, so that one's own is there afterwards. */
export type Which = 'own' | 'view';

/**
 * Named after the station, as ports share cookies. `__Host-` wherever the browser takes a Secure cookie: over TLS, ours or that of
 * the proxy by which alone another name can reach a station on loopback; and on loopback itself.
 */
export function cookieName({ secure, beyondLoopback, allowedHosts, stationId }: GuardOptions, host: string, which: Which = 'own'): string {
  const strict = secure || isLoopbackName(hostName(host)) || (!beyondLoopback && !allowedHosts.some((allowed) => isPlain(allowed, host)));
  return `${strict ? '__Host-' : ''}outpost-${which === 'view' ? 'view-' : ''}${stationId.slice(-12)}`;
}

const isPlain = (allowed: string, host: string): boolean => {
  const url = outerUrl(allowed);
  return url?.protocol === 'http:' && url.hostname === hostName(host);
};

/** As long as browsers keep any. The session behind it ends when the station says so; that of a screen on a wall never by itself. */
const COOKIE_S = 400 * 24 * 60 * 60;

export function cookieHeader(options: GuardOptions, host: string, token: string | undefined, which: Which = 'own'): string {
  const name = cookieName(options, host, which);
  // That of a view goes with the browser, if not before.
  const life = token === undefined ? '; Max-Age=0' : which === 'own' ? `; Max-Age=${COOKIE_S}` : '';
  return `${name}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${life}${name.startsWith('__Host-') ? '; Secure' : ''}`;
}

function cookieValues(header: string | undefined, name: string): string[] {
  return (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
}

const one = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
