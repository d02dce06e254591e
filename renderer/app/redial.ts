// Keeps a link to the station: dials again when it is lost, slower and slower, and says how it stands.
import type { ClientLink, Dial, LinkKind } from './links.ts';

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;

export type LinkState = 'dialling' | 'open' | 'lost';

export type RedialOptions = {
  kind: LinkKind;
  dial: Dial;
  /** A new link is there: use it. */
  onOpen(link: ClientLink): void;
  /** The link is gone, or could not be opened. */
  onLost(code: number, reason: string): void;
  /** A number from 0 to 1, so that a thousand screens do not come back in the same instant. */
  random?: () => number;
};

export class Redial {
  private readonly options: RedialOptions;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dialling: AbortController | undefined;
  private link: ClientLink | undefined;
  private stopped = false;

  constructor(options: RedialOptions) {
    this.options = options;
  }

  get open(): boolean {
    return this.link !== undefined;
  }

  start(): void {
    this.stopped = false;
    if (this.link !== undefined || this.dialling !== undefined) return;
    clearTimeout(this.timer);
    void this.once();
  }

  /** Do not wait any longer: the network is back, or somebody pressed the button. */
  now(): void {
    this.failures = 0;
    if (!this.stopped) this.start();
  }

  /** Gives the present link up and dials a new one. */
  again(): void {
    const { link } = this;
    if (link === undefined) return;
    this.lost(1006, 'no sign of life');
    link.close();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.dialling?.abort();
    this.dialling = undefined;
    const { link } = this;
    this.link = undefined;
    link?.close();
  }

  private async once(): Promise<void> {
    const abort = new AbortController();
    this.dialling = abort;
    try {
      const link = await this.options.dial(this.options.kind, abort.signal);
      if (abort.signal.aborted) return link.close();
      this.dialling = undefined;
      this.link = link;
      // A station that turns links away as soon as they open is dialled as seldom as one that is not there.
      link.onMessage(() => {
        this.failures = 0;
      });
      link.onClose((code, reason) => {
        if (this.link === link) this.lost(code, reason);
      });
      this.options.onOpen(link);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.dialling = undefined;
      const { code, message } = error as Error & { code?: number };
      this.lost(code ?? 1006, message);
    }
  }

  private lost(code: number, reason: string): void {
    this.link = undefined;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures++) * (0.5 + (this.options.random ?? Math.random)() / 2);
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.start(), wait);
    this.options.onLost(code, reason);
  }
}
