// Connections to another station: opened only to the certificate that somebody has confirmed, and before anything is said.
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { Refusal } from '../../../../contract/errors.ts';
import type { OtherCertificate } from '../../../../contract/relay.ts';
import { isLoopback } from '../../web/guard.ts';
import type { Address } from './address.ts';

/** The page gives a link up after ten seconds. */
const CONNECT_MS = 8_000;

export type Connect = (signal: AbortSignal) => Promise<Socket>;

/** `confirmed` is asked for at each connection: it may have been forgotten meanwhile. */
export const pinnedTo =
  (address: Address, confirmed: () => string | null | undefined): Connect =>
  async (signal) => {
    if (confirmed() === undefined)
      throw new Refusal('forbidden', `Nobody has confirmed the certificate of ${address.text} in this window.`);
    const { socket, shown } = await open(address, signal);
    const wanted = confirmed() ?? null;
    if (wanted === shown) return socket;
    socket.destroy();
    throw otherCertificate(address, wanted ?? '–', shown ?? '–');
  };

/** What the station there shows; null where it speaks plain HTTP on this computer. Nothing is said to it. */
export async function lookAt(address: Address, signal: AbortSignal): Promise<string | null> {
  const { socket, shown } = await open(address, signal);
  socket.destroy();
  return shown;
}

/** `shown` is the fingerprint of its certificate, null for plain HTTP on this computer and for nothing else. */
async function open(address: Address, signal: AbortSignal): Promise<{ socket: Socket; shown: string | null }> {
  const { host, port, secure } = address;
  // Whose certificate it is, is decided by its fingerprint: one that a station has made itself no authority knows.
  const socket = secure
    ? connectTls({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) })
    : connect({ host, port });
  // Whoever uses it hears of its end; an error without a listener would end this process.
  socket.on('error', () => {});
  try {
    await once(socket, secure ? 'secureConnect' : 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) });
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.fingerprint256 : null;
    if (shown === undefined) throw new Error('no certificate');
    // A name of this computer that leads elsewhere.
    if (!secure && !isLoopback(socket.remoteAddress ?? '')) throw new Error('not on this computer');
    return { socket, shown };
  } catch {
    socket.destroy();
    throw unreachable(address);
  }
}

export const unreachable = ({ text }: Address) =>
  new Refusal('unavailable', `There is no answer from ${text}. Look at the address, the network, and whether the station runs.`, {
    cause: 'noContact',
  });

function otherCertificate({ text: address }: Address, confirmed: string, shown: string): Refusal {
  const words =
    `The station at ${address} shows another certificate than the one that was confirmed. It may have been renewed, or somebody is in between. ` +
    'Compare the new fingerprint with what the station says at its start. If it is the same, forget this station and add it again; if not, ask whoever looks after it.';
  return new Refusal('unavailable', words, { cause: 'certificate', address, confirmed, shown } satisfies OtherCertificate);
}
