// The runner itself: what is red, and what only looks green.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('test.ts', import.meta.url));

const CASES: [what: string, source: string, code: number, said: RegExp][] = [
  ['a test that holds', `test('x', () => {})`, 0, /^2 passed, 0 failed, 0 skipped$/m],
  [
    'a test that does not hold',
    `test('x', () => { throw new Error('it is not so'); })`,
    1,
    /it is not so[\s\S]*^1 passed, 1 failed, 0 skipped$/m,
  ],
  ['a file that cannot be loaded', `import './nothing.mjs'`, 1, /^1 passed, 1 failed, 0 skipped$/m],
  ['a file that holds no test', ``, 1, /holds no test[\s\S]*^1 passed, 1 failed, 0 skipped$/m],
  [
    'a skip with its reason',
    `test('x', { skip: 'no such system' }, () => {})`,
    0,
    /x: no such system[\s\S]*^1 passed, 0 failed, 1 skipped$/m,
  ],
  ['a skip without one', `test('x', { skip: true }, () => {})`, 1, /without saying why[\s\S]*^1 passed, 1 failed, 0 skipped$/m],
  ['work put off', `test('x', { todo: 'one day' }, () => {})`, 1, /^1 passed, 1 failed, 0 skipped$/m],
];

for (const [what, source, wanted, said] of CASES)
  test(`${what} ends with ${wanted}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'outpost-runner-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'one.test.mjs');
    writeFileSync(file, `import { test } from 'node:test';\n${source}\n`);
    // A run within a run would be told that it is one, and report to the outer one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [RUNNER, file], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, wanted, output);
    assert.match(output, said);
  });
