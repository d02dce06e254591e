// The window around the page, where there is one: what it is told, and what it says. In a browser nobody listens.
import { create } from 'zustand';
import type { Me } from '../../contract/people.ts';
import { ALL, addressOf, homeOf, type SiteOfMe } from './address.ts';

/** Where somebody outside of the page wants it to go: a link, a notification that was pressed, an item of a menu. */
export type Wanted = { site: string; page: string };
export const HAPPENED = ['stationAgain', 'screensAgain', 'secretsAgain'] as const;
export type Happened = (typeof HAPPENED)[number];

export type Told =
  | { told: 'shown'; inside: boolean }
  | { told: 'unread'; count: number }
  | { told: 'notice'; title: string; text: string; at: string };

/** Kept until the page can act on it: it may still be at the door. */
export const useShell = create<{ wanted: Wanted | undefined; happened: readonly Happened[] }>(() => ({ wanted: undefined, happened: [] }));

export const tellShell = (said: Told): void => window.outpost?.tell(said);

/** What the window said, or nothing of the kind. */
export function hearShell(data: { outpostGo?: Wanted; outpostHappened?: string }): void {
  if (data.outpostGo) useShell.setState({ wanted: data.outpostGo });
  const happened = HAPPENED.find((one) => one === data.outpostHappened);
  if (happened) useShell.setState((state) => ({ happened: [...state.happened, happened] }));
}

/** The address of a place somebody wants; undefined where this person sees no such site. `now` is where they stand. */
export function addressWanted(me: Me, { site, page }: Wanted, now: string): string | undefined {
  const [, station, organisation, here] = now.split('/');
  const stands = station === me.station.key && organisation !== undefined && here !== undefined;
  if (site === '-') return stands ? `/${[station, organisation, here, page].filter(Boolean).join('/')}` : addressOf(homeOf(me), page);
  const found = me.sites.filter((one) => one.key === site).sort(byNearness(me, stands ? organisation : ALL))[0];
  if (found === undefined) return undefined;
  return addressOf(
    { station: me.station.key, organisation: me.organisations.find(({ id }) => id === found.organisation), site: found },
    page,
  );
}

/** A key is one's own within an organisation only: the one one stands in counts first, then what is not archived, then what is older. */
function byNearness(me: Me, organisation: string): (a: SiteOfMe, b: SiteOfMe) => number {
  const near = me.organisations.find(({ key }) => key === organisation)?.id;
  const rank = (one: SiteOfMe) => (one.organisation === near ? 0 : 2) + (one.archivedAt === null ? 0 : 1);
  return (a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1);
}
