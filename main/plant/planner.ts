// From tags to requests. Pure: the same tags, limits and lessons give the same plan. A value is never split over two requests.
import { isBitTable, type Table } from './registers.ts';

export type Wanted = {
  tag: string;
  table: Table;
  address: number;
  /** Registers, or bits of a coil or discrete table. */
  width: number;
  /** How often, in milliseconds. */
  period: number;
};

export type Limits = {
  /** Of one request. The protocol allows 125 and 2000; some devices less. */
  registers: number;
  bits: number;
  /** So many that nobody wants are read along, where that saves a request. */
  gapRegisters: number;
  gapBits: number;
};

export const LIMITS: Limits = { registers: 125, bits: 2000, gapRegisters: 16, gapBits: 256 };

type Span = { table: Table; address: number; width: number };

/** What the device taught by its refusals. Plain data, to be kept and given back. */
export type Learned = {
  /** No request reaches over the place before this address. `gap`: what lies before it is not there to be read. */
  cuts: { table: Table; address: number; gap: boolean }[];
  /** Nothing is there: no request touches it, and what asks for it is asked for alone and seldom. */
  illegal: Span[];
};

export const NOTHING_LEARNED: Learned = { cuts: [], illegal: [] };

export type PlannedRequest = Span & {
  period: number;
  /** The first one is due so long after the start; requests of one device do not all come at once. */
  offset: number;
  tags: string[];
  /** Known as not to be there: only looked for now and then. */
  illegal: boolean;
};

/** What is not there is looked for again so seldom. */
export const ILLEGAL_PERIOD_MS = 600_000;

export function plan(wanted: readonly Wanted[], limits: Limits = LIMITS, learned: Learned = NOTHING_LEARNED): PlannedRequest[] {
  const groups = new Map<string, Wanted[]>();
  for (const one of wanted) {
    const key = `${one.table} ${one.period}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return staggered([...groups.values()].flatMap((group) => requestsOf(group, limits, learned)));
}

function requestsOf(group: Wanted[], limits: Limits, learned: Learned): PlannedRequest[] {
  const sorted = group.toSorted((a, b) => a.address - b.address || a.width - b.width || (a.tag < b.tag ? -1 : 1));
  const requests: PlannedRequest[] = [];
  let open: PlannedRequest | undefined;
  for (const one of sorted) {
    const illegal = learned.illegal.some((span) => overlaps(span, one));
    if (open !== undefined && !illegal && !open.illegal && joins(open, one, limits, learned)) {
      open.width = Math.max(open.address + open.width, one.address + one.width) - open.address;
      open.tags.push(one.tag);
      continue;
    }
    // The same place under another name is the same request, even where nothing is.
    if (open?.illegal && open.address === one.address && open.width === one.width) {
      open.tags.push(one.tag);
      continue;
    }
    open = {
      table: one.table,
      address: one.address,
      width: one.width,
      period: illegal ? Math.max(ILLEGAL_PERIOD_MS, one.period) : one.period,
      offset: 0,
      tags: [one.tag],
      illegal,
    };
    requests.push(open);
  }
  return requests;
}

const endOf = (span: Span) => span.address + span.width;
const overlaps = (a: Span, b: Span) => a.table === b.table && a.address < endOf(b) && b.address < endOf(a);

function joins(open: Span, one: Span, limits: Limits, learned: Learned): boolean {
  const bits = isBitTable(one.table);
  const end = Math.max(endOf(open), endOf(one));
  if (end - open.address > (bits ? limits.bits : limits.registers)) return false;
  if (one.address - endOf(open) > (bits ? limits.gapBits : limits.gapRegisters)) return false;
  const joint = { table: one.table, address: open.address, width: end - open.address };
  return (
    !learned.illegal.some((span) => overlaps(span, joint)) &&
    !learned.cuts.some((cut) => cut.table === joint.table && cut.address > joint.address && cut.address < end && cut.address >= endOf(open))
  );
}

/** Requests of one period begin spread over it: a device is not asked for everything in the same instant. */
function staggered(requests: PlannedRequest[]): PlannedRequest[] {
  const counts = new Map<number, number>();
  for (const { period } of requests) counts.set(period, (counts.get(period) ?? 0) + 1);
  const placed = new Map<number, number>();
  for (const request of requests) {
    const n = placed.get(request.period) ?? 0;
    placed.set(request.period, n + 1);
    request.offset = Math.floor((request.period * n) / (counts.get(request.period) as number));
  }
  return requests;
}

/**
 * A request was refused as asking for an address that is not there: cut it at its widest gap, or in the middle between two values.
 * Where it was one value alone, that is not there.
 */
export function learn(learned: Learned, refused: PlannedRequest, wanted: readonly Wanted[]): Learned {
  const tags = new Set(refused.tags);
  const inside = wanted.filter((one) => tags.has(one.tag)).toSorted((a, b) => a.address - b.address);
  const cut = cutOf(inside);
  if (cut !== undefined) return { ...learned, cuts: [...learned.cuts, { table: refused.table, ...cut }] };
  if (learned.illegal.some((span) => overlaps(span, refused))) return learned;
  const { table, address, width } = refused;
  // The cuts that led here were not to blame; those at gaps may still be.
  return { cuts: learned.cuts.filter((one) => one.table !== table || one.gap), illegal: [...learned.illegal, { table, address, width }] };
}

function cutOf(inside: Wanted[]): { address: number; gap: boolean } | undefined {
  let end = 0;
  const places: { address: number; gap: number }[] = [];
  for (const one of inside) {
    if (places.length === 0 && end === 0) end = endOf(one);
    else if (one.address >= end) places.push({ address: one.address, gap: one.address - end });
    end = Math.max(end, endOf(one));
  }
  if (places.length === 0) return undefined;
  const widest = places.reduce((a, b) => (b.gap > a.gap ? b : a));
  const chosen = widest.gap > 0 ? widest : (places[(places.length - 1) >> 1] as (typeof places)[number]);
  return { address: chosen.address, gap: chosen.gap > 0 };
}

/** It was there after all. */
export const unlearn = (learned: Learned, found: Span): Learned => ({
  ...learned,
  illegal: learned.illegal.filter((span) => !overlaps(span, found)),
});

// ---- what a plan costs its line

export type LineSpeed =
  | { kind: 'serial'; baudRate: number; bitsPerCharacter: number; turnaroundMs: number }
  | { kind: 'network'; roundTripMs: number };

/** Bytes around the data of a reading: request, and reply without its data, each with unit and checksum. */
const RTU_REQUEST_BYTES = 8;
const RTU_REPLY_BYTES = 5;
/** Between two frames a line is silent for three and a half characters, and never less than this. */
const SILENCE_CHARACTERS = 3.5;
const LEAST_SILENCE_MS = 1.75;

export const silenceMs = (baudRate: number, bitsPerCharacter: number): number =>
  Math.max(LEAST_SILENCE_MS, (SILENCE_CHARACTERS * bitsPerCharacter * 1000) / baudRate);

export function requestMs(request: Span, speed: LineSpeed): number {
  if (speed.kind === 'network') return speed.roundTripMs;
  const data = isBitTable(request.table) ? Math.ceil(request.width / 8) : request.width * 2;
  const character = (speed.bitsPerCharacter * 1000) / speed.baudRate;
  return (
    (RTU_REQUEST_BYTES + RTU_REPLY_BYTES + data) * character + speed.turnaroundMs + 2 * silenceMs(speed.baudRate, speed.bitsPerCharacter)
  );
}

export type Budget = {
  /** Part of the time that the line would be busy; above 1 it cannot be done. */
  utilisation: number;
  verdict: 'fits' | 'tight' | 'overcommitted';
  message: string;
};

/** Beyond this nothing is left for writes, repetitions and a device that answers late. */
const TIGHT = 0.7;

export function budget(requests: readonly PlannedRequest[], speed: LineSpeed): Budget {
  const utilisation = requests.reduce((sum, one) => sum + requestMs(one, speed) / one.period, 0);
  const percent = Math.round(utilisation * 100);
  if (utilisation > 1)
    return {
      utilisation,
      verdict: 'overcommitted',
      message: `The plan needs ${percent} % of the line: readings will come late. Read less often, fewer values, or at a higher baud rate.`,
    };
  if (utilisation > TIGHT)
    return {
      utilisation,
      verdict: 'tight',
      message: `The plan needs ${percent} % of the line: little is left for writes and repetitions.`,
    };
  return { utilisation, verdict: 'fits', message: `The plan needs ${percent} % of the line.` };
}
