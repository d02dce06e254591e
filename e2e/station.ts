// A station of its own for a test: the built edge as a real process, in a temporary folder, on a free port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { keepLogs } from '../main/testing/logs.ts';

const EDGE = fileURLToPath(new URL('../dist/main/edge.js', import.meta.url));

export const ADMIN = { email: 'ada@example.org', name: 'Ada Admin', password: 'a long enough phrase' } as const;

export type EdgeProcess = {
  url: string;
  data: string;
  process: ChildProcess;
  /** What it wrote to its log so far. */
  log(): string;
  /** Ends it in order; gives its exit code. */
  stop(): Promise<number | null>;
  /** Starts it again with the same folder and port. */
  again(): Promise<void>;
};

/** `setUp: false` leaves it to the first person who comes. */
export async function startStation(t: TestContext, options: { setUp?: boolean; args?: string[] } = {}): Promise<EdgeProcess> {
  const data = mkdtempSync(join(tmpdir(), 'outpost-e2e-'));
  const file = join(data, 'setup.json');
  writeFileSync(file, JSON.stringify({ organisation: 'Nordwerk', site: 'Works 1', admin: ADMIN }));
  const args = ['--data', join(data, 'station'), ...(options.setUp === false ? [] : ['--setup', file]), ...(options.args ?? [])];
  const lines: string[] = [];
  let running = await launch([...args, '--port', '0'], lines);
  const { port } = new URL(running.url);
  const edge: EdgeProcess = {
    url: running.url,
    data,
    get process() {
      return running.child;
    },
    log: () => lines.join('\n'),
    async stop() {
      const { child } = running;
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
    async again() {
      running = await launch([...args, '--port', port], lines);
    },
  };
  t.after(async () => {
    await edge.stop();
    keepLogs(data);
    rmSync(data, { recursive: true, force: true });
  });
  return edge;
}

async function launch(args: string[], lines: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [EDGE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk;
  });
  const out = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the station ended with ${code}: ${complaints}`)));
    out.on('line', (line) => {
      lines.push(line);
      const said = JSON.parse(line) as { event?: string; url?: string };
      if (said.event === 'listening' && said.url) resolve(said.url);
    });
  });
  return { child, url };
}
