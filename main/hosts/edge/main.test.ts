// The edge as a real process: what it can be told, how it begins, and what it says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import SQLite from 'better-sqlite3';
import { stationSettings, variableOf } from '../../store/settings.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { ADMIN, type EdgeRun, organisationsOf, runEdge, sentenceOf, setUpFile, signedIn, start } from '../../testing/edge.ts';
import { post } from '../../testing/web.ts';
import { dialled } from '../../testing/wires.ts';
import { USAGE } from './options.ts';

const PATIENCE = { timeout: 120_000 };

// ---- bad usage: 2

test('what cannot be used ends the start with 2, and is named in one sentence', PATIENCE, async (t) => {
  const aside = temporaryFolder(t);
  const file = join(aside, 'file');
  writeFileSync(file, 'text');
  const cases: [args: string[], named: RegExp, env?: Record<string, string>][] = [
    [['--nonsense'], /--nonsense.*--help/],
    [['nonsense'], /nonsense.*--help/],
    [['--port'], /--port.*--help/],
    [['--port', ''], /--port.*0 to 65535/],
    [['--port', '65536'], /--port.*0 to 65535/],
    [['--port', '1e3'], /--port.*0 to 65535/],
    [['--demo=yes'], /--demo.*--help/],
    [['--host', ''], /--host.*address/],
    [['--name', ''], /--name.*name is wanted/],
    [['--name', 'x'.repeat(61)], /--name.*60/],
    [['--database', 'nonsense'], /--database.*postgres:\/\//],
    [['--database', 'mysql://x'], /--database.*postgres:\/\//],
    [['--restore', 'latest'], /no backup/],
    [['--restore', '../../etc'], /no backup/],
    [['--restore', 'latest', '--database', 'postgres://127.0.0.1:1/x'], /no backup/],
    [['--setup', '/nowhere.json'], /set-up file \/nowhere\.json cannot be read/],
    [['--setup', aside], /set-up file .* cannot be read/],
    [[], /OUTPOST_PORT.*0 to 65535/, { OUTPOST_PORT: 'eighty' }],
    [[], /OUTPOST_INSECURE_HTTP.*true or false/, { OUTPOST_INSECURE_HTTP: 'maybe' }],
  ];
  await Promise.all(
    cases.map(async ([args, named, env]) => {
      const data = join(temporaryFolder(t), 'station');
      const run = runEdge(t, ['--data', data, ...args], { env: env ?? { OUTPOST_PORT: '0' } });
      assert.equal(await run.ended, 2, args.join(' '));
      assert.match(sentenceOf(run), named);
      assert.deepEqual(run.lines, []);
      assert.ok(!existsSync(join(data, 'site.db')), `${args.join(' ')}: something was begun`);
    }),
  );
  for (const [args, named] of [
    [[], /--data DIR is missing/],
    [['--data', ''], /--data DIR is missing/],
    [['--data', file], /is a file/],
  ] as const) {
    const run = runEdge(t, [...args]);
    assert.equal(await run.ended, 2);
    assert.match(sentenceOf(run), named);
  }
  assert.equal(readFileSync(file, 'utf8'), 'text');
});

test('a certificate or a settings file that cannot be used ends the start with 2 as well', PATIENCE, async (t) => {
  for (const [args, named] of [
    [['--tls-cert', '/nowhere.pem'], /belong together/],
    [['--tls-cert', '/nowhere.pem', '--tls-key', '/nowhere.key'], /\/nowhere\.pem.*cannot be used/],
  ] as const) {
    const run = start(t, [...args]);
    assert.equal(await run.ended, 2);
    assert.match(sentenceOf(run), named);
  }
  for (const [content, named] of [
    ['{"prot": 8480}', /outpost\.json.*prot.*port/],
    ['not\njson', /outpost\.json is not JSON/],
    ['[]', /one JSON object/],
    ['{"backupHour": 24}', /backupHour in .*outpost\.json/],
  ] as const) {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'station'));
    writeFileSync(join(folder, 'station', 'outpost.json'), content);
    const run = start(t, [], {}, folder);
    assert.equal(await run.ended, 2);
    assert.match(sentenceOf(run), named);
  }
});

test('--help names every flag, --print-config every setting with its variable and no secret; both begin nothing', PATIENCE, async (t) => {
  const help = runEdge(t, ['--help']);
  assert.equal(await help.ended, 0);
  assert.equal(`${help.lines.join('\n')}\n`, USAGE);
  assert.equal(help.complaints(), '');

  for (const database of [
    'postgres://outpost:hush-hush@db.example/plant',
    'postgres://outpost:hush-hush:more@db.example/plant',
    'postgres://outpost:hush-hush/more@db.example/plant',
    'postgres://outpost:more@hush-hush@db.example/plant',
    'postgres://outpost@db.example/plant?password=hush-hush&x=1',
    'postgres://:hush-hush@db.example/plant',
  ]) {
    const run = start(t, ['--print-config', '--name', 'North'], {
      env: { OUTPOST_DATABASE: database, OUTPOST_METRICS_TOKEN: 'hush-hush' },
    });
    assert.equal(await run.ended, 0);
    const text = run.lines.join('\n');
    const shown = JSON.parse(text) as Record<string, { value: unknown; variable: string }>;
    assert.deepEqual([shown.name?.value, shown.port?.value, shown.backupHour?.value], ['North', 0, 2]);
    for (const [name, { variable }] of Object.entries(shown)) {
      assert.ok(name in stationSettings.shape);
      assert.equal(variable, variableOf(name));
    }
    assert.doesNotMatch(text, /hush|more/);
    assert.match(String(shown.database?.value), /^postgres:\/\/.*db\.example\/plant/);
    assert.ok(!existsSync(run.data));
  }
});

// ---- the set-up file, and the demo

test('a set-up file sets an empty station up, once', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const file = setUpFile(folder);
  const first = start(t, ['--setup', file], {}, folder);
  const ada = await signedIn(await first.url);
  assert.deepEqual(await organisationsOf(ada), ['Nordwerk']);
  assert.equal(first.complaints(), '', 'there is nothing left to be done on a screen');
  assert.equal(await first.stop(), 0);

  // The same command line starts it again; another file changes nothing any more.
  writeFileSync(file, JSON.stringify({ organisation: 'Taken', site: 'Over', admin: { ...ADMIN, password: 'somebody else’s' } }));
  const second = start(t, ['--setup', file], {}, folder);
  assert.deepEqual(await organisationsOf(await signedIn(await second.url)), ['Nordwerk']);
  assert.equal(await second.stop(), 0);
});

test('a set-up file with the mark that some editors write is read', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const run = start(t, ['--setup', setUpFile(folder, `\uFEFF${readFileSync(setUpFile(folder), 'utf8')}`)]);
  assert.deepEqual(await organisationsOf(await signedIn(await run.url)), ['Nordwerk']);
});

test('a set-up file that cannot be used ends the start with 2, begins nothing and repeats no password', PATIENCE, async (t) => {
  const whole = { organisation: 'Nordwerk', site: 'Works 1', admin: { ...ADMIN, password: 'hush-hush-hush' } };
  const without = (key: string) => Object.fromEntries(Object.entries(whole).filter(([name]) => name !== key));
  const cases: [content: unknown, named: RegExp][] = [
    ['', /not JSON/],
    ['{"admin":\n{"password":"hush-hush-hush"', /not JSON/],
    ['"hush-hush-hush', /not JSON/],
    [[], /cannot be used/],
    [without('organisation'), /organisation/],
    [without('site'), /site/],
    [without('admin'), /admin/],
    [{ ...whole, timeZone: 'Mars/Olympus' }, /timeZone.*Europe\/Berlin/],
    [{ ...whole, organisation: '' }, /organisation.*empty/],
    [{ ...whole, extra: 1 }, /extra/],
    [{ ...whole, admin: { ...whole.admin, password: 'hush' } }, /admin\.password.*10 characters/],
    [{ ...whole, admin: { ...whole.admin, password: 'Hush-Hush2026!', name: 'Hush Hush' } }, /admin\.password.*your own name/],
    [{ ...whole, admin: { ...whole.admin, email: 'hush' } }, /admin\.email.*e-mail/],
    [{ ...whole, admin: { email: ADMIN.email, name: ADMIN.name } }, /admin\.password/],
  ];
  await Promise.all(
    cases.map(async ([content, named]) => {
      const folder = temporaryFolder(t);
      const run = start(t, ['--setup', setUpFile(folder, content)], {}, folder);
      assert.equal(await run.ended, 2, JSON.stringify(content));
      const sentence = sentenceOf(run);
      assert.match(sentence, named);
      assert.ok(sentence.includes(folder), 'the file is named');
      assert.doesNotMatch(sentence + run.lines.join(''), /hush/);
      assert.ok(!existsSync(run.data));
    }),
  );
});

test('without a file the set-up waits for a person, and says where and with which code on the terminal alone', PATIENCE, async (t) => {
  const run = start(t);
  const url = await run.url;
  const [, where, code = ''] = /Open (\S+); from another machine it asks for the code ([a-z2-9]{10})\n$/.exec(run.complaints()) ?? [];
  assert.equal(where, url);
  const away = { 'x-forwarded-for': '192.0.2.7' };
  const input = { organisation: 'Nordwerk', site: 'Works 1', admin: ADMIN };
  assert.equal((await post(url, 'people.setUp', input, away)).status, 403);
  assert.equal((await post(url, 'people.setUp', { ...input, code }, away)).status, 200);
  assert.equal(await run.stop(), 0);
  assert.ok(!run.lines.join('\n').includes(code));
});

test('the demo fills an empty station and no other', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const listening = async (run: EdgeRun) => {
    await run.url;
    assert.equal(await run.stop(), 0);
    const raw = new SQLite(join(folder, 'station', 'site.db'), { readonly: true });
    const rows = ['organisations', 'sites', 'places', 'people', 'grants'].map(
      (table) => raw.prepare(`select count(*) from "${table}"`).pluck().get() as number,
    );
    raw.close();
    return rows;
  };
  const first = await listening(start(t, ['--demo'], {}, folder));
  assert.ok(
    first.every((n) => n > 0),
    String(first),
  );
  assert.deepEqual(await listening(start(t, ['--demo'], {}, folder)), first);

  const own = start(t, ['--demo', '--setup', setUpFile(temporaryFolder(t))]);
  assert.deepEqual(await organisationsOf(await signedIn(await own.url)), ['Nordwerk'], 'a plant of one’s own goes before');
});

// ---- the log

test('every line of the log is one JSON object, in the file as on the terminal, and no secret is in it', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const run = start(t, ['--setup', setUpFile(folder), '--name', 'North'], { env: { OUTPOST_LOG_LEVEL: 'debug' } }, folder);
  const url = await run.url;
  const ada = await signedIn(url);
  await ada.call('people.createOrganisation', { name: 'line\nbreak " and {"event":"listening"}\u2028' });
  const { link } = await ada.call<{ link: string }>('people.createPerson', {
    email: 'otto@example.org',
    name: 'Otto',
    role: 'developer',
    at: { kind: 'platform' },
  });
  await post(url, 'people.signIn', { email: ADMIN.email, password: 'a wrong one, hush-hush' });
  await post(url, 'people.signInByLink', { secret: link });
  const garbage = await dialled(url, '/api/calls', ada.token);
  assert.ok(typeof garbage !== 'number');
  garbage.send('garbage\nof two lines');
  await once(garbage, 'close');
  await ada.call('people.changePassword', { current: ADMIN.password, password: 'another hush-hush phrase' });
  assert.equal(await run.stop(), 0);

  const entries = run.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const { level, time, msg } of entries) {
    assert.match(String(level), /^(debug|info|warn|error)$/);
    assert.equal(new Date(String(time)).toISOString(), time);
    assert.equal(typeof msg, 'string');
  }
  const events = entries.map(({ event }) => event);
  assert.deepEqual([events.filter((event) => event === 'listening').length, events.at(-1)], [1, 'stopping']);
  assert.ok(events.includes('badFrame'), 'what went wrong was said');
  assert.match(String(entries.find(({ event }) => event === 'listening')?.url), /^http:\/\/127\.0\.0\.1:\d+$/);
  const kept = readFileSync(join(run.data, 'logs', 'outpost.log'), 'utf8');
  assert.deepEqual(kept.split('\n').slice(0, -1), run.lines);
  for (const secret of [ADMIN.password, 'hush-hush', ada.token, link]) assert.ok(!kept.includes(secret), secret);
});

test('a station whose reader goes away works on, and ends in order', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const run = start(t, ['--setup', setUpFile(folder)], {}, folder);
  const url = await run.url;
  run.child.stdout?.destroy();
  run.child.stderr?.destroy();
  const ada = await signedIn(url);
  // Each of these is worth a line in the log, which nobody takes any more.
  for (let n = 0; n < 3; n++) {
    const socket = await dialled(url, '/api/calls', ada.token);
    assert.ok(typeof socket !== 'number');
    socket.send('garbage');
    await once(socket, 'close');
  }
  assert.deepEqual(await organisationsOf(ada), ['Nordwerk']);
  assert.equal(await run.stop(), 0);
  const kept = readFileSync(join(run.data, 'logs', 'outpost.log'), 'utf8')
    .trim()
    .split('\n');
  assert.deepEqual(
    kept.map((line) => (JSON.parse(line) as { event: string }).event),
    ['listening', 'badFrame', 'badFrame', 'badFrame', 'stopping'],
  );
});
