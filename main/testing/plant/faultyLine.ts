// The far end of a line: devices that answer, and a proxy before them that does to each request what the scenario says.
import type { Clock } from '../../plant/driver.ts';
import { mbapFrame } from '../../plant/modbus/mbap.ts';
import { answer, type Image } from '../../plant/modbus/pdu.ts';
import { isWhole, rtuFrame } from '../../plant/modbus/rtu.ts';
import { type Fault, heldAt, type Scenario, WRITTEN_FROM } from './scenario.ts';

export type NearEnd = { send(bytes: Uint8Array): void; reset(): void };
export type FarEnd = { hear(bytes: Uint8Array): void; gone(): void };

/** A request at a device takes so long. */
const TURNAROUND_MS = 2;
const HEADER = 7;
/** What failed so often in a row is let through where the scenario is gentle. */
const GENTLE_FAILURES = 2;
const HARMLESS = new Set<Fault['kind']>(['none', 'delay', 'double', 'drip']);

type Held = { near: NearEnd; deaf: boolean; unread: Uint8Array };

export class FaultyLine {
  readonly scenario: Scenario;
  private readonly clock: Clock;
  private readonly written = new Map<string, number>();
  /** A device does one thing after another. */
  private readonly free = new Map<number, number>();
  private current: Held | undefined;
  private next = 0;
  private failuresInRow = 0;
  private lastId = 0;
  private silentUntil = 0;

  constructor(scenario: Scenario, clock: Clock) {
    this.scenario = scenario;
    this.clock = clock;
  }

  holds(unit: number, address: number): number {
    return this.written.get(`${unit} ${address}`) ?? 0;
  }

  attach(near: NearEnd): FarEnd {
    const held: Held = { near, deaf: false, unread: new Uint8Array() };
    this.current = held;
    return {
      hear: (bytes) => {
        held.unread = Buffer.concat([held.unread, bytes]);
        for (let frame = this.cutFrame(held); frame !== undefined; frame = this.cutFrame(held)) this.request(held, frame);
      },
      gone: () => {
        if (this.current === held) this.current = undefined;
      },
    };
  }

  private cutFrame(held: Held): Uint8Array | undefined {
    const { unread } = held;
    const length = this.scenario.way === 'tcp' ? tcpLength(unread) : rtuLength(unread);
    if (length === undefined || unread.length < length) return undefined;
    held.unread = unread.subarray(length);
    return unread.subarray(0, length);
  }

  private request(held: Held, frame: Uint8Array): void {
    const fault = this.fault();
    const { way } = this.scenario;
    if (held.deaf || this.clock.monotonic() < this.silentUntil) return;
    switch (fault.kind) {
      case 'halfOpen':
        held.deaf = true;
        return;
      case 'silence':
        this.silentUntil = this.clock.monotonic() + fault.ms;
        return;
      case 'reset':
        held.deaf = true;
        held.near.reset();
        return;
      case 'lostRequest':
        return;
    }
    const unit = frame[way === 'tcp' ? HEADER - 1 : 0] as number;
    if (!this.scenario.units.includes(unit)) return;
    if (way !== 'tcp' && !isWhole(frame, 0, frame.length)) return;
    const took = TURNAROUND_MS + (fault.kind === 'delay' || fault.kind === 'late' ? fault.ms : 0);
    // Over TCP there are ids, and a gateway may well answer in another order.
    const at = Math.max(this.clock.monotonic(), way === 'tcp' ? 0 : (this.free.get(unit) ?? 0)) + took;
    this.free.set(unit, at);
    this.clock.after(at - this.clock.monotonic(), () => this.reply(held, unit, frame, fault));
  }

  private fault(): Fault {
    const fault = this.scenario.faults[this.next++] ?? { kind: 'none' };
    if (HARMLESS.has(fault.kind)) this.failuresInRow = 0;
    else if (++this.failuresInRow > GENTLE_FAILURES && this.scenario.gentle) {
      this.failuresInRow = 0;
      return { kind: 'none' };
    }
    return fault;
  }

  private reply(held: Held, unit: number, frame: Uint8Array, fault: Fault): void {
    const { way } = this.scenario;
    const tcp = way === 'tcp';
    const id = tcp ? ((frame[0] as number) << 8) | (frame[1] as number) : 0;
    const pdu = tcp ? frame.subarray(HEADER) : frame.subarray(1, -2);
    // What was looked at is told as of the moment it was looked at.
    let said = answer(pdu, this.image(unit));
    if (fault.kind === 'lostReply') return;
    if (fault.kind === 'exception') said = Uint8Array.of((pdu[0] as number) | 0x80, fault.code);
    const framed = (whose: number, bytes: Uint8Array, number = id) => (tcp ? mbapFrame(number, whose, bytes) : rtuFrame(whose, bytes));
    // A serial server hands what its line says to whoever is connected now.
    const to = tcp || way === 'rtu' ? held : (this.current ?? held);
    const send = (bytes: Uint8Array) => {
      if (!to.deaf) to.near.send(bytes);
    };
    const good = framed(unit, said);
    switch (fault.kind) {
      case 'double':
        if (!tcp) return void send(Buffer.concat([good, good]));
        send(good);
        this.clock.after(fault.ms, () => send(good));
        return;
      case 'cut':
        return void send(good.subarray(0, 1 + (fault.where % (good.length - 1))));
      case 'flipHead':
        return void send(tcp ? flipped(good, fault.where, HEADER + 2) : framed(...flippedHead(unit, said, fault.where)));
      case 'flipAny':
        return void send(flipped(good, fault.where, good.length));
      case 'wrongUnit':
        return void send(framed((unit + 1 + (fault.where % 254)) % 256, said));
      case 'wrongId':
        return void send(framed(unit, said, fault.where % 2 ? this.lastId : (id + 1 + fault.where) % 65_536));
      case 'drip':
        good.forEach((byte, n) => {
          this.clock.after(n * fault.ms, () => send(Uint8Array.of(byte)));
        });
        this.free.set(unit, this.clock.monotonic() + good.length * fault.ms);
        return;
      case 'noise':
        return void send(Buffer.concat([fault.bytes, good]));
      default:
        this.lastId = id;
        return void send(good);
    }
  }

  private image(unit: number): Image {
    const time = Math.floor(this.clock.monotonic());
    return {
      read: (table, address) =>
        table === 'holding' && address >= WRITTEN_FROM ? this.holds(unit, address) : heldAt(unit, table, address, time),
      write: (_table, address, value) => {
        if (address < WRITTEN_FROM) return false;
        this.written.set(`${unit} ${address}`, value);
        return true;
      },
    };
  }
}

function tcpLength(bytes: Uint8Array): number | undefined {
  return bytes.length < 6 ? undefined : 6 + (((bytes[4] as number) << 8) | (bytes[5] as number));
}

function rtuLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 8) return undefined;
  return bytes[1] === 15 || bytes[1] === 16 ? 9 + (bytes[6] as number) : 8;
}

/** One bit of the first bytes, where `where` says. */
function flipped(frame: Uint8Array, where: number, within: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  const bit = where % (Math.min(within, frame.length) * 8);
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

/** Unit, function or count, of which the checksum is made anew. */
function flippedHead(unit: number, pdu: Uint8Array, where: number): [number, Uint8Array] {
  const head = flipped(Uint8Array.of(unit, pdu[0] as number, pdu[1] as number), where, 3);
  return [head[0] as number, Uint8Array.of(head[1] as number, head[2] as number, ...pdu.subarray(2))];
}
