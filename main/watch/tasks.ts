// Running things, as their owner sees them.
import { Refusal } from '../../contract/errors.ts';
import type { Task } from '../../contract/watch.ts';
import type { Procedures, StateSource, Station } from '../area.ts';
import type { Author } from '../store/index.ts';
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

/**
 * Tasks are put in and stopped by changes of their own, whose values are not what a procedure answers. So the command is
 * written down once more, with its answer: repeated under its opId it is not carried out again.
 */
export async function answeredOnce<T>({ store }: Station, author: Author, work: (author: Author) => Promise<T>): Promise<T> {
  if (author.opId === undefined) return work(author);
  const answer = await work({ ...author, opId: undefined });
  return store.change(author, async () => answer);
}

export function taskProcedures(station: Station): Pick<Procedures<'watch'>, 'listTasks' | 'cancelTask'> {
  const { tasks } = station;
  return {
    listTasks: async (_, { caller }) => ({ tasks: (await tasks.ofOwner(caller.person)).map(shown) }),
    async cancelTask(input, { caller }) {
      const task = await tasks.get(input.task);
      if (task === undefined || task.owner !== caller.person) throw new Refusal('notFound', 'There is no such task of yours.');
      return answeredOnce(station, caller.author, async (author) => {
        if (!(await tasks.cancel(author, input.task))) throw new Refusal('conflict', 'This task has ended already.');
        return {};
      });
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
