// Addresses: /<station>/<organisation>/<site>/<page>. A dash stands for “all of them”.
import type { Me } from '../../contract/people.ts';

export const ALL = '-';

export type Organisation = Me['organisations'][number];
export type SiteOfMe = Me['sites'][number];

/** Where a page stands: one site, a whole organisation, or everything. */
export type Here = { station: string; organisation: Organisation | undefined; site: SiteOfMe | undefined };

export function addressOf(
  here: Pick<Here, 'station'> & { organisation: { key: string } | undefined; site: { key: string } | undefined },
  page: string,
): string {
  const path = `/${here.station}/${here.organisation?.key ?? ALL}/${here.site?.key ?? ALL}`;
  return page === '' ? path : `${path}/${page}`;
}

/** The place an address names, or undefined where this person sees none of that name. */
export function hereOf(me: Me, station: string, organisationKey: string, siteKey: string): Here | undefined {
  const organisation = me.organisations.find((one) => one.key === organisationKey);
  if (organisationKey !== ALL && organisation === undefined) return undefined;
  const site = me.sites.find((one) => one.key === siteKey && one.organisation === organisation?.id);
  if (siteKey !== ALL && site === undefined) return undefined;
  return { station, organisation, site };
}

/** Where somebody begins: the oldest site they see, else their organisation, else everything. */
export function homeOf(me: Me): Here {
  const [site] = me.sites.filter((one) => one.archivedAt === null).sort((a, b) => (a.id < b.id ? -1 : 1));
  const organisation = me.organisations.find((one) => one.id === (site?.organisation ?? me.organisations[0]?.id));
  return { station: me.station.key, organisation, site };
}

/** The page part of a whole path. */
export const pageOf = (path: string): string => path.split('/').slice(4).join('/');

/** One level up: plant/systems/7 → plant → undefined. */
export function pageAbove(page: string): string | undefined {
  const parts = page.split('/').filter(Boolean);
  return parts.length > 1 ? (parts[0] as string) : undefined;
}
