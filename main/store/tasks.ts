// Work that takes longer than a person waits: seen with its progress, stopped when asked, taken up again after a restart.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { StationEvent } from '../../contract/index.ts';
import type { AuditChange } from './audit.ts';
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
type Live = Pick<TaskRow, 'progress' | 'message'>;

export type Tasks = {
  // biome-ignore lint/suspicious/noExplicitAny: each kind knows its own input
  define(kind: string, description: TaskKind<any>): void;
  /** `about`: the records it is for, as the audit shall name them. */
  start(author: Author, kind: string, input: unknown, about?: AuditChange[]): Promise<Id>;
  /** Ends a waiting or running task. False where it had ended already. */
  cancel(author: Author, id: Id): Promise<boolean>;
  get(id: Id): Promise<TaskRow | undefined>;
  ofOwner(owner: Id | null): Promise<TaskRow[]>;
  /** What runs or waits, of all owners. */
  underWay(): Promise<TaskRow[]>;
  /** Takes up what an earlier run of the station left. Called once, when every kind is defined. */
  resume(): Promise<void>;
  /** Stops what runs; what is repeatable goes on after the next start. */
  stop(): Promise<void>;
};

export function openTasks(store: Store, clock: () => number, onError: (error: unknown) => void): Tasks {
  const kinds = new Map<string, TaskKind<unknown>>();
  const running = new Map<Id, { abort: AbortController; ended: Promise<void>; live: Live }>();
  const waiting: Id[] = [];
  let stopping = false;

  const read = () => store.read as Db;
  const tell = (task: Pick<TaskRow, 'id' | 'owner'>): StationEvent => ({ event: 'watch.taskChanged', task: task.id, owner: task.owner });
  const withLive = (row: TaskRow): TaskRow => ({ ...row, ...(row.state === 'running' && running.get(row.id)?.live) });

  /** Where the task is still in the state it is thought to be in; false where it is not. */
  const save = (task: TaskRow, from: TaskState | undefined, values: Partial<TaskRow>): Promise<boolean> =>
    store.change(station('watch.task'), async (tx) => {
      let update = (tx.db as Db).updateTable('task').set(values).where('id', '=', task.id);
      if (from !== undefined) update = update.where('state', '=', from);
      const saved = (await update.executeTakeFirst()).numUpdatedRows > 0n;
      if (saved) tx.emit(tell(task));
      return saved;
    });

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

  /** Once each: what is queued or running already is not queued again. */
  function queue(id: Id): void {
    if (!running.has(id) && !waiting.includes(id)) waiting.push(id);
  }

  async function run(id: Id, abort: AbortController, live: Live): Promise<void> {
    const task = await read().selectFrom('task').selectAll().where('id', '=', id).executeTakeFirst();
    if (task === undefined) return;
    const kind = kinds.get(task.kind);
    if (kind === undefined) {
      await save(task, 'waiting', { state: 'failed', message: 'This version does not know this kind of task.', endedAt: clock() });
      return;
    }
    const attempt = task.attempts + 1;
    if (!(await save(task, 'waiting', { state: 'running', attempts: attempt }))) return;
    const end = await outcome(task, kind, { signal: abort.signal, progress: progressOf(task, live), attempt });
    // What was done was done, also where a person had meanwhile asked to stop it.
    if (end !== undefined) await save(task, end.state === 'done' ? undefined : 'running', { ...end, endedAt: clock() });
    else store.events.publish([tell(task)]);
  }

  /** How it went; nothing where it was stopped: by a person, then its state says so, or with the station, then resume() decides. */
  async function outcome(task: TaskRow, kind: TaskKind<unknown>, context: TaskContext): Promise<Partial<TaskRow> | undefined> {
    try {
      context.signal.throwIfAborted();
      const result = await kind.run(context, JSON.parse(task.input));
      return { state: 'done', progress: 1, message: running.get(task.id)?.live.message ?? '', result: JSON.stringify(result ?? null) };
    } catch (error) {
      if (context.signal.aborted) return undefined;
      if (!(error instanceof Refusal)) onError(error);
      return { state: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }

  function progressOf(task: TaskRow, live: Live): TaskContext['progress'] {
    let saved = clock();
    return (fraction, message) => {
      live.progress = fraction === null || !Number.isFinite(fraction) ? null : Math.min(1, Math.max(0, fraction));
      if (message !== undefined) live.message = message;
      store.events.publish([tell(task)]);
      if (clock() - saved < SAVE_MS) return;
      saved = clock();
      save(task, 'running', { ...live }).catch(onError);
    };
  }

  return {
    define: (kind, description) => void kinds.set(kind, description),
    async start(author, kind, input, about) {
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
            input: JSON.stringify(input ?? null),
            state: 'waiting',
            progress: null,
            message: '',
            attempts: 0,
            result: null,
            createdAt: tx.now(),
            endedAt: null,
          })
          .execute();
        tx.note(null, about);
        tx.emit(tell(task));
        return task.id;
      });
      queue(id);
      pump();
      return id;
    },
    async cancel(author, id) {
      const task = await this.get(id);
      if (task === undefined) throw new Refusal('notFound', 'There is no such task.');
      // Written down before it is stopped: a station that dies in between does not take it up again.
      const stopped = await store.change(author, async (tx) => {
        const { numUpdatedRows } = await (tx.db as Db)
          .updateTable('task')
          .set({ state: 'cancelled', message: 'Stopped.', endedAt: tx.now() })
          .where('id', '=', id)
          .where('state', 'in', ['waiting', 'running'])
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return false;
        tx.note(null);
        tx.emit(tell(task));
        return true;
      });
      if (stopped) running.get(id)?.abort.abort();
      return stopped;
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
    async underWay() {
      const rows = await read().selectFrom('task').selectAll().where('state', 'in', ['waiting', 'running']).orderBy('createdAt').execute();
      return rows.map(withLive);
    },
    async resume() {
      const left = await read()
        .selectFrom('task')
        .selectAll()
        .where('state', 'in', ['waiting', 'running'])
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      for (const task of left) {
        if (running.has(task.id)) continue;
        const again = kinds.get(task.kind)?.repeatable === true && task.attempts < MAX_ATTEMPTS;
        if (task.state === 'running' && !again) {
          await save(task, 'running', { state: 'failed', message: 'The station stopped while it ran.', endedAt: clock() });
          continue;
        }
        if (task.state === 'running')
          await save(task, 'running', { state: 'waiting', message: 'Starts again after a stop of the station.' });
        queue(task.id);
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
