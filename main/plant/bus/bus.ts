// The owner of one line. One request is in flight; what is urgent goes first; a reply counts only if it can be this request's.
// A line that failed is made whole before it is used again, and a device that is silent is left in peace.
import type { Clock } from '../driver.ts';
import type { Trace } from './trace.ts';
import type { Connection, Dial, Exchange, Wire } from './wire.ts';

export const PRIORITIES = ['operator', 'readback', 'normal', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

export type Failure = 'timeout' | 'garbled' | 'cut' | 'noLine' | 'down' | 'closed';
export type Outcome<Reply> =
  | { ok: true; reply: Reply; at: number; roundTripMs: number }
  /** `sent`: the device may have heard it. */
  | { ok: false; failure: Failure; message: string; sent: boolean };

export type BusSettings = {
  /** Silence between two frames. */
  gapMs: number;
  /** Silence after a failure, before anything is sent again. */
  quietMs: number;
  /** After a time-out the connection is dropped and opened anew. */
  reconnects: boolean;
  connectTimeoutMs: number;
};

/** Failures of a device in a row, after which it is only asked now and then. */
const FAILURES_UNTIL_DOWN = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** What the probes of a dead device may take from its neighbours. */
const PROBE_SHARE = 1 / 40;
/** A line where something babbles is not waited for for ever. */
const LONGEST_QUIET_MS = 2_000;
/** A reply that is later than this is not reckoned with, and neither is one later than so many time-outs. */
const FORGET_MS = 10_000;
const FORGET_TIMEOUTS = 10;
const FIRST_REDIAL_MS = 250;
const LONGEST_REDIAL_MS = 5_000;
/** Without a reply in between, a connection is not opened anew at once more often than this. */
const REDIALS_AT_ONCE = 3;
/** A serial port behind which all was silent so often is opened anew: some systems do not tell that an adapter was pulled out. */
const SILENT_UNTIL_REOPENED = 3;
const AFTER_BROADCAST_MS = 100;
const MOST_UNREAD_BYTES = 4_096;
const SMOOTHING = 1 / 8;

type Job<Request, Reply> = {
  request: Request;
  device: string;
  priority: Priority;
  timeoutMs: number;
  settle(outcome: Outcome<Reply>): void;
};

export type DeviceState = {
  state: 'unknown' | 'up' | 'failing' | 'down';
  reason: string | undefined;
  requests: number;
  replies: number;
  timeouts: number;
  garbled: number;
  consecutiveFailures: number;
  roundTripMs: number | undefined;
  lastReplyAt: number | undefined;
};

type Device<Request> = DeviceState & {
  pauseMs: number;
  probeAt: number;
  probing: boolean;
  /** Requests whose replies may still come. */
  givenUp: { request: Request; shape: string; until: number }[];
  attempt: number;
};

export type BusState = {
  state: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';
  reason: string | undefined;
  requests: number;
  replies: number;
  timeouts: number;
  garbled: number;
  strays: number;
  connects: number;
  queued: number;
  busyMs: number;
};

export class Bus<Request, Reply> {
  private readonly wire: Wire<Request, Reply>;
  private readonly dial: Dial;
  private readonly clock: Clock;
  private readonly trace: Trace;
  private readonly settings: BusSettings;

  private readonly queues = new Map<Priority, Job<Request, Reply>[]>(PRIORITIES.map((priority) => [priority, []]));
  private readonly known = new Map<string, Device<Request>>();
  private readonly counts = { requests: 0, replies: 0, timeouts: 0, garbled: 0, strays: 0, connects: 0, busyMs: 0 };

  private status: BusState['state'] = 'idle';
  private reason: string | undefined;
  private connection: Connection | undefined;
  private dialling: AbortController | undefined;
  private redialAt = 0;
  private redialMs = FIRST_REDIAL_MS;
  private dialsWithoutReply = 0;
  private silentInRow = 0;

  private flight: { job: Job<Request, Reply>; sent: Request; exchange: Exchange<Reply>; since: number; cancel: () => void } | undefined;
  private unread: Uint8Array = new Uint8Array();
  private quietUntil = 0;
  private quietAtLatest = 0;
  private waking: (() => void) | undefined;

  constructor(wire: Wire<Request, Reply>, dial: Dial, clock: Clock, trace: Trace, settings: BusSettings) {
    this.wire = wire;
    this.dial = dial;
    this.clock = clock;
    this.trace = trace;
    this.settings = settings;
  }

  ask(
    request: Request,
    { device, priority, timeoutMs }: { device: string; priority: Priority; timeoutMs: number },
  ): Promise<Outcome<Reply>> {
    return new Promise((settle) => {
      const job = { request, device, priority, timeoutMs, settle };
      const refusal = this.refusal(job);
      if (refusal) return void settle(refusal);
      (this.queues.get(priority) as Job<Request, Reply>[]).push(job);
      this.pump();
    });
  }

  /** Whether a device is left in peace just now: nothing but a person's wish would be sent to it. */
  rests(device: string): boolean {
    const one = this.known.get(device);
    return one?.state === 'down' && (one.probing || this.clock.monotonic() < one.probeAt);
  }

  device(device: string): DeviceState | undefined {
    return this.known.get(device);
  }

  /** It is no longer on this line. */
  forget(device: string): void {
    this.known.delete(device);
  }

  state(): BusState {
    const queued = PRIORITIES.reduce((sum, priority) => sum + (this.queues.get(priority)?.length ?? 0), 0);
    return { ...this.counts, state: this.status, reason: this.reason, queued };
  }

  close(): void {
    if (this.status === 'closed') return;
    this.status = 'closed';
    this.dialling?.abort();
    this.waking?.();
    const flight = this.endFlight();
    this.drop();
    flight?.job.settle({ ok: false, failure: 'closed', message: 'the line was closed', sent: true });
    this.failQueued('closed', 'the line was closed');
  }

  // ---- what is sent next

  private pump(): void {
    if (this.flight !== undefined || this.status === 'closed') return;
    if (!this.anyQueued()) return;
    if (this.status !== 'open') return void this.connect();
    const wait = this.quietUntil - this.clock.monotonic();
    if (wait > 0) return void this.wake(wait);
    const job = this.next();
    if (job) this.send(job);
  }

  private anyQueued(): boolean {
    for (const queue of this.queues.values()) if (queue.length > 0) return true;
    return false;
  }

  private next(): Job<Request, Reply> | undefined {
    for (const queue of this.queues.values()) {
      const job = queue.shift();
      if (job) return job;
    }
    return undefined;
  }

  private wake(ms: number): void {
    if (this.waking !== undefined) return;
    const cancel = this.clock.after(ms, () => {
      this.waking = undefined;
      this.pump();
    });
    this.waking = () => {
      cancel();
      this.waking = undefined;
    };
  }

  /** Why it is not even taken, if so. */
  private refusal(job: Job<Request, Reply>): Outcome<Reply> | undefined {
    const no = (failure: Failure, message: string): Outcome<Reply> => ({ ok: false, failure, message, sent: false });
    if (this.status === 'closed') return no('closed', 'the line was closed');
    if (this.status === 'waiting' && this.clock.monotonic() < this.redialAt) return no('noLine', this.reason ?? 'not connected');
    const device = this.deviceOf(job.device);
    if (device.state !== 'down' || job.priority === 'operator' || job.priority === 'readback') return undefined;
    if (this.rests(job.device)) return no('down', device.reason ?? 'it does not answer');
    device.probing = true;
    return undefined;
  }

  private send(job: Job<Request, Reply>): void {
    const now = this.clock.monotonic();
    const device = this.deviceOf(job.device);
    const request = this.distinct(job, device, now);
    const exchange = this.wire.begin(request);
    if (!this.wire.ids) this.unread = new Uint8Array();
    this.quietAtLatest = 0;
    this.counts.requests++;
    device.requests++;
    this.note(job.device, 'sent', exchange.frame, () => this.wire.describe(request));
    if (!this.wire.answered(request)) {
      this.connection?.write(exchange.frame);
      this.keepQuiet(AFTER_BROADCAST_MS);
      job.settle({ ok: true, reply: this.wire.unanswered, at: this.clock.now(), roundTripMs: 0 });
      return void this.pump();
    }
    const cancel = this.clock.after(job.timeoutMs + this.wire.travelMs(request), () => this.timedOut());
    this.flight = { job, sent: request, exchange, since: now, cancel };
    this.connection?.write(exchange.frame);
  }

  /** The request itself, or a probe where a reply that was given up could be taken for its own. */
  private distinct(job: Job<Request, Reply>, device: Device<Request>, now: number): Request {
    if (device.givenUp.length === 0) return job.request;
    device.givenUp = device.givenUp.filter(({ until }) => until > now);
    const shape = this.wire.shape(job.request);
    if (!this.wire.answered(job.request) || !device.givenUp.some((one) => one.shape === shape)) return job.request;
    const givenUp = device.givenUp.map((one) => one.request);
    return this.wire.probe(job.request, givenUp, device.attempt++);
  }

  // ---- what comes back

  private heard(bytes: Uint8Array): void {
    if (this.flight === undefined && !this.wire.ids) {
      this.stray(bytes, 'nobody asked');
      return void this.keepQuiet(this.settings.quietMs);
    }
    this.unread = this.unread.length === 0 ? bytes : Buffer.concat([this.unread, bytes]);
    if (this.flight === undefined) {
      // It stays until the next request, whose id shows that it is not for that one.
      if (this.unread.length > MOST_UNREAD_BYTES) this.broken('the other end sends what nobody asked for');
      return;
    }
    const { exchange } = this.flight;
    const taken = exchange.take(this.unread);
    if (taken.is === 'broken') return void this.failed('garbled', taken.why);
    if (taken.skip > 0) this.stray(this.unread.subarray(0, taken.skip), 'not an answer to this request');
    if (taken.is === 'more') {
      this.unread = this.unread.subarray(taken.skip);
      if (this.unread.length > MOST_UNREAD_BYTES) this.failed('garbled', 'more bytes than any reply has');
      return;
    }
    const frame = this.unread.subarray(taken.skip, taken.used);
    this.unread = this.unread.subarray(taken.used);
    this.answered(frame, taken.reply);
  }

  private answered(frame: Uint8Array, reply: Reply): void {
    const flight = this.flight as NonNullable<typeof this.flight>;
    const { job, sent, since } = flight;
    const device = this.deviceOf(job.device);
    this.note(job.device, 'received', frame, () => this.wire.describeReply(sent, reply));
    const ambiguous =
      device.givenUp.length > 0 &&
      this.wire.mayAnswer(
        sent,
        reply,
        device.givenUp.map(({ request }) => request),
      );
    if (ambiguous) return void this.failed('garbled', 'a refusal that may be of an earlier request');
    this.endFlight();
    const roundTripMs = this.clock.monotonic() - since;
    this.counts.replies++;
    if (!this.wire.ids && this.unread.length > 0) {
      this.stray(this.unread, 'behind the reply');
      this.unread = new Uint8Array();
      this.keepQuiet(this.settings.quietMs);
    }
    this.dialsWithoutReply = 0;
    this.silentInRow = 0;
    device.givenUp.length = 0;
    device.attempt = 0;
    if (this.wire.fromDevice(reply)) this.worked(device, roundTripMs);
    else this.didNotWork(device, job, this.wire.describeReply(sent, reply));
    this.keepQuiet(this.settings.gapMs);
    if (sent === job.request) job.settle({ ok: true, reply, at: this.clock.now(), roundTripMs });
    else (this.queues.get(job.priority) as Job<Request, Reply>[]).unshift(job);
    this.pump();
  }

  private worked(device: Device<Request>, roundTripMs: number): void {
    device.replies++;
    device.state = 'up';
    device.reason = undefined;
    device.consecutiveFailures = 0;
    device.pauseMs = 0;
    device.probing = false;
    device.lastReplyAt = this.clock.now();
    device.roundTripMs =
      device.roundTripMs === undefined ? roundTripMs : device.roundTripMs + (roundTripMs - device.roundTripMs) * SMOOTHING;
  }

  private stray(bytes: Uint8Array, why: string): void {
    this.counts.strays++;
    this.note(undefined, 'received', bytes, () => `stray: ${why}`);
  }

  // ---- what goes wrong

  private timedOut(): void {
    this.failed('timeout', this.unread.length > 0 ? 'no whole reply in time' : 'no reply in time');
  }

  private failed(failure: 'timeout' | 'garbled' | 'cut', message: string): void {
    const flight = this.endFlight();
    if (flight === undefined) return;
    const { job, sent } = flight;
    const device = this.deviceOf(job.device);
    if (failure === 'timeout') {
      this.counts.timeouts++;
      device.timeouts++;
    } else {
      this.counts.garbled++;
      device.garbled++;
    }
    if (this.unread.length > 0) this.note(job.device, 'received', this.unread, () => 'not understood');
    this.note(job.device, 'note', undefined, () => message);
    if (!this.wire.ids) {
      const until = this.clock.monotonic() + Math.max(FORGET_MS, FORGET_TIMEOUTS * job.timeoutMs);
      device.givenUp.push({ request: sent, shape: this.wire.shape(sent), until });
    }
    this.didNotWork(device, job, message);
    if (failure !== 'cut') {
      if (this.settings.reconnects || ++this.silentInRow >= SILENT_UNTIL_REOPENED) this.drop();
      else this.makeQuiet();
    }
    job.settle({ ok: false, failure, message, sent: true });
    this.pump();
  }

  private didNotWork(device: Device<Request>, job: Job<Request, Reply>, message: string): void {
    device.consecutiveFailures++;
    device.reason = message;
    device.probing = false;
    if (device.consecutiveFailures < FAILURES_UNTIL_DOWN) {
      device.state = 'failing';
      return;
    }
    device.state = 'down';
    const alone = this.known.size === 1;
    const cost = job.timeoutMs + this.settings.quietMs;
    device.pauseMs = Math.max(
      Math.min(device.pauseMs === 0 ? FIRST_PAUSE_MS : device.pauseMs * 2, LONGEST_PAUSE_MS),
      alone ? 0 : cost / PROBE_SHARE,
    );
    device.probeAt = this.clock.monotonic() + device.pauseMs;
    for (const priority of ['normal', 'background'] as const)
      this.fail(priority, (waiting) => waiting.device === job.device, 'down', message);
  }

  /** Serial: whatever still comes is let pass, until the line has been silent. */
  private makeQuiet(): void {
    this.unread = new Uint8Array();
    this.connection?.flush();
    this.keepQuiet(this.settings.quietMs);
  }

  private keepQuiet(ms: number): void {
    if (ms <= 0) return;
    const now = this.clock.monotonic();
    if (this.quietAtLatest === 0) this.quietAtLatest = now + LONGEST_QUIET_MS;
    this.quietUntil = Math.max(this.quietUntil, Math.min(now + ms, this.quietAtLatest));
  }

  // ---- the connection

  private connect(): void {
    if (this.status === 'connecting') return;
    const now = this.clock.monotonic();
    if (this.status === 'waiting' && now < this.redialAt) return void this.failQueued('noLine', this.reason ?? 'not connected');
    this.status = 'connecting';
    const giveUp = new AbortController();
    this.dialling = giveUp;
    let over = false;
    const cancel = this.clock.after(this.settings.connectTimeoutMs, () => ended('no connection in time'));
    const ended = (why: string) => {
      if (over) return;
      over = true;
      cancel();
      giveUp.abort();
      this.lost(why);
    };
    const events = {
      data: (bytes: Uint8Array) => {
        if (!over) this.heard(bytes);
      },
      closed: ended,
    };
    this.dial(events, giveUp.signal).then(
      (connection) => {
        cancel();
        if (over || this.status === 'closed') return void connection.close();
        this.connection = { ...connection, close: () => closeOnce(connection) };
        this.status = 'open';
        this.reason = undefined;
        this.counts.connects++;
        this.unread = new Uint8Array();
        this.note(undefined, 'note', undefined, () => 'connected');
        this.pump();
      },
      (error: Error) => ended(error.message),
    );
    const closeOnce = (connection: Connection) => {
      over = true;
      connection.close();
    };
  }

  /** The other end, or the cable, ended it; or it never came to be. */
  private lost(why: string): void {
    if (this.status === 'closed') return;
    const wasOpen = this.status === 'open';
    this.connection = undefined;
    this.note(undefined, 'note', undefined, () => `connection lost: ${why}`);
    if (wasOpen) {
      this.status = 'idle';
      this.reason = why;
      this.afterLoss();
      if (this.flight) this.failed('cut', `the connection was lost: ${why}`);
      return void this.pump();
    }
    this.waitToRedial(why);
    this.failQueued('noLine', why);
  }

  private drop(): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.connection = undefined;
    if (this.status === 'open') this.status = 'idle';
    connection.close();
    this.afterLoss();
  }

  /** Opened anew at once, but not for ever where no reply comes in between. */
  private afterLoss(): void {
    if (this.status === 'closed') return;
    this.unread = new Uint8Array();
    this.silentInRow = 0;
    this.dialsWithoutReply++;
    if (this.dialsWithoutReply > REDIALS_AT_ONCE) this.waitToRedial(this.reason ?? 'no reply over this connection');
    else this.redialMs = FIRST_REDIAL_MS;
  }

  private waitToRedial(why: string): void {
    this.status = 'waiting';
    this.reason = why;
    this.redialAt = this.clock.monotonic() + this.redialMs;
    this.redialMs = Math.min(this.redialMs * 2, LONGEST_REDIAL_MS);
  }

  private broken(why: string): void {
    this.note(undefined, 'note', undefined, () => why);
    this.drop();
    this.pump();
  }

  // ---- small parts

  private endFlight(): typeof this.flight {
    const { flight } = this;
    if (flight === undefined) return undefined;
    flight.cancel();
    this.flight = undefined;
    this.counts.busyMs += this.clock.monotonic() - flight.since;
    return flight;
  }

  private failQueued(failure: Failure, message: string): void {
    for (const priority of PRIORITIES) this.fail(priority, () => true, failure, message);
  }

  private fail(priority: Priority, which: (job: Job<Request, Reply>) => boolean, failure: Failure, message: string): void {
    const queue = this.queues.get(priority) as Job<Request, Reply>[];
    if (queue.length === 0) return;
    const [out, stay] = [queue.filter(which), queue.filter((job) => !which(job))];
    queue.splice(0, queue.length, ...stay);
    for (const job of out) {
      this.deviceOf(job.device).probing = false;
      job.settle({ ok: false, failure, message, sent: false });
    }
  }

  private deviceOf(name: string): Device<Request> {
    let device = this.known.get(name);
    if (device === undefined) {
      device = {
        state: 'unknown',
        reason: undefined,
        requests: 0,
        replies: 0,
        timeouts: 0,
        garbled: 0,
        consecutiveFailures: 0,
        roundTripMs: undefined,
        lastReplyAt: undefined,
        pauseMs: 0,
        probeAt: 0,
        probing: false,
        givenUp: [],
        attempt: 0,
      };
      this.known.set(name, device);
    }
    return device;
  }

  private note(
    device: string | undefined,
    direction: 'sent' | 'received' | 'note',
    bytes: Uint8Array | undefined,
    meaning: () => string,
  ): void {
    this.trace.add(this.clock.now(), device, direction, bytes, meaning);
  }
}
