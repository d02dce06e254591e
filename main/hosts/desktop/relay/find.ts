// Stations that say on the local network where they are (mDNS, RFC 6762). Heard only while somebody looks, and believed in nothing.
import { isIP } from 'node:net';
import type { ResponsePacket } from 'multicast-dns';
import type { FoundStation } from '../../../../contract/relay.ts';
import { SERVICE } from '../../announced.ts';
import { readAddress } from './address.ts';
import { oneLine } from './book.ts';

type Answer = NonNullable<ResponsePacket['answers']>[number];

const MOST = 50;
const AGAIN_MS = 2_000;

/** Asks the network now and then, and tells each station once. Returns how to stop. */
export function findStations(tell: (found: FoundStation) => void, onFailed: (error: Error) => void): () => void {
  const told = new Set<string>();
  let stopped = false;
  let stop = () => {};
  void import('multicast-dns')
    .then(({ default: openMdns }) => {
      if (stopped) return;
      const mdns = openMdns();
      const ask = () => mdns.query(SERVICE, 'PTR');
      const timer = setInterval(ask, AGAIN_MS);
      stop = () => {
        clearInterval(timer);
        mdns.destroy();
      };
      // Another program that has the port for itself, or a network that takes nothing of the kind.
      mdns.on('error', onFailed);
      mdns.on('warning', () => {});
      mdns.on('response', ({ answers, additionals }, { address }) => {
        for (const found of foundIn([...(answers ?? []), ...(additionals ?? [])], address)) {
          const key = JSON.stringify(found);
          if (stopped || told.has(key) || told.size >= MOST) continue;
          told.add(key);
          tell(found);
        }
      });
      ask();
    })
    .catch(onFailed);
  return () => {
    stopped = true;
    stop();
  };
}

/** What an answer names; `sender` is where it came from. Whoever shares the network may have written anything into it. */
export function foundIn(records: readonly Answer[], sender: string): FoundStation[] {
  return records.flatMap((named) => {
    // Without a life left it is taken back.
    if (named.type !== 'PTR' || named.ttl === 0 || named.name !== SERVICE || typeof named.data !== 'string') return [];
    const own = records.filter(({ name }) => name === named.data);
    const port = own.find((one) => one.type === 'SRV')?.data.port;
    const said = textOf(own.find((one) => one.type === 'TXT')?.data);
    const host = isIP(said.get('at') ?? '') === 4 ? said.get('at') : sender;
    const address = addressOf(`https://${host}:${port}`);
    const begins = said.get('fp') ?? '';
    return address === undefined || !/^([0-9A-F]{2}:){3}[0-9A-F]{2}$/.test(begins)
      ? []
      : [{ address, name: oneLine(said.get('name') ?? ''), begins }];
  });
}

function textOf(data: unknown): Map<string, string> {
  const lines = (Array.isArray(data) ? data : [data]).filter(
    (one): one is Buffer | string => typeof one === 'string' || Buffer.isBuffer(one),
  );
  return new Map(lines.map((line) => String(line)).flatMap((line) => (/^\w+=/.test(line) ? [splitAt(line, line.indexOf('='))] : [])));
}

const splitAt = (line: string, at: number): [string, string] => [line.slice(0, at), line.slice(at + 1)];

function addressOf(text: string): string | undefined {
  try {
    return readAddress(text).text;
  } catch {
    return undefined;
  }
}
