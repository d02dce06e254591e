// What a bus must know of a protocol and of what carries it; the bus itself knows no protocol.

export type Taken<Reply> =
  /** Not yet. The first `skip` bytes belong to nothing that was asked for. */
  | { is: 'more'; skip: number }
  /** The reply to this very request; it ends after `used` bytes, of which the first `skip` belong to nothing. */
  | { is: 'reply'; reply: Reply; used: number; skip: number }
  /** Whatever follows cannot be told apart any more. */
  | { is: 'broken'; why: string };

export type Exchange<Reply> = { frame: Uint8Array; take(received: Uint8Array): Taken<Reply> };

export type Wire<Request, Reply> = {
  /** Every reply says which request it answers. Without ids a late reply looks like the next one's. */
  ids: boolean;
  begin(request: Request): Exchange<Reply>;
  /** Nobody answers what is sent to all. */
  answered(request: Request): boolean;
  /** What stands for the reply then. */
  unanswered: Reply;
  /** Two requests of one shape could be given each other's reply. Not asked where there are ids. */
  shape(request: Request): string;
  /** Could this reply to `request` be that of one of these, which were given up? */
  mayAnswer(request: Request, reply: Reply, givenUp: readonly Request[]): boolean;
  /** A harmless request whose reply cannot be that of those given up. Another one for each attempt, should the device not like it. */
  probe(request: Request, givenUp: readonly Request[], attempt: number): Request;
  /** What comes from the device, or from a gateway in its name that cannot reach it. */
  fromDevice(reply: Reply): boolean;
  /** For the trace. */
  describe(request: Request): string;
  describeReply(request: Request, reply: Reply): string;
  /** How long the bytes of request and reply are on their way, beside the device's own time. */
  travelMs(request: Request): number;
};

export type Events = { data(bytes: Uint8Array): void; closed(why: string): void };

export type Connection = {
  write(bytes: Uint8Array): void;
  /** Throws away what has come and not been read. It may throw away what is just being sent: silence follows. */
  flush(): void;
  close(): void;
};

/** Rejects with a reason in words. A connection that `giveUp` aborts closes by itself. */
export type Dial = (events: Events, giveUp: AbortSignal) => Promise<Connection>;
