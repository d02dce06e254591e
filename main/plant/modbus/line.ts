// One Modbus line and the devices on it: readings by plan, writes that are read back, and what the devices taught.
import { Bus, type BusSettings, type Outcome, type Priority } from '../bus/bus.ts';
import { Schedule } from '../bus/schedule.ts';
import { openTrace } from '../bus/trace.ts';
import type { Dial, Wire } from '../bus/wire.ts';
import type { Clock, DeviceHealth, DeviceSettings, Line, LineHealth, Problem, Sample, TagSettings, WriteOutcome } from '../driver.ts';
import {
  budget,
  type Learned,
  type Limits,
  type LineSpeed,
  learn,
  NOTHING_LEARNED,
  type PlannedRequest,
  plan,
  unlearn,
  type Wanted,
} from '../planner.ts';
import {
  decode,
  encode,
  isBitTable,
  isWritable,
  NotWritable,
  ownBits,
  type Register,
  type Scaling,
  scaling,
  type Table,
  Unreadable,
  type Value,
  width,
} from '../registers.ts';
import { EXCEPTION, exceptionText, impossible, type ModbusReply, type ModbusRequest } from './pdu.ts';
import type { Addressed } from './wire.ts';

export type ModbusDevice = {
  unit: number;
  timeoutMs: number;
  limits: Limits;
  /** Some devices know only the functions that write several. */
  writesSingly: boolean;
  learned?: Learned | undefined;
};
export type ModbusRange = { table: Table; address: number; count: number };
export type ModbusLine = Line<ModbusDevice, Register, ModbusRange>;

export type LineParts = {
  name: string;
  wire: Wire<Addressed, ModbusReply>;
  dial: Dial;
  clock: Clock;
  settings: BusSettings;
  /** What is known of its speed; a network's is measured. */
  speed: LineSpeed | undefined;
  release(): void;
};

type Tag = TagSettings<Register> & { scaling: Scaling; wanted: Wanted };
type Device = {
  id: string;
  settings: ModbusDevice;
  tags: Map<string, Tag>;
  learned: Learned;
  requests: PlannedRequest[];
  pending: Set<string>;
  /** Refused once: a lesson is learned from the second time in a row. */
  refused: Set<string>;
  exceptions: number;
  overruns: number;
  /** It does not know the function that changes single bits. */
  masksByHand: boolean;
  masking: Promise<unknown>;
};

const READ_FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const;
/** A polled network without a measured round trip. */
const ASSUMED_ROUND_TRIP_MS = 5;
const ON_DEMAND_PERIOD = 1;

const keyOf = (request: PlannedRequest) => `${request.table} ${request.address} ${request.width} ${request.period}`;

export function openModbusLine({ name, wire, dial, clock, settings, speed, release }: LineParts): ModbusLine {
  const trace = openTrace();
  const bus = new Bus(wire, dial, clock, trace, settings);
  const schedule = new Schedule(clock);
  const started = clock.monotonic();
  let devices = new Map<string, Device>();
  let tags = new Map<string, { tag: Tag; device: Device }>();
  const image = new Map<string, Sample>();
  const listeners = new Set<(samples: readonly Sample[]) => void>();

  const busKey = (device: Device) => String(device.settings.unit);
  const ask = (device: Device, request: ModbusRequest, priority: Priority): Promise<Outcome<ModbusReply>> =>
    bus.ask({ unit: device.settings.unit, request }, { device: busKey(device), priority, timeoutMs: device.settings.timeoutMs });

  const reading = ({ table, address, width: count }: { table: Table; address: number; width: number }): ModbusRequest => ({
    function: READ_FUNCTION[table],
    address,
    count,
  });

  /** All of one request at once, so that nobody sees half of it. */
  function publish(samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    for (const sample of samples) image.set(sample.tag, sample);
    for (const listener of [...listeners]) listener(samples);
  }

  /** What went wrong is told once, not at every turn. */
  function publishBad(names: Iterable<string>, reason: string): void {
    const time = clock.now();
    const news: Sample[] = [];
    for (const tag of names) {
      const present = image.get(tag);
      if (present?.quality !== 'bad' || present.reason !== reason) news.push({ tag, time, value: null, quality: 'bad', reason });
    }
    publish(news);
  }

  function sampleOf(tag: Tag, words: readonly number[], from: number, time: number): Sample {
    try {
      const value = tag.scaling.apply(decode(tag.address, words, tag.address.address - from));
      if (typeof value === 'number' && !Number.isFinite(value))
        return { tag: tag.id, time, value, quality: 'uncertain', reason: 'the device gives no finite number' };
      return { tag: tag.id, time, value, quality: 'good' };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return { tag: tag.id, time, value: null, quality: 'bad', reason: error.message };
    }
  }

  // ---- readings by plan

  function replan(): void {
    for (const device of devices.values())
      device.requests = plan(
        [...device.tags.values()].filter(({ scan }) => scan !== undefined).map(({ wanted }) => wanted),
        device.settings.limits,
        device.learned,
      );
    schedule.set(
      [...devices.values()].flatMap((device) =>
        device.requests.map((request) => ({
          key: `${device.id} ${keyOf(request)}`,
          period: request.period,
          offset: request.offset,
          run(missed: number) {
            device.overruns += missed;
            void poll(device, request);
          },
        })),
      ),
    );
  }

  async function poll(device: Device, request: PlannedRequest): Promise<void> {
    const key = keyOf(request);
    if (bus.rests(busKey(device))) return;
    if (device.pending.has(key)) {
      device.overruns++;
      return;
    }
    device.pending.add(key);
    const outcome = await ask(device, reading(request), request.illegal ? 'background' : 'normal');
    device.pending.delete(key);
    if (devices.get(device.id) !== device) return; // configured anew meanwhile
    take(device, request, outcome);
  }

  function take(device: Device, request: PlannedRequest, outcome: Outcome<ModbusReply>): void {
    if (!outcome.ok) {
      if (outcome.failure === 'closed') return;
      publishBad(bus.rests(busKey(device)) ? device.tags.keys() : request.tags, outcome.message);
      return;
    }
    const { reply, at } = outcome;
    const key = keyOf(request);
    if (reply.is === 'words') {
      device.refused.delete(key);
      if (request.illegal) {
        device.learned = unlearn(device.learned, request);
        replan();
      }
      publish(
        request.tags.flatMap((name) => {
          const tag = device.tags.get(name);
          return tag === undefined ? [] : [sampleOf(tag, reply.words, request.address, at)];
        }),
      );
    } else if (reply.is === 'exception') {
      device.exceptions++;
      refused(device, request, key, reply.code);
    }
  }

  function refused(device: Device, request: PlannedRequest, key: string, code: number): void {
    const several = request.tags.length > 1;
    // Some devices say “illegal value” to a length they do not like.
    const teaches = !request.illegal && (code === EXCEPTION.illegalAddress || (several && code === EXCEPTION.illegalValue));
    if (!teaches || !several) publishBad(bus.rests(busKey(device)) ? device.tags.keys() : request.tags, exceptionText(code));
    if (!teaches) return;
    if (!device.refused.delete(key)) {
      device.refused.add(key);
      return;
    }
    device.learned = learn(
      device.learned,
      request,
      [...device.tags.values()].map(({ wanted }) => wanted),
    );
    replan();
  }

  // ---- at somebody's wish

  async function readNow(device: Device, names: readonly string[], priority: Priority): Promise<Map<string, Sample>> {
    const wanted = names.flatMap((name) => device.tags.get(name)?.wanted ?? []).map((one) => ({ ...one, period: ON_DEMAND_PERIOD }));
    const found = new Map<string, Sample>();
    await Promise.all(
      plan(wanted, device.settings.limits, device.learned).map(async (request) => {
        const outcome = await ask(device, reading(request), priority);
        const samples = request.tags.map((name): Sample => {
          const tag = device.tags.get(name) as Tag;
          if (outcome.ok && outcome.reply.is === 'words') return sampleOf(tag, outcome.reply.words, request.address, outcome.at);
          return {
            tag: name,
            time: clock.now(),
            value: null,
            quality: 'bad',
            reason: outcome.ok ? textOf(outcome.reply) : outcome.message,
          };
        });
        for (const sample of samples) found.set(sample.tag, sample);
        if (devices.get(device.id) === device) publish(samples);
      }),
    );
    return found;
  }

  const textOf = (reply: ModbusReply) => (reply.is === 'exception' ? exceptionText(reply.code) : 'an answer without values');

  async function write({ tag, device }: { tag: Tag; device: Device }, value: Value): Promise<WriteOutcome> {
    const { address: register } = tag;
    if (!isWritable(register.table)) return { outcome: 'refused', message: `what lies in table ${register.table} can only be read` };
    let words: number[];
    try {
      words = encode(register, tag.scaling.undo(value));
    } catch (error) {
      if (!(error instanceof NotWritable)) throw error;
      return { outcome: 'refused', message: error.message };
    }
    const own = register.table === 'holding' ? ownBits(register) : undefined;
    const outcome =
      own === undefined
        ? await ask(device, writing(device, register, words), 'operator')
        : await mask(device, register, own, words[0] as number);
    if (outcome.ok && outcome.reply.is === 'exception') return { outcome: 'failed', message: exceptionText(outcome.reply.code) };
    if (!outcome.ok && !outcome.sent) return { outcome: 'failed', message: `not sent: ${outcome.message}` };
    return confirm({ tag, device }, words, own, outcome.ok ? undefined : outcome.message);
  }

  function writing(device: Device, { table, address }: Register, words: number[]): ModbusRequest {
    const single = words.length === 1 && device.settings.writesSingly;
    if (table === 'coil') return single ? { function: 5, address, on: words[0] === 1 } : { function: 15, address, bits: words };
    return single ? { function: 6, address, word: words[0] as number } : { function: 16, address, words };
  }

  /** Changes some bits of a register: by the function for that, or one after another by reading and writing. */
  async function mask(device: Device, register: Register, own: number, bits: number): Promise<Outcome<ModbusReply>> {
    const { address } = register;
    if (!device.masksByHand) {
      const outcome = await ask(device, { function: 22, address, and: ~own & 0xffff, or: bits }, 'operator');
      if (!(outcome.ok && outcome.reply.is === 'exception' && outcome.reply.code === EXCEPTION.illegalFunction)) return outcome;
      device.masksByHand = true;
    }
    const turn = device.masking.then(async (): Promise<Outcome<ModbusReply>> => {
      const present = await ask(device, { function: 3, address, count: 1 }, 'operator');
      if (!present.ok) return { ...present, sent: false };
      if (present.reply.is !== 'words') return present;
      return ask(device, writing(device, register, [((present.reply.words[0] as number) & ~own) | bits]), 'operator');
    });
    device.masking = turn;
    return turn;
  }

  /** What the device says now is what counts, also where its answer to the write was lost. */
  async function confirm(
    { tag, device }: { tag: Tag; device: Device },
    written: number[],
    own: number | undefined,
    lost: string | undefined,
  ): Promise<WriteOutcome> {
    const outcome = await ask(device, reading(tag.wanted), 'readback');
    if (!outcome.ok || outcome.reply.is !== 'words') {
      const message = outcome.ok ? textOf(outcome.reply) : outcome.message;
      return { outcome: 'unknown', message: lost === undefined ? `written, but not read back: ${message}` : `no answer: ${lost}` };
    }
    const { words } = outcome.reply;
    const sample = sampleOf(tag, words, tag.address.address, outcome.at);
    publish([sample]);
    const care = own ?? 0xffff;
    if (written.every((word, n) => (word & care) === ((words[n] as number) & care))) return { outcome: 'confirmed', sample };
    const now = sample.value === null ? (sample.reason ?? 'nothing') : String(sample.value);
    return { outcome: 'failed', message: `the device holds ${now}${lost === undefined ? '' : ` (${lost})`}`, sample };
  }

  async function raw(id: string, request: ModbusRequest, priority: Priority): Promise<ModbusReply> {
    const device = devices.get(id);
    if (device === undefined) throw new Error(`there is no device “${id}” on this line`);
    const wrong = impossible(request);
    if (wrong !== undefined) throw new Error(wrong);
    const outcome = await ask(device, request, priority);
    if (!outcome.ok) throw new Error(outcome.message);
    if (outcome.reply.is === 'exception') throw new Error(exceptionText(outcome.reply.code));
    return outcome.reply;
  }

  // ---- what it is made of

  function configure(newDevices: readonly DeviceSettings<ModbusDevice>[], newTags: readonly TagSettings<Register>[]): Problem[] {
    const problems = problemsOf(newDevices, newTags);
    if (problems.length > 0) return problems;
    const before = devices;
    devices = new Map(newDevices.map(({ id, settings: one }) => [id, openDevice(id, one, before.get(id))]));
    tags = new Map();
    for (const one of newTags) {
      const device = devices.get(one.device) as Device;
      const tag: Tag = {
        ...one,
        scaling: scaling(one.address.type, one.scale),
        wanted: { tag: one.id, table: one.address.table, address: one.address.address, width: width(one.address), period: one.scan ?? 0 },
      };
      device.tags.set(one.id, tag);
      tags.set(one.id, { tag, device });
    }
    for (const name of image.keys()) if (!tags.has(name)) image.delete(name);
    const units = new Set([...devices.values()].map(busKey));
    for (const device of before.values()) if (!units.has(busKey(device))) bus.forget(busKey(device));
    replan();
    return [];
  }

  const openDevice = (id: string, one: ModbusDevice, before: Device | undefined): Device => ({
    id,
    settings: one,
    tags: new Map(),
    learned: (before?.settings.unit === one.unit ? before.learned : undefined) ?? one.learned ?? NOTHING_LEARNED,
    requests: [],
    pending: new Set(),
    refused: new Set(),
    exceptions: before?.exceptions ?? 0,
    overruns: before?.overruns ?? 0,
    masksByHand: before?.masksByHand ?? false,
    masking: before?.masking ?? Promise.resolve(),
  });

  function deviceHealth(device: Device): DeviceHealth {
    const state = bus.device(busKey(device));
    return {
      device: device.id,
      state: state?.state ?? 'unknown',
      ...(state?.reason !== undefined && { reason: state.reason }),
      requests: state?.requests ?? 0,
      replies: state?.replies ?? 0,
      exceptions: device.exceptions,
      timeouts: state?.timeouts ?? 0,
      garbled: state?.garbled ?? 0,
      consecutiveFailures: state?.consecutiveFailures ?? 0,
      overruns: device.overruns,
      ...(state?.roundTripMs !== undefined && { roundTripMs: state.roundTripMs }),
      ...(state?.lastReplyAt !== undefined && { lastReplyAt: state.lastReplyAt }),
    };
  }

  function measuredSpeed(): LineSpeed {
    const measured = [...devices.values()].flatMap((device) => bus.device(busKey(device))?.roundTripMs ?? []);
    const sum = measured.reduce((total, one) => total + one, 0);
    return { kind: 'network', roundTripMs: measured.length === 0 ? ASSUMED_ROUND_TRIP_MS : sum / measured.length };
  }

  function health(): LineHealth {
    const { busyMs, reason, ...counts } = bus.state();
    const planned = budget(
      [...devices.values()].flatMap(({ requests }) => requests),
      speed ?? measuredSpeed(),
    );
    return {
      line: name,
      ...counts,
      ...(reason !== undefined && { reason }),
      utilisation: busyMs / Math.max(1, clock.monotonic() - started),
      planned,
    };
  }

  return {
    configure,
    image,
    async read(names) {
      const byDevice = Map.groupBy(
        names.filter((name) => tags.has(name)),
        (name) => (tags.get(name) as { device: Device }).device,
      );
      const found = await Promise.all([...byDevice].map(([device, own]) => readNow(device, own, 'normal')));
      const all = new Map(found.flatMap((one) => [...one]));
      return names.map((tag) => all.get(tag) ?? { tag, time: clock.now(), value: null, quality: 'bad', reason: 'there is no such tag' });
    },
    async write(name, value) {
      const known = tags.get(name);
      return known === undefined ? { outcome: 'refused', message: `there is no tag “${name}” on this line` } : write(known, value);
    },
    async peek(device, { table, address, count }) {
      const reply = await raw(device, { function: READ_FUNCTION[table], address, count }, 'normal');
      return reply.is === 'words' ? reply.words : [];
    },
    async poke(device, { table, address, count }, values) {
      if (!isWritable(table)) throw new Error(`what lies in table ${table} can only be read`);
      if (values.length !== count) throw new Error(`${count} values were announced, and ${values.length} given`);
      const most = isBitTable(table) ? 1 : 0xffff;
      const wrong = values.find((one) => !Number.isInteger(one) || one < 0 || one > most);
      if (wrong !== undefined) throw new Error(`${wrong} is not a whole number from 0 to ${most}`);
      await raw(device, table === 'coil' ? { function: 15, address, bits: values } : { function: 16, address, words: values }, 'operator');
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    devices: () => [...devices.values()].map(deviceHealth),
    health,
    trace: () => trace.frames(),
    learned: (id) => devices.get(id)?.learned,
    async close() {
      schedule.stop();
      bus.close();
      release();
    },
  };
}

function problemsOf(devices: readonly DeviceSettings<ModbusDevice>[], tags: readonly TagSettings<Register>[]): Problem[] {
  const problems: Problem[] = [];
  const known = new Map<string, ModbusDevice>();
  for (const { id, settings } of devices) {
    if (known.has(id)) problems.push({ device: id, message: 'is there twice' });
    known.set(id, settings);
  }
  const seen = new Set<string>();
  for (const { id, device, address, scan } of tags) {
    const problem = (message: string) => problems.push({ device, tag: id, message });
    if (seen.has(id)) problem('is there twice');
    seen.add(id);
    const settings = known.get(device);
    if (settings === undefined) {
      problem(`there is no device “${device}” on this line`);
      continue;
    }
    const most = isBitTable(address.table) ? settings.limits.bits : settings.limits.registers;
    if (width(address) > most) problem(`needs ${width(address)} registers at once, the device gives ${most}`);
    if (scan !== undefined && !(scan > 0)) problem(`cannot be read every ${scan} ms`);
  }
  return problems;
}
