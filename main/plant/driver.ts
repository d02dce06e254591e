// What a driver is to the rest of the plant. It knows devices and tags; it knows nothing of stores, people or screens. docs/drivers.md shows how to add one.
import type { z } from 'zod';
import type { Ports } from './bus/ports.ts';
import type { Scale, Value } from './registers.ts';

/** Time comes in from outside: a test runs on one of its own. */
export type Clock = {
  /** Milliseconds since 1970, as the station's own clock has them; may be set, forward or back. */
  now(): number;
  /** Milliseconds that only grow; everything that waits or measures counts in these. */
  monotonic(): number;
  /** Does something later; the answer undoes that. */
  after(ms: number, work: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

export type Quality = 'good' | 'uncertain' | 'bad';
/** `time` is when the device said it, in milliseconds. A value that is not good says why, in words; a bad one is null. */
export type Sample = { tag: string; time: number; value: Value | null; quality: Quality; reason?: string };

/** `settings` and `address` have gone through the driver's schemas. `scan` is in milliseconds; without one nothing is polled. */
export type DeviceSettings<D> = { id: string; settings: D };
export type TagSettings<A> = { id: string; device: string; address: A; scale?: Scale | undefined; scan?: number | undefined };
/** Something in the configuration that cannot be: nothing of it was taken. */
export type Problem = { device?: string; tag?: string; message: string };

export type WriteOutcome =
  /** Written, read back, and equal. */
  | { outcome: 'confirmed'; sample: Sample }
  /** Written, read back, and not equal; or the device said no. */
  | { outcome: 'failed'; message: string; sample?: Sample }
  /** Never sent: the value or the tag does not allow it. */
  | { outcome: 'refused'; message: string }
  /** Sent, and nobody knows: no answer, and nothing could be read back. */
  | { outcome: 'unknown'; message: string };

export type DeviceHealth = {
  device: string;
  state: 'unknown' | 'up' | 'failing' | 'down';
  /** The last failure in words. */
  reason?: string;
  requests: number;
  replies: number;
  exceptions: number;
  timeouts: number;
  garbled: number;
  consecutiveFailures: number;
  /** Readings that were due while the one before was still on its way. */
  overruns: number;
  /** Smoothed; absent before the first reply. */
  roundTripMs?: number;
  lastReplyAt?: number;
};

export type LineHealth = {
  line: string;
  state: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';
  reason?: string;
  requests: number;
  replies: number;
  timeouts: number;
  garbled: number;
  /** Bytes or frames that nobody asked for. */
  strays: number;
  connects: number;
  queued: number;
  /** Part of the time since the line was opened that it was busy. */
  utilisation: number;
  /** Part of the time that the plan needs, worked out; above 1 it cannot be done. Absent for a line that tells by itself. */
  planned?: { utilisation: number; verdict: 'fits' | 'tight' | 'overcommitted'; message: string };
};

export type Frame = { time: number; device?: string; direction: 'sent' | 'received' | 'note'; hex: string; meaning: string };

export type Line<D, A, R> = {
  /** Takes devices and tags in place of those it had, or none of them. What stays the same goes on undisturbed. */
  configure(devices: readonly DeviceSettings<D>[], tags: readonly TagSettings<A>[]): Problem[];
  /** Asks the devices now. One sample for each tag, in the same order. */
  read(tags: readonly string[]): Promise<Sample[]>;
  write(tag: string, value: Value): Promise<WriteOutcome>;
  /** What lies at any place, for technicians. Rejects with the reason in words. */
  peek(device: string, range: R): Promise<number[]>;
  /** Writes to any place, for technicians; rejects like `peek`. */
  poke(device: string, range: R, values: readonly number[]): Promise<void>;
  /** The latest of each tag: all samples of one request change together. */
  readonly image: ReadonlyMap<string, Sample>;
  /** All samples of one request come in one piece. */
  subscribe(listener: (samples: readonly Sample[]) => void): () => void;
  devices(): DeviceHealth[];
  health(): LineHealth;
  /** The last frames, oldest first. */
  trace(): Frame[];
  /** What a device taught by refusing, to be kept and given back in its settings. */
  learned(device: string): unknown;
  close(): Promise<void>;
};

export type Tools = { clock: Clock; ports: Ports };

/** Where a value lies, as far as others can: so many cells of one table, from the first on. */
export type Span = { table: string; from: number; count: number };

export type Driver<C, D, A, R = never> = {
  name: string;
  connection: z.ZodType<C>;
  device: z.ZodType<D>;
  address: z.ZodType<A>;
  /** Of values that have an extent: two that overlap by a part are a mistake in the configuration. */
  span?(address: A): Span;
  /** Devices whose connections give the same text share one line. */
  line(connection: C): string;
  open(connection: C, tools: Tools): Line<D, A, R>;
};
