// The reader's end of the channel: opens streams by name, gives credit for what was consumed, goes on after a lost link.
import {
  BEAT_MS,
  DEFAULT_WINDOW,
  decodeFrame,
  type End,
  type EventValues,
  encodeCredit,
  encodeFrame,
  encodeJson,
  FRAME,
  type Frame,
  frameBytes,
  frameJson,
  type Hello,
  type SampleValues,
  type StateValues,
} from '../../contract/channel.ts';
import { isErrorCode, Refusal } from '../../contract/errors.ts';
import type { ClientLink, Dial } from './links.ts';
import { type LinkState, Redial } from './redial.ts';

/** Without a frame for this long the link is taken for dead. */
const SILENCE_MS = BEAT_MS * 3;

export type Reader = {
  /** Present state, then changes. `reset`: forget everything that came before. */
  state?(values: StateValues): void | Promise<void>;
  events?(items: EventValues['items']): void | Promise<void>;
  samples?(values: SampleValues): void | Promise<void>;
  bytes?(bytes: Uint8Array, offset: number): void | Promise<void>;
  lost?(bytes: number): void;
  /** Over for good: refused, or read to the end. A lost link is not an end. */
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
};

export class Channel {
  private readonly options: ChannelOptions;
  private readonly redial: Redial;
  private readonly open = new Map<number, Subscription>();
  private link: ClientLink | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
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

  now(): void {
    this.redial.now();
  }

  stop(): void {
    clearTimeout(this.silence);
    this.redial.stop();
    this.link = undefined;
  }

  get size(): number {
    return this.open.size;
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
    };
    this.open.set(subscription.id, subscription);
    this.ask(subscription);
    return () => {
      if (this.open.delete(subscription.id)) this.link?.send(encodeFrame(FRAME.close, subscription.id, new Uint8Array()));
    };
  }

  private opened(link: ClientLink): void {
    this.link = link;
    link.onMessage((message) => {
      // Frames of a link that was given up meanwhile belong to nobody.
      if (this.link === link && typeof message !== 'string') this.receive(decodeFrame(message));
    });
    this.options.onState?.('open', 0);
    // The same streams under new numbers: what is still on its way from the old link cannot be taken for an answer.
    for (const subscription of [...this.open.values()]) {
      this.open.delete(subscription.id);
      subscription.id = this.nextId++;
      this.open.set(subscription.id, subscription);
      this.ask(subscription);
    }
    this.listen();
  }

  private lost(code: number): void {
    this.link = undefined;
    clearTimeout(this.silence);
    this.options.onState?.('lost', code);
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
    if (frame.type === FRAME.end) {
      this.open.delete(frame.stream);
      const end = frameJson(frame.payload) as End;
      void subscription.last.then(() =>
        subscription.reader.end?.(isErrorCode(end.code) ? new Refusal(end.code, end.message ?? '', end.data) : undefined),
      );
      return;
    }
    subscription.last = subscription.last.then(() => this.consume(subscription, frame)).catch((error: unknown) => console.error(error));
  }

  private async consume(subscription: Subscription, frame: Frame): Promise<void> {
    // Stopped, or asked for anew over another link, while the frame waited its turn.
    if (this.open.get(frame.stream) !== subscription) return;
    try {
      await handle(subscription, frame);
    } finally {
      this.credit(subscription, frame.stream, frame.payload.length);
    }
  }

  private credit(subscription: Subscription, id: number, bytes: number): void {
    if (subscription.id !== id) return;
    subscription.consumed += bytes;
    // In portions: a credit a frame would be as many frames again.
    if (subscription.consumed < subscription.window / 4) return;
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
