// Whether this program can be updated at all, from where, and the steps a person can ask for.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppUpdater } from 'electron-updater';
import type { UpdateAnswer, UpdateStep } from '../../../../contract/watch/updates.ts';
import { readSettings } from '../../../store/settings.ts';
import type { Fetch } from './feed.ts';
import { type FromLife, noUpdates, type UpdateDesk } from './life.ts';
import type { Updater } from './updater.ts';

export type Given = FromLife & {
  /** From electron-updater, of the kind this package wants. */
  updater: AppUpdater;
  fetch: Fetch;
  key: string | undefined;
  /** Folder of the installed program that holds app-update.yml. */
  resources: string;
};

export async function openDesk(given: Given): Promise<UpdateDesk> {
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
  const one = new Updater({
    ...given,
    key,
    feed,
    manifestName: manifestName(wanted?.updateChannel ?? 'latest', process.platform, process.arch),
    clock: Date.now,
  });
  return {
    state: () => one.state,
    go: (step) => go(one, step),
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
