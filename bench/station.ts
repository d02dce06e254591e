// A station for a measurement, with the example world in it, and a client for it over a given link.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogSink } from '../main/log.ts';
import { openSite } from '../main/site.ts';
import { openFolder } from '../main/store/folder.ts';
import { readSettings } from '../main/store/settings.ts';
import { openSqlite } from '../main/store/sqlite.ts';
import { buildWorld, CAST } from '../main/testing/world.ts';

export const REQUEST = { token: CAST.platformAdmin.token, origin: { from: 'bench', local: true, agent: 'bench' } };

export async function openBenchStation() {
  const path = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const folder = openFolder(path);
  const sink = openLogSink(folder.logs);
  const site = await openSite({
    folder,
    database: openSqlite({ file: folder.database }),
    settings: { ...readSettings(folder.settings, {}, {}), logLevel: 'error' },
    platform: { host: 'edge', secretKey: async () => new Uint8Array(32) },
    sink,
  });
  await buildWorld(site);
  return {
    site,
    async close() {
      await site.stop();
      await sink.close();
      folder.release();
      rmSync(path, { recursive: true, force: true });
    },
  };
}
