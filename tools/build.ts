// Builds what is older than its sources: the station's bundle, the window's preload and the screens. Nothing to do costs a look at the files' times.
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXTERNAL } from './external.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts: string[]) => join(ROOT, ...parts);

const PARTS = {
  main: {
    from: ['contract', 'main', 'package.json', 'package-lock.json', 'tools/build.ts', 'tools/external.ts'],
    to: 'dist/main',
    build: buildMain,
  },
  preload: { from: ['preload', 'package.json', 'package-lock.json', 'tools/build.ts'], to: 'dist/preload', build: buildPreload },
  renderer: {
    from: ['contract', 'renderer', 'package.json', 'package-lock.json', 'vite.config.ts'],
    to: 'dist/renderer',
    build: buildRenderer,
  },
} as const;
type Part = keyof typeof PARTS;

const asked = process.argv.slice(2) as Part[];
for (const part of asked.length > 0 ? asked : (Object.keys(PARTS) as Part[])) {
  const { from, to, build } = PARTS[part];
  const stamp = at(to, '.built');
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (from.some((path) => newest(at(path)) > built)) {
    const started = performance.now();
    process.stderr.write(`Building ${to} … `);
    await build();
    writeFileSync(stamp, '');
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  }
}

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => (name.endsWith('.test.ts') ? 0 : newest(join(path, name)))));
}

/** One folder of chunks with an entry a host: what is loaded on first use stays out of the start. */
async function buildMain(): Promise<void> {
  const { build } = await import('esbuild');
  // Beside first: a failed build leaves the last good one where it is.
  rmSync(at('dist/main.new'), { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: {
      edge: 'main/hosts/edge/index.ts',
      start: 'main/hosts/edge/start.ts',
      desktop: 'main/hosts/desktop/main.ts',
      'desktop-station': 'main/hosts/desktop/station.ts',
      'sqlite-check': 'main/store/sqliteCheckThread.ts',
      telemetry: 'main/plant/telemetry/thread.ts',
    },
    outdir: 'dist/main.new',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
    external: [...EXTERNAL, 'electron'],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
  rmSync(at('dist/main'), { recursive: true, force: true });
  renameSync(at('dist/main.new'), at('dist/main'));
}

/** One CommonJS file: a preload in a sandbox can be nothing else, and can load nothing else. */
async function buildPreload(): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['preload/index.ts'],
    outfile: 'dist/preload/index.cjs',
    bundle: true,
    format: 'cjs',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'warning',
    external: ['electron'],
  });
}

async function buildRenderer(): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: at('vite.config.ts'), logLevel: 'warn' });
}
