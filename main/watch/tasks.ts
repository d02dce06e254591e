// Running things, as their owner sees them.
import { Refusal } from '../../contract/errors.ts';
import type { Task } from '../../contract/watch.ts';
import type { Procedures, StateSource, Station } from '../area.ts';
import type { TaskRow } from '../store/tasks.ts';

const shown = ({ id, kind, owner, title, state, progress, message, attempts, createdAt, endedAt }: TaskRow): Task => ({
  id,
  kind,
  owner,
  title,
  state,
  progress,
  message,
  attempts,
  createdAt,
  endedAt,
});

export function taskProcedures({ tasks }: Station): Pick<Procedures<'watch'>, 'listTasks' | 'cancelTask'> {
  return {
    listTasks: async (_, { caller }) => ({ tasks: (await tasks.ofOwner(caller.person)).map(shown) }),
    async cancelTask(input, { caller }) {
      const task = await tasks.get(input.task);
      if (task === undefined || task.owner !== caller.person) throw new Refusal('notFound', 'There is no such task of yours.');
      if (!(await tasks.cancel(caller.author, input.task))) throw new Refusal('conflict', 'This task has ended already.');
      return {};
    },
  };
}

export function taskStream({ store, tasks }: Station, person: string): StateSource<Task> {
  return {
    async read(keys) {
      const rows = await tasks.ofOwner(person);
      return new Map(rows.filter((row) => keys?.has(row.id) ?? true).map((row) => [row.id, shown(row)]));
    },
    watch: (changed) =>
      store.events.on('watch.taskChanged', (event) => {
        if (event.owner === person) changed(event.task);
      }),
  };
}
