// npm test: types, lint, layers, every test file, the browser suite. One closing line.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LOGS_VARIABLE } from '../main/testing/logs.ts';
import { POSTGRES_VARIABLE, startPostgres } from '../main/testing/postgres.ts';
import { checkLayers } from './layers.ts';
import { searchLogs } from './secrets.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What takes longer hangs. */
const LONGEST_MS = 5 * 60_000;
process.chdir(ROOT);

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const wants = (part: 'checks' | 'units' | 'e2e') => values.only === undefined || values.only === part;

const tally = { passed: 0, failed: 0, skipped: [] as string[] };
const started = performance.now();
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

if (wants('checks') && positionals.length === 0) {
  for (const part of ['.', 'contract', 'preload', 'renderer', 'e2e']) await check(`types of ${part}`, () => command('tsc', ['-p', part]));
  await check('lint and format', () => command('biome', ['ci', '--colors=off', '.']));
  await check('layers', async () => checkLayers().join('\n'));
}
if (values.only !== 'checks') {
  await check('build', () => command(process.execPath, ['tools/build.ts']));
  // Within another run there is one already.
  const cluster = process.env[POSTGRES_VARIABLE] === undefined ? await startPostgres() : undefined;
  if (cluster) process.env[POSTGRES_VARIABLE] = cluster.url;
  try {
    const units = ['contract', 'main', 'preload', 'renderer', 'tools', 'bench'].flatMap((folder) => globSync(`${folder}/**/*.test.ts`));
    const e2e = globSync('e2e/**/*.test.ts');
    const files = positionals.length > 0 ? positionals : [...(wants('units') ? units : []), ...(wants('e2e') ? e2e : [])];
    const logs = mkdtempSync(join(tmpdir(), 'outpost-logs-'));
    process.env[LOGS_VARIABLE] = logs;
    await runFiles(files.sort());
    if (positionals.length === 0) await check('no secret in any log', async () => searchLogs(logs));
    rmSync(logs, { recursive: true });
  } finally {
    await cluster?.stop();
  }
}

for (const skip of tally.skipped) print(`skipped  ${skip}`);
print(`(${Math.round((performance.now() - started) / 1000)} s)`);
print(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`);
// Said outright: a library that tidies up at the end would have the last word otherwise.
process.exit(tally.failed === 0 && !stopped.signal.aborted ? 0 : 1);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `work` gives what is wrong, or nothing. */
async function check(name: string, work: () => Promise<string>): Promise<void> {
  const wrong = (await work()).trim();
  if (wrong === '') {
    tally.passed += 1;
    print(`passed   ${name}`);
  } else {
    tally.failed += 1;
    print(`FAILED   ${name}\n${wrong}`);
  }
}

function command(program: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk));
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? '' : said || `${program} ended with ${code}`));
  });
}

async function runFiles(files: string[]): Promise<void> {
  const concurrency = Math.max(2, availableParallelism());
  const stream = run({ files, concurrency, isolation: 'process', timeout: LONGEST_MS, signal: stopped.signal });
  const said = new Map<string, string[]>();
  for await (const event of stream) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      const lines = said.get(event.data.file ?? '') ?? [];
      lines.push(event.data.message);
      said.set(event.data.file ?? '', lines);
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file = '', details, skip, todo } = event.data;
    const path = relative(ROOT, file);
    if (details.type === 'suite') continue;
    // A file is itself reported as a test where it holds none: a name that was mistyped, a loop over an empty list.
    if (event.type === 'test:pass' && (name === file || name === path)) {
      tally.failed += 1;
      print(`FAILED   ${path}\nholds no test`);
    } else if (event.type === 'test:fail') {
      tally.failed += 1;
      print(`FAILED   ${path} › ${name}\n${describe(details.error)}\n${(said.get(file) ?? []).join('')}`);
    } else if (todo !== undefined || (skip !== undefined && (typeof skip !== 'string' || skip === ''))) {
      tally.failed += 1;
      print(`FAILED   ${path} › ${name}\nwas skipped without saying why`);
    } else if (skip !== undefined) {
      tally.skipped.push(`${path} › ${name}: ${skip}`);
    } else {
      tally.passed += 1;
    }
  }
}

function describe(error: Error & { cause?: unknown }): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return (cause.stack ?? cause.message).split('\n').slice(0, 25).join('\n');
}
