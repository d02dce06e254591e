// The manifests of a release: from its files to the text that electron-updater reads, and our signature over it. Pure.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type Channel, type Manifest, manifestName, signedBytes } from '../../main/hosts/desktop/update/manifest.ts';

/** A file people install from, as it is given out: signed by its platform already. */
export type Artifact = { file: string; bytes: Uint8Array; platform: string; arch: string };
export type Release = {
  version: string;
  channel: Channel;
  /** When the manifest is signed. */
  at: number;
  notes?: string;
  stagingPercentage?: number;
};

/** What each platform's updater can install from: on macOS it reads only the archive, and takes the first file. */
const INSTALLS: Record<string, RegExp> = { linux: /\.(AppImage|deb)$/, win32: /\.exe$/, darwin: /\.zip$/ };

/** Manifests by their names. Machines of one platform share one where electron-updater wants it so. */
export function manifestsOf(artifacts: readonly Artifact[], release: Release): Map<string, Manifest> {
  const manifests = new Map<string, Manifest>();
  for (const { file, bytes, platform, arch } of artifacts) {
    if (!INSTALLS[platform]?.test(file)) continue;
    if (!file.includes(release.version)) throw new Error(`${file} does not carry the version ${release.version} in its name.`);
    const name = manifestName(release.channel, platform, arch);
    const sha512 = createHash('sha512').update(bytes).digest('base64');
    const one = manifestOf([{ url: file, sha512, size: bytes.length }], release);
    manifests.set(name, merged(manifests.get(name), one));
  }
  return manifests;
}

const manifestOf = (files: Manifest['files'], { version, at, notes, stagingPercentage }: Release): Manifest => ({
  version,
  files,
  releaseDate: new Date(at).toISOString(),
  issued: at,
  ...(notes !== undefined && { releaseNotes: notes }),
  ...(stagingPercentage !== undefined && { stagingPercentage }),
});

/** What one machine made beside what others made of the same version before. A file that was made again replaces its older self. */
export function merged(before: Manifest | undefined, now: Manifest): Manifest {
  if (before === undefined || before.version !== now.version) return now;
  const again = new Set(now.files.map(({ url }) => url));
  const files = [...before.files.filter(({ url }) => !again.has(url)), ...now.files];
  // The self-updating kind first, then by name: the same files make the same text, whoever came first.
  files.sort((a, b) => Number(b.url.endsWith('.AppImage')) - Number(a.url.endsWith('.AppImage')) || (a.url < b.url ? -1 : 1));
  return { ...now, files };
}

/** YAML of the plain kind: JSON's strings and numbers are YAML's as well. */
export function ymlOf({ files, ...rest }: Manifest): string {
  const lines = (of: object, indent: string) =>
    Object.entries(of)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${indent}${name}: ${JSON.stringify(value)}`);
  const listed = files.flatMap((file) => lines(file, '    ').map((line, index) => (index === 0 ? line.replace('    ', '  - ') : line)));
  return `${[...lines(rest, ''), 'files:', ...listed].join('\n')}\n`;
}

export const signatureOf = (name: string, yml: string, key: KeyObject): string =>
  `${sign(null, signedBytes(name, Buffer.from(yml)), key).toString('base64')}\n`;

/** The private half, and only if the program that is given out would know it again. */
export function releaseKey(pem: string, known: string | undefined): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('The release key must be an Ed25519 key.');
  if (known === undefined || !createPublicKey(known).equals(createPublicKey(key)))
    throw new Error('The release key is not the one whose public half stands in main/hosts/desktop/update/releaseKey.ts.');
  return key;
}
