// A station without a window: opened in its data folder, with the web face in front of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Platform } from '../../platform.ts';
import { type OpenOptions, type OpenStation, openStation } from '../open.ts';
import { serveWeb, type WebServer } from '../web/server.ts';
import { announce } from './announce.ts';

export type Edge = OpenStation & { web: WebServer };

/** `console` gets the log as well as the file does. */
export async function runEdge(
  options: OpenOptions,
  host: Platform['host'],
  console: { write(line: string): void } | undefined,
): Promise<Edge> {
  const station = await openStation(options, host, console);
  try {
    const web = await serveWeb(station.site, screensFolder());
    const conceal = announce(station.site, web);
    const stop = async () => {
      await conceal();
      await web.close();
      await station.stop();
    };
    return { ...station, web, stop };
  } catch (error) {
    await station.stop();
    throw error;
  }
}

/** Beside the bundle when bundled, in dist when run from source. */
function screensFolder(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const bundled = join(here, '..', 'renderer');
  return existsSync(bundled) ? bundled : join(here, '..', '..', '..', 'dist', 'renderer');
}
