// What is known of a newer version of the program this station runs in. Only the desktop can look for one and install it.
import { z } from 'zod';
import * as v from '../values.ts';

const offered = z.object({
  version: z.string(),
  notes: z.string().describe('Plain text.'),
  issuedAt: v.time,
});
export type Offered = z.infer<typeof offered>;

/** Why nothing came of it. */
export const updateTrouble = z.enum([
  'unreachable',
  'signature',
  'replay',
  'manifest',
  'damaged',
  'stalled',
  'diskFull',
  'incomplete',
  'notInstalled',
  'unknown',
]);
export type UpdateTroubleKind = z.infer<typeof updateTrouble>;

export const updateState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('off'), why: z.enum(['noHost', 'notPackaged', 'noKey', 'noFeed']) }),
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('checking') }),
  z.object({ kind: z.literal('current'), at: v.time }),
  z.object({ kind: z.literal('available'), offered }),
  z.object({ kind: z.literal('downloading'), offered, received: z.int(), of: z.int().describe('Bytes; 0 until the first has come.') }),
  z.object({ kind: z.literal('ready'), offered, atNextLaunch: z.boolean() }),
  z.object({ kind: z.literal('installing'), offered }),
  z.object({ kind: z.literal('failed'), trouble: updateTrouble, offered: offered.nullable() }),
]);
export type UpdateState = z.infer<typeof updateState>;

export const updateStep = z.enum(['check', 'download', 'cancel', 'installNow', 'installLater', 'installNotLater']);
export type UpdateStep = z.infer<typeof updateStep>;

/** begun: the rest is in the state. busy: work runs that an installation would cut off. */
export const updateAnswer = z.enum(['begun', 'busy', 'closing', 'notReady']);
export type UpdateAnswer = z.infer<typeof updateAnswer>;
