// Work that takes longer than a person waits: seen with its progress, stopped when asked, taken up again after a restart.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { StationEvent } from '../../contract/index.ts';
import { type Author, type Store, station } from './index.ts';

/** Progress reaches the table at most this often; the screens hear of each step. */
const SAVE_MS = 1_000;
const MAX_ATTEMPTS = 3;
const AT_ONCE = 2;

export type TaskState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

export type TaskRow = {
  id: Id;
  kind: string;
  owner: Id | null;
  title: string;
  input: string;
  state: TaskState;
  progress: number | null;
  message: string;
  attempts: number;
  result: string | null;
  createdAt: number;
  endedAt: number | null;
};

export type TaskContext = {
  signal: AbortSignal;
  progress(fraction: number | null, message?: string): void;
  /** 1 the first time; more where an earlier try was cut short by a stop of the station. */
  attempt: number;
};

export type TaskKind<I> = {
  title: string;
  /** May begin again from nothing after a stop of the station. */
  repeatable: boolean;
  run(context: TaskContext, input: I): Promise<unknown>;
};

type Db = Kysely<{ task: TaskRow }>;

export type Tasks = {
  // biome-ignore lint/suspicious/noExplicitAny: each kind knows its own input
  define(kind: string, description: TaskKind<any>): void;
  start(author: Author, kind: string, input: unknown): Promise<Id>;
  /** Ends a waiting or running task. False where it had ended already. */
  cancel(author: Author, id: Id): Promise<boolean>;
  get(id: Id): Promise<TaskRow | undefined>;
  ofOwner(owner: Id | null): Promise<TaskRow[]>;
  /** Takes up what an earlier run of the station left. Called once, when every kind is defined. */
  resume(): Promise<void>;
  /** Stops what runs; what is repeatable goes on after the next start. */
  stop(): Promise<void>;
};

export function openTasks(store: Store, clock: () => number, onError: (error: unknown) => void): Tasks {
  const kinds = new Map<string, TaskKind<unknown>>();
  const running = new Map<Id, { abort: AbortController; ended: Promise<void>; live: Pick<TaskRow, 'progress' | 'message'> }>();
  const waiting: Id[] = [];
  let stopping = false;

  const read = () => store.read as Db;
  const tell = (task: Pick<TaskRow, 'id' | 'owner'>): StationEvent => ({ event: 'watch.taskChanged', task: task.id, owner: task.owner });
  const withLive = (row: TaskRow): TaskRow => ({ ...row, ...running.get(row.id)?.live });

  async function save(task: TaskRow, values: Partial<TaskRow>): Promise<void> {
    await store.change(station('watch.task'), async (tx) => {
      await (tx.db as Db).updateTable('task').set(values).where('id', '=', task.id).execute();
      tx.emit(tell(task));
    });
  }

  function pump(): void {
    while (!stopping && running.size < AT_ONCE && waiting.length > 0) {
      const id = waiting.shift() as Id;
      const abort = new AbortController();
      const live = { progress: null, message: '' };
      const ended = run(id, abort, live)
        .catch(onError)
        .finally(() => {
          running.delete(id);
          pump();
        });
      running.set(id, { abort, ended, live });
    }
  }

  async function run(id: Id, abort: AbortController, live: Pick<TaskRow, 'progress' | 'message'>): Promise<void> {
    const task = await read().selectFrom('task').selectAll().where('id', '=', id).executeTakeFirst();
    if (task === undefined || task.state !== 'waiting') return;
    const kind = kinds.get(task.kind);
    if (kind === undefined)
      return save(task, { state: 'failed', message: 'This version does not know this kind of task.', endedAt: clock() });
    const attempt = task.attempts + 1;
    await save(task, { state: 'running', attempts: attempt });

    let saved = clock();
    const progress: TaskContext['progress'] = (fraction, message) => {
      live.progress = fraction;
      if (message !== undefined) live.message = message;
      store.events.publish([tell(task)]);
      if (clock() - saved < SAVE_MS) return;
      saved = clock();
      save(task, { ...live }).catch(onError);
    };

    try {
      const result = await kind.run({ signal: abort.signal, progress, attempt }, JSON.parse(task.input));
      await save(task, { state: 'done', progress: 1, message: live.message, result: JSON.stringify(result ?? null), endedAt: clock() });
    } catch (error) {
      // Stopped with the station: it stays as it is, and resume() decides.
      if (stopping) return;
      const cancelled = abort.signal.aborted;
      if (!cancelled && !(error instanceof Refusal)) onError(error);
      await save(task, {
        state: cancelled ? 'cancelled' : 'failed',
        message: cancelled ? 'Stopped.' : (error as Error).message,
        endedAt: clock(),
      });
    }
  }

  return {
    define: (kind, description) => void kinds.set(kind, description),
    async start(author, kind, input) {
      const description = kinds.get(kind);
      if (description === undefined) throw new Error(`no task of kind ${kind}`);
      const id = await store.change(author, async (tx) => {
        const task = { id: tx.id(), owner: author.person };
        await (tx.db as Db)
          .insertInto('task')
          .values({
            ...task,
            kind,
            title: description.title,
            input: JSON.stringify(input),
            state: 'waiting',
            progress: null,
            message: '',
            attempts: 0,
            result: null,
            createdAt: tx.now(),
            endedAt: null,
          })
          .execute();
        tx.note(null);
        tx.emit(tell(task));
        return task.id;
      });
      waiting.push(id);
      pump();
      return id;
    },
    async cancel(author, id) {
      const task = await this.get(id);
      if (task === undefined) throw new Refusal('notFound', 'There is no such task.');
      if (task.state !== 'waiting' && task.state !== 'running') return false;
      await store.change(author, async (tx) => {
        tx.note(null);
        if (!running.has(id))
          await (tx.db as Db)
            .updateTable('task')
            .set({ state: 'cancelled', message: 'Stopped.', endedAt: tx.now() })
            .where('id', '=', id)
            .execute();
        tx.emit(tell(task));
      });
      running.get(id)?.abort.abort();
      return true;
    },
    async get(id) {
      const row = await read().selectFrom('task').selectAll().where('id', '=', id).executeTakeFirst();
      return row && withLive(row);
    },
    async ofOwner(owner) {
      const rows = await read()
        .selectFrom('task')
        .selectAll()
        .where('owner', owner === null ? 'is' : '=', owner)
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(50)
        .execute();
      return rows.map(withLive);
    },
    async resume() {
      const left = await read().selectFrom('task').selectAll().where('state', 'in', ['waiting', 'running']).orderBy('createdAt').execute();
      for (const task of left) {
        const again = kinds.get(task.kind)?.repeatable === true && task.attempts < MAX_ATTEMPTS;
        if (task.state === 'running' && !again) {
          await save(task, { state: 'failed', message: 'The station stopped while it ran.', endedAt: clock() });
          continue;
        }
        if (task.state === 'running') await save(task, { state: 'waiting', message: 'Starts again after a stop of the station.' });
        waiting.push(task.id);
      }
      pump();
    },
    async stop() {
      stopping = true;
      const all = [...running.values()];
      for (const { abort } of all) abort.abort();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}
