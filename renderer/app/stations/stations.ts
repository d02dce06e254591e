// The stations a desktop window may be at: which one this window is at, and the questions of the chooser to its own process.
import { create } from 'zustand';
import { Refusal } from '../../../contract/errors.ts';
import type { FoundStation, KnownStation, LookedAt, StationsAsk, StationsSaid } from '../../../contract/relay.ts';
import { noContact } from '../calls.ts';
import type { ClientLink } from '../links.ts';

/** Like the session, of this window alone: the next start is at this computer again. */
const AT = 'outpost.station';

/** The address of the station elsewhere this window is at. */
export const stationElsewhere = (): string | undefined => sessionStorage.getItem(AT) ?? undefined;

/** Goes there, or to this computer: by a page that knows nothing of where it was. */
export function goToStation(address: string | undefined): void {
  if (address === undefined) sessionStorage.removeItem(AT);
  else sessionStorage.setItem(AT, address);
  location.assign('/');
}

/** What is kept under a name is kept for one station. */
export const namedFor = (address: string | undefined, name: string): string => (address === undefined ? name : `${name}@${address}`);

export type Stations = {
  /** Undefined at this computer. */
  at: string | undefined;
  open(): Desk;
  /** Takes with it what this page keeps for that station. */
  forgetKept(address: string): void;
};

export const useChooser = create<{ open: boolean; show(): void; close(): void }>((set) => ({
  open: false,
  show: () => set({ open: true }),
  close: () => set({ open: false }),
}));

export type Desk = ReturnType<typeof openDesk>;
type Asked = StationsAsk extends infer Each ? (Each extends StationsAsk ? Omit<Each, 'id'> : never) : never;

/** One port, for as long as the chooser is open: closed, it ends the looking as well. */
export function openDesk(dial: () => Promise<ClientLink>) {
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(refusal: Refusal): void }>();
  let onFound: (found: FoundStation) => void = () => {};
  let last = 0;
  const link = dial().then((opened) => {
    opened.onMessage((message) => hear(JSON.parse(String(message)) as StationsSaid));
    opened.onClose(() => {
      for (const { reject } of waiting.values()) reject(noContact());
      waiting.clear();
    });
    return opened;
  });
  link.catch(() => {});

  function hear(said: StationsSaid): void {
    if ('found' in said) {
      onFound(said.found);
      return;
    }
    const asked = waiting.get(said.id);
    waiting.delete(said.id);
    if ('answer' in said) asked?.resolve(said.answer);
    else asked?.reject(new Refusal(said.refused.code, said.refused.message, said.refused.data));
  }

  async function ask(asked: Asked): Promise<unknown> {
    const opened = await link.catch(() => {
      throw noContact();
    });
    const id = ++last;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      opened.send(JSON.stringify({ ...asked, id }));
    });
  }

  return {
    list: () => ask({ ask: 'list' }) as Promise<KnownStation[]>,
    look: (address: string) => ask({ ask: 'look', address }) as Promise<LookedAt>,
    trust: (address: string, fingerprint: string | null) => ask({ ask: 'trust', address, fingerprint }),
    forget: (address: string) => ask({ ask: 'forget', address }),
    find(found: (one: FoundStation) => void): Promise<unknown> {
      onFound = found;
      return ask({ ask: 'find' });
    },
    close: () => void link.then((opened) => opened.close()).catch(() => {}),
  };
}

/** What somebody types: spaces around it do not count, and the scheme may be left out. */
export const addressTyped = (text: string): string => (/^[a-z]+:\/\//i.test(text.trim()) ? text.trim() : `https://${text.trim()}`);

/** The rows of eight that people compare better than one of thirty-two. */
export const fingerprintRows = (fingerprint: string): string[] =>
  fingerprint.match(/.{1,23}(?::|$)/g)?.map((row) => row.replace(/:$/, '')) ?? [];
