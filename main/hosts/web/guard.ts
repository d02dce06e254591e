// Who may talk to this server at all: by the name it was reached under, by the page that asks, by what it carries.
// Pure: every decision is a function of the request's head.
import { hostname, networkInterfaces } from 'node:os';
import type { Origin } from '../../caller.ts';
import { bearer } from '../../calls.ts';
import { plainAddress } from '../../store/networks.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request as it left the browser, as far as the proxies say so that are believed. */
export type Head = {
  method: string;
  /** Where it comes from: the other end of the connection, or whoever the proxy at that end speaks for. */
  address: string;
  /** It came by a trusted proxy. */
  proxied: boolean;
  /** The browser's own connection is encrypted. */
  secure: boolean;
  headers: Headers;
};

export type GuardOptions = {
  /** The listener speaks TLS. */
  secure: boolean;
  /** Listening beyond this machine. */
  beyondLoopback: boolean;
  allowedHosts: readonly string[];
  stationId: string;
  isTrustedProxy(address: string): boolean;
  forwardedHeader: string | undefined;
};

/** Reads a request's head. `peer` is the address of the other end of the connection. */
export function readHead(
  { secure, isTrustedProxy }: GuardOptions,
  { method, peer, headers }: { method: string; peer: string; headers: Headers },
): Head {
  const address = plainAddress(peer) ?? '';
  if (!isTrustedProxy(address)) return { method, address, proxied: false, secure, headers };
  const scheme = one(headers['x-forwarded-proto']);
  return {
    method,
    address: sourceOf(one(headers['x-forwarded-for']) ?? '', address, isTrustedProxy),
    proxied: true,
    secure: scheme === 'https' || (secure && scheme !== 'http'),
    headers,
  };
}

/**
 * Each proxy adds at the end whom it was asked by. What stands before the first address that is no proxy of ours, that one
 * may have made up.
 */
function sourceOf(chain: string, peer: string, isTrustedProxy: (address: string) => boolean): string {
  let known = peer;
  for (const hop of chain.split(',').reverse()) {
    const address = hopAddress(hop.trim());
    if (address === undefined) return known;
    if (!isTrustedProxy(address)) return address;
    known = address;
  }
  return known;
}

/** Some write the port as well: 192.0.2.7:4711, [2001:db8::7]:4711. */
const hopAddress = (hop: string): string | undefined =>
  plainAddress(/^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(hop)?.[1] ?? hop);

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
  if (origin !== undefined && !isOwnOrigin(options, head, origin))
    return { status: 403, code: 'forbidden', message: 'This page may not talk to the station.' };
  const site = one(headers['sec-fetch-site']);
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return { status: 403, code: 'forbidden', message: 'This page may not talk to the station.' };
  const names = [cookieName(options, head), cookieName(options, head, 'view')];
  if (names.some((name) => cookieValues(one(headers.cookie), name).length > 1))
    return { status: 400, code: 'invalid', message: 'The session was sent twice. Sign out and in again.' };
  return undefined;
}

/** An exact match with the name the request itself was sent to; behind a proxy, with a name from the settings, over TLS. */
function isOwnOrigin({ allowedHosts }: GuardOptions, head: Head, origin: string): boolean {
  if (origin === pageOf(head)) return true;
  return allowedHosts.some((allowed) => origin === outerUrl(allowed)?.origin);
}

const pageOf = ({ secure, headers }: Head) => `${secure ? 'https' : 'http'}://${one(headers.host) ?? ''}`;

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
  return cookieValues(one(headers.cookie), cookieName(options, head, which))[0];
}

export function originOf({ forwardedHeader }: GuardOptions, head: Head): Origin {
  const { headers, address, proxied } = head;
  // Of a header that was sent twice both values stand here, and are no e-mail address any more.
  const named = proxied && forwardedHeader !== undefined ? headers[forwardedHeader.toLowerCase()] : undefined;
  return {
    from: address,
    local: isFromHere(head),
    agent: one(headers['user-agent']) ?? '',
    // That it is one of ours was looked at before anything else.
    page: one(headers.origin) ?? pageOf(head),
    ...(named !== undefined && named.length > 0 && { named: String(named) }),
  };
}

/** A proxy on this machine makes everybody come from it. It adds one of these, or at least passes on the name it was called by. */
const BY_PROXY = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

export const isFromHere = ({ address, proxied, headers }: Head): boolean =>
  !proxied && isLoopback(address) && isLoopbackName(hostName(one(headers.host))) && BY_PROXY.every((name) => headers[name] === undefined);

// ---- the cookie

/** One's own session, or the one in which one sees as somebody else: beside it, so that one's own is there afterwards. */
export type Which = 'own' | 'view';

/**
 * Named after the station, as ports share cookies. `__Host-` wherever the browser takes a Secure cookie: over TLS, ours or that of
 * the proxy by which alone another name can reach a station on loopback; and on loopback itself.
 */
export function cookieName(
  { beyondLoopback, allowedHosts, stationId }: GuardOptions,
  { secure, proxied, headers }: Pick<Head, 'secure' | 'proxied' | 'headers'>,
  which: Which = 'own',
): string {
  const host = one(headers.host) ?? '';
  // A proxy that is believed may have said what the browser speaks; of any other it is known by the name alone.
  const saidPlain = proxied && headers['x-forwarded-proto'] === 'http';
  const plain = saidPlain || beyondLoopback || allowedHosts.some((allowed) => isPlain(allowed, host));
  const strict = secure || isLoopbackName(hostName(host)) || !plain;
  return `${strict ? '__Host-' : ''}outpost-${which === 'view' ? 'view-' : ''}${stationId.slice(-12)}`;
}

const isPlain = (allowed: string, host: string): boolean => {
  const url = outerUrl(allowed);
  return url?.protocol === 'http:' && url.hostname === hostName(host);
};

/** As long as browsers keep any. The session behind it ends when the station says so; that of a screen on a wall never by itself. */
const COOKIE_S = 400 * 24 * 60 * 60;

export function cookieHeader(options: GuardOptions, head: Head, token: string | undefined, which: Which = 'own'): string {
  const name = cookieName(options, head, which);
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
