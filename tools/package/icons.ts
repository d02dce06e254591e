// The icons of the packages: the sign of the tray, drawn in the sizes and files that each system wants.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trayIcon } from '../../main/hosts/desktop/icon.ts';

/** Their path without its ending. */
export const ICON = fileURLToPath(new URL('../../dist/package/icon', import.meta.url));

const sign = (size: number) => trayIcon(size, 'running', false);

/** Of Windows: a list of pictures, each of which may be a PNG. */
export function icoOf(sizes: readonly number[]): Buffer {
  const pictures = sizes.map(sign);
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sizes.length, 4);
  let at = head.length;
  for (const [index, picture] of pictures.entries()) {
    const entry = 6 + 16 * index;
    const size = (sizes[index] as number) % 256; // 0 says 256
    head.set([size, size], entry);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(picture.length, entry + 8);
    head.writeUInt32LE(at, entry + 12);
    at += picture.length;
  }
  return Buffer.concat([head, ...pictures]);
}

/** Of macOS, which has a name for each size. */
const MAC = { ic07: 128, ic08: 256, ic09: 512, ic10: 1024 } as const;

export function icnsOf(): Buffer {
  const parts = Object.entries(MAC).map(([name, size]) => named(name, sign(size)));
  return named('icns', Buffer.concat(parts));
}

function named(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32BE(8 + data.length, 4);
  return Buffer.concat([head, data]);
}

export async function writeIcons(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.png`, sign(512));
  await writeFile(`${path}.ico`, icoOf([16, 24, 32, 48, 64, 256]));
  await writeFile(`${path}.icns`, icnsOf());
}
