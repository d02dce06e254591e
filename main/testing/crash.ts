// One process after another works on a database and is killed; after each, what it was told must be true.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { place } from '../people/entities.ts';
import type { Database } from '../store/database.ts';
import { openStore } from '../store/index.ts';
import type { CrashWork } from './crashChild.ts';
import { dice } from './dice.ts';

const CHILD = fileURLToPath(new URL('crashChild.ts', import.meta.url));

export type CrashOptions = {
  dialect: CrashWork['dialect'];
  /** Where the n-th database lies; a fresh one for each call. */
  fresh(): Promise<{ where: string; open(): Promise<Database> }>;
  seeds: readonly number[];
  /** Kills upon one database, one after the other: it is the survivor that is killed next. */
  each: number;
  /** A folder for what the children compile, so that it is compiled once. */
  cache: string;
};

export type CrashTally = { kills: number; acknowledged: number; atStatement: number };

/** Throws with the seed of the first kill after which something was not true. */
export async function crash(options: CrashOptions): Promise<CrashTally> {
  const tally: CrashTally = { kills: 0, acknowledged: 0, atStatement: 0 };
  const told: Told = { done: new Set(), undone: new Set() };
  let database = await options.fresh();
  for (const [i, seed] of options.seeds.entries()) {
    if (i % options.each === 0 && i > 0) {
      database = await options.fresh();
      for (const numbers of Object.values(told)) numbers.clear();
    }
    const chance = dice(seed);
    // Two in three die at a statement of their own, early ones among them: while tables are made, while a store is opened.
    const killAt = chance.chance(66) ? 1 + chance.below(chance.pick([20, 80, 400])) : undefined;
    const work: CrashWork = {
      dialect: options.dialect,
      where: database.where,
      seed,
      from: (i + 1) * 10_000,
      ...(killAt !== undefined && { killAt }),
    };
    try {
      await runAndKill(work, chance.below(40), told, options.cache);
      await assertTrue(await database.open(), told);
    } catch (error) {
      throw new Error(`seed ${seed}, killed ${killAt === undefined ? 'from outside' : `at statement ${killAt}`}`, { cause: error });
    }
    tally.kills += 1;
    if (killAt !== undefined) tally.atStatement += 1;
    tally.acknowledged = Math.max(tally.acknowledged, told.done.size);
  }
  return tally;
}

type Told = { done: Set<number>; undone: Set<number> };

/** Starts the work, and kills it after so many answers unless it kills itself; everything it said before is heard. */
async function runAndKill(work: CrashWork, answers: number, told: Told, cache: string): Promise<void> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(work)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(cache, 'compiled') },
  });
  let said = '';
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk));
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
    if (work.killAt === undefined && said.split('\n').length > answers) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
  assert.equal(signal, 'SIGKILL', complaints);
  assert.equal(complaints, '');
  for (const line of said.split('\n').slice(0, -1)) {
    const [what, number] = line.split(' ') as [string, string];
    assert.match(what, /^(done|undone)$/, said);
    told[what as keyof Told].add(Number(number));
  }
}

/** Opens what was left and looks at every change: acknowledged ones are there, every one is whole or absent. */
async function assertTrue(database: Database, told: Told): Promise<void> {
  const store = await openStore({
    database,
    entities: [place],
    clock: Date.now,
    random: (bytes) => dice(1).bytes(bytes),
    log: { error: (details) => assert.fail(JSON.stringify(details)) },
  });
  try {
    assert.deepEqual(await store.faults(true), []);
    assert.equal((await store.verifyAudit()).fault, null);
    const { faults, tables, log } = await store.compareWithLog();
    assert.deepEqual([faults, tables], [[], log]);
    await assertGapless(database);
    await assertWholeOrAbsent(database, told);
    // And it goes on.
    await store.change({ person: null, session: null, action: 'test.after', from: '', organisation: null, site: null }, async (tx) =>
      tx.note(null),
    );
  } finally {
    await store.close();
  }
}

async function assertGapless({ reader }: Database): Promise<void> {
  const ops = await reader.all<{ seq: number; n: number; hlc: string }>('select "seq", "n", "hlc" from "op" order by "seq"');
  let before = '';
  for (const [i, op] of ops.entries()) {
    assert.deepEqual([op.seq, op.n], [i + 1, i + 1]);
    assert.ok(op.hlc > before, `operation ${op.seq} is stamped later than the one before it`);
    before = op.hlc;
  }
}

async function assertWholeOrAbsent({ reader }: Database, { done, undone }: Told): Promise<void> {
  const tasks = await reader.all<{ n: number; size: number }>(
    `select "createdAt" as "n", "attempts" as "size" from "task" where "kind" = 'crash'`,
  );
  const present = new Map(tasks.map(({ n, size }) => [n, size]));
  for (const n of done) assert.ok(present.has(n), `change ${n} was acknowledged and is lost`);
  for (const n of undone) assert.ok(!present.has(n), `change ${n} failed and is there`);

  const count = (numbers: Iterable<string>): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const number of numbers) counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
    return counts;
  };
  const own = await reader.all<{ name: string }>(`select "name" from "places" where "id" like 'c%'`);
  assert.deepEqual(
    count(own.map((row) => row.name)),
    new Map([...present].filter(([, size]) => size > 0)),
    'each change has all of its records',
  );
  const notes = await reader.all<{ body: string }>(
    `select d."body" from "audit" a join "auditDetail" d using ("incarnation", "seq") where a."action" = 'test.crash' order by a."seq"`,
  );
  const noted = notes.map((row) => (JSON.parse(row.body) as { message: string }).message);
  assert.deepEqual(count(noted), new Map([...present.keys()].map((n) => [n, 1])), 'each change stands in the audit once');
  const commands = await reader.all<{ opId: string }>('select "opId" from "command"');
  assert.deepEqual(
    new Set(commands.map((row) => row.opId)),
    new Set([...present.keys()].filter((n) => n % 3 === 0).map((n) => `command-${n}`)),
    'each command is remembered with its change',
  );
  const acts = await reader.all<{ acts: number }>('select count(distinct "txId") as "acts" from "op"');
  assert.ok((acts[0]?.acts ?? 0) <= present.size, 'no operation of a change that is not there');
}

/** So many seeds from this one on, dealt to as many hands as there are processors to spare. */
export const dealt = (first: number, count: number, hands: number): number[][] =>
  Array.from({ length: hands }, (_, hand) => Array.from({ length: Math.ceil((count - hand) / hands) }, (_, i) => first + hand + i * hands));
