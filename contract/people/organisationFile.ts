// A whole organisation as one file, for another station.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { stream } from '../procedure.ts';
import * as v from '../values.ts';

export const organisationFileStreams = {
  organisationFile: stream({
    summary: 'An organisation with everything of it, as lines of JSON: what an empty station can be filled with.',
    delivery: 'bytes',
    input: z.strictObject({ organisation: v.id }),
    needs: { permission: 'organisation.configure', at: (input) => ({ organisation: input.organisation }) },
    critical: true,
    value: z.never(),
    example: { organisation: EXAMPLE.organisation },
  }),
};
