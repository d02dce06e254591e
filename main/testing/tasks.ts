// Tasks in a test's hand: a kind that waits until the test says how it goes on, and when any has come to its end.
import type { TaskContext, TaskRow, TaskState } from '../store/tasks.ts';
import type { TestStation } from './station.ts';

export type HeldRun = { context: TaskContext; input: unknown; end: (result?: unknown) => void; fail: (error: unknown) => void };

/** Describes the kind “held” to the station. `begun` gives the n-th run, once it has begun. */
export function defineHeld({ station }: TestStation): { begun(n: number): Promise<HeldRun> } {
  const runs: HeldRun[] = [];
  const wakes: (() => void)[] = [];
  station.tasks.define('held', {
    title: 'Held',
    repeatable: false,
    run: (context, input: unknown) =>
      new Promise((resolve, reject) => {
        context.signal.addEventListener('abort', () => reject(context.signal.reason));
        runs.push({ context, input, end: resolve, fail: reject });
        for (const wake of wakes.splice(0)) wake();
      }),
  });
  return {
    async begun(n) {
      while (runs.length < n) await new Promise<void>((resolve) => wakes.push(resolve));
      return runs[n - 1] as HeldRun;
    },
  };
}

/** Whoever starts it, as a procedure of the station would. */
export const startHeld = ({ station }: TestStation, person: string | null, input: unknown = {}) =>
  station.tasks.start({ person, session: null, action: 'test.start', from: 'test', organisation: null, site: null }, 'held', input);

/** Resolves with the task when it is in this state; each change of a task is told. */
export async function reaches({ station, store }: TestStation, id: string, state: TaskState): Promise<TaskRow> {
  const { promise, resolve } = Promise.withResolvers<TaskRow>();
  const look = async () => {
    const task = await station.tasks.get(id);
    if (task?.state === state) resolve(task);
  };
  const stop = store.events.on('watch.taskChanged', (event) => {
    if (event.task === id) void look();
  });
  await look();
  return promise.finally(stop);
}
