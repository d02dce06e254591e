// kill −9 at hundreds of moments: what was acknowledged is there, nothing is half there, and the log is whole.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CrashTally, crash, dealt } from '../testing/crash.ts';
import { postgresFor, temporaryFolder } from '../testing/databases.ts';
import { openSqlite } from './sqlite.ts';

const HANDS = 2;

const sum = (tallies: readonly CrashTally[], of: keyof CrashTally) => tallies.reduce((total, tally) => total + tally[of], 0);

test('300 kills of a process that works on SQLite lose nothing that was acknowledged', async (t) => {
  const folder = temporaryFolder(t);
  let databases = 0;
  const tallies = await Promise.all(
    dealt(1, 300, HANDS).map((seeds) =>
      crash({
        dialect: 'sqlite',
        seeds,
        each: 8,
        cache: folder,
        fresh: async () => {
          const where = join(folder, `${++databases}.db`);
          return { where, open: async () => openSqlite({ file: where }) };
        },
      }),
    ),
  );
  assert.equal(sum(tallies, 'kills'), 300);
  assert.ok(sum(tallies, 'atStatement') > 150 && sum(tallies, 'atStatement') < 250, 'from inside and from outside');
  assert.ok(sum(tallies, 'acknowledged') > 100, 'there was something to lose');
});

test('48 kills of a process that works on PostgreSQL lose nothing that was acknowledged', async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const tallies = await Promise.all(
    dealt(1_001, 48, HANDS).map((seeds) => crash({ dialect: 'postgres', seeds, each: 8, cache: folder, fresh: () => postgresFor(t) })),
  );
  assert.equal(sum(tallies, 'kills'), 48);
  assert.ok(sum(tallies, 'acknowledged') > 20, 'there was something to lose');
});
