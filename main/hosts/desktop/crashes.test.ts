// What is kept of crashes, and that it stays little.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { again, isCrash, openCrashes, readCrashes, sweepDumps, withCrash } from './crashes.ts';

const crash = (n: number) => ({ at: new Date(n).toISOString(), what: 'page', how: `crashed ${n}`, said: '' });

test('the newest twenty are kept, each of bounded length', (t) => {
  const file = join(temporaryFolder(t), 'crashes.json');
  const crashes = openCrashes(file, () => new Date(0));
  for (let n = 0; n < 30; n++) crashes.add('page', `crashed ${n}`);
  assert.equal(crashes.all().length, 20);
  assert.equal(crashes.all()[0]?.how, 'crashed 10');
  const [long] = withCrash([], { ...crash(1), what: 'w'.repeat(9_999), how: 'h'.repeat(9_999), said: `${'x'.repeat(9_999)}end` });
  assert.ok(JSON.stringify(long).length < 5_000);
  assert.ok(long?.said.endsWith('end'));
});

test('a list that is damaged is an empty one, and a damaged line is left out', (t) => {
  const file = join(temporaryFolder(t), 'crashes.json');
  writeFileSync(file, '[{"at":');
  const crashes = openCrashes(file, () => new Date(0));
  assert.deepEqual(crashes.all(), []);
  crashes.add('page', 'crashed');
  assert.equal(crashes.all().length, 1);
  assert.deepEqual(readCrashes({ length: 3 }), []);
  assert.deepEqual(readCrashes([null, 7, { at: 1 }, crash(1), { ...crash(2), said: undefined }]), [crash(1)]);
});

test('of the dumps of memory the newest five stay, wherever Crashpad puts them', (t) => {
  const folder = temporaryFolder(t);
  for (const place of ['pending', 'completed']) mkdirSync(join(folder, place));
  for (let n = 1; n <= 8; n++) {
    const file = join(folder, n % 2 ? 'pending' : 'completed', `${n}.dmp`);
    writeFileSync(file, '');
    utimesSync(file, n, n);
  }
  writeFileSync(join(folder, 'settings.dat'), '');
  sweepDumps(folder);
  const left = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dmp'));
  assert.deepEqual(left.map((name) => name.slice(-5)).sort(), ['4.dmp', '5.dmp', '6.dmp', '7.dmp', '8.dmp']);
  assert.ok(readdirSync(folder).includes('settings.dat'));
  sweepDumps(join(folder, 'nowhere'));
});

test('something is loaded again three times a minute, and not for ever', () => {
  let now = 0;
  const may = again(3, 60_000, () => now);
  assert.deepEqual([may(), may(), may(), may()], [true, true, true, false]);
  now = 61_000;
  assert.equal(may(), true);
});

test('what was ended in order has not crashed', () => {
  assert.deepEqual(['clean-exit', 'killed', 'crashed', 'oom', 'abnormal-exit'].map(isCrash), [false, false, true, true, true]);
});
