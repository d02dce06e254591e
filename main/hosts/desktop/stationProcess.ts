// The station behind the window: a process of its own, started again when it dies, and asked for the page's ports.
import type { Readable } from 'node:stream';
import type { MessageChannelMain, MessagePortMain, UtilityProcess } from 'electron';
import type { DialRequest, FromStation, Granted, Refused, ToStation, Wish } from './messages.ts';

export type StationOptions = {
  fork(): UtilityProcess;
  channel(): MessageChannelMain;
  /** It is there, for the first time or again. */
  onReady(link: string | undefined): void;
  /** It wants the key of its secrets. `keyring` says how that went, for its log. */
  key(): Promise<{ key: Uint8Array; keyring: string }>;
  /** It has died at work: every port to it is dead. It is started again, or onDead comes as well. `said` is the end of its stderr. */
  onLost(said: string): void;
  /** It takes longer than it should, and goes on. `said` is the end of its stderr. */
  onLate(said: string): void;
  /** It asks for a step of the update. */
  onWish(wish: Wish): Promise<Granted>;
  /** It has died, and is not started again by itself. */
  onDead(said: string): void;
};

const START_MS = 10_000;
const STOP_MS = 4_500;
/** For its last words to arrive after its end. */
const LAST_WORDS_MS = 500;
/** Whoever wants to quit does not wait longer for what the station is at work on. */
const BUSY_MS = 1_000;
const SAID_LENGTH = 16 * 1024;
/** So many deaths within so long: it would only die again. */
const DEATHS = { most: 3, withinMs: 60_000 };

const NOT_THERE: Refused = { refused: 'the station is not running', code: 1006 };

export class StationProcess {
  private readonly options: StationOptions;
  private child: UtilityProcess | undefined;
  private there = Promise.withResolvers<UtilityProcess | undefined>();
  private isThere = false;
  private again = false;
  private stopping = false;
  private deaths: number[] = [];
  private asked = 0;
  private readonly answers = new Map<number, (answer: Partial<Refused>) => void>();
  private readonly busyAnswers = new Map<number, (tasks?: string[]) => void>();
  /** Pending while the computer sleeps. */
  private awake: Promise<void> | undefined;
  private wake = () => {};

  constructor(options: StationOptions) {
    this.options = options;
  }

  /** Somebody wants it to run: for the first time, or after it died or hangs. */
  start(): void {
    this.deaths = [];
    this.stopping = false;
    this.again = this.child !== undefined;
    // A folder is free only when its process has ended: the new one begins then.
    if (this.child) this.child.kill();
    else this.fork();
  }

  isRunning(): boolean {
    return this.isThere;
  }

  /** A port to the station, as soon as there is one to attach it. */
  async dial({ kind, contract, to }: DialRequest): Promise<{ port: MessagePortMain } | Refused> {
    if (this.awake) await this.awake;
    const child = await this.there.promise;
    if (child === undefined || child !== this.child) return NOT_THERE;
    const { port1, port2 } = this.options.channel();
    const attach = ++this.asked;
    const answered = new Promise<Partial<Refused>>((resolve) => this.answers.set(attach, resolve));
    child.postMessage({ attach, kind, contract, ...(to && { to }) } satisfies ToStation, [port1]);
    const { refused, code = NOT_THERE.code } = await answered;
    if (refused === undefined) return { port: port2 };
    port2.close();
    return { refused, code };
  }

  /** What it is at work on; undefined where there is none, or none that answers. */
  async busy(): Promise<string[] | undefined> {
    if (!this.isThere) return undefined;
    const ask = ++this.asked;
    return new Promise((resolve) => {
      const settle = (tasks?: string[]) => {
        clearTimeout(late);
        this.busyAnswers.delete(ask);
        resolve(tasks);
      };
      const late = setTimeout(settle, BUSY_MS);
      this.busyAnswers.set(ask, settle);
      this.say({ busy: ask });
    });
  }

  /** A line for its log, where it has one open. */
  log(log: Record<string, unknown>, words: string): void {
    if (this.isThere) this.say({ log, words });
  }

  /** The computer falls asleep: links are closed in order, and none is given until it wakes. */
  suspend(): void {
    if (this.awake) return;
    ({ promise: this.awake, resolve: this.wake } = Promise.withResolvers<void>());
    if (this.isThere) this.say({ power: 'suspend' });
  }

  resume(): void {
    if (!this.awake) return;
    this.awake = undefined;
    if (this.isThere) this.say({ power: 'resume' });
    this.wake();
  }

  private say(message: ToStation): void {
    this.child?.postMessage(message);
  }

  /** Ends it in order, or after a while all the same. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (child === undefined) return;
    const late = setTimeout(() => child.kill(), STOP_MS);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.postMessage({ stop: true } satisfies ToStation);
    await ended;
    clearTimeout(late);
  }

  private fork(): void {
    const child = this.options.fork();
    this.child = child;
    this.there = Promise.withResolvers();
    const words = listen(child);
    const late = setTimeout(() => {
      // Not killed: it may be bringing a large database to this version. Whoever waits is told, and may ask again.
      this.there.resolve(undefined);
      this.there = Promise.withResolvers();
      this.options.onLate(words.said());
    }, START_MS);
    child.on('message', (message: FromStation) => {
      if ('answer' in message) {
        this.answers.get(message.answer)?.(message);
        this.answers.delete(message.answer);
        return;
      }
      if ('tasks' in message) return this.busyAnswers.get(message.busy)?.(message.tasks);
      const tell = (answer: ToStation) => child.postMessage(answer);
      if ('wish' in message) {
        // It may have ended meanwhile, and nobody waits then.
        void this.options.onWish(message).then((granted) => child === this.child && tell(granted));
        return;
      }
      if ('wants' in message) {
        void this.options.key().then(tell, (error: Error) => tell({ noKey: error.message }));
        return;
      }
      clearTimeout(late);
      this.isThere = true;
      this.there.resolve(child);
      this.options.onReady(message.link);
    });
    child.once('exit', (code) => {
      clearTimeout(late);
      this.ended(words.said(), () => words.last(`\nThe station ended with ${code}.`));
    });
  }

  private ended(said: string, lastWords: () => Promise<string>): void {
    if (this.isThere && !this.stopping) this.options.onLost(said);
    const startAgain = this.again || (this.isThere && !this.diesAgainAndAgain());
    this.child = undefined;
    this.isThere = false;
    this.again = false;
    // Until there is another one nobody can be given a port.
    this.there.resolve(undefined);
    for (const settle of this.answers.values()) settle(NOT_THERE);
    this.answers.clear();
    for (const settle of this.busyAnswers.values()) settle();
    if (this.stopping) return;
    if (startAgain) {
      this.fork();
      return;
    }
    void lastWords().then((said) => {
      if (this.child === undefined) this.options.onDead(said);
    });
  }

  private diesAgainAndAgain(): boolean {
    const now = performance.now();
    this.deaths = [...this.deaths.filter((at) => at > now - DEATHS.withinMs), now];
    return this.deaths.length > DEATHS.most;
  }
}

/** Keeps the end of what it writes to stderr, and passes it on. */
function listen(child: UtilityProcess): { said(): string; last(more: string): Promise<string> } {
  const { stderr } = child;
  let said = '';
  const keep = (chunk: unknown) => {
    said = (said + String(chunk)).slice(-SAID_LENGTH);
    process.stderr.write(String(chunk));
  };
  stderr?.on('data', keep);
  // Without a listener this event would end the window's own process; the exit that follows says enough.
  child.on('error', (type, location) => keep(`${type} at ${location}\n`));
  return {
    said: () => said,
    async last(more) {
      // Electron takes all listeners off with the exit, when the last words may still be on their way.
      await Promise.resolve();
      stderr?.on('data', keep);
      if (stderr && !(stderr as Readable).readableEnded)
        await new Promise<void>((resolve) => {
          stderr.once('end', resolve);
          setTimeout(resolve, LAST_WORDS_MS);
        });
      return said + more;
    },
  };
}
