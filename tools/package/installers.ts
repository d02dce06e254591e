// The maker of everything people install from, of the packaged folder: electron-builder does the work, for electron-updater knows only
// what it makes. It is a project of its own (tools/package/builder), installed where releases are made and nowhere else.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MakerBase, type MakerOptions } from '@electron-forge/maker-base';
import { APP_ID } from '../../main/hosts/desktop/texts.ts';
import { ICON } from './icons.ts';

const BUILDER = fileURLToPath(new URL('./builder/node_modules/electron-builder/cli.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A package of Debian says who gives it out, and where that is written about. */
export type Publisher = { homepage: string; maintainer: string };

const TARGETS: Record<string, string[]> = { linux: ['AppImage'], win32: ['nsis'], darwin: ['zip', 'dmg'] };
const FLAGS: Record<string, string> = { linux: '--linux', win32: '--win', darwin: '--mac' };

/** electron-builder's settings. Names carry the version: what an updater has in its cache is then never another release. */
export function builderConfig(
  version: string,
  platform: string,
  arch: string,
  electronVersion: string,
  output: string,
  publisher?: Publisher,
): object {
  const artifactName = `Outpost-${version}-${platform}-${arch}.\${ext}`;
  return {
    appId: APP_ID,
    productName: 'Outpost',
    electronVersion,
    directories: { output },
    artifactName,
    // Manifests are ours, and signed; it shall write none and send nothing anywhere.
    publish: null,
    npmRebuild: false,
    // On Linux it becomes an entry of the desktop file, whose name package.json says as desktopName.
    protocols: [{ name: 'Outpost', schemes: ['outpost'] }],
    win: { icon: `${ICON}.ico` },
    mac: { icon: `${ICON}.icns` },
    linux: { executableName: 'outpost', icon: `${ICON}.png`, category: 'Utility', ...(publisher && { maintainer: publisher.maintainer }) },
    ...(publisher && { extraMetadata: { homepage: publisher.homepage } }),
    nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true, differentialPackage: false },
    dmg: { writeUpdateInfo: false },
  };
}

export const builderArguments = (dir: string, platform: string, arch: string, config: string, publisher?: Publisher): string[] => [
  '--prepackaged',
  // On macOS the packaged thing is the application within the folder.
  platform === 'darwin' ? join(dir, 'Outpost.app') : dir,
  '--projectDir',
  ROOT,
  '--config',
  config,
  FLAGS[platform] ?? `--${platform}`,
  ...(TARGETS[platform] ?? []),
  ...(platform === 'linux' && publisher ? ['deb'] : []),
  `--${arch}`,
  '--publish',
  'never',
];

export class Installers extends MakerBase<{ publisher?: Publisher }> {
  name = 'installers';
  defaultPlatforms: MakerBase<unknown>['defaultPlatforms'] = ['linux', 'win32', 'darwin'];

  override isSupportedOnCurrentPlatform(): boolean {
    return true;
  }

  override async make({ dir, makeDir, targetPlatform, targetArch, packageJSON }: MakerOptions): Promise<string[]> {
    if (!existsSync(BUILDER)) throw new Error('electron-builder is not installed here: run npm ci --prefix tools/package/builder first.');
    const output = join(makeDir, 'installers', targetPlatform, targetArch);
    const config = join(output, 'builder.json');
    await mkdir(output, { recursive: true });
    const { publisher } = this.config;
    const { version, devDependencies } = packageJSON as { version: string; devDependencies: { electron: string } };
    await writeFile(
      config,
      JSON.stringify(builderConfig(version, targetPlatform, targetArch, devDependencies.electron, output, publisher)),
    );
    await run(builderArguments(dir, targetPlatform, targetArch, config, publisher));
    const stem = `Outpost-${version}-${targetPlatform}-${targetArch}.`;
    return (await readdir(output)).filter((name) => name.startsWith(stem) && !name.endsWith('.blockmap')).map((name) => join(output, name));
  }
}

function run(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BUILDER, ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`electron-builder ended with ${code}.`))));
  });
}
