// sync: sites and hub meeting again. Until a hub is joined, this station is its own authority and says so.
import { z } from 'zod';
import { area, ownSession, question } from './procedure.ts';
import * as v from './values.ts';

export const sync = area('sync', {
  status: question({
    summary: 'What this station has recorded, and what waits to be sent.',
    input: v.nothing,
    needs: ownSession,
    output: z.object({
      incarnation: v.id,
      recorded: z.int().describe('Operations in the change log.'),
      waiting: z.int().describe('Operations no authority has confirmed yet.'),
      hub: z.null().describe('No hub is joined.'),
    }),
    example: {},
  }),
});

export const syncStreams = {};
