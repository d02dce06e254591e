// The reader's end of the channel: opens streams by name, gives credit for what was consumed, goes on after a lost link.
import {
  BEAT_MS,
  CREDIT_BYTES,
  DEFAULT_WINDOW,
  decodeFrame,
  type End,
  type EventValues,
  encodeCredit,
  encodeFrame,
  encodeJson,
  FRAME,
  type Frame,
  FrameError,
  frameBytes,
  frameJson,
  type Hello,
  type SampleValues,
  type StateValues,
  TOO_MANY_LINKS,
} from '../../contract/channel.ts';
import { type ErrorCode, isErrorCode, Refusal } from '../../contract/errors.ts';
import type { ClientLink, Dial } from './links.ts';
import { type LinkState, Redial } from './redial.ts';

/** Without a frame for this long the link is taken for dead. */
const SILENCE_MS = BEAT_MS * 3;
/** Ends that say nothing about what the reader may see, only that the station could not just now. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['unavailable', 'internal', 'timedOut']);
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;

export type Reader = {
  /** Present state, then changes. `reset`: forget everything that came before. */
  state?(values: StateValues): void | Promise<void>;
  events?(items: EventValues['items']): void | Promise<void>;
  samples?(values: SampleValues): void | Promise<void>;
  bytes?(bytes: Uint8Array, offset: number): void | Promise<void>;
  lost?(bytes: number): void;
  /** The station could not go on. It is asked again by itself, later and later, from where this reader is. */
  interrupted?(refusal: Refusal): void;
  /** Over for good: refused, or read to the end. A lost link is not an end, nor is what passes. */
  end?(refusal: Refusal | undefined): void;
};

export type StreamOptions = { window?: number; cursor?: string };

export type ChannelOptions = {
  dial: Dial;
  token?: () => string | undefined;
  onState?(state: LinkState, code: number): void;
  /** Every frame is a sign of life; beats bring the station's time. */
  onContact?(stationTime: number | undefined): void;
  onHello?(hello: Hello): void;
  /** So many streams wait to be asked for again: the station could not go on with them. */
  onInterrupted?(streams: number): void;
  /** A number from 0 to 1, so that a thousand screens do not ask again in the same instant. */
  random?: () => number;
};

type Subscription = {
  id: number;
  stream: string;
  input: unknown;
  reader: Reader;
  window: number;
  cursor: string | undefined;
  consumed: number;
  /** Frames are consumed one after another, however long the reader takes. */
  last: Promise<void>;
  /** Interruptions since something was last consumed. */
  failures: number;
  again: ReturnType<typeof setTimeout> | undefined;
};

export class Channel {
  private readonly options: ChannelOptions;
  private readonly redial: Redial;
  private readonly open = new Map<number, Subscription>();
  /** Interrupted, and to be asked for again. */
  private readonly waiting = new Set<Subscription>();
  private link: ClientLink | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  /** Until when no link is dialled, as there were too many. */
  private standing: ReturnType<typeof setTimeout> | undefined;
  private nextId = 1;

  constructor(options: ChannelOptions) {
    this.options = options;
    this.redial = new Redial({
      kind: 'channel',
      dial: options.dial,
      onOpen: (link) => this.opened(link),
      onLost: (code) => this.lost(code),
    });
  }

  start(): void {
    this.redial.start();
  }

  /** Do not wait any longer, neither for a link nor for an interrupted stream. */
  now(): void {
    for (const subscription of [...this.waiting]) this.reopen(subscription);
    if (this.standing !== undefined) this.dialAgain();
    else this.redial.now();
  }

  stop(): void {
    clearTimeout(this.silence);
    clearTimeout(this.standing);
    this.standing = undefined;
    this.redial.stop();
    this.link = undefined;
  }

  get size(): number {
    return this.open.size + this.waiting.size;
  }

  /** Returns how to stop reading. */
  read(stream: string, input: unknown, reader: Reader, options: StreamOptions = {}): () => void {
    const subscription: Subscription = {
      id: this.nextId++,
      stream,
      input,
      reader,
      window: options.window ?? DEFAULT_WINDOW,
      cursor: options.cursor,
      consumed: 0,
      last: Promise.resolve(),
      failures: 0,
      again: undefined,
    };
    this.open.set(subscription.id, subscription);
    this.ask(subscription);
    return () => {
      clearTimeout(subscription.again);
      this.noLongerWaits(subscription);
      if (this.open.delete(subscription.id)) this.link?.send(encodeFrame(FRAME.close, subscription.id, new Uint8Array()));
    };
  }

  private opened(link: ClientLink): void {
    this.link = link;
    link.onMessage((message) => {
      // Frames of a link that was given up meanwhile belong to nobody.
      if (this.link === link && typeof message !== 'string') this.receiveOver(link, message);
    });
    this.options.onState?.('open', 0);
    for (const subscription of [...this.open.values(), ...this.waiting]) this.reopen(subscription);
    this.listen();
  }

  /** The same stream under a new number: what is still on its way under the old one cannot be taken for an answer. */
  private reopen(subscription: Subscription): void {
    clearTimeout(subscription.again);
    this.noLongerWaits(subscription);
    this.open.delete(subscription.id);
    subscription.id = this.nextId++;
    this.open.set(subscription.id, subscription);
    this.ask(subscription);
  }

  private lost(code: number): void {
    this.link = undefined;
    clearTimeout(this.silence);
    if (code === TOO_MANY_LINKS) this.standBack();
    this.options.onState?.('lost', code);
  }

  /** The station was reached and has too many windows of this session: to dial as after a cut would only be a nuisance. */
  private standBack(): void {
    this.redial.stop();
    this.standing = setTimeout(() => this.dialAgain(), LONGEST_WAIT_MS);
  }

  private dialAgain(): void {
    clearTimeout(this.standing);
    this.standing = undefined;
    this.redial.start();
  }

  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.redial.again(), SILENCE_MS);
  }

  private ask(subscription: Subscription): void {
    const { id, stream, input, window, cursor } = subscription;
    subscription.consumed = 0;
    const token = this.options.token?.();
    this.link?.send(
      encodeJson(FRAME.open, id, { stream, input, window, ...(cursor !== undefined && { cursor }), ...(token !== undefined && { token }) }),
    );
  }

  /** A link that speaks nonsense is given up for a new one. */
  private receiveOver(link: ClientLink, message: Uint8Array): void {
    try {
      this.receive(decodeFrame(message));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (this.link === link) this.redial.again();
    }
  }

  private receive(frame: Frame): void {
    this.listen();
    if (frame.type === FRAME.hello) {
      const hello = frameJson(frame.payload) as Hello;
      this.options.onContact?.(hello.time);
      this.options.onHello?.(hello);
      return;
    }
    if (frame.type === FRAME.beat) {
      this.options.onContact?.((frameJson(frame.payload) as { time: number }).time);
      return;
    }
    this.options.onContact?.(undefined);
    const subscription = this.open.get(frame.stream);
    if (subscription === undefined) return;
    const handled = () => (frame.type === FRAME.end ? this.ended(subscription, frame) : this.consume(subscription, frame));
    subscription.last = subscription.last.then(handled).catch((error: unknown) => console.error(error));
  }

  /** Behind everything the stream said before. */
  private ended(subscription: Subscription, frame: Frame): void {
    if (this.open.get(frame.stream) !== subscription) return;
    this.open.delete(frame.stream);
    const end = frameJson(frame.payload) as End;
    const refusal = isErrorCode(end.code) ? new Refusal(end.code, end.message ?? '', end.data) : undefined;
    if (refusal === undefined || !PASSING.has(refusal.code)) subscription.reader.end?.(refusal);
    else {
      this.askLater(subscription);
      subscription.reader.interrupted?.(refusal);
    }
  }

  private noLongerWaits(subscription: Subscription): void {
    if (this.waiting.delete(subscription)) this.options.onInterrupted?.(this.waiting.size);
  }

  private askLater(subscription: Subscription): void {
    const random = this.options.random ?? Math.random;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** subscription.failures++) * (0.5 + random() / 2);
    this.waiting.add(subscription);
    this.options.onInterrupted?.(this.waiting.size);
    subscription.again = setTimeout(() => this.reopen(subscription), wait);
  }

  private async consume(subscription: Subscription, frame: Frame): Promise<void> {
    // Stopped, or asked for anew over another link, while the frame waited its turn.
    if (this.open.get(frame.stream) !== subscription) return;
    try {
      await handle(subscription, frame);
      subscription.failures = 0;
    } finally {
      this.credit(subscription, frame.stream, frame.payload.length);
    }
  }

  private credit(subscription: Subscription, id: number, bytes: number): void {
    if (subscription.id !== id) return;
    subscription.consumed += bytes;
    // In portions: a credit a frame would be as many frames again.
    if (subscription.consumed < Math.min(CREDIT_BYTES, subscription.window / 4)) return;
    this.link?.send(encodeCredit(id, subscription.consumed));
    subscription.consumed = 0;
  }
}

async function handle(subscription: Subscription, { type, payload }: Frame): Promise<void> {
  const { reader } = subscription;
  if (type === FRAME.bytes) {
    const { offset, bytes } = frameBytes(payload);
    await reader.bytes?.(bytes, offset);
    subscription.cursor = String(offset + bytes.length);
    return;
  }
  const values = frameJson(payload) as StateValues & EventValues & SampleValues & { bytes: number };
  if (type === FRAME.lost) reader.lost?.(values.bytes);
  else if (reader.state) await reader.state(values);
  else if (reader.samples) await reader.samples(values);
  else if (reader.events) {
    await reader.events(values.items);
    subscription.cursor = values.items.at(-1)?.[0] ?? subscription.cursor;
  }
}
