// PostgreSQL's own troubles: connections that are lost at the worst moment, and a second process on the same database.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { Refusal } from '../../contract/errors.ts';
import * as people from '../people/entities.ts';
import { postgresFor, type TestDatabase } from '../testing/databases.ts';
import { type Line, line } from '../testing/proxy.ts';
import { seededRandom } from '../testing/station.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import { FolderInUse } from './faults.ts';
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

test('a line that breaks in the middle of a question costs that question, not the process', async (t) => {
  const source = await postgresFor(t);
  const way = await line(t, source.where);
  const store = await openTestStore({ ...source, open: () => openPostgres({ url: way.url }) });
  await store.change(author(), create('p1'));
  const asked = store.read.selectFrom('places').select(sql<number>`pg_sleep(60)`.as('slept')).execute();
  await untilAsked(source);
  way.cut();
  await assert.rejects(asked);
  assert.equal((await store.read.selectFrom('places').selectAll().execute()).length, 1);
});

/** The server is at work on it. */
async function untilAsked(source: TestDatabase): Promise<void> {
  const question = `select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
  while ((await asAdministrator(source, question)).length === 0);
}

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
  const store = await openTestStore(source);
  await Promise.all(Array.from({ length: 10 }, (_, n) => store.change(author(), create(`p${n}`))));
  await assertWhole(
    store,
    Array.from({ length: 10 }, (_, n) => `p${n}`),
  );
});

// ---- one process at a time

const elsewhere = (source: TestDatabase) => openTestStore(source, { random: seededRandom('elsewhere') });

test('a database that a process works on is not opened by a second one, which says what to do', async (t) => {
  const source = await postgresFor(t);
  const store = await openTestStore(source);
  await assert.rejects(source.open(), (error: Error) => {
    assert.ok(error instanceof FolderInUse);
    assert.match(error.message, /Another Outpost works on this database\. Stop it, or .*--database/);
    return true;
  });
  await store.change(author(), create('p1'));
  await store.close();
  const second = await elsewhere(source);
  assert.equal(second.incarnation, store.incarnation, 'a change of processes is no new life');
  await second.change(author(), create('p2'));
  await assertWhole(second, ['p1', 'p2']);
});

test('two schemas of one database are two stores', async (t) => {
  const source = await postgresFor(t);
  await openTestStore(source);
  await asAdministrator(source, 'create schema beside');
  const url = new URL(source.where);
  url.searchParams.set('options', '-c search_path=beside');
  const beside = await openTestStore(source, { database: await openPostgres({ url: url.href }) });
  t.after(() => beside.close());
  await beside.change(author(), create('p1'));
  await assertWhole(beside, ['p1']);
});

test('what was taken over while the connection was cut is written no more, also when the other one is gone again', async (t) => {
  const source = await postgresFor(t);
  const first = await openTestStore(source);
  await first.change(author(), create('p1'));
  await endConnections(source, 'outpost');
  const second = await elsewhere(source);
  await second.change(author(), create('p2'));

  const refused = async (id: string) =>
    assert.rejects(first.change(author(), create(id)), (error: Refusal) => {
      assert.deepEqual([error.code, error.data], ['unavailable', { cause: 'takenOver' }]);
      assert.match(error.message, /took the database over.*stop one of the two/);
      return true;
    });
  await refused('x1');
  await second.change(author(), create('p3'));
  await second.close();
  // Nobody has it now. What the first remembers of rights and sessions is old all the same.
  await refused('x2');
  assert.deepEqual(await ids(first), ['p1', 'p2', 'p3'], 'it still shows what is there');
  await first.close();

  const anew = await openTestStore(source, { random: seededRandom('anew') });
  await anew.change(author(), create('p4'));
  await assertWhole(anew, ['p1', 'p2', 'p3', 'p4']);
});

test('a change that was under way when the database was taken over has not happened', async (t) => {
  const source = await postgresFor(t);
  const first = await openTestStore(source);
  let second: TestStore | undefined;
  await assert.rejects(
    first.change(author(), async (tx) => {
      await create('x1')(tx);
      await endConnections(source, 'outpost');
      second = await elsewhere(source);
      await create('x2')(tx);
    }),
    { code: 'unavailable', data: { cause: 'connection' } },
  );
  await assert.rejects(first.change(author(), create('x3')), { data: { cause: 'takenOver' } });
  await assertWhole(second as TestStore, []);
});

test('a line that is dead at our end alone keeps us out no longer than it takes to end the other end', async (t) => {
  const { wire, store } = await overLine(t);
  await store.change(author(), create('p1'));
  wire.cutHere();
  await store.change(author(), create('p2'));
  // In the middle of a change: the server would wait for the rest of it, and hold the lock.
  await assert.rejects(
    store.change(author(), async (tx) => {
      await create('x1')(tx);
      wire.cutHere();
      await create('x2')(tx);
    }),
    { code: 'unavailable', data: { cause: 'connection' } },
  );
  await store.change(author(), create('p3'));
  await assertWhole(store, ['p1', 'p2', 'p3']);
});
