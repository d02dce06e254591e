// The map of a station: opens the store, builds the seven areas in order, hands out one router and one channel. Read this first.
import type { Random } from '../contract/ids.ts';
import type { Station } from './area.ts';
import { openCalls } from './calls.ts';
import { type LogSink, openLog } from './log.ts';
import * as people from './people/index.ts';
import * as plant from './plant/index.ts';
import type { Platform } from './platform.ts';
import { systemRandom } from './random.ts';
import * as remote from './remote/index.ts';
import { type Areas, memoryClient, openRouter, type Request } from './router.ts';
import { makeBackup } from './store/backup.ts';
import { openBlobs } from './store/blobs.ts';
import type { Database } from './store/database.ts';
import type { Folder } from './store/folder.ts';
import { openStore } from './store/index.ts';
import { openSecrets } from './store/secrets.ts';
import type { StationSettings } from './store/settings.ts';
import { openTasks } from './store/tasks.ts';
import { openChannel } from './streams.ts';
import * as sync from './sync/index.ts';
import * as team from './team/index.ts';
import { VERSION } from './version.ts';
import * as watch from './watch/index.ts';
import * as work from './work/index.ts';

export type SiteOptions = {
  folder: Folder;
  database: Database;
  settings: StationSettings;
  platform: Platform;
  sink: LogSink;
  clock?: () => number;
  random?: Random;
};

export type Site = Awaited<ReturnType<typeof openSite>>;

/** Every shared record of every area. The order is that of the areas. */
export const sharedEntities = [...people.entities, ...watch.entities];

export async function openSite(options: SiteOptions) {
  const { folder, database, settings, platform, sink } = options;
  const clock = options.clock ?? Date.now;
  const random = options.random ?? systemRandom();
  const reference = () => Buffer.from(random(6)).toString('hex');
  const log = openLog(settings.logLevel, sink);

  const store = await openStore({
    database,
    entities: sharedEntities,
    clock,
    random,
    log,
    backupFirst: async (from) => {
      log.info({ event: 'migrating', from }, 'backing up before the data is brought to this version');
      await makeBackup(
        database,
        folder,
        { reason: 'migration', version: VERSION, at: clock() },
        { progress() {}, signal: new AbortController().signal },
      );
    },
  });
  const secrets = openSecrets(folder.secrets, platform.secretKey);
  const station: Station = {
    store,
    tasks: openTasks(store, clock, (error) => log.error({ error, event: 'task' }, 'a task failed')),
    settings,
    blobs: openBlobs(folder.blobs),
    secrets,
    mail: watch.openMail({ store, secrets }),
    platform,
    folder,
    log,
    clock,
    random,
    version: VERSION,
  };

  // The areas in their order: each may use those before it, by what their index exports.
  const peopleArea = people.open(station, sharedEntities);
  const { authority } = peopleArea;
  const areas: Areas = {
    people: peopleArea,
    plant: plant.open(),
    work: work.open(),
    remote: remote.open(),
    team: team.open(),
    watch: watch.open(station, {
      sink,
      checks: async () => (await Promise.all(Object.values(areas).map((area) => area.health()))).flat(),
      counts: () => channel.count(),
    }),
    sync: sync.open(station),
  };

  const router = openRouter({ areas, authority, store, log, reference });
  const channel = openChannel({
    areas,
    authority,
    store,
    station: { id: store.stationId, name: settings.name },
    log,
    clock,
    reference,
  });
  await station.tasks.resume();

  return {
    station,
    store,
    areas,
    authority,
    people: peopleArea,
    router,
    channel,
    calls: openCalls(router, log),
    /** The contract as functions, for one request: what tests and the station itself use. */
    client: (request: Request) => memoryClient(router, request),
    reference,
    /** Ends everything in the reverse order: readers first, then work, then the store. */
    async stop() {
      channel.close();
      await station.tasks.stop();
      for (const area of Object.values(areas).reverse()) await area.stop();
      await store.close();
    },
  };
}
