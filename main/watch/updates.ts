// Updates of the program, as the host offers them. The station judges who may ask, and writes down what was asked for.
import type { Procedures, Station } from '../area.ts';

export function updateProcedures({ store, platform: { updates } }: Station): Pick<Procedures<'watch'>, 'updates' | 'update'> {
  return {
    updates: async () => ({ state: updates ? await updates.state() : { kind: 'off', why: 'noHost' } }),
    async update({ step }, { caller }) {
      if (updates === undefined) return { answer: 'notReady' };
      // Before it is done: an installation may end this process.
      await store.change(caller.author, async (tx) => tx.note(`Asked for: ${step}.`));
      return { answer: await updates.go(step) };
    },
  };
}
