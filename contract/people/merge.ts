// Two accounts of the same human made one.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, question } from '../procedure.ts';
import * as v from '../values.ts';
import { grant, teamRole } from './shapes.ts';

const account = z.object({ id: v.id, name: z.string(), email: z.string() });

export const merge = {
  mergePreview: question({
    summary: 'What merging two accounts would move and end. Changes nothing; refuses as the merging would.',
    input: z.strictObject({ from: v.id, into: v.id }),
    needs: { permission: 'platform.administer', at: () => 'platform' },
    output: z.object({
      from: account,
      into: account,
      organisations: z.array(z.string()).describe('Names of those that come to know the person by the other account.'),
      roles: z.array(grant.pick({ role: true, at: true }).extend({ where: z.string().describe('Empty for the whole platform.') })),
      teams: z.array(z.object({ name: z.string(), role: teamRole })),
      preferences: z.array(z.string()),
      sessions: z.int().describe('So many end.'),
      hasPassword: z.boolean(),
      hasSecondFactor: z.boolean(),
    }),
    example: { from: EXAMPLE.viewer, into: EXAMPLE.admin },
  }),
  mergePeople: command({
    summary:
      'Make two accounts of the same human one: what “from” has and “into” lacks goes over, and nobody signs in as “from” any more. There is no way back.',
    input: z.strictObject({ from: v.id, into: v.id, opId: v.opId }),
    needs: { permission: 'platform.administer', at: () => 'platform' },
    critical: true,
    output: v.nothing,
    example: { from: EXAMPLE.viewer, into: EXAMPLE.admin },
  }),
};
