// The edge as a real process: how it ends, by a signal and by what keeps it from starting, and through npm.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import SQLite from 'better-sqlite3';
import { temporaryFolder } from '../../testing/databases.ts';
import { organisationsOf, runEdge, sentenceOf, setUpFile, signedIn, start } from '../../testing/edge.ts';
import { dialled } from '../../testing/wires.ts';

const PATIENCE = { timeout: 120_000 };

test('SIGTERM and SIGINT end it in order: with 0, the store closed, the folder free, and once is enough', PATIENCE, async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const folder = temporaryFolder(t);
    const run = start(t, ['--setup', setUpFile(folder)], {}, folder);
    await signedIn(await run.url);
    run.kill(signal);
    run.kill(signal);
    run.kill('SIGTERM');
    assert.equal(await run.ended, 0, signal);
    assert.equal(run.complaints(), '');
    // Signals that wait together come in no order.
    assert.match(run.lines.at(-1) ?? '', new RegExp(`"event":"stopping","signal":"(${signal}|SIGTERM)"`));
    assert.equal(run.lines.filter((line) => line.includes('"event":"stopping"')).length, 1);
    assert.ok(!existsSync(join(run.data, 'site.db-wal')), 'nothing is left to be read into the database');
  }
});

test('nobody keeps it from ending: neither a reader that stands still nor a request without end', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const run = start(t, ['--setup', setUpFile(folder)], {}, folder);
  const url = await run.url;
  const ada = await signedIn(url);
  for (const path of ['/api/calls', '/api/channel']) {
    const socket = await dialled(url, path, ada.token);
    assert.ok(typeof socket !== 'number');
    (socket as unknown as { _socket: Socket })._socket.pause();
    t.after(() => socket.terminate());
  }
  const endless = request(`${url}/api/people/update-me`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
  });
  endless.on('error', () => {});
  await new Promise<void>((resolve) => endless.write('{"name":', () => resolve()));
  // It gives itself five seconds and says 1 when it needed more.
  assert.equal(await run.stop(), 0);
});

test(
  'a second station in the same folder ends with 3 and leaves the first alone; a killed one leaves the folder free',
  PATIENCE,
  async (t) => {
    const folder = temporaryFolder(t);
    const first = start(t, ['--setup', setUpFile(folder)], {}, folder);
    const ada = await signedIn(await first.url);
    for (const more of [[], ['--demo'], ['--restore', 'latest'], ['--database', 'postgres://127.0.0.1:1/x']]) {
      const second = start(t, more, {}, folder);
      assert.equal(await second.ended, 3, more.join(' '));
      assert.match(sentenceOf(second), /Another Outpost works in .*station\. Stop it, or .*--data/);
    }
    assert.deepEqual(await organisationsOf(ada), ['Nordwerk']);
    first.kill('SIGKILL');
    assert.equal(await first.ended, 'SIGKILL');
    const third = start(t, [], {}, folder);
    assert.deepEqual(await organisationsOf(await signedIn(await third.url)), ['Nordwerk']);
  },
);

/** Puts this version of the data into the database; gives the one that was there. */
function setSchema(data: string, version: string): string {
  const raw = new SQLite(join(data, 'site.db'));
  const [{ value }] = raw.prepare(`select "value" from "meta" where "key" = 'schema'`).all() as [{ value: string }];
  raw.prepare(`update "meta" set "value" = ? where "key" = 'schema'`).run(version);
  raw.close();
  return value;
}

test('data of a newer version ends the start with 4 and is not touched', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const file = setUpFile(folder);
  const first = start(t, ['--setup', file], {}, folder);
  await first.url;
  assert.equal(await first.stop(), 0);
  const present = setSchema(first.data, '999999');
  const digest = () =>
    createHash('sha256')
      .update(readFileSync(join(first.data, 'site.db')))
      .digest('hex');
  const before = digest();
  for (const args of [[], ['--demo'], ['--setup', file]]) {
    const newer = start(t, args, {}, folder);
    assert.equal(await newer.ended, 4, args.join(' '));
    assert.match(sentenceOf(newer), new RegExp(`newer version.*999999.*${present}.*Install the newer version`));
    assert.equal(digest(), before);
  }
  setSchema(first.data, present);
  const again = start(t, [], {}, folder);
  assert.deepEqual(await organisationsOf(await signedIn(await again.url)), ['Nordwerk']);
});

test('anything else ends the start with 1 and a sentence that says what to do', PATIENCE, async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const taken = String((other.address() as AddressInfo).port);
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  const cases: [args: string[], named: RegExp][] = [
    [['--port', taken], new RegExp(`Port ${taken} is taken.*--port`)],
    [['--host', 'no.such.host.invalid'], /no such address.*--host/],
    // Kept for documentation: no machine has it.
    [['--host', '203.0.113.1'], /no such address.*--host/],
    [['--database', 'postgres://127.0.0.1:1/x'], /database cannot be used.*127\.0\.0\.1:1.*--database/],
    [['--database', `postgres://127.0.0.1:${taken}/x`], /database cannot be used.*--database/],
  ];
  // Whoever listens there is no database.
  other.on('connection', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await Promise.all(
    cases.map(async ([args, named]) => {
      const run = start(t, args);
      assert.equal(await run.ended, 1, args.join(' '));
      assert.match(sentenceOf(run), named);
      assert.equal((JSON.parse(run.lines.at(-1) ?? '') as { event: string }).event, 'notStarted');
    }),
  );
  const below = runEdge(t, ['--data', join(file, 'station')]);
  assert.equal(await below.ended, 1);
  assert.match(sentenceOf(below), /is a file.*--data/);
});

test('through npm it ends with the same codes, and in order by the signals that reach npm', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const npm = { npm: true };
  const usage = start(t, ['--nonsense'], npm);
  assert.equal(await usage.ended, 2);
  assert.match(usage.complaints(), /Unknown option '--nonsense'/);

  const first = start(t, ['--setup', setUpFile(folder)], npm, folder);
  assert.deepEqual(await organisationsOf(await signedIn(await first.url)), ['Nordwerk']);
  assert.equal(await start(t, [], npm, folder).ended, 3);
  // To npm alone, as a supervisor would; then to the whole group, as Ctrl+C does.
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0);
  const second = start(t, [], npm, folder);
  const url = await second.url;
  second.kill('SIGINT');
  assert.equal(await second.ended, 0);
  await assert.rejects(fetch(url), 'the station itself is gone too');

  const present = setSchema(first.data, '999999');
  assert.equal(await start(t, [], npm, folder).ended, 4);
  setSchema(first.data, present);
  assert.equal(await start(t, ['--host', 'no.such.host.invalid'], npm, folder).ended, 1);
});
