// Electron's part of an update. Loaded by the packaged program alone.
import { net } from 'electron';
import electronUpdater from 'electron-updater';
import { openDesk } from './desk.ts';
import type { FromLife, UpdateDesk } from './life.ts';
import { RELEASE_KEY } from './releaseKey.ts';

export const openHere = (given: FromLife): Promise<UpdateDesk> =>
  openDesk({
    ...given,
    updater: electronUpdater.autoUpdater,
    // By Electron: it knows the system's proxies and certificates.
    fetch: (address, init) => net.fetch(address, init),
    key: RELEASE_KEY,
    resources: process.resourcesPath,
  });
