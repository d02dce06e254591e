// What happens around Forge's steps. In its order: where updates come from, before anything is signed; only this machine's binaries;
// manifests and their signatures, when all installers are signed.
import { readdirSync, rmSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { ForgeMakeResult } from '@electron-forge/shared-types';
import { CHANNELS, type Channel, readManifest, signatureName } from '../../main/hosts/desktop/update/manifest.ts';
import { CARRIES_BINARY, isFor } from './contents.ts';
import { type Artifact, manifestsOf, merged, releaseKey, signatureOf, ymlOf } from './manifest.ts';

/** What electron-updater wants to find beside the program. Without an address, the station's settings must name one. */
export async function writeUpdateConfig(file: string, feed: string | undefined): Promise<void> {
  const lines = ['provider: generic', `url: ${JSON.stringify(feed ?? '')}`, 'updaterCacheDirName: outpost-updater'];
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${lines.join('\n')}\n`);
}

/** `folder` is the program before it becomes an archive. */
export function keepBinariesOf(folder: string, platform: string, arch: string): string[] {
  const found = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.node'));
  const kept = found.filter((path) => isFor(path, platform, arch));
  for (const path of found) if (!kept.includes(path)) rmSync(join(folder, 'node_modules', path));
  for (const name of CARRIES_BINARY)
    if (!kept.some((path) => path.startsWith(`${name}/`) || path.startsWith(`${name}-`)))
      throw new Error(`There is no binary of ${name} for ${platform}-${arch}: run this on such a machine, after npm ci.`);
  return kept.sort();
}

export type Publishing = {
  folder: string;
  /** File of the private key; without one nothing can be given out as an update. */
  keyFile: string | undefined;
  /** Its public half, as the program has it. */
  known: string | undefined;
  channel: string;
  notes?: string;
  stagingPercentage?: number;
  now: number;
};

/** Lays out a feed: the installers, and signed manifests that take in what other machines made of the same version before. */
export async function publish(results: readonly ForgeMakeResult[], publishing: Publishing): Promise<string[]> {
  const { folder, keyFile, known, now, notes, stagingPercentage } = publishing;
  if (keyFile === undefined) return [];
  const channel = channelOf(publishing.channel);
  const key = releaseKey(await readFile(keyFile, 'utf8'), known);
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const { artifacts, packageJSON, platform, arch } of results) {
    const files = await Promise.all(
      artifacts.map(async (path): Promise<Artifact> => ({ file: basename(path), bytes: await readFile(path), platform, arch })),
    );
    const release = {
      version: packageJSON.version as string,
      channel,
      at: now,
      ...(notes !== undefined && { notes }),
      ...(stagingPercentage !== undefined && { stagingPercentage }),
    };
    for (const [name, manifest] of manifestsOf(files, release)) {
      const yml = ymlOf(merged(await before(folder, name, known as string), manifest));
      // Read as the program will, before anybody else does.
      const signed = { name, yml, signature: signatureOf(name, yml, key) };
      readManifest(signed, known as string);
      await writeFile(join(folder, name), yml);
      await writeFile(join(folder, signatureName(name)), signed.signature);
      written.push(join(folder, name), join(folder, signatureName(name)));
    }
    for (const path of artifacts) if (relative(dirname(path), folder) !== '') await copyFile(path, join(folder, basename(path)));
  }
  return written;
}

function channelOf(word: string): Channel {
  const channel = CHANNELS.find((one) => one === word);
  if (channel === undefined) throw new Error(`The channel is one of ${CHANNELS.join(', ')}, not “${word}”.`);
  return channel;
}

/** What lies there already, if it is ours: signed by nobody else, and whole. */
async function before(folder: string, name: string, known: string) {
  const texts = await Promise.all([name, signatureName(name)].map((file) => readFile(join(folder, file), 'utf8').catch(() => undefined)));
  const [yml, signature] = texts;
  return yml === undefined || signature === undefined ? undefined : readManifest({ name, yml, signature }, known);
}
