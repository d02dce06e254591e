// The log's file: what it does where it cannot be written, and that it never throws.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog, openLogSink } from './log.ts';
import { temporaryFolder } from './testing/databases.ts';
import { smallDisk } from './testing/disk.ts';

const TEN_MB = 10 * 1024 * 1024;

function sinkIn(folder: string) {
  const troubles: NodeJS.ErrnoException[] = [];
  const sink = openLogSink(folder, undefined, (error) => troubles.push(error));
  return { sink, troubles, lines: () => readFileSync(sink.file, 'utf8').split('\n') };
}

test('a full disk costs the lines that do not fit, is told of once, and nothing more', (t) => {
  const disk = smallDisk(t, 1);
  if (disk === undefined) return;
  const { sink, troubles, lines } = sinkIn(disk.path);
  const heard: string[] = [];
  sink.watch((line) => heard.push(line));
  const ballast = join(disk.path, 'ballast');
  for (const round of ['first', 'second']) {
    sink.write(`before the ${round}\n`);
    writeFileSync(ballast, new Uint8Array(400_000));
    const large = `${'x'.repeat(900_000)}\n`;
    sink.write(large);
    sink.write(large);
    rmSync(ballast);
    sink.write(`after the ${round}\n`);
    sink.write('and on\n');
    assert.deepEqual(lines().slice(-3), [`after the ${round}`, 'and on', ''], 'each on a line of its own, also behind one cut short');
    assert.deepEqual(heard.splice(0), [`before the ${round}\n`, large, large, `after the ${round}\n`, 'and on\n'], 'who watches hears all');
    writeFileSync(sink.file, '');
  }
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ['ENOSPC', 'ENOSPC'],
    'once for each time that it was full',
  );
});

test('on a disk that is read-only nobody who logs is thrown at, and it goes on when it can be written', (t) => {
  const disk = smallDisk(t, 12);
  if (disk === undefined) return;
  const file = join(disk.path, 'outpost.log');
  writeFileSync(file, 'x'.repeat(TEN_MB));
  disk.readOnly();
  const { sink, troubles, lines } = sinkIn(disk.path);
  const log = openLog('info', sink);
  log.info('one');
  log.info('two');
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ['EROFS'],
  );
  disk.writable();
  log.info('three');
  assert.equal(JSON.parse(lines().at(-2) as string).msg, 'three');
  sink.close();
});

test('a full file is turned over, and the oldest goes', (t) => {
  const { sink } = sinkIn(temporaryFolder(t));
  for (let n = 0; n < 7; n++) sink.write(`${n}${'x'.repeat(TEN_MB - 2)}\n`);
  assert.deepEqual(
    ['', '.1', '.2', '.3', '.4', '.5', '.6'].map((end) => existsSync(sink.file + end) && readFileSync(sink.file + end, 'utf8')[0]),
    ['6', '5', '4', '3', '2', '1', false],
  );
  sink.close();
});

test('a file that cannot be turned over grows on, and is turned over when it can be', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'outpost.log');
  writeFileSync(file, 'x'.repeat(TEN_MB));
  writeFileSync(`${file}.4`, 'older');
  // A file cannot take the place of a folder.
  mkdirSync(`${file}.5`);
  const { sink, troubles, lines } = sinkIn(folder);
  sink.write('one\n');
  sink.write('two\n');
  assert.equal(troubles.length, 1);
  assert.equal(readFileSync(file, 'utf8').slice(TEN_MB), 'one\ntwo\n');
  rmdirSync(`${file}.5`);
  sink.write(`${'y'.repeat(TEN_MB - 10)}\n`);
  sink.write('three\n');
  assert.equal(readFileSync(`${file}.5`, 'utf8'), 'older');
  assert.deepEqual(lines(), ['three', '']);
  sink.close();
});

test('what is logged after the end is heard by nobody’s file', (t) => {
  const { sink, troubles, lines } = sinkIn(temporaryFolder(t));
  sink.write('one\n');
  sink.close();
  sink.write('two\n');
  assert.deepEqual([lines(), troubles], [['one', ''], []]);
});
