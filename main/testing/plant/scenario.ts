// What goes wrong on a line, thrown by a seed: devices, what is asked of them one after another, and what happens to each request.
//
// What no master can see is not among it, so that “no wrong value” is a promise that can be kept:
// - A bit that changed in the data of a reply whose checksum was made right again. Bits change in what a reply says of itself
//   (id, protocol, length, unit, function, count) with the checksum made right, and anywhere with the checksum left wrong.
//   TCP has a checksum of its own: there only what a faulty device or gateway writes into the header itself is changed.
// - A second copy of a reply, on a line without ids, that comes when the next request of the same shape is already out. Copies
//   there follow the first one at once; over TCP they come whenever they like.
// - Replies out of order from one device on a line without ids: a late one holds up what comes behind it, as in any device.
//   Over TCP they come in any order.
import { type Dice, dice } from '../dice.ts';

export type Way = 'tcp' | 'rtu' | 'rtu-tcp';
export const WAYS: readonly Way[] = ['tcp', 'rtu', 'rtu-tcp'];

export type Fault =
  | { kind: 'none' }
  | { kind: 'delay' | 'late' | 'silence'; ms: number }
  | { kind: 'lostRequest' | 'lostReply' | 'reset' | 'halfOpen' }
  | { kind: 'double'; ms: number }
  | { kind: 'cut' | 'flipHead' | 'flipAny' | 'wrongUnit' | 'wrongId'; where: number }
  | { kind: 'exception'; code: number }
  | { kind: 'drip'; ms: number }
  | { kind: 'noise'; bytes: Uint8Array };

export type ScenarioTag = {
  id: string;
  unit: number;
  table: 'coil' | 'discrete' | 'input' | 'holding';
  address: number;
  type: 'bool' | 'uint16' | 'uint64';
};
export type Step = { read: string[] } | { write: string; value: number } | { pause: number };
export type Scenario = {
  seed: number;
  way: Way;
  timeoutMs: number;
  units: number[];
  tags: ScenarioTag[];
  steps: Step[];
  /** The n-th request that reaches the proxy has the n-th of these; none after the last. */
  faults: Fault[];
  /** Never so many failures in a row that a device or a line is left in peace; whether it is depends on the millisecond. */
  gentle: boolean;
};

const ADDRESSES = [0, 200, 400, 600, 800];
/** From here on a register holds a number of its own; below, four of them tell where they are and when they were read. */
export const PLAIN_FROM = 2_000;
/** From here on they hold what was written. */
export const WRITTEN_FROM = 4_000;
const MOST_STEPS = 24;
/** One seed of so many is long: ids that are too short come round again in it, while a late reply is on its way. */
const LONG_EVERY = 60;
const LONG_STEPS = 600;

export function scenario(seed: number, { gentle = false, way }: { gentle?: boolean; way?: Way } = {}): Scenario {
  const chance = dice(seed);
  const chosen = way ?? WAYS[seed % WAYS.length] ?? 'tcp';
  const timeoutMs = gentle ? 600 : chance.pick([60, 100, 250]);
  const units = chance.shuffled([1, 2, 3, 17]).slice(0, 1 + chance.below(3));
  const tags = units.flatMap((unit) => [
    ...ADDRESSES.map((address): ScenarioTag => ({ id: `${unit}.h${address}`, unit, table: 'holding', address, type: 'uint64' })),
    { id: `${unit}.i0`, unit, table: 'input' as const, address: 0, type: 'uint64' as const },
    ...[PLAIN_FROM, PLAIN_FROM + 100].map(
      (address): ScenarioTag => ({ id: `${unit}.p${address}`, unit, table: 'holding', address, type: 'uint16' }),
    ),
    ...[0, 500].map((address): ScenarioTag => ({ id: `${unit}.c${address}`, unit, table: 'coil', address, type: 'bool' })),
    { id: `${unit}.w`, unit, table: 'holding' as const, address: WRITTEN_FROM, type: 'uint16' as const },
  ]);
  const readable = tags.filter(({ id }) => !id.endsWith('.w'));
  const long = !gentle && seed % LONG_EVERY === 0;
  const steps = Array.from({ length: long ? LONG_STEPS : 8 + chance.below(MOST_STEPS - 8) }, (): Step => {
    if (chance.chance(12)) return { pause: chance.below(gentle ? 40 : chance.chance(20) ? 3_000 : 150) };
    if (chance.chance(10)) return { write: `${chance.pick(units)}.w`, value: 1 + chance.below(65_000) };
    // Mostly one shape: it is among those that replies get lost.
    const from = chance.chance(70) ? readable.filter(({ type, table }) => type === 'uint64' && table === 'holding') : readable;
    return {
      read: chance
        .shuffled(from)
        .slice(0, gentle ? 1 : 1 + chance.below(3))
        .map(({ id }) => id),
    };
  });
  const percent = gentle ? 45 : long ? 2 : chance.pick([10, 30, 60, 90]);
  const faults = Array.from({ length: steps.length * 6 }, () =>
    chance.chance(percent) ? anyFault(chance, chosen, timeoutMs, gentle) : { kind: 'none' as const },
  );
  return { seed, way: chosen, timeoutMs, units, tags, steps, faults, gentle };
}

function anyFault(chance: Dice, way: Way, timeoutMs: number, gentle: boolean): Fault {
  const where = chance.below(10_000);
  const kind = chance.pick([
    'delay',
    'late',
    'late',
    'lostRequest',
    'lostReply',
    'double',
    'cut',
    'flipHead',
    'flipAny',
    'wrongUnit',
    'wrongId',
    'exception',
    'drip',
    'reset',
    'halfOpen',
    'noise',
  ] as const);
  switch (kind) {
    case 'delay':
      return { kind, ms: chance.below(timeoutMs * (gentle ? 0.25 : 0.9)) };
    case 'late':
      return { kind, ms: Math.round(timeoutMs * (gentle ? 1.6 : 1.05 + chance.below(300) / 100)) };
    case 'double':
      return { kind, ms: chance.below(timeoutMs) };
    case 'exception':
      return { kind, code: 1 + chance.below(11) };
    case 'drip':
      return { kind, ms: gentle ? 1 + chance.below(3) : 1 + chance.below(30) };
    case 'noise':
      return { kind, bytes: chance.bytes(1 + chance.below(12)) };
    case 'wrongId':
      // There is none on a serial line.
      return way === 'tcp' ? { kind, where } : { kind: 'wrongUnit', where };
    case 'flipAny':
      return way === 'tcp' ? { kind: 'flipHead', where } : { kind, where };
    case 'reset':
      // A joined pair of ports cannot be pulled out of a machine.
      return gentle && way === 'rtu' ? { kind: 'lostReply' } : { kind };
    case 'halfOpen':
      if (way === 'tcp' || way === 'rtu-tcp') return { kind };
      return gentle ? { kind: 'lostReply' } : { kind: 'silence', ms: 300 + chance.below(3_000) };
    case 'lostRequest':
    case 'lostReply':
      return { kind };
    default:
      return { kind, where };
  }
}

// ---- what the devices hold

/** Where it is, and when it was looked at: four registers from each address that is a multiple of four. */
export function heldAt(unit: number, table: string, address: number, time: number): number {
  if (table === 'coil' || table === 'discrete') return mixed(unit, table, address) & 1;
  if (address >= PLAIN_FROM) return mixed(unit, table, address);
  const part = address % 4;
  if (part === 0) return (unit << 8) | table.charCodeAt(0);
  if (part === 1) return address - 1;
  return part === 2 ? (time >>> 16) & 0xffff : time & 0xffff;
}

function mixed(unit: number, table: string, address: number): number {
  let mix = Math.imul(unit * 65_536 + address + table.charCodeAt(0) * 7, 0x9e3779b1);
  mix = Math.imul(mix ^ (mix >>> 15), 0x85ebca6b);
  return (mix ^ (mix >>> 13)) & 0xffff;
}

/** Whether a device could have said this between the asking and now. */
export function isRight(tag: ScenarioTag, value: unknown, asked: number, now: number): boolean {
  if (tag.type === 'bool') return value === (heldAt(tag.unit, tag.table, tag.address, 0) === 1);
  if (tag.type === 'uint16') return value === heldAt(tag.unit, tag.table, tag.address, 0);
  const whole = BigInt(value as number | bigint);
  const word = (n: number) => Number((whole >> BigInt(48 - n * 16)) & 0xffffn);
  const read = word(2) * 65_536 + word(3);
  return (
    word(0) === heldAt(tag.unit, tag.table, tag.address, 0) &&
    word(1) === tag.address &&
    read >= Math.floor(asked) - 1 &&
    read <= Math.ceil(now) + 1
  );
}
