// The one place that opens a transaction. Changes run one after another, each in its own savepoint; all that wait at the
// same moment share one commit, so that one fsync acknowledges them together. Nobody is answered before it.
import type { Database } from './database.ts';
import { storeError } from './faults.ts';

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
type Done = { job: Job; value: unknown };

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
    // Let everything that happens in this turn of the loop join the first group.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      await this.group();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.draining = undefined;
  }

  private async group(): Promise<void> {
    const { writer } = this.database;
    const done: Done[] = [];
    const failAll = async (error: unknown) => {
      this.stale = true;
      // Already gone where the database dropped the transaction itself; nothing more can be done where it refuses.
      if (writer.inTransaction()) await writer.rollback().catch(() => {});
      for (const { job } of done) job.reject(storeError(error));
    };
    try {
      await writer.begin();
      await this.hooks.begin(this.stale);
      this.stale = false;
    } catch (error) {
      await failAll(error);
      this.queue.shift()?.reject(storeError(error));
      return;
    }
    const started = performance.now();
    while (this.queue.length > 0 && done.length < GROUP_CHANGES && performance.now() - started < GROUP_MS) {
      const job = this.queue.shift() as Job;
      const forget = this.hooks.mark();
      try {
        await writer.savepoint();
        const value = await job.run();
        await writer.release();
        done.push({ job, value });
      } catch (error) {
        forget();
        job.reject(storeError(error));
        try {
          if (!writer.inTransaction()) throw error;
          await writer.rollbackTo();
        } catch (lost) {
          // The whole transaction is gone, and with it the changes that ran before this one.
          await failAll(lost);
          return;
        }
      }
    }
    try {
      await this.hooks.end();
      await writer.commit();
    } catch (error) {
      await failAll(error);
      return;
    }
    for (const { job, value } of done) job.resolve(value);
  }
}
