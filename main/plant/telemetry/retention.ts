// What may go: first told, then done. A file of chunks goes as a whole, when all of it is old enough, or when room is needed: the oldest first.
import type { FileRow } from './catalog.ts';
import type { Engine } from './engine.ts';
import { LEVELS } from './rollups.ts';

/** How long each is kept, in ms; for ever where it is left out. */
export type Keep = { raw?: number; minutes?: number; hours?: number };
export type RetentionRules = {
  classes: Record<string, Keep>;
  /** All of the telemetry together stays below; without a limit where it is left out. */
  mostBytes?: number;
};

export type Removal = {
  what: 'raw' | 'minutes' | 'hours';
  /** The class; all of them where room is needed for rollups. */
  class: string | undefined;
  why: 'age' | 'room';
  /** Nothing later than this goes. */
  to: number;
  from: number;
  bytes: number;
  /** Files of chunks, or blocks of rollups. */
  count: number;
};

export type RetentionPlan = { bytes: number; bytesAfter: number; removals: Removal[] };

type Step = Removal & { files: number[]; level: 0 | 1 };
/** Rows that are deleted in one transaction: a few milliseconds. */
const ROWS_AT_ONCE = 500;
const PAGES_AT_ONCE = 200;
const KINDS = ['minutes', 'hours'] as const;

export function plan(engine: Engine, rules: RetentionRules, now: number): RetentionPlan {
  const { bytes, steps } = stepsOf(engine, rules, now);
  const removals = steps.map(({ files: _, level: __, ...removal }) => removal);
  return { bytes, bytesAfter: bytes - removals.reduce((sum, one) => sum + one.bytes, 0), removals };
}

function stepsOf(engine: Engine, { classes, mostBytes }: RetentionRules, now: number): { bytes: number; steps: Step[] } {
  const files = engine.catalog.files().filter((file) => file.chunks > 0);
  const bytes = engine.bytes();
  const steps: Step[] = [];
  const kept = new Set(files);
  for (const [className, keep] of Object.entries(classes)) {
    const { raw } = keep;
    if (raw !== undefined) {
      const old = files.filter((file) => file.class === className && file.to < now - raw);
      if (old.length > 0) steps.push(rawStep(className, 'age', old));
      for (const file of old) kept.delete(file);
    }
    for (const [level, what] of KINDS.entries()) {
      const age = keep[what];
      if (age === undefined) continue;
      const before = now - age - (LEVELS[level] as (typeof LEVELS)[number]).window;
      const found = engine.catalog.blocksBefore(className, level, before);
      if (found.blocks === 0) continue;
      const { from, blocks, bytes: size } = found;
      steps.push({
        what,
        class: className,
        why: 'age',
        from: from ?? before,
        to: before,
        bytes: size,
        count: blocks,
        files: [],
        level: level as 0 | 1,
      });
    }
  }
  if (mostBytes !== undefined)
    steps.push(...forRoom(engine, [...kept], bytes - steps.reduce((sum, step) => sum + step.bytes, 0) - mostBytes));
  return { bytes, steps };
}

function rawStep(className: string, why: Removal['why'], files: readonly FileRow[]): Step {
  return {
    what: 'raw',
    class: className,
    why,
    from: Math.min(...files.map((file) => file.from)),
    to: Math.max(...files.map((file) => file.to)),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    count: files.length,
    files: files.map((file) => file.id),
    level: 0,
  };
}

/** Raw samples from the oldest on, whatever their class; then minutes, then hours. */
function forRoom(engine: Engine, files: readonly FileRow[], over: number): Step[] {
  let left = over;
  const steps: Step[] = [];
  const chosen: FileRow[] = [];
  for (const file of files.toSorted((a, b) => a.to - b.to)) {
    if (left <= 0) break;
    chosen.push(file);
    left -= file.bytes;
  }
  for (const className of new Set(chosen.map((file) => file.class)))
    steps.push(
      rawStep(
        className,
        'room',
        chosen.filter((file) => file.class === className),
      ),
    );
  for (const [level, what] of KINDS.entries()) {
    if (left <= 0) break;
    let [bytes, count, from, to] = [0, 0, 0, 0];
    for (const block of engine.catalog.blockTimes(level)) {
      if (left <= 0) break;
      if (count === 0) from = block.start;
      to = block.start + 1;
      bytes += block.bytes;
      count += block.blocks;
      left -= block.bytes;
    }
    if (count > 0) steps.push({ what, class: undefined, why: 'room', from, to, bytes, count, files: [], level: level as 0 | 1 });
  }
  return steps;
}

/** Does what `plan` says now, a little at a time: between two turns whoever waits goes first. Gives the plan that was carried out. */
export function* carryOut(engine: Engine, rules: RetentionRules, now: number): Generator<undefined, RetentionPlan> {
  const told = plan(engine, rules, now);
  for (const id of engine.catalog.doomed()) yield* removeFile(engine, id);
  for (const step of stepsOf(engine, rules, now).steps) {
    for (const id of step.files) {
      engine.files.close(id);
      engine.catalog.transaction(() => engine.catalog.doom(id));
      yield* removeFile(engine, id);
    }
    if (step.what !== 'raw') yield* removeBlocks(engine, step);
  }
  for (let before = Number.POSITIVE_INFINITY, free = engine.catalog.freePages(); free > 0 && free < before; ) {
    engine.catalog.giveBack(PAGES_AT_ONCE);
    before = free;
    free = engine.catalog.freePages();
    yield;
  }
  return told;
}

function* removeFile(engine: Engine, id: number): Generator<undefined, void> {
  for (;;) {
    const gone = engine.catalog.transaction(() => engine.catalog.forgetChunks(id, ROWS_AT_ONCE));
    for (const { series, to } of gone) engine.rawDeleted(series, to);
    yield;
    if (gone.length < ROWS_AT_ONCE) break;
  }
  engine.files.remove(id);
  engine.catalog.transaction(() => engine.catalog.forgetFile(id));
}

function* removeBlocks(engine: Engine, { class: className, level, to }: Step): Generator<undefined, void> {
  // First: what comes late from now on only adds to the hours.
  if (level === 0) engine.catalog.transaction(() => engine.forgetMinutes(className, to));
  while (engine.catalog.transaction(() => engine.catalog.forgetBlocks(className, level, to, ROWS_AT_ONCE)) === ROWS_AT_ONCE) yield;
}
