// Where the window may go: our own pages and nowhere else. Everything else is refused, or handed to the system's browser.

export const SCHEME = 'outpost';
const HOST = 'app';
/** As Chromium writes the origin of our pages. Node, which does not know the scheme, would say “null”. */
export const ORIGIN = `${SCHEME}://${HOST}`;
export const SCREENS = `${ORIGIN}/`;
/** The page shown while there is no station, and where its button leads. */
export const WAITING = `${ORIGIN}/waiting`;
export const AGAIN = `${ORIGIN}/waiting/again`;

/** Beyond this Windows cuts an address handed to another program. */
const LONGEST_ADDRESS = 2_000;

/** An address of ours, exactly: no other host, no port, nobody's name in front of it. */
export function isOurs(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === `${SCHEME}:` && url.host === HOST && url.username === '' && url.password === '';
}

/** What may be opened outside the window, as it is to be handed over: parsed and written anew, never the text that was given. */
export function outside(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:', 'mailto:'].includes(url.protocol)) return undefined;
  return url.href.length <= LONGEST_ADDRESS ? url.href : undefined;
}
