// What is done again and again, each at its own pace, counted on a clock that nobody sets. What was missed is not made up for.
import type { Clock } from '../driver.ts';

export type Repeated = {
  /** What stays under its key keeps its beat. */
  key: string;
  period: number;
  offset: number;
  /** `missed`: so many times it should have run since the last time, and did not. */
  run(missed: number): void;
};

export class Schedule {
  private readonly clock: Clock;
  private entries: { what: Repeated; due: number }[] = [];
  private cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  set(all: readonly Repeated[]): void {
    const now = this.clock.monotonic();
    const present = new Map(this.entries.map(({ what, due }) => [what.key, due]));
    this.entries = all.map((what) => ({ what, due: present.get(what.key) ?? now + what.offset }));
    this.arm();
  }

  stop(): void {
    this.entries = [];
    this.cancel?.();
    this.cancel = undefined;
  }

  private arm(): void {
    this.cancel?.();
    this.cancel = undefined;
    let first = Number.POSITIVE_INFINITY;
    for (const { due } of this.entries) first = Math.min(first, due);
    if (first < Number.POSITIVE_INFINITY) this.cancel = this.clock.after(Math.max(0, first - this.clock.monotonic()), () => this.tick());
  }

  private tick(): void {
    this.cancel = undefined;
    const now = this.clock.monotonic();
    // What runs may change the schedule.
    for (const entry of [...this.entries]) {
      if (entry.due > now) continue;
      const missed = Math.floor((now - entry.due) / entry.what.period);
      entry.due += (missed + 1) * entry.what.period;
      entry.what.run(missed);
    }
    this.arm();
  }
}
