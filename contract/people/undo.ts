// Taking back one's own last change.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, ownAccount, question } from '../procedure.ts';
import * as v from '../values.ts';
import { change } from './audit.ts';

const lastChange = z.object({
  change: v.id,
  at: v.time,
  action: z.string().describe('The command; where something was taken back already, the one that would be done again.'),
  again: z.boolean().describe('It was taken back already: to undo is to do it again.'),
  records: z.array(z.object({ entity: z.string(), id: z.string(), name: z.string().nullable() })),
  changes: z.array(change),
});
export type LastChange = z.infer<typeof lastChange>;

export const undo = {
  lastChange: question({
    summary: 'What of mine can be undone: my last change of those that can be, if there is one.',
    input: v.nothing,
    needs: ownAccount,
    personal: true,
    output: z.object({ last: lastChange.nullable() }),
    example: {},
  }),
  undo: command({
    summary: 'Undo my last change, by its name. Not where somebody has changed the same since; to undo that once more is to do it again.',
    input: z.strictObject({ change: v.id, opId: v.opId }),
    needs: ownAccount,
    output: v.nothing,
    example: { change: EXAMPLE.change },
  }),
};
