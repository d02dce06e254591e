// Whether this program can be updated at all, and the one place where the rest of the window's process asks for it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppUpdater } from 'electron-updater';
import type { UpdateAnswer, UpdateState, UpdateStep } from '../../../../contract/watch/updates.ts';
import { readSettings } from '../../../store/settings.ts';
import type { Fetch } from './feed.ts';
import type { Updater, UpdaterOptions } from './updater.ts';

export type UpdateDesk = {
  state(): UpdateState;
  go(step: UpdateStep, busy: boolean): Promise<UpdateAnswer>;
  /** True: what was left for this launch is being installed, and the program is about to end. */
  atLaunch(): Promise<boolean>;
  /** The program or the machine is on its way down. */
  close(): void;
};

type Off = Extract<UpdateState, { kind: 'off' }>['why'];
export const noUpdates = (why: Off): UpdateDesk => ({
  state: () => ({ kind: 'off', why }),
  go: async () => 'notReady',
  atLaunch: async () => false,
  close: () => {},
});

export type Given = Pick<UpdaterOptions, 'letGo' | 'takeUp' | 'log'> & {
  /** From electron-updater, of the kind this package wants. */
  updater: AppUpdater;
  fetch: Fetch;
  key: string | undefined;
  /** The station's data folder: its settings, and what the updater remembers. */
  data: string;
  /** Folder of the installed program that holds app-update.yml. */
  resources: string;
};

export async function openUpdates(given: Given): Promise<UpdateDesk> {
  const { key, updater, data } = given;
  if (key === undefined) return noUpdates('noKey');
  // An archive unpacked by hand has nothing that could be replaced.
  if (!updater.isUpdaterActive()) return noUpdates('notPackaged');
  const [{ feedAt }, { manifestName }, { Updater }] = await Promise.all([
    import('./feed.ts'),
    import('./manifest.ts'),
    import('./updater.ts'),
  ]);
  const wanted = settingsIn(data);
  const feed = feedAt(wanted?.updateFeed ?? (await installedFeed(given.resources)), given.fetch);
  if (feed === undefined) return noUpdates('noFeed');
  let busy = true;
  const one = new Updater({
    ...given,
    key,
    feed,
    manifestName: manifestName(wanted?.updateChannel ?? 'latest', process.platform, process.arch),
    memoryFile: join(data, 'window', 'updates.json'),
    clock: Date.now,
    busy: async () => busy,
  });
  return {
    state: () => one.state,
    go(step, isBusy) {
      busy = isBusy;
      return go(one, step);
    },
    atLaunch: () => one.atLaunch(),
    close: () => one.close(),
  };
}

/** What takes long goes on by itself: its state tells how far it is. */
async function go(updater: Updater, step: UpdateStep): Promise<UpdateAnswer> {
  if (step === 'installNow') return updater.installNow();
  if (step === 'check') void updater.check();
  else if (step === 'download') void updater.download();
  else if (step === 'cancel') updater.cancel();
  else await updater.atNextLaunch(step === 'installLater');
  return 'begun';
}

/** What is wrong with them the station says when it starts. */
function settingsIn(data: string) {
  try {
    return readSettings(join(data, 'outpost.json'), process.env, {});
  } catch {
    return undefined;
  }
}

async function installedFeed(resources: string): Promise<string> {
  const text = await readFile(join(resources, 'app-update.yml'), 'utf8').catch(() => '');
  const { parseUpdateInfo } = await import('electron-updater/out/providers/Provider.js');
  const said: unknown = parseUpdateInfo(text, 'app-update.yml', new URL('file:app-update.yml'));
  const { url } = (said ?? {}) as { url?: unknown };
  return typeof url === 'string' ? url : '';
}
