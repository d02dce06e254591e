// The docs are kept true: what they name exists, every area has its row, every command is one of ours.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AREAS } from '../contract/index.ts';
import { stationSettings, variableOf } from '../main/store/settings.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/*.md', { cwd: ROOT })];
const FLOORS = /^(contract|main|preload|renderer|resources|bench|e2e|tools|docs|\.ci|\.githooks)\//;

test('every path the docs name exists', () => {
  for (const page of pages)
    for (const [, path = ''] of read(page).matchAll(/`([^`\s]+)`/g))
      if (FLOORS.test(path) && !/[*<>]/.test(path)) assert.ok(existsSync(join(ROOT, path)), `${page} names ${path}`);
});

test('every link inside the docs leads somewhere', () => {
  for (const page of pages)
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)\)/g))
      if (!/^[a-z]+:/.test(target)) assert.ok(existsSync(join(ROOT, dirname(page), target)), `${page} links to ${target}`);
});

test('every area has its row, with its contract file and its folder', () => {
  const rows = read('docs/architecture.md').split('\n');
  for (const area of AREAS) {
    const row = rows.find((line) => line.split('|')[1]?.trim() === area);
    assert.ok(row, `a row for ${area}`);
    assert.ok(row.includes(`\`contract/${area}.ts\``) && row.includes(`\`main/${area}/\``), `the row of ${area} names its files`);
    assert.equal(
      row.includes(`\`renderer/${area}/\``),
      existsSync(join(ROOT, 'renderer', area)),
      `the row of ${area} says whether it has screens`,
    );
  }
});

test('the table “Where does my change go?” answers for every kind of change', () => {
  const table = read('docs/architecture.md').split('## Where does my change go?')[1]?.split('\n## ')[0] ?? '';
  for (const kind of ['a permission', 'a procedure', 'a stream', 'an entity', 'an event', 'a screen', 'a driver']) {
    const row = table.split('\n').find((line) => line.startsWith(`| ${kind}`));
    assert.ok(row, kind);
  }
});

test('every npm script the docs name is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const page of pages)
    for (const [, script = ''] of read(page).matchAll(/npm run ([a-z0-9:]+)/g))
      assert.ok(Object.hasOwn(scripts, script), `${page} names npm run ${script}`);
});

test('every station setting is in the operations guide, with its variable', () => {
  const page = read('docs/operations.md');
  for (const name of Object.keys(stationSettings.shape)) {
    assert.ok(page.includes(`\`${name}\``), name);
    assert.ok(page.includes(`\`${variableOf(name)}\``), variableOf(name));
  }
});
