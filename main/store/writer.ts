// The one place that opens a transaction. Changes run one after another, each in its own savepoint; all that wait at the
// same moment share one commit, so that one fsync acknowledges them together. Nobody is answered before it.
import type { Database } from './database.ts';
import { lostTransaction, storeError } from './faults.ts';

/** More than this in one commit would make the first one wait too long for its answer. */
const GROUP_CHANGES = 128;
const GROUP_MS = 20;

export type GroupHooks = {
  /** Start of a group: what is remembered of the log is read anew where others write too, or after a failure. */
  begin(stale: boolean): Promise<void>;
  /** Before a change: returns how to forget what it did. */
  mark(): () => void;
  /** Before the commit: writes down where the log now ends. */
  end(): Promise<void>;
};

type Job = { run(): Promise<unknown>; resolve(value: unknown): void; reject(error: unknown): void };
/** A job and how it is answered once the commit is on disk. */
type Ran = { job: Job; tell(): void };

export class Writer {
  private readonly database: Database;
  private readonly hooks: GroupHooks;
  private readonly queue: Job[] = [];
  private draining: Promise<void> | undefined;
  private stale = true;
  private closed: Error | undefined;

  constructor(database: Database, hooks: GroupHooks) {
    this.database = database;
    this.hooks = hooks;
  }

  /** Runs `work` inside a transaction; settles after it is committed, or undone as a whole. */
  enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(this.closed);
    return new Promise<T>((resolve, reject) => {
      this.queue.push({ run: work, resolve: resolve as (value: unknown) => void, reject });
      this.draining ??= this.drain();
    });
  }

  /** No new changes; those already handed in are committed first. */
  async close(reason: Error): Promise<void> {
    this.closed = reason;
    await this.draining;
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      // Let everything that happens in this turn of the loop join the group.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.group();
    }
    this.draining = undefined;
  }

  private async group(): Promise<void> {
    try {
      await this.database.writer.begin();
    } catch (error) {
      // Whoever waits behind would wait as long, for the same answer.
      await this.undo(this.queue.splice(0), error);
      return;
    }
    const jobs: Job[] = [];
    try {
      await this.hooks.begin(this.stale);
      this.stale = false;
      const answers = await this.runSome(jobs);
      await this.hooks.end();
      await this.database.writer.commit();
      for (const { tell } of answers) tell();
    } catch (error) {
      await this.undo(jobs.length > 0 ? jobs : this.queue.splice(0), error);
    }
  }

  /** Runs what waits, for a while. Each job it takes is noted in `taken` before anything is done for it. */
  private async runSome(taken: Job[]): Promise<Ran[]> {
    const answers: Ran[] = [];
    const started = performance.now();
    while (this.queue.length > 0 && taken.length < GROUP_CHANGES && performance.now() - started < GROUP_MS) {
      const job = this.queue.shift() as Job;
      taken.push(job);
      answers.push(await this.runOne(job));
    }
    return answers;
  }

  private async runOne(job: Job): Promise<Ran> {
    const { writer } = this.database;
    const forget = this.hooks.mark();
    await writer.savepoint();
    try {
      const value = await job.run();
      await writer.release();
      return { job, tell: () => job.resolve(value) };
    } catch (error) {
      forget();
      // Where the whole transaction is gone, the changes that ran before this one are gone with it.
      if (!writer.inTransaction()) throw lostTransaction(error);
      await writer.rollbackTo();
      return { job, tell: () => job.reject(storeError(error)) };
    }
  }

  /** Nothing of these jobs happened; a refusal one of them had earned may have been owed to what is undone now. */
  private async undo(jobs: readonly Job[], error: unknown): Promise<void> {
    this.stale = true;
    const { writer } = this.database;
    // Where the database refuses even this, the next begin will say so.
    if (writer.inTransaction()) await writer.rollback().catch(() => {});
    for (const job of jobs) job.reject(storeError(error));
  }
}
