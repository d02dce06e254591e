// Time that passes when a test says so, and never by itself: hours in milliseconds, and the same every time.
import type { Clock } from '../../plant/driver.ts';

export type VirtualClock = Clock & {
  /** Does everything that is due until then, in order. */
  run(ms: number): Promise<void>;
  /** Sets what the wall clock says; what waits does not notice. */
  set(now: number): void;
};

type Waiting = { at: number; order: number; work: () => void };

/** What was started by hand ends within so many turns of the loop: streams of Node hand on over several. */
export function virtualClock(start = 1_800_000_000_000, turns = 1): VirtualClock {
  let elapsed = 0;
  let wall = start;
  let order = 0;
  const heap: Waiting[] = [];
  const settle = async () => {
    for (let n = 0; n < turns; n++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    now: () => wall + elapsed,
    monotonic: () => elapsed,
    set(now) {
      wall = now - elapsed;
    },
    after(ms, work) {
      const one: Waiting = { at: elapsed + Math.max(0, ms), order: order++, work };
      push(heap, one);
      return () => {
        one.work = () => {};
      };
    },
    async run(ms) {
      const end = elapsed + ms;
      await settle();
      for (let next = heap[0]; next !== undefined && next.at <= end; next = heap[0]) {
        pop(heap);
        elapsed = Math.max(elapsed, next.at);
        next.work();
        // What is due in the same instant still comes one after the other, with what each of them caused in between.
        await settle();
      }
      elapsed = end;
    },
  };
}

const before = (a: Waiting, b: Waiting) => a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Waiting[], one: Waiting): void {
  let at = heap.push(one) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(one, heap[parent] as Waiting)) break;
    heap[at] = heap[parent] as Waiting;
    at = parent;
  }
  heap[at] = one;
}

function pop(heap: Waiting[]): void {
  const last = heap.pop() as Waiting;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Waiting, heap[child] as Waiting)) child++;
    if (!before(heap[child] as Waiting, last)) break;
    heap[at] = heap[child] as Waiting;
    at = child;
  }
  heap[at] = last;
}
