// The value kinds procedures are made of. Values in the contract are JSON and nothing else.
import { z } from 'zod';
import { HOURS } from './hours.ts';
import { KEY, UUID } from './ids.ts';

/** Text as it is: no NUL (PostgreSQL refuses it), no broken surrogates (they would change on the way). */
export const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((s) => !s.includes('\0') && s.isWellFormed(), 'contains characters that cannot be stored');

/** Text a person typed: trimmed. */
export const text = (max: number) => plain(max).transform((s) => s.trim());

export const name = text(120).pipe(z.string().min(1, 'is empty'));
export const id = z.string().regex(UUID, 'is not an id');
export const key = z.string().regex(KEY, 'may hold a–z, 0–9, dot, dash and underscore, 63 at most');
export const time = z.int();
export const email = text(254).pipe(z.string().regex(/^[^\s@<>()",;:\\]+@[^\s@<>()",;:\\]+$/, 'is not an e-mail address'));
export const password = plain(256).min(10, 'has fewer than 10 characters');
export const opId = id.optional().describe('Chosen by the caller. Repeating a command with the same opId is harmless.');
export const yes = z.literal(true);
export const nothing = z.strictObject({});
export const limit = z.int().min(1).max(500).default(100);

export const timeZone = z
  .string()
  .max(64)
  .refine((zone) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  }, 'is not a time zone of the IANA list, like Europe/Berlin');

export const hours = z
  .string()
  .regex(HOURS, 'is not of the form 22:00-06:00')
  .refine((text) => text.slice(0, 5) !== text.slice(6), 'ends when it begins');
