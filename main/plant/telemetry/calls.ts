// What the two sides of the thread say to each other.
import type { ErrorCode } from '../../../contract/errors.ts';
import type { Damage, EngineOptions, SeriesWanted } from './engine.ts';
import type { Answer, Question } from './reading.ts';
import type { RetentionPlan, RetentionRules } from './retention.ts';
import type { Batch, Columns } from './sample.ts';

export type ThreadOptions = EngineOptions & {
  /** A batch waits at most so long for others to be flushed together with it. */
  groupMs?: number;
};

export type Status = {
  /** Samples in the log that are in no chunk yet. */
  waiting: number;
  logBytes: number;
  bytes: number;
  /** Why the last batch was refused, or why nothing is sealed; it goes on by itself. */
  trouble?: { code: ErrorCode; message: string; data?: Record<string, unknown> | undefined };
  damage: Damage[];
};

export type Ingested = {
  taken: number;
  /** Were here already. */
  known: number;
  /** By their place among those given. */
  refused: { place: number; why: string }[];
};

export type ExportPage = {
  epoch: number;
  columns: Columns;
  /** From 0 to 1. */
  progress: number;
};

/** Where the next page begins. */
export type Cursor = { epoch: number; from: number };
export type PageWanted = {
  tag: string;
  epochs?: readonly number[] | undefined;
  from: number;
  to: number;
  at: Cursor | undefined;
  most: number;
};
export type PageGiven = { epoch: number; columns: Columns; next: Cursor | undefined };

/** Every question, and what comes back. */
export type Calls = {
  series: [wanted: readonly SeriesWanted[], given: number[]];
  append: [wanted: Batch, given: undefined];
  seal: [wanted: undefined, given: undefined];
  ingest: [wanted: { chunks: readonly Uint8Array[]; as: Pick<SeriesWanted, 'class' | 'period'> }, given: Ingested];
  sealed: [wanted: { incarnation: string; after: number; most: number }, given: Uint8Array[]];
  query: [wanted: Question, given: Answer];
  page: [wanted: PageWanted, given: PageGiven | undefined];
  plan: [wanted: { rules: RetentionRules; now: number }, given: RetentionPlan];
  retain: [wanted: { rules: RetentionRules; now: number }, given: RetentionPlan];
  status: [wanted: undefined, given: Status];
  close: [wanted: undefined, given: undefined];
};
export type Call = keyof Calls;

export type Asked = { [C in Call]: { id: number; call: C; wanted: Calls[C][0] } }[Call];
export type Answered =
  | { id: number; given: unknown }
  | { id: number; refused: { code: ErrorCode; message: string; data?: Record<string, unknown> | undefined } };
