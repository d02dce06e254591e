// Where everything of this program is: beside its bundle, and in the data folder it was started with.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { App } from 'electron';
import { HIDDEN } from './atLogin.ts';

export type Places = {
  preload: string;
  station: string;
  screens: string;
  data: string;
  /** What the window keeps for itself. */
  kept(name: string): string;
  demo: boolean;
  hidden: boolean;
  /** Starts this program as it was started now. */
  command: [string, ...string[]];
};

/** Makes the profile and tells Electron of it: that must be before it is ready. */
export function findPlaces(app: App, bundle: string): Places {
  const dist = join(bundle, '..');
  const own = process.argv.slice(process.defaultApp ? 2 : 1);
  const { values: given } = parseArgs({
    args: own,
    options: { data: { type: 'string' }, demo: { type: 'boolean' }, hidden: { type: 'boolean' } },
    // Chromium's own switches stand beside ours, and a link from outside.
    strict: false,
  });
  const data = typeof given.data === 'string' ? given.data : join(app.getPath('userData'), 'station');
  // What Chromium keeps lies beside what it belongs to. And as one program runs once in a profile, it runs once in a data folder.
  const profile = join(data, 'window');
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  app.setPath('userData', profile);
  const args = [...(typeof given.data === 'string' ? ['--data', data] : []), ...(given.demo ? ['--demo'] : [])];
  return {
    preload: join(dist, 'preload', 'index.cjs'),
    station: join(dist, 'main', 'desktop-station.js'),
    screens: join(dist, 'renderer'),
    data,
    kept: (name) => join(profile, `${name}.json`),
    demo: given.demo === true,
    hidden: given[HIDDEN.slice(2)] === true,
    command: process.defaultApp ? [process.execPath, ...process.argv.slice(1, 2), ...args] : [installed(), ...args],
  };
}

/** An AppImage runs from a place that is gone when it ends. */
const installed = () => process.env.APPIMAGE ?? process.execPath;
