// electron-updater for a program that is installed as an AppImage, without an Electron around it.
import { AppImageUpdater } from 'electron-updater';

type Adapter = NonNullable<ConstructorParameters<typeof AppImageUpdater>[1]>;

/** With all it keeps in `folder`, where `app-update.yml` is looked for as well. */
export function appImageUpdater(folder: string, more: Partial<Adapter> = {}): AppImageUpdater {
  return new AppImageUpdater(null, {
    version: '1.0.0',
    name: 'Outpost',
    isPackaged: true,
    appUpdateConfigPath: `${folder}/app-update.yml`,
    userDataPath: folder,
    baseCachePath: folder,
    whenReady: async () => {},
    relaunch: () => {},
    quit: () => {},
    onQuit: () => {},
    ...more,
  });
}
