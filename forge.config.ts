// How the desktop program is packaged: npm run make. What is in it, and what happens when, stands in tools/package/.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import type { ForgeConfig } from '@electron-forge/shared-types';
import { APP_ID } from './main/hosts/desktop/texts.ts';
import { RELEASE_KEY } from './main/hosts/desktop/update/releaseKey.ts';
import { type Lock, leavesOut, modulesOf } from './tools/package/contents.ts';
import { fuseConfig } from './tools/package/fuses.ts';
import { keepBinariesOf, publish, writeUpdateConfig } from './tools/package/hooks.ts';
import { ICON, writeIcons } from './tools/package/icons.ts';
import { Installers } from './tools/package/installers.ts';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const UPDATE_CONFIG = join(ROOT, 'dist/package/app-update.yml');
const { env } = process;

const lock: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));

const { OUTPOST_HOMEPAGE: homepage, OUTPOST_MAINTAINER: maintainer } = env;
const publisher = homepage && maintainer ? { homepage, maintainer } : undefined;

const config: ForgeConfig = {
  packagerConfig: {
    name: 'Outpost',
    executableName: 'outpost',
    appBundleId: APP_ID,
    icon: ICON,
    appCategoryType: 'public.app-category.utilities',
    protocols: [{ name: 'Outpost', schemes: ['outpost'] }],
    // A binary cannot be loaded from within an archive.
    asar: { unpack: '*.node' },
    // Only what is named is packaged, so there is nothing to prune.
    prune: false,
    ignore: leavesOut(modulesOf(lock)),
    extraResource: [UPDATE_CONFIG],
    // Where Electron cannot be fetched: a folder with electron-v…-….zip as Electron publishes them.
    ...(env.OUTPOST_ELECTRON_ZIPS && { electronZipDir: env.OUTPOST_ELECTRON_ZIPS }),
    ...(env.OUTPOST_APPLE_IDENTITY && { osxSign: { identity: env.OUTPOST_APPLE_IDENTITY } }),
    ...(env.OUTPOST_APPLE_PROFILE && { osxNotarize: { keychainProfile: env.OUTPOST_APPLE_PROFILE } }),
    ...(env.OUTPOST_WINDOWS_CERTIFICATE && {
      windowsSign: { certificateFile: env.OUTPOST_WINDOWS_CERTIFICATE, certificatePassword: env.OUTPOST_WINDOWS_PASSWORD ?? '' },
    }),
  },
  // Every binary speaks Node-API and comes ready: there is nothing to compile, and no headers to fetch.
  rebuildConfig: { onlyModules: [] },
  plugins: [new FusesPlugin(fuseConfig)],
  makers: [new Installers(publisher && { publisher })],
  hooks: {
    async prePackage() {
      await writeUpdateConfig(UPDATE_CONFIG, env.OUTPOST_UPDATE_FEED);
      await writeIcons(ICON);
    },
    async packageAfterCopy(_config, folder, _electron, platform, arch) {
      keepBinariesOf(folder, platform, arch);
    },
    async postMake(_config, results) {
      const written = await publish(results, {
        folder: join(ROOT, 'out/feed'),
        keyFile: env.OUTPOST_RELEASE_KEY,
        known: RELEASE_KEY,
        channel: env.OUTPOST_UPDATE_CHANNEL ?? 'latest',
        ...(env.OUTPOST_RELEASE_NOTES && { notes: readFileSync(env.OUTPOST_RELEASE_NOTES, 'utf8') }),
        ...(env.OUTPOST_RELEASE_PERCENT && { stagingPercentage: Number(env.OUTPOST_RELEASE_PERCENT) }),
        now: Date.now(),
      });
      if (written.length === 0)
        process.stderr.write('No manifests were written: OUTPOST_RELEASE_KEY names no key, so nobody would be updated to this.\n');
      return results;
    },
  },
};

export default config;
