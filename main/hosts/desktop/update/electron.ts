// Electron's part of an update. Loaded by the packaged program alone.
import { net } from 'electron';
import electronUpdater from 'electron-updater';
import { type Given, openUpdates, type UpdateDesk } from './desk.ts';
import { RELEASE_KEY } from './releaseKey.ts';

export const openHere = (given: Pick<Given, 'data' | 'letGo' | 'takeUp'>): Promise<UpdateDesk> =>
  openUpdates({
    ...given,
    updater: electronUpdater.autoUpdater,
    // By Electron: it knows the system's proxies and certificates.
    fetch: (address, init) => net.fetch(address, init),
    key: RELEASE_KEY,
    resources: process.resourcesPath,
    log: (line) => process.stderr.write(`${line}\n`),
  });
