// Another process for a test: what it says arrives line by line, and it is gone when the test is.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export type Child = {
  process: ChildProcess;
  /** The next line it says; undefined once it has ended and everything was heard. */
  line(): Promise<string | undefined>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  complaints(): string;
};

/** Runs a file of main/testing with one argument, as JSON. */
export function startChild(t: TestContext, file: string, argument: unknown): Child {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(argument)], { stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => (await lines.next()).value as string | undefined,
    ended: new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal }))),
    complaints: () => complaints,
  };
}
