// What one connection may hold in the station, whatever it opens: so much on its way out, so much waiting; its streams share both.
import { CREDIT_BYTES } from '../contract/channel.ts';
import type { Link } from './links.ts';

export const MAX_STREAMS = 256;
/** May be on its way out. Beyond it nothing new is sent until some of it has left. */
export const LEAVING_BYTES = 1024 * 1024;
/** May wait: rings, pages, snapshots, pieces that were read and cannot be sent yet. */
export const WAITING_BYTES = 1024 * 1024;
/**
 * So much of one stream may be on its way whatever the others have, or a few that are not read would bring all to a stand.
 * Twice what a reader may hold back of its credit: one that has read everything is always sent more.
 */
export const FLOOR_BYTES = 2 * CREDIT_BYTES;

type Paid = { window: number; credit: number };

export class Room<S extends Paid> {
  private readonly link: Pick<Link, 'buffered'>;
  private readonly streams: ReadonlyMap<number, S>;
  /** Sent and not given back. A stream that is over counts no more: nobody gives back for it. */
  private unconsumed = 0;
  /** Have something to send and no room. Whoever waits longest is first. */
  private readonly waiting = new Set<S>();

  constructor(link: Pick<Link, 'buffered'>, streams: ReadonlyMap<number, S>) {
    this.link = link;
    this.streams = streams;
  }

  /** What may wait of each stream. */
  get share(): number {
    return Math.floor(WAITING_BYTES / Math.max(1, this.streams.size));
  }

  /** How many bytes of this stream may leave now. */
  leaving({ window, credit }: S): number {
    const buffered = this.link.buffered();
    if (buffered !== undefined) return buffered > LEAVING_BYTES ? 0 : Math.min(credit, this.share);
    // Nobody can tell what has left: whatever the reader has not given back may still be here.
    const own = window - credit;
    return Math.min(credit, Math.max(FLOOR_BYTES - own, Math.min(this.share - own, LEAVING_BYTES - this.unconsumed)));
  }

  /** Takes it off the stream's credit. */
  spend(stream: S, bytes: number): void {
    stream.credit -= bytes;
    this.unconsumed += bytes;
  }

  wait(stream: S): void {
    this.waiting.add(stream);
  }

  /** The streams for which there may be room now. */
  giveBack(stream: S, bytes: number): S[] {
    const back = Math.min(bytes, stream.window - stream.credit);
    stream.credit += back;
    this.unconsumed -= back;
    const waiting = [...this.waiting];
    this.waiting.clear();
    return waiting;
  }

  /** It is over. Again: the streams for which there may be room now. */
  leave(stream: S): S[] {
    this.waiting.delete(stream);
    return this.giveBack(stream, Number.POSITIVE_INFINITY);
  }
}
