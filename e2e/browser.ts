// The browser of the suite: the Chromium that comes with npm, unpacked into a folder named by its version.
// Another one is taken by OUTPOST_CHROMIUM=/path/to/chromium.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

export async function launchBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  // Never the package's default arguments: they switch the same-origin policy off, and every test of it with it.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const own = process.env.OUTPOST_CHROMIUM;
  if (own !== undefined) return chromium.launch({ executablePath: own, args });
  const { executablePath, env } = await bundledChromium();
  return chromium.launch({ executablePath, args, env });
}

type Bundled = { executablePath: string; env: Record<string, string> };

async function bundledChromium(): Promise<Bundled> {
  const manifest = new URL('../node_modules/@sparticuz/chromium/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  // It would take an older one that lies unpacked in the common folder: this version has a folder of its own.
  const folder = join(tmpdir(), `outpost-chromium-${version}`);
  mkdirSync(folder, { recursive: true });
  const before = process.env.TMPDIR;
  // Read while the package is loaded: it then unpacks its own libnss3, and everything into our folder.
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
  process.env.TMPDIR = folder;
  try {
    const { default: bundled } = await import('@sparticuz/chromium');
    const executablePath = await bundled.executablePath();
    const { FONTCONFIG_PATH: _, ...env } = process.env as Record<string, string>;
    return { executablePath, env: { ...env, FONTCONFIG_FILE: fonts(folder) } };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** The package's own list of font folders names none of ours; without a single font not even a web font is drawn. */
function fonts(folder: string): string {
  const file = join(folder, 'fonts.conf');
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir></fontconfig>\n`,
  );
  return file;
}
