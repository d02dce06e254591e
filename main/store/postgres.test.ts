// PostgreSQL's own troubles: connections that are lost at the worst moment, and several processes on one database.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { Refusal } from '../../contract/errors.ts';
import * as people from '../people/entities.ts';
import { startChild } from '../testing/child.ts';
import { postgresFor, type TestDatabase } from '../testing/databases.ts';
import { type Line, line } from '../testing/proxy.ts';
import { seededRandom } from '../testing/station.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import type { Tx } from './index.ts';
import { openPostgres } from './postgres.ts';

const create = (id: string) => (tx: Tx) => tx.create(people.place, id, 'site:s1', { name: id });
const ids = async (store: TestStore): Promise<string[]> =>
  (await store.read.selectFrom('places').select('id').orderBy('id').execute()).map((row) => row.id);

/** A question past the store, as an administrator of the server asks it. */
async function asAdministrator(source: TestDatabase, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: source.where });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const endConnections = (source: TestDatabase, name: string) =>
  asAdministrator(
    source,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = '${name}'`,
  );

async function assertWhole(store: TestStore, expected: readonly string[]): Promise<void> {
  assert.deepEqual(await ids(store), [...expected].sort());
  const ops = await store.changeLog.since(0, 100_000);
  assert.deepEqual(
    ops.map((op) => op.seq),
    ops.map((_, n) => n + 1),
  );
  assert.deepEqual((await store.compareWithLog()).faults, []);
  assert.equal((await store.verifyAudit()).fault, null);
}

test('a connection that was ended while nobody used it costs nobody anything', async (t) => {
  const source = await postgresFor(t);
  const store = await openTestStore(source);
  await store.change(author(), create('p1'));
  await store.read.selectFrom('places').selectAll().execute();
  for (const name of ['outpost', 'outpost (reads)']) assert.equal((await endConnections(source, name)).length, 1);
  await store.change(author(), create('p2'));
  await assertWhole(store, ['p1', 'p2']);
});

/** Whoever was told "done" is there, and nobody else; those refused were told of the connection. */
async function assertToldTruly(store: TestStore, changes: Record<string, Promise<unknown>>): Promise<string[]> {
  const outcomes = await Promise.allSettled(Object.values(changes));
  const done = Object.keys(changes).filter((_, i) => outcomes[i]?.status === 'fulfilled');
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      assert.deepEqual([outcome.reason.code, outcome.reason.data], ['unavailable', { cause: 'connection' }]);
  assert.deepEqual(
    (await ids(store)).filter((id) => id in changes),
    done,
  );
  return done;
}

test('a connection that is ended in the middle of changes costs those alone', async (t) => {
  const source = await postgresFor(t);
  const store = await openTestStore(source);
  await store.change(author(), create('p1'));
  const told: unknown[] = [];
  store.events.subscribe((event) => told.push(event));
  const done = await assertToldTruly(store, {
    p2: store.change(author(), create('p2')),
    p3: store.change(author(), async (tx) => {
      await create('p3')(tx);
      await endConnections(source, 'outpost');
      await create('p3b')(tx);
    }),
    p4: store.change(author(), create('p4')),
  });
  assert.ok(!done.includes('p3'));
  assert.ok(done.includes('p4'), 'what had not begun goes over the new connection');
  assert.equal(told.length, done.length, 'nothing is told of what was lost');
  await store.change(author(), create('p5'));
  await assertWhole(store, ['p1', ...done, 'p5']);
});

test('a change that makes light of a lost connection is lost with it, and its neighbours are told of the connection', async (t) => {
  const source = await postgresFor(t);
  const store = await openTestStore(source);
  const all: string[] = [];
  for (const [n, afterwards] of [async () => {}, () => Promise.reject(new Refusal('notFound', 'something else'))].entries()) {
    const done = await assertToldTruly(store, {
      [`a${n}`]: store.change(author(), create(`a${n}`)),
      [`b${n}`]: store.change(author(), async (tx) => {
        await endConnections(source, 'outpost');
        await create(`b${n}`)(tx).catch(() => {});
        await afterwards();
      }),
    });
    assert.ok(!done.includes(`b${n}`));
    all.push(...done);
  }
  await assertWhole(store, all);
});

async function overLine(t: TestContext): Promise<{ source: TestDatabase; wire: Line; store: TestStore }> {
  const source = await postgresFor(t);
  const wire = await line(t, source.where);
  const database = await openPostgres({ url: wire.url });
  const store = await openTestStore(source, { database });
  t.after(() => store.close());
  return { source, wire, store };
}

test('a commit whose answer is lost on the way has happened, and is told so', async (t) => {
  const { wire, store } = await overLine(t);
  await store.change(author(), create('p1'));
  wire.cutAt('commit\0', 'after');
  await Promise.all([store.change(author(), create('p2')), store.change(author(), create('p3'))]);
  await store.change(author(), create('p4'));
  await assertWhole(store, ['p1', 'p2', 'p3', 'p4']);
});

test('a commit that never reached the server has not happened, and is told so', async (t) => {
  const { wire, store } = await overLine(t);
  await store.change(author(), create('p1'));
  wire.cutAt('commit\0', 'before');
  await assert.rejects(store.change(author(), create('p2')), { code: 'unavailable', data: { cause: 'connection' } });
  await store.change(author(), create('p2'));
  await assertWhole(store, ['p1', 'p2']);
});

test('a connection that dies just as a change begins costs nothing: nothing was under way', async (t) => {
  const { wire, store } = await overLine(t);
  for (const when of ['before', 'after'] as const) {
    wire.cutAt('begin isolation', when);
    await store.change(author(), create(when));
  }
  await assertWhole(store, ['before', 'after']);
});

test('a commit that the server turns into a rollback is a failure', async (t) => {
  const { writer } = await (await postgresFor(t)).open();
  await writer.begin();
  await assert.rejects(writer.run('select 1 / 0'));
  await assert.rejects(writer.commit(), /undid the transaction/);
});

test('where nobody can be asked how a commit ended, that is said, and the store goes on with what is true', async (t) => {
  const { wire, store } = await overLine(t);
  const opId = '00000000-0000-7000-8000-0000000000f0';
  wire.cutAt('commit\0', 'after');
  const lost = store.change(author('test.command', { opId }), create('p1'));
  wire.closed(true);
  await assert.rejects(lost, { code: 'unavailable', data: { cause: 'connection', outcome: 'unknown' } });
  await assert.rejects(store.change(author(), create('p2')), { code: 'unavailable', data: { cause: 'connection' } });
  wire.closed(false);
  // Repeating the command finds out: it was carried out, and is not carried out again.
  await assert.rejects(store.change(author('test.command', { opId }), create('p1')), { message: /carried out before/ });
  await store.change(author(), create('p3'));
  await assertWhole(store, ['p1', 'p3']);
});

test('while the server is out of reach everything is refused at once, and it goes on by itself when it is back', async (t) => {
  const { wire, store } = await overLine(t);
  await store.change(author(), create('p1'));
  wire.closed(true);
  wire.cut();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => store.change(author(), create(`x${n}`))));
  for (const outcome of outcomes) assert.equal(outcome.status === 'rejected' && outcome.reason.data.cause, 'connection');
  wire.closed(false);
  await store.change(author(), create('p2'));
  await assertWhole(store, ['p1', 'p2']);
});

test('a database that cannot be reached is not opened, and nothing is left open', async (t) => {
  const source = await postgresFor(t);
  const url = new URL(source.where);
  url.pathname = '/there_is_none';
  await assert.rejects(openPostgres({ url: url.href }), { code: '3D000' });
  url.port = '1';
  await assert.rejects(openPostgres({ url: url.href }), { code: 'ECONNREFUSED' });
});

test('closing ends every connection', async (t) => {
  const source = await postgresFor(t);
  const store = await openTestStore(source);
  await Promise.all(Array.from({ length: 5 }, () => store.read.selectFrom('places').selectAll().execute()));
  await store.close();
  const left = await asAdministrator(
    source,
    `select 1 from pg_stat_activity where datname = current_database() and application_name like 'outpost%'`,
  );
  assert.deepEqual(left, []);
});

test('a server that was told to commit hastily still commits onto the disk for us', async (t) => {
  const source = await postgresFor(t);
  await asAdministrator(source, `do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`);
  const database = await source.open();
  const [row] = await database.writer.all<{ value: string }>(`select current_setting('synchronous_commit') as "value"`);
  assert.equal(row?.value, 'on');
});

test('a server whose transactions are strict by default serves as well', async (t) => {
  const source = await postgresFor(t);
  await asAdministrator(
    source,
    `do $$ begin execute format('alter database %I set default_transaction_isolation = serializable', current_database()); end $$`,
  );
  const stores = await Promise.all([openTestStore(source), openTestStore(source, { random: seededRandom('second') })]);
  await Promise.all(stores.flatMap((store, i) => Array.from({ length: 10 }, (_, n) => store.change(author(), create(`s${i}-${n}`)))));
  await assertWhole(
    stores[0] as TestStore,
    [0, 1].flatMap((i) => Array.from({ length: 10 }, (_, n) => `s${i}-${n}`)),
  );
});

// ---- several writers

test('two stores on one database write one log without a gap, one chain, and ids that only grow', async (t) => {
  const source = await postgresFor(t);
  const stores = await Promise.all([openTestStore(source), openTestStore(source, { random: seededRandom('second') })]);
  const [one, other] = stores as [TestStore, TestStore];
  assert.equal(one.incarnation, other.incarnation, 'it is one life');
  assert.equal(one.stationId, other.stationId);
  const expected: string[] = [];
  await Promise.all(
    stores.map(async (store, i) => {
      for (let n = 0; n < 25; n++) {
        const id = `s${i}-${n}`;
        expected.push(id);
        await store.change(author(), create(id));
        if (n % 5 === 0)
          await store
            .change(author(), async (tx) => {
              await create(`undone-${id}`)(tx);
              throw new Error('no');
            })
            .catch(() => {});
      }
    }),
  );
  for (const store of stores) await assertWhole(store, expected);
  const ops = await one.changeLog.since(0, 10_000);
  assert.deepEqual(
    ops.map((op) => op.n),
    ops.map((_, n) => n + 1),
  );
  for (const [i, op] of ops.entries()) {
    const before = ops[i - 1];
    if (before) assert.ok(op.hlc > before.hlc && op.opId > before.opId, `operation ${op.seq}`);
  }
  const writers = ops.map((op) => op.rowId.slice(0, 2));
  assert.ok(
    writers.some((writer, i) => i > 0 && writer !== writers[i - 1] && writer === writers[0]),
    'they took turns',
  );
});

test('a command sent to two processes at once is carried out once', async (t) => {
  const source = await postgresFor(t);
  const stores = await Promise.all([openTestStore(source), openTestStore(source, { random: seededRandom('second') })]);
  const command = author('test.command', { opId: '00000000-0000-7000-8000-0000000000f0' });
  const outcomes = await Promise.allSettled(stores.map((store, i) => store.change(command, create(`p${i}`))));
  assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), ['fulfilled', 'rejected']);
  assert.equal((await ids(stores[0] as TestStore)).length, 1);
});

test('processes of their own that start and write at the same time lose nothing of each other’s work', async (t) => {
  const source = await postgresFor(t);
  const count = 40;
  const names = ['a', 'b', 'c'];
  // On an empty database: who comes first makes the tables.
  const children = names.map((name) => startChild(t, 'sharedChild.ts', { url: source.where, name, count }));
  const incarnations = new Set<string | undefined>();
  for (const child of children) {
    incarnations.add(await child.line());
    assert.equal(await child.line(), 'finished', child.complaints());
    assert.deepEqual(await child.ended, { code: 0, signal: null });
  }
  assert.equal(incarnations.size, 1);
  const store = await openTestStore(source);
  await assertWhole(store, ['meeting', ...names.flatMap((name) => Array.from({ length: count }, (_, n) => `${name}-${n}`))]);
  const [meeting] = await store.read.selectFrom('places').select('rank').where('id', '=', 'meeting').execute();
  assert.equal(meeting?.rank, `${names.length * count}`, 'each saw what the one before it had written');
});
