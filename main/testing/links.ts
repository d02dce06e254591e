// The same test over a MessagePort and over a real WebSocket, with sources in the test's hand.
import { type TestContext, test } from 'node:test';
import { serveWeb } from '../hosts/web/server.ts';
import { portReader, type Reader, socketReader } from './reader.ts';
import { type Sources, sourcesChannel } from './sources.ts';
import { openTestStation, type TestStation, type TestStationOptions } from './station.ts';
import { buildWorld, CAST } from './world.ts';

export type Linked = {
  t: TestContext;
  station: TestStation;
  /** Another connection of the same kind; the platform administrator's, if nothing else is said. */
  dial(token?: string): Promise<Reader>;
};

export const LINKS = ['port', 'socket'] as const;

/** `sources`: made anew for each of the two. */
export function onBothLinks<S extends Partial<Sources>>(
  name: string,
  sources: () => S,
  body: (linked: Linked, sources: S) => Promise<void>,
  options: TestStationOptions = {},
): void {
  for (const link of LINKS)
    test(`${name} (${link})`, async (t) => {
      const made = sources();
      await body(await linked(t, link, made, options), made);
    });
}

export async function linked(
  t: TestContext,
  link: (typeof LINKS)[number],
  sources: Partial<Sources>,
  options: TestStationOptions = {},
): Promise<Linked> {
  const station = await openTestStation(t, { ...options, settings: { port: 0, ...options.settings } });
  await buildWorld(station);
  const channel = Object.keys(sources).length > 0 ? sourcesChannel(t, station, sources) : station.channel;
  const own = { ...station, channel };
  if (link === 'port') return { t, station: own, dial: async (token = CAST.platformAdmin.token) => portReader(t, own, token) };
  const web = await serveWeb(own, station.station.folder.path);
  t.after(() => web.close());
  return { t, station: own, dial: (token = CAST.platformAdmin.token) => socketReader(t, web.url, token) };
}

/** Whatever was asked of the station on this connection before has been looked at, and answered if it has an answer. */
export async function settled(reader: Reader): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await reader.open('watch.nothing', {}).next();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
