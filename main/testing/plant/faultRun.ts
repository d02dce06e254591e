// One scenario carried out: by our driver in memory, over real sockets or ports, and by the bare library that everybody uses.
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import bareLibrary from 'modbus-serial';
import type { ModbusRTU } from 'modbus-serial/ModbusRTU.js';
import { SerialPort } from 'serialport';
import type { BusSettings } from '../../plant/bus/bus.ts';
import { openPorts } from '../../plant/bus/ports.ts';
import { serialDial } from '../../plant/bus/serial.ts';
import { tcpDial } from '../../plant/bus/tcp.ts';
import type { Dial } from '../../plant/bus/wire.ts';
import { type Clock, systemClock } from '../../plant/driver.ts';
import { type ModbusLine, openModbusLine } from '../../plant/modbus/line.ts';
import { rtuWire, tcpWire } from '../../plant/modbus/wire.ts';
import { LIMITS } from '../../plant/planner.ts';
import { decode, register } from '../../plant/registers.ts';
import { FaultyLine } from './faultyLine.ts';
import { isRight, type Scenario, type ScenarioTag, WRITTEN_FROM } from './scenario.ts';
import { type VirtualClock, virtualClock } from './virtualClock.ts';

export type Run = {
  /** What became of each thing asked for, one after another: a value, none, a write confirmed or not. */
  outcomes: ('right' | 'none' | 'confirmed' | 'unconfirmed' | 'WRONG')[];
  wrong: number;
};

const SETTINGS: Record<Scenario['way'], BusSettings> = {
  tcp: { gapMs: 0, quietMs: 0, reconnects: true, connectTimeoutMs: 1_000 },
  rtu: { gapMs: 2, quietMs: 50, reconnects: false, connectTimeoutMs: 1_000 },
  'rtu-tcp': { gapMs: 2, quietMs: 50, reconnects: true, connectTimeoutMs: 1_000 },
};
/** Longer than anything a scenario waits for. */
const ENOUGH_MS = 2_000_000;

// ---- our driver

export async function runInMemory(scenario: Scenario): Promise<Run> {
  const clock = virtualClock();
  const far = new FaultyLine(scenario, clock);
  return inVirtualTime(clock, oursOver(memoryDial(far, clock)))(scenario, far, clock);
}

/** Bytes arrive in the next moment, not in the middle of what is going on. */
function memoryDial(far: FaultyLine, clock: Clock): Dial {
  return async (events) => {
    let open = true;
    const later = (work: () => void) => void clock.after(0, () => open && work());
    const end = far.attach({
      send: (bytes) => later(() => events.data(bytes)),
      reset: () =>
        later(() => {
          open = false;
          end.gone();
          events.closed('reset by the other end');
        }),
    });
    return {
      write: (bytes) => later(() => end.hear(bytes)),
      flush: () => {},
      close() {
        open = false;
        end.gone();
      },
    };
  };
}

type Actor = { read(tag: ScenarioTag): Promise<unknown>; write(tag: ScenarioTag, value: number): Promise<boolean>; close(): Promise<void> };
type MakeActor = (scenario: Scenario, clock: Clock) => Promise<Actor>;

const oursOver =
  (dial: Dial): MakeActor =>
  async (scenario, clock) => {
    const line: ModbusLine = openModbusLine({
      name: 'line',
      wire: scenario.way === 'tcp' ? tcpWire(scenario.seed % 65_536) : rtuWire(0),
      dial,
      clock,
      settings: SETTINGS[scenario.way],
      speed: undefined,
      release: () => {},
    });
    const settings = { timeoutMs: scenario.timeoutMs, limits: LIMITS, writesSingly: true };
    const problems = line.configure(
      scenario.units.map((unit) => ({ id: `${unit}`, settings: { unit, ...settings } })),
      scenario.tags.map((tag) => ({ id: tag.id, device: `${tag.unit}`, address: registerOf(tag) })),
    );
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    return {
      async read({ id }) {
        const [sample] = await line.read([id]);
        return sample?.quality === 'good' ? sample.value : undefined;
      },
      write: async ({ id }, value) => (await line.write(id, value)).outcome === 'confirmed',
      close: () => line.close(),
    };
  };

const registerOf = ({ table, address, type }: ScenarioTag) => register.parse({ table, address, type });

/** The steps one after another, what belongs to one step at once; judged against what the devices held meanwhile. */
async function carryOut(scenario: Scenario, far: FaultyLine, clock: Clock, actor: Actor): Promise<Run> {
  const tags = new Map(scenario.tags.map((tag) => [tag.id, tag]));
  const outcomes: Run['outcomes'] = [];
  for (const step of scenario.steps) {
    if ('pause' in step) await new Promise<void>((resolve) => void clock.after(step.pause, resolve));
    else if ('write' in step) {
      const tag = tags.get(step.write) as ScenarioTag;
      const confirmed = await actor.write(tag, step.value);
      outcomes.push(!confirmed ? 'unconfirmed' : far.holds(tag.unit, WRITTEN_FROM) === step.value ? 'confirmed' : 'WRONG');
    } else {
      const read = async (id: string): Promise<Run['outcomes'][number]> => {
        const tag = tags.get(id) as ScenarioTag;
        const asked = clock.monotonic();
        const value = await actor.read(tag);
        if (value === undefined) return 'none';
        return isRight(tag, value, asked, clock.monotonic()) ? 'right' : 'WRONG';
      };
      outcomes.push(...(await Promise.all(step.read.map(read))));
    }
  }
  await actor.close();
  return { outcomes, wrong: outcomes.filter((one) => one === 'WRONG').length };
}

const inVirtualTime = (clock: VirtualClock, make: MakeActor) => async (scenario: Scenario, far: FaultyLine, actorClock: Clock) => {
  let done: Run | undefined;
  let failed: unknown;
  make(scenario, actorClock)
    .then((actor) => carryOut(scenario, far, clock, actor))
    .then(
      (run) => {
        done = run;
      },
      (error) => {
        failed = error;
      },
    );
  for (let spent = 0; done === undefined && failed === undefined && spent < ENOUGH_MS; spent += 500) await clock.run(500);
  if (failed !== undefined) throw failed;
  if (done === undefined) throw new Error(`seed ${scenario.seed} (${scenario.way}) hangs`);
  return done;
};

/** Over a socket of this machine. */
export async function runOverSockets(scenario: Scenario): Promise<Run> {
  const far = new FaultyLine(scenario, systemClock);
  const server = createServer({ noDelay: true }, (socket) => {
    const end = far.attach({ send: (bytes) => void socket.write(bytes), reset: () => void socket.resetAndDestroy() });
    socket.on('data', (bytes) => end.hear(bytes));
    socket.on('error', () => {});
    socket.on('close', () => end.gone());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dial = tcpDial('127.0.0.1', (server.address() as AddressInfo).port);
  const run = await carryOut(scenario, far, systemClock, await oursOver(dial)(scenario, systemClock));
  server.close();
  return run;
}

/** Over a pair of serial ports. */
export async function runOverPorts(scenario: Scenario, [near, there]: [string, string]): Promise<Run> {
  const far = new FaultyLine(scenario, systemClock);
  const port = new SerialPort({ path: there, baudRate: 115_200, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  const end = far.attach({ send: (bytes) => void port.write(bytes), reset: () => {} });
  port.on('data', (bytes: Buffer) => end.hear(bytes));
  const settings = { port: { path: near }, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const;
  const dial = serialDial(settings, openPorts(), 'test');
  const run = await carryOut(scenario, far, systemClock, await oursOver(dial)(scenario, systemClock));
  await new Promise<void>((resolve) => port.close(() => resolve()));
  return run;
}

// ---- the bare library, used as its manual says, with a time-out and a new connection after one was closed

/** Its types and its module disagree on what is exported by which name. */
const Bare = bareLibrary as unknown as new (port: object) => ModbusRTU;

export async function runBare(scenario: Scenario): Promise<Run> {
  const clock = virtualClock();
  const far = new FaultyLine(scenario, clock);
  // It knows no clock but the machine's.
  const { setTimeout: later, clearTimeout: cancel } = globalThis;
  Object.assign(globalThis, {
    setTimeout: (work: () => void, ms: number) => clock.after(ms, work),
    clearTimeout: (undo: (() => void) | undefined) => undo?.(),
  });
  try {
    return await inVirtualTime(clock, (one) => bareActor(one, far, clock))(scenario, far, clock);
  } finally {
    Object.assign(globalThis, { setTimeout: later, clearTimeout: cancel });
  }
}

async function bareActor(scenario: Scenario, far: FaultyLine, clock: Clock): Promise<Actor> {
  let client: ModbusRTU | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const connected = async () => {
    if (client?.isOpen) return client;
    client = new Bare(await barePort(scenario, far, clock));
    await new Promise<void>((resolve) => client?.open(() => resolve()));
    client.setTimeout(scenario.timeoutMs);
    client.on('error', () => {});
    return client;
  };
  /** It has no queue: what is asked at once would take each other's replies. */
  const inTurn = <T>(work: (client: ModbusRTU) => Promise<T>): Promise<T | undefined> => {
    const turn = last.then(async () => work(await connected())).catch(() => undefined);
    last = turn;
    return turn;
  };
  return {
    read: (tag) =>
      inTurn(async (one) => {
        one.setID(tag.unit);
        if (tag.table === 'coil') return (await one.readCoils(tag.address, 1)).data[0];
        const count = tag.type === 'uint64' ? 4 : 1;
        const { data } = await (tag.table === 'input'
          ? one.readInputRegisters(tag.address, count)
          : one.readHoldingRegisters(tag.address, count));
        return data.length < count ? undefined : decode(registerOf(tag), data);
      }),
    write: async (tag, value) =>
      (await inTurn(async (one) => {
        one.setID(tag.unit);
        await one.writeRegister(tag.address, value);
        return true;
      })) === true,
    close: async () => {},
  };
}

async function barePort({ way }: Scenario, far: FaultyLine, clock: Clock): Promise<object> {
  if (way === 'rtu') {
    const { default: RtuBufferedPort } = await import('modbus-serial/ports/rtubufferedport.js' as string);
    return new RtuBufferedPort('memory', { baudRate: 115_200, binding: memoryBinding(far, clock) });
  }
  const { default: Port } = await import(`modbus-serial/ports/${way === 'tcp' ? 'tcpport' : 'telnetport'}.js`);
  return new Port({ socket: memorySocket(far, clock) });
}

/** A socket that is connected to the far end without any network. */
function memorySocket(far: FaultyLine, clock: Clock): Socket {
  const socket = new Socket();
  const later = (work: () => void) => void clock.after(0, work);
  let open = true;
  const end = far.attach({
    send: (bytes) => later(() => open && socket.emit('data', Buffer.from(bytes))),
    reset: () =>
      later(() => {
        open = false;
        end.gone();
        socket.emit('error', new Error('read ECONNRESET'));
        socket.emit('close', true);
      }),
  });
  const write = (bytes: Uint8Array) => {
    later(() => open && end.hear(bytes));
    return true;
  };
  Object.defineProperty(socket, 'readyState', { get: () => (open ? 'open' : 'closed') });
  return Object.assign(socket, { write, end: () => socket });
}

/** What the serial library has below it, without a port. */
function memoryBinding(far: FaultyLine, clock: Clock) {
  const arrived: Uint8Array[] = [];
  let wanting: (() => void) | undefined;
  const later = (work: () => void) => void clock.after(0, work);
  const end = far.attach({
    send: (bytes) =>
      later(() => {
        arrived.push(bytes);
        wanting?.();
      }),
    reset: () => {},
  });
  const port = {
    isOpen: true,
    openOptions: {},
    async read(into: Buffer, offset: number, length: number) {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wanting = resolve));
      const bytes = arrived.shift() as Uint8Array;
      into.set(bytes.subarray(0, length), offset);
      if (bytes.length > length) arrived.unshift(bytes.subarray(length));
      return { buffer: into, bytesRead: Math.min(bytes.length, length) };
    },
    write: async (bytes: Buffer) => later(() => end.hear(Uint8Array.from(bytes))),
    flush: async () => {},
    drain: async () => {},
    close: async () => {},
  };
  return { list: async () => [], open: async () => port };
}
