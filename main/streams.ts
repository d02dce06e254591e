// The station's end of the channel: opens streams by name, spends the reader's credit, judges again when a right changes.

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  BEAT_MS,
  DEFAULT_WINDOW,
  decodeFrame,
  type End,
  encodeFrame,
  encodeJson,
  FRAME,
  FrameError,
  frameCredit,
  frameJson,
  MAX_READER_FRAME,
  MAX_WINDOW,
} from '../contract/channel.ts';
import { Refusal } from '../contract/errors.ts';
import { type StationEvent, streamNamed } from '../contract/index.ts';
import type { AnyStream } from '../contract/procedure.ts';
import { CONTRACT } from '../contract/version.ts';
import type { Call, Source } from './area.ts';
import { type Caller, caller } from './caller.ts';
import { type Delivering, deliver, type Sealed } from './delivery.ts';
import { CLOSE, type Link, linkCount } from './links.ts';
import type { Logger } from './log.ts';
import type { Authority, SessionFacts } from './people/index.ts';
import { type RefusedOpenings, refusedOpenings } from './refusals.ts';
import { LEAVING_BYTES, MAX_STREAMS, Room } from './room.ts';
import { type Areas, asRefusal, barredFromView, judge, type Request } from './router.ts';
import { storeError } from './store/faults.ts';
import type { Store } from './store/index.ts';

/** Beyond this the reader is gone in all but name: the connection is closed, and resumes. */
const CLOSE_AT_BYTES = 4 * 1024 * 1024;

export type ChannelOptions = {
  areas: Areas;
  authority: Authority;
  store: Pick<Store, 'audit' | 'events'>;
  station: { id: string; name: string };
  log: Logger;
  clock: () => number;
  reference: () => string;
};

export type ChannelServer = {
  attach(link: Link, request: Request): void;
  /** Open connections and streams, for /metrics and the health screen. */
  count(): { connections: number; streams: number };
  close(): void;
};

const openRequest = z.strictObject({
  stream: z.string().max(80),
  input: z.unknown(),
  window: z.int().min(1024).max(MAX_WINDOW).optional(),
  cursor: z
    .string()
    .max(200)
    .regex(/^[ -~]*$/)
    .optional(),
  token: z.string().max(128).optional(),
});

export function openChannel(options: ChannelOptions): ChannelServer {
  const connections = new Set<Connection>();
  const hasRoomFor = linkCount();
  const refused = refusedOpenings(options);
  const stopListening = options.store.events.subscribe((event) => {
    for (const connection of [...connections]) connection.hear(event);
  });
  const beat = setInterval(() => {
    for (const connection of [...connections]) connection.beat();
    refused.settle();
  }, BEAT_MS);
  beat.unref();
  return {
    attach(link, request) {
      if (!hasRoomFor(link, request.token)) return;
      const connection = new Connection(options, refused, link, request);
      connections.add(connection);
      link.onClose(() => {
        connections.delete(connection);
        connection.stop();
      });
    },
    count: () => ({ connections: connections.size, streams: [...connections].reduce((sum, connection) => sum + connection.size, 0) }),
    close() {
      stopListening();
      clearInterval(beat);
      refused.settle(true);
      for (const connection of [...connections]) connection.end(CLOSE.goingAway, 'the station is stopping');
    },
  };
}

type Open = {
  id: number;
  name: string;
  declared: AnyStream;
  input: unknown;
  token: string | undefined;
  session: SessionFacts;
  place: Call['place'];
  window: number;
  /** What of the window is not used up. */
  credit: number;
  /** Where a reader goes on that has everything sent so far. */
  cursor: string | undefined;
  delivering: Delivering;
  /** Read and not sent yet: the right to it was being judged, or credit was short. */
  pending: Sealed | undefined;
  /** What is being read and sent just now. */
  pumped: Delivering | undefined;
  /** Nothing leaves while somebody judges. */
  held: boolean;
  /** The store could not say what a change of rights left: the next beat asks again, and until then it stays held. */
  unjudged: boolean;
  /** Only the last judgement asked for counts. */
  judgement: number;
  closed: boolean;
};

class Connection {
  private readonly options: ChannelOptions;
  private readonly refused: RefusedOpenings;
  private readonly link: Link;
  private readonly request: Request;
  private readonly open = new Map<number, Open>();
  private readonly room: Room<Open>;
  /** Streams asked for and not judged yet. */
  private readonly opening = new Map<number, object>();
  /** Judgements under way; more than `opening` where the reader closed a stream before it was open. */
  private judging = 0;
  /** Grows with every fact that may concern rights: a judgement that began before it is made again. */
  private rights = 0;

  constructor(options: ChannelOptions, refused: RefusedOpenings, link: Link, request: Request) {
    this.options = options;
    this.refused = refused;
    this.link = link;
    this.request = request;
    this.room = new Room(link, this.open);
    link.onMessage((message) => this.receive(message));
    const { station, clock } = options;
    this.send(encodeJson(FRAME.hello, 0, { contract: CONTRACT, station, time: clock() }));
  }

  get size(): number {
    return this.open.size;
  }

  stop(): void {
    this.opening.clear();
    for (const stream of this.open.values()) this.drop(stream);
  }

  end(code: number, reason: string): void {
    if (this.link.isOpen()) this.link.close(code, reason);
  }

  /** Tells the reader that the station is there and what time it is, and looks once more whether the sessions still live. */
  beat(): void {
    if ((this.link.buffered() ?? 0) < LEAVING_BYTES) this.send(encodeJson(FRAME.beat, 0, { time: this.options.clock() }));
    for (const stream of [...this.open.values()]) void this.judgeAgain(stream, stream.unjudged);
  }

  /** A right may have changed: every stream it concerns is judged again before another byte of it leaves. */
  hear(event: StationEvent): void {
    const everyone =
      event.event === 'people.siteChanged' || event.event === 'people.organisationChanged' || event.event === 'people.teamChanged';
    const one = event.event === 'people.grantsChanged' || event.event === 'people.rightsChanged' || event.event === 'people.sessionEnded';
    if (!everyone && !one) return;
    this.rights += 1;
    for (const stream of [...this.open.values()]) {
      if (event.event === 'people.sessionEnded') {
        if (event.session === stream.session.session) this.finish(stream, sessionEnded());
      } else if (everyone || event.person === stream.session.person || event.person === stream.session.seen?.person) {
        stream.held = true;
        void this.judgeAgain(stream, true);
      }
    }
  }

  private send(frame: Uint8Array): void {
    if (!this.link.isOpen()) return;
    if ((this.link.buffered() ?? 0) > CLOSE_AT_BYTES) this.end(CLOSE.tooSlow, 'the reader does not read');
    else this.link.send(frame);
  }

  private receive(message: string | Uint8Array): void {
    // What still arrives after the connection was given up opens nothing.
    if (!this.link.isOpen()) return;
    try {
      if (typeof message === 'string') throw new FrameError('text where frames are spoken');
      if (message.length > MAX_READER_FRAME) throw new FrameError('a frame larger than a reader may send');
      const { type, stream: id, payload } = decodeFrame(message);
      if (type === FRAME.open) this.openStream(id, openRequest.safeParse(frameJson(payload)));
      else if (type === FRAME.credit) this.addCredit(id, frameCredit(payload));
      else if (type === FRAME.close) this.closeStream(id);
      else throw new FrameError('a frame only a station sends');
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.options.log.warn({ error, event: 'badFrame' }, 'a malformed frame closed its connection');
      this.end(CLOSE.badFrame, 'bad frame');
    }
  }

  private openStream(id: number, parsed: ReturnType<typeof openRequest.safeParse>): void {
    if (id === 0 || this.open.has(id) || this.opening.has(id)) throw new FrameError('a stream number that is taken');
    if (this.open.size + this.judging >= MAX_STREAMS) {
      this.sendEnd(id, new Refusal('tooMany', `More than ${MAX_STREAMS} streams are open on this connection.`));
      return;
    }
    if (!parsed.success) {
      this.sendEnd(id, new Refusal('invalid', 'This is not how a stream is opened.'));
      return;
    }
    const opening = {};
    this.opening.set(id, opening);
    this.judging += 1;
    this.judgeFirst(id, parsed.data, () => this.opening.get(id) === opening)
      .catch((error: unknown) => {
        if (this.opening.get(id) !== opening) return;
        this.opening.delete(id);
        this.sendEnd(id, error);
      })
      .finally(() => {
        this.judging -= 1;
      });
  }

  /** `wanted`: not closed again by the reader, or by the loss of the connection. */
  private async judgeFirst(id: number, asked: z.output<typeof openRequest>, wanted: () => boolean): Promise<void> {
    const { authority } = this.options;
    const token = asked.token ?? this.request.token;
    const window = asked.window ?? DEFAULT_WINDOW;
    for (;;) {
      const { rights } = this;
      const session = await authority.session(token);
      if (session === undefined) throw new Refusal('unauthenticated', 'Please sign in.');
      const declared = streamNamed(asked.stream);
      if (declared === undefined) throw new Refusal('notFound', 'There is no such stream.');
      const input = declared.input.safeParse(asked.input);
      if (!input.success) throw invalid(input.error.issues);
      const barred = barredFromView(session, declared);
      const verdict = barred ? { place: undefined, refusal: barred } : await judge(authority, declared.needs as never, session, input.data);
      if (!wanted()) return;
      if (rights !== this.rights) continue;
      if (verdict.refusal) {
        await this.refused.write(this.callerOf(asked.stream, session, verdict.place).author, verdict.refusal);
        throw verdict.refusal;
      }
      if (declared.critical && !session.confirmed) throw new Refusal('unconfirmed', 'Prove first that it is still you.');
      const stream: Open = {
        id,
        name: asked.stream,
        declared,
        input: input.data,
        token,
        session,
        place: verdict.place,
        window,
        credit: window,
        cursor: asked.cursor,
        delivering: undefined as never,
        pending: undefined,
        pumped: undefined,
        held: false,
        unjudged: false,
        judgement: 0,
        closed: false,
      };
      stream.delivering = this.deliveryOf(stream);
      // From the judgement to here nothing is awaited: a right that changes later finds the stream among the open ones.
      this.opening.delete(id);
      this.open.set(id, stream);
      // One more to share with: everybody's part is smaller now.
      for (const each of this.open.values()) each.delivering.keep(this.partOf(each));
      void this.pump(stream);
      return;
    }
  }

  private callerOf(action: string, session: SessionFacts, place: Call['place']): Caller {
    const { organisationOf } = this.options.authority;
    return caller({ ...session, origin: this.request.origin, action, place, opId: undefined, organisationOf });
  }

  private deliveryOf(stream: Open): Delivering {
    const { areas, clock } = this.options;
    const { session, declared, name, place, cursor } = stream;
    const [area, short] = name.split('.') as [keyof Areas, string];
    const call: Call = {
      caller: this.callerOf(name, session, place),
      origin: this.request.origin,
      place,
      signal: new AbortController().signal,
    };
    const handler = (areas[area].streams as Record<string, (input: unknown, call: Call) => Source<AnyStream['delivery'], unknown>>)[short];
    if (handler === undefined) throw new Error(`stream ${name} is declared and not implemented`);
    return deliver(declared.delivery, handler(stream.input, call), {
      cursor,
      clock,
      ready: () => void this.pump(stream),
      room: () => this.partOf(stream),
    });
  }

  /** What may wait of it in the station, beside what is read and about to leave. */
  private partOf({ pending }: Open): number {
    return this.room.share - (pending === undefined || pending === 'end' ? 0 : pending.payload.length);
  }

  /** Sends while there is something to send, credit to spend and room on the wire. */
  private async pump(stream: Open): Promise<void> {
    const { delivering } = stream;
    if (stream.pumped === delivering) return;
    stream.pumped = delivering;
    // A stream judged anew with another outcome delivers anew and is pumped anew: what this one still reads goes nowhere.
    const current = () => stream.delivering === delivering && !stream.closed;
    const maySend = () => current() && !stream.held && stream.credit > 0 && this.link.isOpen();
    try {
      while (maySend()) {
        const room = this.room.leaving(stream);
        if (room <= 0) {
          if (this.link.buffered() === undefined) return this.room.wait(stream);
          delivering.keep(this.partOf(stream));
          await this.link.drained();
          continue;
        }
        const sealed = stream.pending ?? (await delivering.next(room));
        if (!current()) return;
        stream.pending = sealed;
        if (sealed === undefined) break;
        if (!maySend()) return;
        // While it was read, others may have taken the room.
        if (this.room.leaving(stream) > 0 && !this.sendPending(stream, sealed)) return;
      }
    } catch (error) {
      if (current()) this.finish(stream, error);
    } finally {
      if (stream.pumped === delivering) stream.pumped = undefined;
      if (current()) delivering.keep(this.partOf(stream));
    }
    // Something may have become ready between the last look and now.
    if (maySend() && delivering.hasMore()) void this.pump(stream);
  }

  /** False where it has to wait for credit. */
  private sendPending(stream: Open, sealed: Sealed): boolean {
    if (stream.session.endsAt <= this.options.clock()) {
      // Unless it was used since we last looked.
      stream.held = true;
      void this.judgeAgain(stream, true);
      return false;
    }
    if (sealed === 'end') {
      this.finish(stream, undefined);
      return true;
    }
    const bytes = sealed.payload.length;
    // A value larger than what is left of the window waits until half of it is free, and then goes out, however large it is.
    if (bytes > stream.credit && stream.credit < stream.window / 2) return false;
    stream.pending = undefined;
    this.room.spend(stream, bytes);
    stream.cursor = sealed.cursor ?? stream.cursor;
    this.send(encodeFrame(sealed.type, stream.id, sealed.payload));
    return true;
  }

  private addCredit(id: number, bytes: number): void {
    const stream = this.open.get(id);
    // For a stream that ended meanwhile a credit comes late, and means nothing.
    if (stream === undefined) return;
    this.pumpAll(this.room.giveBack(stream, bytes));
    void this.pump(stream);
  }

  private pumpAll(streams: Open[]): void {
    for (const stream of streams) void this.pump(stream);
  }

  private async judgeAgain(stream: Open, rightsChanged: boolean): Promise<void> {
    const { authority, clock, log } = this.options;
    if (rightsChanged) {
      stream.judgement += 1;
      stream.unjudged = false;
    }
    const { judgement } = stream;
    try {
      // What a stream shows by itself is no use of the session.
      const session = await authority.session(stream.token, 'look');
      if (session === undefined) throw sessionEnded();
      if (!rightsChanged) {
        stream.session = { ...stream.session, endsAt: session.endsAt };
        return;
      }
      const verdict = await judge(authority, stream.declared.needs as never, session, stream.input);
      if (stream.closed || judgement !== stream.judgement) return;
      // Nobody asked for anything just now: what took the right away stands in the audit.
      if (verdict.refusal) throw verdict.refusal;
      const same = isDeepStrictEqual([stream.session.grants, stream.place], [session.grants, verdict.place]);
      stream.session = session;
      stream.place = verdict.place;
      if (!same) {
        // The same stream with today's rights: it goes on where it was, and what it showed is shown anew.
        stream.delivering.stop();
        stream.pending = undefined;
        stream.delivering = this.deliveryOf(stream);
      }
      stream.held = false;
      void this.pump(stream);
    } catch (error) {
      if (stream.closed || judgement !== stream.judgement) return;
      if (!isUnavailable(error)) return this.finish(stream, error);
      // Known without the store.
      if (stream.session.endsAt <= clock()) return this.finish(stream, sessionEnded());
      // Either nobody knows of a change that would forbid it, or it is held and asked about again: no reason to end it.
      if (!rightsChanged) return;
      stream.unjudged = true;
      log.warn({ error, event: 'unjudged' }, 'a stream is held: the store cannot say what its reader may see now');
    }
  }

  private finish(stream: Open, error: unknown): void {
    if (stream.closed) return;
    this.drop(stream);
    this.sendEnd(stream.id, error);
  }

  private closeStream(id: number): void {
    this.opening.delete(id);
    const stream = this.open.get(id);
    if (stream) this.drop(stream);
  }

  private drop(stream: Open): void {
    stream.closed = true;
    stream.delivering.stop();
    this.open.delete(stream.id);
    this.pumpAll(this.room.leave(stream));
  }

  private sendEnd(id: number, error: unknown): void {
    const end: End =
      error === undefined
        ? {}
        : (({ code, message, data }) => ({ code, message, data: data as Record<string, unknown> }))(
            asRefusal(error, this.options.log, this.options.reference).travelling,
          );
    this.send(encodeJson(FRAME.end, id, end));
  }
}

const sessionEnded = () => new Refusal('unauthenticated', 'Your session has ended.');

function isUnavailable(error: unknown): boolean {
  const meaning = storeError(error);
  return meaning instanceof Refusal && meaning.code === 'unavailable';
}

const invalid = (issues: readonly { path: PropertyKey[]; message: string }[]) =>
  new Refusal('invalid', 'The input is not what was asked for.', {
    issues: issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.'), message })),
  });
