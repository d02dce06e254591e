// The plant as it runs: what is configured is polled, what is read is the present image and history.
import type { Kysely } from 'kysely';
import type { Id } from '../../../contract/ids.ts';
import type { Check } from '../../../contract/watch.ts';
import type { Station } from '../../area.ts';
import { scanMs } from '../config/check.ts';
import { fieldsOfDevice, fieldsOfTag } from '../config/document.ts';
import type { AnyDriver } from '../drivers.ts';
import type { PlantTables } from '../entities.ts';
import { type History, openHistory } from './history.ts';
import { type Image, openImage } from './image.ts';
import { type Configured, type Lines, openLines } from './lines.ts';

/** What one question of a database may name. */
const AT_ONCE = 500;

export type Running = {
  image: Image;
  history: History;
  lines: Lines;
  checks(): Check[];
  stop(): Promise<void>;
};

type Db = Kysely<PlantTables & { sites: { id: Id; archivedAt: number | null; deletedAt: number | null } }>;

export function runPlant(station: Station, drivers: ReadonlyMap<string, AnyDriver>): Running {
  const { store, clock, log } = station;
  const image = openImage(clock);
  const history = openHistory(station);
  const lines = openLines(drivers, log, (samples) => {
    image.take(samples);
    history.keep(samples);
  });
  let stopped = false;
  // One after another: of two changes close together the second finds the first carried out.
  let turn: Promise<void> = Promise.resolve();

  async function configure(): Promise<void> {
    if (stopped) return;
    const configured = await configuredNow(store.read as Db);
    const tags = configured.flatMap((device) => device.tags);
    image.expect(tags);
    await history.expect(tags.map(({ id, epoch, scanMs: period }) => ({ id, epoch, period })));
    if (!stopped) await lines.configure(configured);
  }

  const again = () => {
    turn = turn
      .then(configure)
      .catch((error: unknown) => log.error({ error, area: 'plant', event: 'configure' }, 'the plant could not be configured'));
  };
  const stopHearing = store.events.subscribe(({ event }) => {
    if (event === 'plant.configChanged' || event === 'people.siteChanged') again();
  });
  again();

  return {
    image,
    history,
    lines,
    checks() {
      const trouble = history.trouble();
      const lost = trouble && {
        name: 'history',
        state: 'bad' as const,
        message: `${trouble.lost} values were read and could not be kept: ${trouble.message}`,
      };
      return lost ? [lost] : [];
    },
    async stop() {
      stopped = true;
      stopHearing();
      await turn;
      await lines.close();
      await history.stop();
    },
  };
}

/** Devices in use, at sites in use. */
async function configuredNow(db: Db): Promise<(Configured & { tags: (Configured['tags'][number] & { epoch: number })[] })[]> {
  const sites = await db.selectFrom('sites').select('id').where('deletedAt', 'is', null).where('archivedAt', 'is', null).execute();
  const devices = await inPieces(sites, (some) =>
    db.selectFrom('devices').selectAll().where('site', 'in', some).where('deletedAt', 'is', null).where('enabled', '=', 1).execute(),
  );
  const rows = await inPieces(devices, (some) =>
    db.selectFrom('tags').selectAll().where('device', 'in', some).where('deletedAt', 'is', null).execute(),
  );
  const tagsOf = Map.groupBy(rows, ({ device }) => device);
  return devices.map((row) => ({
    id: row.id,
    ...fieldsOfDevice(row),
    tags: (tagsOf.get(row.id) ?? []).map((tag) => ({ id: tag.id, ...fieldsOfTag(tag), epoch: tag.epoch, scanMs: scanMs(tag.scan) })),
  }));
}

/** Whatever hangs on these, asked for some at a time. */
async function inPieces<R>(all: readonly { id: Id }[], ask: (some: Id[]) => Promise<R[]>): Promise<R[]> {
  const found: R[] = [];
  for (let n = 0; n < all.length; n += AT_ONCE) found.push(...(await ask(all.slice(n, n + AT_ONCE).map(({ id }) => id))));
  return found;
}
