// The edge as it is built, as a real process: what it says, how it ends, and what it holds for whoever signs in.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './databases.ts';
import { post, withToken } from './web.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const EDGE = join(ROOT, 'dist/main/edge.js');

export const ADMIN = { email: 'ada@example.org', name: 'Ada Admin', password: 'a long enough phrase' } as const;
export const SET_UP = { organisation: 'Nordwerk', site: 'Works 1', admin: ADMIN } as const;

export type EdgeRun = {
  child: ChildProcess;
  /** Standard output, line by line. */
  lines: string[];
  /** Standard error, all of it. */
  complaints(): string;
  /** Where it listens; fails if it ends before it does. */
  url: Promise<string>;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string | null>;
  kill(signal: NodeJS.Signals): void;
  /** Ends it in order. */
  stop(): Promise<number | string | null>;
};

export type RunOptions = { env?: Record<string, string>; npm?: boolean };

export function runEdge(t: TestContext, args: string[], { env = {}, npm = false }: RunOptions = {}): EdgeRun {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OUTPOST_')));
  const [program, first] = npm ? ['npm', ['run', 'edge', '--']] : [process.execPath, [EDGE]];
  // A group of its own, so that what npm started is gone with it, whatever becomes of npm.
  const child = spawn(program, [...first, ...args], {
    cwd: ROOT,
    env: { ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(npm ? -(child.pid as number) : (child.pid as number), signal);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    }
  };
  const lines: string[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string | null);
  t.after(async () => {
    kill('SIGKILL');
    await ended;
  });
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line.includes('"event":"listening"')) resolve((JSON.parse(line) as { url: string }).url);
    });
    void ended.then((code) => reject(new Error(`it ended with ${code}: ${complaints}`)));
  });
  url.catch(() => {});
  const run = { child, lines, complaints: () => complaints, url, ended, kill };
  return {
    ...run,
    stop() {
      kill('SIGTERM');
      return ended;
    },
  };
}

/** What it said to a person: one line, nothing of the inside of the program, and a full stop. */
export function sentenceOf({ complaints }: EdgeRun): string {
  const text = complaints();
  assert.match(text, /^[^\n]+[.…]\n$/, JSON.stringify(text));
  assert.doesNotMatch(text, /\bat .*:\d+:\d+|node:|undefined|\[object/);
  return text;
}

/** The same in a data folder of its own, on a free port. */
export function start(t: TestContext, args: string[] = [], options: RunOptions = {}, folder = temporaryFolder(t)) {
  const data = join(folder, 'station');
  return { folder, data, ...runEdge(t, ['--data', data, '--port', '0', ...args], options) };
}

/** A set-up file in this folder. */
export function setUpFile(folder: string, content: unknown = SET_UP): string {
  const file = join(folder, 'setup.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

export type Program = { token: string; call<T = Record<string, unknown>>(procedure: string, input?: unknown): Promise<T> };

/** A program that has signed in as the administrator. */
export async function signedIn(url: string, { email, password }: { email: string; password: string } = ADMIN): Promise<Program> {
  const said = await post(url, 'people.signIn', { email, password });
  assert.equal(said.status, 200, said.text);
  const { token } = JSON.parse(said.text) as { token: string };
  return {
    token,
    async call(procedure, input = {}) {
      const { status, text } = await post(url, procedure, input, withToken(token));
      assert.equal(status, 200, `${procedure}: ${text}`);
      return JSON.parse(text);
    },
  };
}

export const organisationsOf = async ({ call }: Program): Promise<string[]> =>
  (await call<{ organisations: { name: string }[] }>('people.me')).organisations.map(({ name }) => name).sort();
