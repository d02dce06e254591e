// A release's manifest: what electron-updater reads, signed by us under its own name. Nothing of it is believed before that.
import { verify } from 'node:crypto';
import { parseUpdateInfo } from 'electron-updater/out/providers/Provider.js';
import { z } from 'zod';
import { UpdateTrouble } from './trouble.ts';

export const MOST_MANIFEST = 256 * 1024;
export const MOST_SIGNATURE = 1024;
/** An Ed25519 signature, base64, beside the manifest. */
export const signatureName = (name: string) => `${name}.sig`;

export const CHANNELS = ['latest', 'beta'] as const;
export type Channel = (typeof CHANNELS)[number];

/** As electron-updater calls them: one for Windows, one for macOS, one for each kind of Linux machine. */
export function manifestName(channel: Channel, platform: string, arch: string): string {
  const of: Record<string, string> = { win32: '', darwin: '-mac', linux: arch === 'x64' ? '-linux' : `-linux-${arch}` };
  return `${channel}${of[platform] ?? `-${platform}`}.yml`;
}

/** What is signed. With the name in it a manifest of another channel or platform is none of this one. */
export const signedBytes = (name: string, manifest: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`Outpost release manifest ${name}\n`), manifest]);

const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const manifest = z.object({
  version: z.string().regex(VERSION),
  // A file lies beside its manifest: its name is never a path, nor an address elsewhere.
  files: z
    .array(
      z.object({
        url: z.string().regex(/^[A-Za-z0-9][\w.+-]{0,199}$/),
        sha512: z.base64().length(88),
        size: z.int().positive(),
      }),
    )
    .min(1)
    .max(32),
  releaseDate: z.string(),
  issued: z.int().positive().describe('When it was signed, in milliseconds. An older one than was seen is refused.'),
  releaseNotes: z.string().max(65_536).optional(),
  stagingPercentage: z.int().min(0).max(100).optional(),
  minimumSystemVersion: z.string().regex(VERSION).optional(),
});
export type Manifest = z.infer<typeof manifest>;

export type SignedManifest = { name: string; yml: string; signature: string };

export function readManifest({ name, yml, signature }: SignedManifest, key: string): Manifest {
  if (!isSigned(name, yml, signature, key)) throw new UpdateTrouble('signature', `${name} is not signed by the key of this program`);
  try {
    return manifest.parse(parseUpdateInfo(yml, name, new URL(`feed:${name}`)));
  } catch (error) {
    throw new UpdateTrouble('manifest', `${name} cannot be read: ${(error as Error).message}`, error);
  }
}

function isSigned(name: string, yml: string, signature: string, key: string): boolean {
  const given = Buffer.from(signature.trim(), 'base64');
  return given.length === 64 && verify(null, signedBytes(name, Buffer.from(yml)), key, given);
}
