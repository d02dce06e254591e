// The log as people read it: as a file from any place in it, and as it is written; what must not be read is not in it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REDACTED } from '../log.ts';
import { sqliteFor } from '../testing/databases.ts';
import { openWorld } from '../testing/people.ts';
import { isA, memoryReader, type OpenStream } from '../testing/reader.ts';
import { CAST } from '../testing/world.ts';

const textOf = ({ said }: OpenStream) =>
  Buffer.concat(said.filter(({ type }) => type === 'bytes').map((one) => isA(one, 'bytes').bytes)).toString('utf8');

test('what is written is seen as it is written, and once more in the file, with secrets taken out of both', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const reader = memoryReader(station, CAST.platformAdmin.token);
  const live = reader.open('watch.liveLog', {});
  const { log } = station.station;
  while (live.said.length === 0) {
    log.info('is anybody there?');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const secrets = REDACTED.flatMap((field, n) =>
    ['at the top', 'inside', 'further inside', 'in a list'].map((where) => `${field} ${where} ${n} must not be read`),
  );
  for (const [n, field] of REDACTED.entries()) {
    const [top, inside, further, listed] = secrets.slice(n * 4);
    log.info(
      { event: 'test', [field]: top, a: { [field]: inside, b: { c: { [field]: further } } }, d: [{ [field]: listed }] },
      `line ${n}`,
    );
  }
  log.warn({ event: 'test', name: 'Größe – ☃' }, 'the last line');
  await live.until(() => textOf(live).includes('the last line'));

  const file = reader.open('watch.logFile', {});
  await file.until(({ type }) => type === 'end');
  const whole = readFileSync(join(station.station.folder.logs, 'outpost.log'), 'utf8');
  assert.equal(textOf(file), whole);
  const seen = textOf(live);
  assert.ok(whole.endsWith(seen), 'the same lines in the same order');
  assert.ok(seen.includes('Größe – ☃'));
  for (const secret of secrets) assert.ok(!whole.includes(secret), secret);
  const lines = seen
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'test');
  assert.equal(lines.length, REDACTED.length + 1);
  for (const [n, field] of REDACTED.entries()) {
    assert.deepEqual([lines[n][field], lines[n].a[field], lines[n].a.b.c[field], lines[n].d[0][field]], Array(4).fill('[removed]'), field);
    assert.equal(lines[n].msg, `line ${n}`);
  }
});

test('the file is read on from where one was, to its end as it is then', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const reader = memoryReader(station, CAST.platformAdmin.token);
  const read = async (cursor?: string) => {
    const stream = reader.open('watch.logFile', {}, cursor === undefined ? {} : { cursor });
    await stream.until(({ type }) => type === 'end');
    return stream;
  };
  const { log } = station.station;
  log.info('the first line');
  const first = textOf(await read());
  assert.match(first, /the first line/);
  log.info('the second line');
  const bytes = Buffer.byteLength(first);
  const second = await read(String(bytes));
  assert.match(textOf(second), /^\{.*the second line.*\}\n$/);
  assert.equal(isA(second.said[0] as never, 'bytes').offset, bytes);
  assert.equal(textOf(await read('100000000')), '', 'beyond its end there is nothing, and that is no failure');
  assert.equal((await read('100000000')).said.at(-1)?.type, 'end');
});

test('whoever may not look after the station sees nothing of its log, however it is asked for', async (t) => {
  const station = await openWorld(sqliteFor(t));
  for (const who of ['viewer', 'siteManager', 'organisationAdmin', 'developer', 'stranger'] as const)
    for (const name of ['watch.liveLog', 'watch.logFile']) {
      const stream = memoryReader(station, CAST[who].token).open(name, {});
      const said = isA(await stream.next(), 'end');
      assert.equal(said.end.code, 'forbidden', `${name} as ${who}`);
      station.station.log.info('not for everybody');
      assert.equal(stream.said.length, 1);
    }
});
