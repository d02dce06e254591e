// Updates of the program, as the host offers them. The station judges who may ask.
import type { Procedures, Station } from '../area.ts';

export function updateProcedures({ platform: { updates } }: Station): Pick<Procedures<'watch'>, 'updates' | 'update'> {
  return {
    updates: async () => ({ state: updates ? await updates.state() : { kind: 'off', why: 'noHost' } }),
    update: async ({ step }) => ({ answer: updates ? await updates.go(step) : 'notReady' }),
  };
}
