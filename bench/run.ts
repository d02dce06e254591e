// npm run bench [-- NAME…] [--json]: each figure beside its rival or limit, measured in the same run.
import { parseArgs } from 'node:util';
import type { Bench, Figure } from './figure.ts';

const BENCHES: Record<string, () => Promise<{ bench: Bench }>> = {
  'contract-calls': () => import('./contract-calls.ts'),
  channel: () => import('./channel.ts'),
  'store-change': () => import('./store-change.ts'),
  'people-audit': () => import('./people-audit.ts'),
  'edge-start': () => import('./edge-start.ts'),
  'desktop-start': () => import('./desktop-start.ts'),
  'desktop-bridge': () => import('./desktop-bridge.ts'),
  'people-authorise': () => import('./people-authorise.ts'),
  'people-signin': () => import('./people-signin.ts'),
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`There is no benchmark “${unknown[0]}”. There are: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  const { bench } = await (BENCHES[name] as (typeof BENCHES)[string])();
  for (const figure of await bench()) {
    figures.push(figure);
    if (values.json) process.stdout.write(`${JSON.stringify(figure)}\n`);
  }
}
if (!values.json) printTable(figures);
process.exit(0);

function printTable(rows: Figure[]): void {
  const head = ['benchmark', 'figure', 'value', 'beside', 'its value', 'ratio'];
  const cells = rows.map((row) => [
    row.name,
    row.figure,
    `${number(row.value)} ${row.unit}`,
    row.rival,
    `${number(row.rivalValue)} ${row.unit}`,
    row.ratio.toFixed(2),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => (row[column] as string).length)));
  for (const row of [head, ...cells])
    process.stdout.write(
      `${row.map((cell, column) => (column >= 2 && column !== 3 ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number))).join('  ')}\n`,
    );
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });
}
