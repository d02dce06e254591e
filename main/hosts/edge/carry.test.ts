// An organisation leaves one edge and comes into another, as real processes: what is said, how they end, and who may sign in.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { ADMIN, organisationsOf, runEdge, sentenceOf, setUpFile, signedIn } from '../../testing/edge.ts';
import { post, withToken } from '../../testing/web.ts';

const PATIENCE = { timeout: 120_000 };

/** A station that was set up, worked in, and stopped. */
async function worked(t: TestContext, folder: string): Promise<string> {
  const data = join(folder, 'station');
  const station = runEdge(t, ['--data', data, '--port', '0', '--setup', setUpFile(folder)]);
  const ada = await signedIn(await station.url);
  await ada.call('people.createOrganisation', { name: 'Another one' });
  assert.equal(await station.stop(), 0);
  return data;
}

test('an organisation is exported, looked at, and fills an empty station whose administrator comes in by a link', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const data = await worked(t, folder);
  const file = join(folder, 'nordwerk.jsonl');
  const exported = runEdge(t, ['--data', data, '--export-organisation', 'nordwerk', '--file', file]);
  assert.equal(await exported.ended, 0, exported.complaints());
  const [said] = exported.lines;
  const [, lines, digest] = /^Exported the organisation “Nordwerk” into \S+: (\d+) lines, digest ([0-9a-f]{64})\.$/.exec(said ?? '') ?? [];
  assert.ok(digest, said);
  assert.deepEqual([exported.lines.length, exported.complaints()], [1, '']);
  const text = readFileSync(file, 'utf8');
  assert.deepEqual([text.split('\n').at(-2), text.includes('Another one')], [`{"digest":"${digest}","lines":${lines}}`, false]);
  assert.equal(statSync(file).mode & 0o777, 0o600);

  const other = join(folder, 'other');
  const looked = runEdge(t, ['--data', other, '--import-organisation', file, '--dry-run']);
  assert.equal(await looked.ended, 0, looked.complaints());
  assert.match(
    looked.lines.join('\n'),
    new RegExp(`^The file holds the organisation “Nordwerk” \\(.*site 1.*${lines} lines, digest ${digest}\\. Nothing was written\\.$`),
  );
  assert.equal(existsSync(other), false);

  const second = runEdge(t, ['--data', other, '--port', '0', '--import-organisation', file]);
  const url = await second.url;
  assert.match(second.complaints(), new RegExp(`digest ${digest}; the station’s own export has ${digest}\\.\n`));
  const secret = /signs in by this link once, within three days: \S+#link=(\S+)/.exec(second.complaints())?.[1];
  assert.ok(secret);
  assert.ok(!second.lines.join('\n').includes(secret), 'nothing that opens the station is in its log');
  const { token } = JSON.parse((await post(url, 'people.signInByLink', { secret })).text) as { token: string };
  assert.equal((await post(url, 'people.changePassword', { password: ADMIN.password }, withToken(token))).status, 200);
  assert.deepEqual(await organisationsOf(await signedIn(url)), ['Nordwerk']);
  assert.equal(await second.stop(), 0);

  const again = runEdge(t, ['--data', other, '--port', '0', '--import-organisation', file]);
  await again.url;
  assert.match(
    again.complaints(),
    new RegExp(`is there already: the digest of the file is ${digest}, that of the station ${digest}\\.\n$`),
  );
  assert.equal(await again.stop(), 0);
});

test('what cannot be exported or imported is said in a sentence, with the code of its kind, and nothing is made', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const data = await worked(t, folder);
  const file = join(folder, 'file.jsonl');
  const fresh = join(folder, 'fresh');
  const bad = join(folder, 'bad.jsonl');
  writeFileSync(bad, '{"format":"outpost-organisation","version":9}\n');
  const there = join(folder, 'there.jsonl');
  writeFileSync(there, 'mine');
  for (const [args, code, words] of [
    [['--data', data, '--export-organisation', 'nordwerk'], 2, /belong together/],
    [['--data', data, '--export-organisation', 'nowhere', '--file', file], 1, /no such organisation/],
    [['--data', data, '--export-organisation', 'nordwerk', '--file', there], 2, /is there already/],
    [['--data', data, '--export-organisation', 'nordwerk', '--file', join(folder, 'no', 'file')], 2, /its folder is missing/],
    [['--data', fresh, '--export-organisation', 'nordwerk', '--file', file], 2, /There is no store/],
    [['--data', fresh, '--dry-run'], 2, /belong to --import-organisation/],
    [['--data', fresh, '--import-organisation', bad, '--dry-run'], 2, /cannot be used: Line 1 says version 9/],
    [['--data', fresh, '--import-organisation', join(folder, 'no')], 2, /cannot be read/],
    [['--data', fresh, '--import-organisation', bad, '--demo'], 2, /leave --setup, --demo/],
    [['--data', fresh, '--import-organisation', bad], 2, /cannot be used: Line 1 says version 9/],
  ] as const) {
    const run = runEdge(t, [...args, '--port', '0']);
    assert.equal(await run.ended, code, `${args.join(' ')}: ${run.complaints()}`);
    assert.match(sentenceOf(run), words);
  }
  assert.equal(readFileSync(there, 'utf8'), 'mine');
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.part')),
    [],
  );

  const good = runEdge(t, ['--data', data, '--export-organisation', 'nordwerk', '--file', file]);
  assert.equal(await good.ended, 0);
  const full = runEdge(t, ['--data', join(folder, 'full'), '--port', '0', '--setup', setUpFile(folder)]);
  await full.url;
  await full.stop();
  const refused = runEdge(t, ['--data', join(folder, 'full'), '--port', '0', '--import-organisation', file]);
  assert.equal(await refused.ended, 1);
  assert.match(sentenceOf(refused), /not empty, and nothing is overwritten/);
});
