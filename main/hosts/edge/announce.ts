// Says on the local network where the station is (mDNS, RFC 6762 and 6763), for desktop windows that look. Only where the settings ask for it.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { MulticastDNS, ResponseOutgoingPacket } from 'multicast-dns';
import type { Site } from '../../site.ts';
import { SERVICE } from '../announced.ts';
import { isLoopback } from '../web/guard.ts';
import type { WebServer } from '../web/server.ts';

const SERVICES = '_services._dns-sd._udp.local';
const LIFE_S = 120;

type Records = ResponseOutgoingPacket['answers'];
/** `at` is the address it listens on, where that is not all of them. `begins` is the beginning of the certificate's fingerprint. */
export type Announced = { id: string; name: string; port: number; at: string | undefined; addresses: readonly string[]; begins: string };

/** Returns how to take it back. */
export function announce({ station, store }: Site, { url, certificate }: WebServer): () => Promise<void> {
  const { settings, log } = station;
  const nothing = async () => {};
  if (!settings.announce) return nothing;
  if (certificate === undefined || isLoopback(settings.host) || settings.host === 'localhost') {
    log.warn(
      { event: 'notAnnounced' },
      'not announced: windows elsewhere reach a station over TLS only; let it listen beyond this machine',
    );
    return nothing;
  }
  const own = {
    id: store.stationId.slice(-12),
    name: settings.name,
    port: Number(new URL(url).port || 443),
    at: isIP(settings.host) === 4 && settings.host !== '0.0.0.0' ? settings.host : undefined,
    begins: certificate.fingerprint.slice(0, 11),
  };
  const records = (life: number) => recordsOf({ ...own, addresses: addressesNow() }, life);
  const opened = import('multicast-dns').then(({ default: openMdns }) => {
    const mdns = openMdns();
    // Another program that has the port for itself: a station that is not found works on.
    mdns.on('error', (error) => log.warn({ error, event: 'notAnnounced' }, 'not announced'));
    mdns.on('warning', (error) =>
      log.debug({ error, event: 'announce' }, 'somebody says something odd, or a network takes nothing of the kind'),
    );
    mdns.on('query', ({ questions }) => {
      const asked = new Set(questions?.map(({ name }) => name.toLowerCase()));
      const all = records(LIFE_S);
      if (all.some(({ name }) => asked.has(name.toLowerCase()))) mdns.respond(all);
    });
    mdns.respond(records(LIFE_S));
    return mdns;
  });
  opened.catch((error: unknown) => log.warn({ error, event: 'notAnnounced' }, 'not announced'));
  return async () => {
    const mdns = await opened.catch(() => undefined);
    if (mdns !== undefined) await takenBack(mdns, records(0));
  };
}

/** All in one packet: whoever asks for one of them needs the others as well. */
export function recordsOf({ id, name, port, at, addresses, begins }: Announced, ttl: number): Records {
  const instance = `Outpost ${id}.${SERVICE}`;
  const target = `outpost-${id}.local`;
  return [
    { type: 'PTR', name: SERVICES, ttl, data: SERVICE },
    { type: 'PTR', name: SERVICE, ttl, data: instance },
    { type: 'SRV', name: instance, ttl, data: { port, target } },
    { type: 'TXT', name: instance, ttl, data: [`name=${name}`, `fp=${begins}`, ...(at === undefined ? [] : [`at=${at}`])] },
    ...(at === undefined ? addresses : [at]).map((data) => ({ type: 'A' as const, name: target, ttl, data })),
  ];
}

/** Asked anew each time: a machine joins another network. */
const addressesNow = () =>
  Object.values(networkInterfaces())
    .flat()
    .flatMap((net) => (net?.family === 'IPv4' && !net.internal ? [net.address] : []));

const GOODBYE_MS = 500;

const takenBack = (mdns: MulticastDNS, goodbye: Records) =>
  new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(late);
      mdns.destroy();
      resolve();
    };
    const late = setTimeout(end, GOODBYE_MS);
    mdns.respond(goodbye, end);
  });
