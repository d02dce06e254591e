// Links from outside: outpost://open/<site>/<page…>. They name a place among our own pages and nothing else; no link carries an act.

/** `site` is a site's key, or a dash: wherever one stands. `page` is as in the page's own addresses, empty for the first one. */
export type DeepLink = { site: string; page: string };

const LONGEST = 400;
/** As keys of places are made, so that no dot-dot and nothing encoded is among them. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/;
const START = 'outpost://open/';
const MOST_PARTS = 6;

/** Read letter by letter as it was given: a parser would mend what ought to be refused. */
export function readDeepLink(address: string): DeepLink | undefined {
  if (address.length > LONGEST || !address.startsWith(START)) return undefined;
  const [site = '', ...page] = address.slice(START.length).replace(/\/$/, '').split('/');
  if (site !== '-' && !NAME.test(site)) return undefined;
  if (page.length > MOST_PARTS || !page.every((part) => NAME.test(part))) return undefined;
  return { site, page: page.join('/') };
}

/** The link a program was started with. Chromium puts its own switches among the arguments, and a system starts us with one link. */
export function deepLinkAmong(args: readonly string[]): DeepLink | undefined {
  const links = args.filter((one) => one.startsWith('outpost:'));
  return links.length === 1 ? readDeepLink(links[0] as string) : undefined;
}
