// Keys of machines: programs, and screens that nobody signs in at.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, question } from '../procedure.ts';
import * as v from '../values.ts';

const keyRole = z.enum(['viewer', 'operator', 'siteManager']);
const machineKey = z.object({
  id: v.id,
  name: z.string(),
  role: keyRole,
  createdAt: v.time.nullable().describe('null where it came from another station.'),
  createdBy: z.string().nullable(),
  seenAt: v.time.nullable().describe('null: not used yet.'),
  expiresAt: v.time.nullable().describe('null: good until it is revoked.'),
  hasToken: z.boolean().describe('false: it came from another station, and nothing can use it. A new one takes its place.'),
});

export const keys = {
  listKeys: question({
    summary: 'The keys of a site, newest first.',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'site.keys', at: (input) => ({ site: input.site }) },
    output: z.object({ keys: z.array(machineKey) }),
    example: { site: EXAMPLE.site },
  }),
  createKey: command({
    summary: 'Make a key for a machine, with one role at one site. Its token is in this answer and nowhere else.',
    input: z.strictObject({
      site: v.id,
      name: v.name,
      role: keyRole,
      expiresAt: v.time.nullable().describe('null: good until it is revoked.'),
    }),
    needs: { permission: 'site.keys', at: (input) => ({ site: input.site }) },
    critical: true,
    output: z.object({ key: v.id, token: z.string() }),
    example: { site: EXAMPLE.site, name: 'Wall screen of hall A', role: 'viewer', expiresAt: null },
  }),
  revokeKey: command({
    summary: 'End a key. Whatever uses it is cut off at once.',
    input: z.strictObject({ key: v.id, opId: v.opId }),
    needs: { permission: 'site.keys', at: (input) => ({ record: 'grant', id: input.key }) },
    output: v.nothing,
    example: { key: EXAMPLE.key },
  }),
};
