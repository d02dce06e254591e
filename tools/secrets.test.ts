import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { hashPassword } from '../main/people/passwords.ts';
import { newToken } from '../main/people/tokens.ts';
import { temporaryFolder } from '../main/testing/databases.ts';
import { keepLogs } from '../main/testing/logs.ts';
import { CAST } from '../main/testing/world.ts';
import { searchLogs, secretsIn } from './secrets.ts';

const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));

test('whatever stations hand out is found in a line of a log', async () => {
  for (let n = 0; n < 200; n++) {
    const token = newToken(random);
    assert.deepEqual(secretsIn(`{"level":30,"msg":"opened","token":"${token}"}`), [token]);
    assert.deepEqual(secretsIn(`GET /#link=${token} from 127.0.0.1`), [token]);
  }
  assert.deepEqual(secretsIn(`Bearer ${CAST.viewer.token}`), [CAST.viewer.token]);
  // Its last part may look like a token as well.
  assert.ok(secretsIn(`{"hash":"${await hashPassword('whatever it is')}"}`).some((found) => found.startsWith('$argon2')));
  assert.equal(secretsIn('{"password":"A long enough phrase"}').length, 1);
});

test('ids, hashes and words of an ordinary line are no secrets', () => {
  for (const plain of [
    '{"level":30,"id":"019a8f0e-7b1c-7f3e-8f01-0123456789ab","event":"listening","msg":"the station listens"}',
    `{"blob":"${'0a'.repeat(32)}"}`,
    'at file:///srv/outpost/main/people/secondFactorAndSomethingElseThatIsLong.ts:12:3',
  ])
    assert.deepEqual(secretsIn(plain), [], plain);
});

test('logs are kept when the folder of a test goes, and one line with a secret is named', (t) => {
  const [folder, kept] = [temporaryFolder(t), temporaryFolder(t)];
  const log = join(folder, 'station', 'logs', 'outpost.log');
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, `{"msg":"fine"}\n{"msg":"${newToken(random)}"}\n`);
  keepLogs(folder, kept);
  // It is meant to be found here, and not at the end of the whole suite.
  writeFileSync(log, '');
  assert.equal(readdirSync(kept).length, 1);
  assert.match(searchLogs(kept), /^\{"msg":"[\w-]{43}"\}$/);
});

test('where no log was kept, nothing was proven', (t) => {
  assert.match(searchLogs(temporaryFolder(t)), /no log/i);
});
