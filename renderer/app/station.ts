// What a page knows of its station: who is signed in, how the connection stands, and the two ways to talk to it.
import { create } from 'zustand';
import type { Hello } from '../../contract/channel.ts';
import type { Refusal } from '../../contract/errors.ts';
import type { Me } from '../../contract/people.ts';
import { asRefusal, type Calls, openCalls } from './calls.ts';
import { Channel } from './channel.ts';
import type { Transport } from './transport.ts';

const CONTRACT_REFUSED = 4426;
/** Set while somebody has signed out here and the station does not know yet. */
const OWES_SIGN_OUT = 'outpost.owesSignOut';
/** Stands for the code of the phone at this screen, where one asked to be remembered. */
const DEVICE = 'outpost.device';
const CALM_MS = 2_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

export type Phase =
  | 'starting'
  | 'unreachable' // no answer yet, and nothing known to show
  | 'setUp'
  | 'signIn'
  | 'in'
  | 'outdated'; // the page speaks another version than the station

type SecondStep = { totp?: string; remember?: true };

export type StationState = {
  phase: Phase;
  me: Me | undefined;
  /** Why one stands before the door again. */
  notice: 'sessionEnded' | 'signedOut' | 'signedOutHere' | 'linkUsed' | undefined;
  /** Why there is no way in, where more is known than that nobody answers. */
  trouble: Refusal | undefined;
  codeNeeded: boolean;
  /** A one-time link that waits for the code of its person's phone. */
  link: string | undefined;
  connected: boolean;
  /** The station is there, and cannot go on with something that is shown: its store is away for a moment. */
  interrupted: boolean;
  /** By this page's own clock. */
  lastContact: number | undefined;
  /** Station's clock minus this page's. */
  clockOffset: number;
  hello: Hello | undefined;
};

export const useStationState = create<StationState>(() => ({
  phase: 'starting',
  me: undefined,
  notice: undefined,
  trouble: undefined,
  codeNeeded: false,
  link: undefined,
  connected: false,
  interrupted: false,
  lastContact: undefined,
  clockOffset: 0,
  hello: undefined,
}));

const set = useStationState.setState;

/** The password was right, and a second factor is asked for as well. */
export const asksForCode = (error: unknown): boolean => asRefusal(error).data?.factor === 'code';

export type StationDoor = ReturnType<typeof openStation>;

export type Told = {
  /** Nobody is signed in any more, or somebody else: nothing of theirs may stay. */
  onLeave(): void;
  /** One sees as oneself again, and did not ask for it. */
  onViewEnded(): void;
};

export function openStation(transport: Transport, { onLeave, onViewEnded }: Told) {
  const [owesSignOut, device] = [transport.named(OWES_SIGN_OUT), transport.named(DEVICE)];
  let calm: ReturnType<typeof setTimeout> | undefined;
  const calls: Calls = openCalls(transport.dial, transport.token, undefined, (procedure) => listener?.(procedure));
  let listener: ((procedure: string) => void) | undefined;
  const channel = new Channel({
    dial: transport.dial,
    token: transport.token,
    onState(state, code) {
      set({ connected: state === 'open' });
      if (code === CONTRACT_REFUSED) set({ phase: 'outdated' });
      if (state === 'lost') void stillSignedIn();
    },
    onContact(time) {
      const now = Date.now();
      set(time === undefined ? { lastContact: now } : { lastContact: now, clockOffset: time - now });
    },
    onHello: (hello) => set({ hello }),
    onInterrupted(streams) {
      clearTimeout(calm);
      // What is asked for again may be interrupted again at once: it is well once that has not happened for a while.
      if (streams > 0) set({ interrupted: true });
      else calm = setTimeout(() => set({ interrupted: false }), CALM_MS);
    },
  });
  let stopMe: (() => void) | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let paying: Promise<void> | undefined;

  /** A socket cannot say why it was turned away: one question tells a lost session from a lost station. */
  async function stillSignedIn(): Promise<void> {
    if (useStationState.getState().phase !== 'in') return;
    try {
      await transport.door.me({});
    } catch (error) {
      const { code, data } = asRefusal(error);
      if (code === 'unauthenticated') leave('sessionEnded');
      if (code === 'unsupported') set({ phase: 'outdated' });
      if (data?.cause === 'certificate') noLongerKnown(error);
    }
  }

  /** What answers there is not what somebody has confirmed: nothing is said to it, and nothing that was known stays on the screen. */
  function noLongerKnown(error: unknown): void {
    if (useStationState.getState().phase !== 'in') return;
    stop();
    set({ phase: 'unreachable', me: undefined, connected: false });
    onLeave();
    noWayIn(error);
  }

  function enter(me: Me): void {
    set({ phase: 'in', me, notice: undefined, trouble: undefined, lastContact: Date.now() });
    calls.start();
    channel.start();
    stopMe ??= channel.read(
      'people.me',
      {},
      {
        state({ set: values }) {
          for (const [, value] of values ?? []) set({ me: value as Me });
        },
        end: (refusal) => {
          stopMe = undefined;
          if (refusal?.code === 'unauthenticated') leave('sessionEnded');
        },
      },
    );
  }

  function leave(notice: StationState['notice']): void {
    stop();
    if (notice === 'sessionEnded' && transport.view.open) backToOneself();
    else {
      set({ phase: 'signIn', me: undefined, notice, connected: false });
      onLeave();
    }
  }

  function stop(): void {
    stopMe?.();
    stopMe = undefined;
    channel.stop();
    calls.stop();
  }

  /** The same window as somebody else, or as oneself again: nothing that was known stays, and what the address names may not be there. */
  function anew(): Promise<void> {
    stop();
    set({ phase: 'starting', me: undefined, notice: undefined, connected: false });
    onLeave();
    history.pushState(null, '', '/');
    return begin();
  }

  function backToOneself(): void {
    transport.view.leave();
    onViewEnded();
    void anew();
  }

  /** Finds out where this page stands: in, at the door, or before a station that waits for its first person. */
  async function begin(): Promise<void> {
    clearTimeout(retry);
    try {
      await payOwedSignOut();
      enter(await transport.door.me({}));
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (asRefusal(error).code === 'unauthenticated' && transport.view.open) return backToOneself();
      await (asRefusal(error).code === 'unauthenticated' ? knock() : Promise.reject(error)).catch(noWayIn);
    }
  }

  async function knock(): Promise<void> {
    const { needed, codeNeeded } = await transport.door.setUpState({});
    retryMs = FIRST_RETRY_MS;
    set({ phase: needed ? 'setUp' : 'signIn', codeNeeded });
  }

  /** A screen nobody stands at comes back by itself once the station does. */
  function noWayIn(error: unknown): void {
    const refusal = asRefusal(error);
    const outdated = refusal.code === 'unsupported';
    set({ phase: outdated ? 'outdated' : 'unreachable', trouble: refusal.data?.cause === 'noContact' ? undefined : refusal });
    if (outdated) return;
    retry = setTimeout(() => void begin(), retryMs);
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }

  // ---- signing out works without contact: here at once, at the station as soon as it hears of it

  /** Never two at a time: the later answer would sign out whoever has signed in between them. */
  function payOwedSignOut(): Promise<void> {
    if (localStorage.getItem(owesSignOut) === null) return Promise.resolve();
    paying ??= transport.door
      .signOut({})
      .catch((error: unknown) => {
        if (asRefusal(error).code !== 'unauthenticated') throw error;
      })
      .then(() => localStorage.removeItem(owesSignOut))
      .finally(() => {
        paying = undefined;
      });
    return paying;
  }

  function payLater(): void {
    payOwedSignOut().then(
      () => {
        if (useStationState.getState().notice === 'signedOutHere') set({ notice: 'signedOut' });
      },
      () => setTimeout(payLater, LONGEST_RETRY_MS),
    );
  }

  async function signInBy<I>(
    method: (input: I & { device?: string }) => Promise<{ device?: string | undefined }>,
    input: I,
  ): Promise<void> {
    await payOwedSignOut();
    const known = localStorage.getItem(device);
    const given = await method({ ...input, ...(known !== null && { device: known }) });
    if (given.device !== undefined) localStorage.setItem(device, given.device);
    await begin();
  }

  return {
    station: calls.station,
    channel,
    insecure: transport.insecure,
    stations: transport.stations,
    begin,
    /** Hears of every command that was carried out. */
    onDone(hear: (procedure: string) => void): () => void {
      listener = hear;
      return () => {
        if (listener === hear) listener = undefined;
      };
    },
    signIn: (input: { email: string; password: string } & SecondStep) => signInBy(transport.door.signIn, input),
    signInForwarded: (input: SecondStep) => signInBy(transport.door.signInForwarded, input),
    /** Whom the proxy in front of the station names to it; undefined where there is none, or it names nobody. */
    async forwardedAs(): Promise<string | undefined> {
      const { methods } = await transport.door.signInMethods({});
      return methods.find(({ method }) => method === 'forwarded')?.as ?? undefined;
    },
    confirmForwarded: () => transport.door.confirmSession({ forwarded: true }),
    async signInByLink(secret: string, totp?: string): Promise<void> {
      try {
        await payOwedSignOut();
        await transport.door.signInByLink({ secret, ...(totp !== undefined && { totp }) });
        set({ link: undefined });
      } catch (error) {
        // The link stays good until the code is right.
        if (asksForCode(error)) set({ link: secret });
        else if (asRefusal(error).code === 'unauthenticated') set({ notice: 'linkUsed', link: undefined });
        if (totp !== undefined && asksForCode(error)) throw error;
      }
      await begin();
    },
    async signInByKey(key: string): Promise<void> {
      // Refused, it shows the door: somebody may sign in there.
      await transport.door.signInByKey({ key }).catch(() => {});
      await begin();
    },
    async setUp(input: Parameters<Transport['door']['setUp']>[0]): Promise<void> {
      await transport.door.setUp(input);
      await begin();
    },
    async seeAs(input: Parameters<Transport['door']['seeAs']>[0]): Promise<void> {
      await transport.door.seeAs(input);
      void anew();
    },
    /** Here at once; without contact the view ends by its time. */
    async endSeeAs(): Promise<void> {
      await transport.door.endSeeAs({}).catch(() => {});
      transport.view.leave();
      await anew();
    },
    signOut(): void {
      localStorage.setItem(owesSignOut, '');
      leave('signedOutHere');
      payLater();
    },
    /** Try again now instead of waiting. */
    reconnect(): void {
      calls.now();
      channel.now();
    },
  };
}
