// Whether the product can be shown in a window: where Electron's binary is, how to fetch it, how to run it. Nothing here imports
// electron: under plain Node that would start a download that nobody asked for.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WINDOW_IS_OPEN } from '../spoken.ts';

/** Names the binary to use; empty: none is wanted. Nothing is fetched then. */
const VARIABLE = 'OUTPOST_ELECTRON';
const FETCH_MS = 20_000;

export type Means = { binary: string | undefined; display: boolean; mayFetch: boolean };
export type Way = 'window' | 'fetch' | 'browser';

export function wayToShow({ binary, display, mayFetch }: Means): Way {
  if (!display) return 'browser';
  if (binary !== undefined) return 'window';
  return mayFetch ? 'fetch' : 'browser';
}

/** Only where somebody looks on is anything fetched. */
export function meansHere(folder: string | undefined, terminal: boolean, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Means {
  return {
    binary: findElectron(folder, env),
    display: hasDisplay(platform, env),
    mayFetch: terminal && folder !== undefined && env[VARIABLE] === undefined,
  };
}

/** Somebody far away has a terminal and not our display. */
export function hasDisplay(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): boolean {
  if (platform === 'win32' || platform === 'darwin') return !env.SSH_CONNECTION;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** `folder` is that of the package; its path.txt is written last of all when the binary is unpacked. */
export function findElectron(folder: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const told = env[VARIABLE];
  if (told !== undefined) return told !== '' && existsSync(told) ? told : undefined;
  if (folder === undefined || !existsSync(join(folder, 'path.txt'))) return undefined;
  const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}

export function electronFolder(): string | undefined {
  try {
    return dirname(fileURLToPath(import.meta.resolve('electron/package.json')));
  } catch {
    return undefined;
  }
}

/** Runs the package's own fetching, and no longer than so long: behind some firewalls it would wait for ever. */
export function fetchElectron(folder: string, enough: AbortSignal = AbortSignal.timeout(FETCH_MS)): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', signal: enough, killSignal: 'SIGKILL' });
    // Killed, it says so as an error first; it is over when it is gone.
    child.once('error', () => child.pid ?? resolve());
    child.once('exit', () => resolve());
  });
}

export type WindowRun = { opened: boolean; code: number | null };

/** Runs the window until it is closed. */
export function runWindow(binary: string, args: string[], say: (line: string) => void): Promise<WindowRun> {
  return new Promise((resolve) => {
    // Left in, it would make a plain Node of Electron.
    const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    let opened = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      opened ||= line.startsWith(WINDOW_IS_OPEN);
      say(line);
    });
    // Ctrl+C reaches the window by itself, and the window ends us.
    const pass = () => void child.kill('SIGTERM');
    const stay = () => {};
    process.on('SIGTERM', pass).on('SIGINT', stay);
    const ended = (code: number | null) => {
      process.off('SIGTERM', pass).off('SIGINT', stay);
      resolve({ opened, code });
    };
    child.once('error', () => ended(null));
    child.once('close', ended);
  });
}
