// Many changes at once: one commit for all of them, each undone alone, nobody answered before it is on disk.
import assert from 'node:assert/strict';
import { Refusal } from '../../contract/errors.ts';
import * as people from '../people/entities.ts';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import { author, contents, isCommit, openTestStore, type TestStore } from '../testing/store.ts';
import { AlreadyDone, type Tx } from './index.ts';

const create =
  (id: string, name = id) =>
  (tx: Tx) =>
    tx.create(people.place, id, 'site:s1', { site: 's1', name });

/** A store that tells of its statements, and can be made to fail at one. */
async function openWatched(source: TestDatabase) {
  const statements: string[] = [];
  const trouble: { at?: ((sql: string) => boolean) | undefined; error?: Error } = {};
  const store = await openTestStore(source, {
    beforeStatement: (sql) => {
      statements.push(sql);
      if (trouble.at?.(sql)) throw trouble.error ?? new Error('trouble');
    },
  });
  statements.length = 0;
  return { store, statements, trouble, commits: () => statements.filter(isCommit).length };
}

const names = async (store: TestStore): Promise<string[]> =>
  (await store.read.selectFrom('places').select('id').orderBy('id').execute()).map((row) => row.id);

onBoth('changes of one moment share a commit', async (source) => {
  const { store, commits } = await openWatched(source);
  await Promise.all(Array.from({ length: 50 }, (_, n) => store.change(author(), create(`p${n}`))));
  assert.equal((await names(store)).length, 50);
  // On a busy machine a group is cut short, so that its first change does not wait too long.
  assert.ok(commits() < 30, `50 changes took ${commits()} commits`);
});

onBoth('changes one after another have a commit each', async (source) => {
  const { store, commits } = await openWatched(source);
  for (let n = 0; n < 5; n++) await store.change(author(), create(`p${n}`));
  assert.equal(commits(), 5);
});

onBoth('changes run in the order they came, and see what those before them did', async (source) => {
  const { store } = await openWatched(source);
  const seen = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      store.change(author(), async (tx) => {
        const before = await tx.db.selectFrom('places').select('id').execute();
        await create(`p${n}`)(tx);
        return before.length;
      }),
    ),
  );
  assert.deepEqual(
    seen,
    Array.from({ length: 20 }, (_, n) => n),
  );
});

onBoth('one that fails is undone alone: its neighbours in the commit stay', async (source) => {
  const { store, commits } = await openWatched(source);
  const outcomes = await Promise.allSettled([
    store.change(author(), create('before')),
    store.change(author(), async (tx) => {
      await create('undone')(tx);
      throw new Refusal('conflict', 'no');
    }),
    store.change(author(), create('before')),
    store.change(author(), create('after')),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'done' : (outcome.reason as Refusal).code)),
    ['done', 'conflict', 'conflict', 'done'],
  );
  assert.ok(commits() < 4, 'they shared commits');
  assert.deepEqual(await names(store), ['after', 'before']);
  assert.deepEqual(
    (await store.changeLog.since(0, 100)).map((op) => op.n),
    [1, 2, 3, 4],
  );
  assert.deepEqual((await store.compareWithLog()).faults, []);
  assert.equal((await store.verifyAudit()).fault, null);
});

onBoth('nobody is answered, and nothing is told, before the commit', async (source) => {
  const { store, statements } = await openWatched(source);
  const order: [what: string, commits: number][] = [];
  const noted = (what: string) => order.push([what, statements.filter(isCommit).length]);
  store.events.on('people.siteChanged', () => noted('told'));
  const answered = (name: string, change: Promise<unknown>) =>
    change.then(
      () => noted(name),
      () => noted(`${name} refused`),
    );
  await Promise.all([
    answered(
      'first',
      store.change(author(), async (tx) => {
        tx.emit({ event: 'people.siteChanged', site: 's1' });
        await create('p1')(tx);
      }),
    ),
    // Refused for what its neighbour did: that is true only if the neighbour comes to be.
    answered('twin', store.change(author(), create('p1'))),
    answered('last', store.change(author(), create('p2'))),
  ]);
  assert.deepEqual(order.map(([what]) => what).sort(), ['first', 'last', 'told', 'twin refused']);
  for (const [what, count] of order) assert.ok(count > 0, `${what} before any commit`);
});

onBoth('where the commit fails nobody is told that it went well, and the store goes on', async (source) => {
  const { store, trouble } = await openWatched(source);
  await store.change(author(), create('before'));
  const before = await contents(store.database);
  const told: unknown[] = [];
  store.events.subscribe((event) => told.push(event));
  trouble.at = isCommit;
  trouble.error = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  const opId = '00000000-0000-7000-8000-0000000000f1';
  const outcomes = await Promise.allSettled([
    store.change(author(), create('p1')),
    store.change(author(), create('p1')),
    store.change(author('test.command', { opId }), create('p2')),
    store.change(author('test.command', { opId }), create('p2')),
  ]);
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected');
    assert.deepEqual([outcome.reason.code, outcome.reason.data], ['unavailable', { cause: 'diskFull' }]);
  }
  assert.deepEqual(told, []);
  assert.equal(await contents(store.database), before);
  trouble.at = undefined;
  await store.change(author(), create('after'));
  assert.deepEqual(await names(store), ['after', 'before']);
  assert.deepEqual(
    (await store.changeLog.since(0, 100)).map((op) => op.n),
    [1, 2, 3, 4],
    'no number was spent on what failed',
  );
  assert.equal((await store.verifyAudit()).fault, null);
});

onBoth('where not even a beginning can be made, all who wait are refused, and the next ones go on', async (source) => {
  const { store, statements, trouble } = await openWatched(source);
  trouble.at = (sql) => sql.startsWith('begin');
  trouble.error = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => store.change(author(), create(`p${n}`))));
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'rejected' && [outcome.reason.code, outcome.reason.data.cause]),
    Array.from({ length: 5 }, () => ['unavailable', 'busy']),
  );
  assert.equal(statements.filter((sql) => sql.startsWith('begin')).length, 1, 'nobody waits for the same failure again');
  trouble.at = undefined;
  await store.change(author(), create('after'));
  assert.deepEqual(await names(store), ['after']);
});

onBoth('trouble at any statement of a group leaves every answer true', async (source) => {
  // Where a statement of the store's own fails, whoever was answered "done" must be there, and nobody else.
  const { store, statements, trouble } = await openWatched(source);
  await Promise.all([store.change(author(), create('x1')), store.change(author(), create('x2'))]);
  const length = statements.length;
  assert.ok(length > 10);
  const done = new Set(['x1', 'x2']);
  for (let at = 1; at <= length; at++) {
    let n = 0;
    trouble.at = () => ++n === at;
    const ids = [`a${at}`, `b${at}`];
    const outcomes = await Promise.allSettled(ids.map((id) => store.change(author(), create(id))));
    trouble.at = undefined;
    for (const [i, outcome] of outcomes.entries()) if (outcome.status === 'fulfilled') done.add(ids[i] as string);
    assert.deepEqual(await names(store), [...done].sort(), `after trouble at statement ${at}`);
  }
  assert.ok(done.size > 2, 'some neighbours of a failed one went through');
  await store.change(author(), create('last'));
  const logged = await store.changeLog.since(0, 10_000);
  assert.deepEqual(
    logged.map((op) => op.n),
    logged.map((_, n) => n + 1),
  );
  assert.deepEqual((await store.compareWithLog()).faults, []);
  assert.equal((await store.verifyAudit()).fault, null);
});

// ---- commands with an opId

const OP = '00000000-0000-7000-8000-0000000000f0';
const command = (action = 'test.command', person = 'a') => author(action, { opId: OP, person });

onBoth('a command sent twice is carried out once and answered twice', async (source) => {
  const store = await openTestStore(source);
  let runs = 0;
  const send = () =>
    store.change(command(), async (tx) => {
      runs += 1;
      await create(`p${runs}`)(tx);
      return { place: `p${runs}` };
    });
  assert.deepEqual(await send(), { place: 'p1' });
  await assert.rejects(send(), (error) => error instanceof AlreadyDone && (error.result as { place: string }).place === 'p1');
  assert.deepEqual(await store.answered(OP, command()), { result: { place: 'p1' } });
  assert.equal(runs, 1);
  assert.deepEqual(await names(store), ['p1']);
});

onBoth('a command sent twice at once is carried out once', async (source) => {
  const store = await openTestStore(source);
  let runs = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 4 }, () =>
      store.change(command(), async (tx) => {
        runs += 1;
        await create(`p${runs}`)(tx);
        return runs;
      }),
    ),
  );
  assert.equal(runs, 1);
  assert.deepEqual(
    outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : outcome.reason instanceof AlreadyDone && outcome.reason.result,
    ),
    [1, 1, 1, 1],
  );
});

onBoth('a command that was refused may be sent again with the same opId', async (source) => {
  const store = await openTestStore(source);
  await assert.rejects(
    store.change(command(), async () => {
      throw new Refusal('conflict', 'not yet');
    }),
  );
  assert.equal(await store.answered(OP, command()), undefined);
  assert.equal(await store.change(command(), async () => 'now'), 'now');
});

onBoth('an opId belongs to one person and one act', async (source) => {
  const store = await openTestStore(source);
  await store.change(command(), async () => 'secret of a');
  for (const other of [command('test.command', 'b'), command('test.other'), { ...command(), person: null }]) {
    await assert.rejects(
      store.change(other, async () => 'x'),
      { code: 'conflict' },
    );
    await assert.rejects(store.answered(OP, other), { code: 'conflict' });
  }
});

onBoth('answers to commands are forgotten after a week', async (source) => {
  const store = await openTestStore(source);
  await store.change(command(), async () => 'x');
  const later = (n: number) => store.change(author('test.command', { opId: `00000000-0000-7000-8000-00000000000${n}` }), async () => {});
  store.clock.advance(6 * 86_400_000);
  await later(1);
  assert.ok(await store.answered(OP, command()));
  store.clock.advance(2 * 86_400_000);
  await later(2);
  assert.equal(await store.answered(OP, command()), undefined);
});

// ---- closing

onBoth('closing commits what was handed in, and refuses what comes after', async (source) => {
  const store = await openTestStore(source);
  const handedIn = Array.from({ length: 300 }, (_, n) => store.change(author(), create(`p${n}`)));
  const closing = store.close();
  await assert.rejects(store.change(author(), create('late')), { code: 'unavailable' });
  await Promise.all([...handedIn, closing, store.close()]);
  const again = await openTestStore(source);
  assert.equal((await names(again)).length, 300);
  assert.deepEqual((await again.compareWithLog()).faults, []);
});
