// Seeing the station as somebody else does: nothing can be changed meanwhile, and it is written down.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, ownAccount } from '../procedure.ts';
import * as v from '../values.ts';

export const views = {
  seeAs: command({
    summary:
      'See what another person sees, for half an hour: a session of one’s own that answers with the rights both have, and carries nothing out.',
    input: z.strictObject({
      person: v.id,
      organisation: v.id.optional().describe('Only this organisation’s part. Left out: everything, for platform administrators.'),
    }),
    needs: {
      permission: 'organisation.people',
      at: (input) => (input.organisation === undefined ? 'platform' : { organisation: input.organisation }),
    },
    critical: true,
    output: z.object({ token: z.string().describe('Send it as “Authorization: Bearer …”. One’s own stays good.'), until: v.time }),
    example: { person: EXAMPLE.viewer, organisation: EXAMPLE.organisation },
  }),
  endSeeAs: command({
    summary: 'Stop seeing the station as somebody else: asked with the token that was given for it.',
    input: v.nothing,
    needs: ownAccount,
    endsView: true,
    output: v.nothing,
    example: {},
  }),
};
