// What the desktop's page asks the process of its own station about other stations, over a port of its own. No other host has it.
import { z } from 'zod';
import type { AnswerMessage } from './calls.ts';

/** As `fingerprint256` of a certificate is written, and as an edge says it at its start. */
export const fingerprint = z.string().regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);

/** `fingerprint` is that of the certificate somebody has confirmed; null for a station on this computer that speaks plain HTTP. */
export type KnownStation = { address: string; name: string; fingerprint: string | null; lastUsed: number };
export type LookedAt = { address: string; fingerprint: string | null; known: boolean };
/** As the network says it: nothing of it is believed before somebody has compared the whole fingerprint. */
export type FoundStation = { address: string; name: string; begins: string };

const id = z.int().positive();
const address = z.string().max(300);
export const stationsAsk = z.discriminatedUnion('ask', [
  z.strictObject({ id, ask: z.literal('list') }),
  z.strictObject({ id, ask: z.literal('look'), address }),
  z.strictObject({ id, ask: z.literal('trust'), address, fingerprint: fingerprint.nullable() }),
  z.strictObject({ id, ask: z.literal('forget'), address }),
  z.strictObject({ id, ask: z.literal('find') }),
]);
export type StationsAsk = z.infer<typeof stationsAsk>;

/** What is found on the network comes unasked, from `find` on until the port is closed. */
export type StationsSaid = AnswerMessage | { found: FoundStation };

/** What stands in a refusal when the other station cannot be the one that was confirmed. */
export type OtherCertificate = { cause: 'certificate'; address: string; confirmed: string; shown: string };

// ---- a port that leads elsewhere ends with these words: a port alone tells neither that its other end has gone nor why

const GONE = '{"gone":';

export const goodbye = (code: number, reason: string): string => JSON.stringify({ gone: code, reason });

/** Anything else is a message like all others. */
export function readGoodbye(message: unknown): { code: number; reason: string } | undefined {
  if (typeof message !== 'string' || !message.startsWith(GONE)) return undefined;
  const [, code = '1006'] = /^\{"gone":(\d{4}),/.exec(message) ?? [];
  try {
    return { code: Number(code), reason: String((JSON.parse(message) as { reason?: unknown }).reason ?? '') };
  } catch {
    return { code: Number(code), reason: '' };
  }
}
