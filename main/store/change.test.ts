// store.change: one act, whole or not at all, and nothing written past the log.
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { StationEvent } from '../../contract/index.ts';
import * as people from '../people/entities.ts';
import { onBoth } from '../testing/databases.ts';
import { author, contents, openTestStore, type TestStore } from '../testing/store.ts';
import { createSharedTable } from './ddl.ts';
import { entity, text } from './entities.ts';
import type { Tx } from './index.ts';
import type { LoggedOp } from './log.ts';
import { migrations } from './migrations/index.ts';

const SITE = 'site:s1' as const;
const hall = (name: string) => ({ site: 's1', key: name.toLowerCase(), name, rank: 'a0' });

const places = (store: TestStore) => store.database.reader.all<Record<string, unknown>>('select * from "places" order by "id"');
const ops = (store: TestStore): Promise<LoggedOp[]> => store.changeLog.since(0, 10_000);

/** A task row, as areas write their local tables. */
const task = (id: string) => ({ id, kind: 'k', title: 't', input: 'null', state: 'done', message: '', attempts: 0, createdAt: 1 });

onBoth('a change writes row, operations, registers and audit together', async (source) => {
  const store = await openTestStore(source);
  const id = await store.change(author('people.createPlace', { site: 's1', organisation: 'o1' }), async (tx) => {
    await tx.create(people.place, 'p1', SITE, hall('Hall A'));
    return 'p1';
  });
  const [row] = await places(store);
  assert.deepEqual(
    { ...row },
    { id, scope: SITE, site: 's1', parent: null, kind: 'building', key: 'hall a', name: 'Hall A', rank: 'a0', deletedAt: null },
  );
  const logged = await ops(store);
  assert.deepEqual(
    logged.map((op) => [op.entity, op.rowId, op.scope, op.field, op.value, op.state, op.actor]),
    [
      ['site', '"s1"'],
      ['key', '"hall a"'],
      ['name', '"Hall A"'],
      ['rank', '"a0"'],
    ].map(([field, value]) => ['place', 'p1', SITE, field, value, 'confirmed', author().person]),
  );
  assert.equal(new Set(logged.map((op) => op.txId)).size, 1, 'one act');
  const registers = await store.database.reader.all<{ field: string; opId: string }>('select "field", "opId" from "reg" order by "opId"');
  assert.deepEqual(
    registers.map(({ field, opId }) => [field, opId]),
    logged.map(({ field, opId }) => [field, opId]),
  );
  const [audited] = await store.database.reader.all<Record<string, unknown>>(
    `select a."action", a."outcome", a."site", d."body" from "audit" a join "auditDetail" d using ("incarnation", "seq")`,
  );
  assert.deepEqual([audited?.action, audited?.outcome, audited?.site], ['people.createPlace', 'done', 's1']);
  assert.deepEqual(
    JSON.parse(audited?.body as string).changes.map((change: { field: string; before: unknown; after: unknown }) => [
      change.field,
      change.before,
      change.after,
    ]),
    [
      ['site', null, 's1'],
      ['key', null, 'hall a'],
      ['name', null, 'Hall A'],
      ['rank', null, 'a0'],
    ],
  );
});

onBoth('a change that throws leaves nothing behind, wherever it threw', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, hall('Hall A')));
  const before = await contents(store.database);
  const told: StationEvent[] = [];
  store.events.subscribe((event) => told.push(event));
  const failing: ((tx: Tx) => Promise<unknown>)[] = [
    async () => {
      throw new Refusal('conflict', 'on second thoughts');
    },
    async (tx) => {
      tx.emit({ event: 'people.siteChanged', site: 's1' });
      await tx.create(people.place, 'p2', SITE, hall('Hall B'));
      await tx.update(people.place, 'p1', { name: 'Hall Z' });
      await tx.db.insertInto('task').values(task('t1')).execute();
      throw new Refusal('conflict', 'on second thoughts');
    },
    (tx) => tx.create(people.place, 'p1', SITE, hall('Hall A again')),
    (tx) => tx.update(people.place, 'nowhere', { name: 'x' }),
    async (tx) => {
      await tx.remove(people.place, 'p1');
      await tx.db.insertInto('nowhere').values({ id: 1 }).execute();
    },
  ];
  for (const work of failing) await assert.rejects(store.change(author(), work));
  assert.deepEqual(told, []);
  // What counts the log may move on in memory only if it was written.
  await store.change(author(), async () => {});
  assert.equal(await contents(store.database), before);
  await store.change(author(), (tx) => tx.create(people.place, 'p3', SITE, hall('Hall C')));
  assert.deepEqual(
    (await ops(store)).map((op) => op.n),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal((await store.verifyAudit()).fault, null);
});

onBoth('refusals say what is wrong: an id that exists, a record that does not', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, hall('Hall A')));
  await assert.rejects(
    store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, hall('Again'))),
    { code: 'conflict' },
  );
  for (const work of [
    (tx: Tx) => tx.update(people.place, 'p2', { name: 'x' }),
    (tx: Tx) => tx.remove(people.place, 'p2'),
    (tx: Tx) => tx.restore(people.place, 'p2'),
  ])
    await assert.rejects(store.change(author(), work), { code: 'notFound' });
});

onBoth('setting a value that is there already is no change', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), async (tx) => {
    await tx.create(people.site, 's1', SITE, { organisation: 'o', key: 'k', name: 'Works', operatorsControl: true });
    await tx.create(people.preference, 'a:x', 'user:a', { person: 'a', name: 'x', value: null });
  });
  const before = await contents(store.database);
  const answers = await store.change(author(), async (tx) => [
    await tx.update(people.site, 's1', { name: 'Works', operatorsControl: true, archivedAt: null }),
    await tx.update(people.preference, 'a:x', { value: null }),
    await tx.update(people.site, 's1', { name: undefined }),
    await tx.restore(people.site, 's1'),
  ]);
  assert.deepEqual(answers, [false, false, false, false]);
  assert.equal(await contents(store.database), before, 'not even the audit grew');
  const changed = await store.change(author(), (tx) => tx.update(people.site, 's1', { name: 'Works', operatorsControl: false }));
  assert.equal(changed, true);
  assert.deepEqual(
    (await ops(store)).slice(-1).map((op) => [op.field, op.value]),
    [['operatorsControl', 'false']],
  );
});

onBoth('a removed record stays, marked; removing twice is no change; restoring takes the mark away', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, hall('Hall A')));
  const remove = () => store.change(author(), (tx) => tx.remove(people.place, 'p1'));
  assert.equal(await remove(), true);
  assert.equal((await places(store))[0]?.deletedAt, store.clock());
  store.clock.advance(1_000);
  assert.equal(await remove(), false);
  assert.equal(await store.change(author(), (tx) => tx.restore(people.place, 'p1')), true);
  assert.equal((await places(store))[0]?.deletedAt, null);
  assert.deepEqual(
    (await ops(store)).slice(-2).map((op) => [op.field, op.value]),
    [
      ['deletedAt', `${store.clock() - 1_000}`],
      ['deletedAt', 'null'],
    ],
  );
});

onBoth('values no database of ours may hold are refused, and nothing of the change stays', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), async (tx) => {
    await tx.create(people.site, 's1', SITE, { organisation: 'o', key: 'k', name: 'Works' });
    await tx.create(people.preference, 'a:x', 'user:a', { person: 'a', name: 'x', value: 1 });
  });
  const before = await contents(store.database);
  const bad: [string, (tx: Tx) => Promise<unknown>][] = [
    ['a field nobody declared', (tx) => tx.update(people.site, 's1', { colour: 'red' } as never)],
    ['a field of every object', (tx) => tx.update(people.site, 's1', { toString: 'x' } as never)],
    ['the id', (tx) => tx.update(people.site, 's1', { id: 's2' } as never)],
    ['the scope', (tx) => tx.update(people.site, 's1', { scope: 'site:s2' } as never)],
    ['a number as text', (tx) => tx.update(people.site, 's1', { name: 5 } as never)],
    ['a text as truth', (tx) => tx.update(people.site, 's1', { workAllowed: 'true' } as never)],
    ['a number as truth', (tx) => tx.update(people.site, 's1', { workAllowed: 1 } as never)],
    ['nothing where something must be', (tx) => tx.update(people.site, 's1', { name: null } as never)],
    ['NUL', (tx) => tx.update(people.site, 's1', { name: 'a\0b' })],
    ['half a letter', (tx) => tx.update(people.site, 's1', { name: 'a\ud83c' })],
    ['a fraction', (tx) => tx.update(people.site, 's1', { archivedAt: 1.5 })],
    ['an integer beyond 2⁵³', (tx) => tx.update(people.site, 's1', { archivedAt: 2 ** 53 })],
    ['NaN', (tx) => tx.update(people.site, 's1', { archivedAt: Number.NaN })],
    ['∞', (tx) => tx.update(people.site, 's1', { archivedAt: Number.POSITIVE_INFINITY })],
    ['a bigint', (tx) => tx.update(people.site, 's1', { archivedAt: 5n } as never)],
    ['NaN inside JSON', (tx) => tx.update(people.preference, 'a:x', { value: { deep: [Number.NaN] } } as never)],
    ['a function inside JSON', (tx) => tx.update(people.preference, 'a:x', { value: { deep: () => 1 } } as never)],
    ['a bigint inside JSON', (tx) => tx.update(people.preference, 'a:x', { value: 5n } as never)],
    ['a scope of another kind', (tx) => tx.create(people.site, 's2', 'platform', { name: 'x' })],
    ['a scope without an id', (tx) => tx.create(people.site, 's2', 'site:', { name: 'x' })],
    ['a scope without a kind', (tx) => tx.create(people.site, 's2', 's2' as never, { name: 'x' })],
    ['platform with an id', (tx) => tx.create(people.person, 'x', 'platform:1' as never, { name: 'x' })],
    ['an empty record, which the log could not tell of', (tx) => tx.create(people.site, 's2', 'site:s2', {})],
    ['an id with NUL', (tx) => tx.create(people.site, 's\0', 'site:s2', { name: 'x' })],
  ];
  for (const [what, work] of bad) {
    await assert.rejects(
      store.change(author(), async (tx) => {
        await tx.update(people.site, 's1', { name: 'Half of a change' });
        await work(tx);
      }),
      Error,
      what,
    );
    // Also where the change itself made light of it: then only what was right is written, whole.
    await store.change(author(), (tx) => work(tx).catch(() => {})).catch(() => {});
    assert.equal(await contents(store.database), before, what);
  }
  assert.deepEqual((await store.compareWithLog()).faults, []);
});

onBoth('a shared table is written by the tx alone, however the builder is turned', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), (tx) => tx.create(people.person, 'a', 'platform', { email: 'a@b', emailKey: 'a@b', name: 'A' }));
  const before = await contents(store.database);
  const tries: [string, RegExp, (tx: Tx) => Promise<unknown>][] = [
    ['insert', /is shared/, (tx) => tx.db.insertInto('people').values({ id: 'x', scope: 'platform' }).execute()],
    ['replace', /is shared/, (tx) => tx.db.replaceInto('people').values({ id: 'x', scope: 'platform' }).execute()],
    [
      'upsert',
      /is shared/,
      (tx) =>
        tx.db
          .insertInto('people')
          .values({ id: 'a', scope: 'x' })
          .onConflict((on) => on.column('id').doUpdateSet({ name: 'B' }))
          .execute(),
    ],
    [
      'insert from a question',
      /is shared/,
      (tx) =>
        tx.db
          .insertInto('people')
          .columns(['id', 'scope'])
          .expression((eb) => eb.selectFrom('session').select(['id', 'source']))
          .execute(),
    ],
    ['update', /is shared/, (tx) => tx.db.updateTable('people').set({ name: 'B' }).execute()],
    ['update of an alias', /is shared/, (tx) => tx.db.updateTable('people as p').set({ name: 'B' }).execute()],
    ['update in a schema', /is shared/, (tx) => tx.db.withSchema('main').updateTable('people').set({ name: 'B' }).execute()],
    ['delete', /is shared/, (tx) => tx.db.deleteFrom('people').execute()],
    ['delete of an alias', /is shared/, (tx) => tx.db.deleteFrom('people as p').execute()],
    [
      'delete in a with',
      /is shared/,
      (tx) =>
        tx.db
          .with('gone', (db) => db.deleteFrom('people').returning('id'))
          .selectFrom('gone')
          .selectAll()
          .execute(),
    ],
    [
      'update in a with',
      /is shared/,
      (tx) =>
        tx.db
          .with('changed', (db) => db.updateTable('people').set({ name: 'B' }).returning('id'))
          .selectFrom('changed')
          .selectAll()
          .execute(),
    ],
    [
      'merge',
      /is shared/,
      (tx) => tx.db.mergeInto('people').using('session', 'session.person', 'people.id').whenMatched().thenDelete().execute(),
    ],
    ['a raw statement', /RawNode/, (tx) => sql`update "people" set "name" = 'B'`.execute(tx.db)],
    ['a change of tables', /DropTableNode/, (tx) => tx.db.schema.dropTable('people').execute()],
    ['a transaction of its own', /begins and ends none/, (tx) => tx.db.transaction().execute((own) => own.deleteFrom('task').execute())],
    ['the log', /the store’s own/, (tx) => tx.db.deleteFrom('op').execute()],
    ['the registers', /the store’s own/, (tx) => tx.db.updateTable('reg').set({ value: '1' }).execute()],
    ['the audit', /the store’s own/, (tx) => tx.db.deleteFrom('audit').execute()],
    ['meta', /the store’s own/, (tx) => tx.db.updateTable('meta').set({ value: '1' }).execute()],
  ];
  for (const [what, message, work] of tries) {
    await assert.rejects(store.change(author(), work), message, what);
    assert.equal(await contents(store.database), before, what);
  }
});

onBoth('inside a change the builder asks everything and writes local tables', async (source) => {
  const store = await openTestStore(source);
  const found = await store.change(author(), async (tx) => {
    await tx.create(people.person, 'a', 'platform', { email: 'a@b', emailKey: 'a@b', name: 'A' });
    await tx.db
      .insertInto('task')
      .values([task('t1'), task('t2')])
      .execute();
    await tx.db.updateTable('task').set({ title: 'changed' }).where('id', '=', 't1').execute();
    const gone = await tx.db.deleteFrom('task').where('id', '=', 't2').returning('id').execute();
    const joined = await tx.db
      .selectFrom('people as p')
      .innerJoin('task', (join) => join.onTrue())
      .select(['p.name', 'task.title'])
      .where('p.id', 'in', tx.db.selectFrom('people').select('id'))
      .execute();
    return { gone, joined };
  });
  assert.deepEqual(found, { gone: [{ id: 't2' }], joined: [{ name: 'A', title: 'changed' }] });
  assert.deepEqual(await store.read.selectFrom('task').select('id').execute(), [{ id: 't1' }]);
});

onBoth('a change inside a change is refused at once, and so is a look at the state before it', async (source) => {
  const store = await openTestStore(source);
  const inner: Record<string, unknown> = {};
  await store.change(author(), async () => {
    const reason = (work: () => Promise<unknown>) =>
      work().then(
        () => 'went through',
        (error: Error) => error.message,
      );
    inner.change = await reason(() => store.change(author(), async () => {}));
    inner.audit = await reason(() =>
      store.audit({
        actor: null,
        session: null,
        action: 'x',
        outcome: 'done',
        organisation: null,
        site: null,
        detail: { from: '', message: null, changes: [] },
      }),
    );
    inner.apply = await reason(() => store.changeLog.apply([]));
    inner.read = await reason(async () => store.read.selectFrom('people').selectAll().execute());
  });
  assert.match(String(inner.change), /would wait for itself/);
  assert.match(String(inner.audit), /would wait for itself/);
  assert.match(String(inner.apply), /would wait for itself/);
  assert.match(String(inner.read), /the state before it/);
  await store.change(author(), async () => {});
});

onBoth('what a change has left behind for later may change things when it is over', async (source) => {
  const store = await openTestStore(source);
  let later: Promise<unknown> | undefined;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  await store.change(author(), async () => {
    later = over.then(() => store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, hall('Later'))));
  });
  resolve();
  await later;
  assert.equal((await store.read.selectFrom('places').selectAll().execute()).length, 1);
});

onBoth('a tx is worth nothing once its change is over', async (source) => {
  const store = await openTestStore(source);
  const kept: { tx?: Tx; db?: Tx['db'] } = {};
  await store.change(author(), async (tx) => {
    await tx.create(people.place, 'p1', SITE, hall('Hall A'));
    kept.tx = tx;
    kept.db = tx.db;
  });
  const before = await contents(store.database);
  const { tx, db } = kept as Required<typeof kept>;
  await assert.rejects(tx.update(people.place, 'p1', { name: 'x' }), /over/);
  await assert.rejects(tx.create(people.place, 'p2', SITE, hall('x')), /over/);
  await assert.rejects(tx.remove(people.place, 'p1'), /over/);
  assert.throws(() => tx.db, /over/);
  assert.throws(() => tx.emit({ event: 'people.siteChanged', site: 's1' }), /over/);
  assert.throws(() => tx.note('x'), /over/);
  await assert.rejects(db.insertInto('task').values(task('t1')).execute(), /over/, 'a builder kept aside');
  assert.equal(await contents(store.database), before);
});

onBoth('a change that does not wait for its own steps is refused, and none of them reaches the next one', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, hall('Hall A')));
  const before = await contents(store.database);
  const careless = store.change(author(), async (tx) => {
    void tx.update(people.place, 'p1', { name: 'not waited for' });
  });
  const neighbour = store.change(author(), async () => {});
  await assert.rejects(careless, /must await everything/);
  await neighbour;
  assert.equal(await contents(store.database), before);

  const together = store.change(author(), (tx) =>
    Promise.all([tx.update(people.place, 'nowhere', { name: 'fails' }), tx.update(people.place, 'p1', { name: 'goes on' })]),
  );
  await assert.rejects(Promise.all([together, store.change(author(), async () => {})]), { code: 'notFound' });
  await store.change(author(), async () => {});
  assert.equal(await contents(store.database), before);
  assert.deepEqual((await store.compareWithLog()).faults, []);
});

onBoth('what a station owns is changed by that station alone', async (source) => {
  const device = entity({ name: 'engine', table: 'engines', scope: ['site'], fields: { owner: text(), name: text() }, authority: 'owner' });
  const store = await openTestStore(source, {
    entities: [device],
    migrations: [
      ...migrations,
      {
        version: 9_000,
        up: (migrate) =>
          createSharedTable(migrate, 'engines', { owner: { type: 'text', default: '' }, name: { type: 'text', default: '' } }),
      },
    ],
  });
  const theirs = { scope: SITE, entity: 'engine', rowId: 'd2', actor: null, at: 0, incarnation: 'elsewhere', txId: 't' };
  await store.changeLog.apply([
    { ...theirs, n: 1, opId: 'op-1', field: 'owner', value: '"another station"', hlc: '0000000000000001' },
    { ...theirs, n: 2, opId: 'op-2', field: 'name', value: '"Boiler"', hlc: '0000000000000001' },
  ]);
  await store.change(author(), (tx) => tx.create(device, 'd1', SITE, { owner: store.stationId, name: 'Pump' }));
  await store.change(author(), (tx) => tx.update(device, 'd1', { name: 'Pump 1' }));
  await store.change(author(), (tx) => tx.remove(device, 'd1'));
  const before = await contents(store.database);
  const tries: ((tx: Tx) => Promise<unknown>)[] = [
    (tx) => tx.update(device, 'd2', { name: 'ours now' }),
    (tx) => tx.update(device, 'd2', { owner: store.stationId }),
    (tx) => tx.remove(device, 'd2'),
    (tx) => tx.create(device, 'd3', SITE, { owner: 'another station', name: 'x' }),
  ];
  for (const work of tries) await assert.rejects(store.change(author(), work), { code: 'notHere', data: { owner: 'another station' } });
  assert.equal(await contents(store.database), before);
});

onBoth('facts are told after the commit, in order, and not of what failed', async (source) => {
  const store = await openTestStore(source);
  const told: string[] = [];
  const seen: Promise<number>[] = [];
  store.events.subscribe((event) => {
    told.push(event.event === 'people.siteChanged' ? event.site : event.event);
    if (event.event === 'people.siteChanged')
      seen.push(store.database.reader.all('select 1 from "places" where "site" = ?', [event.site]).then((rows) => rows.length));
  });
  const put = (site: string, fails = false) =>
    store.change(author(), async (tx) => {
      tx.emit({ event: 'people.siteChanged', site });
      await tx.create(people.place, `in-${site}`, `site:${site}`, { ...hall('x'), site });
      if (fails) throw new Error('no');
      assert.ok(!told.includes(site), 'not before the commit');
    });
  await Promise.all([put('s1'), assert.rejects(put('s2', true)), put('s3')]);
  assert.deepEqual(told, ['s1', 'people.audited', 's3', 'people.audited']);
  assert.deepEqual(await Promise.all(seen), [1, 1], 'who hears of it finds it');
});

onBoth('a listener that throws or rejects is reported, and harms neither the change nor the others', async (source) => {
  const store = await openTestStore(source);
  const heard: string[] = [];
  const stop = store.events.subscribe(() => {
    stop();
    throw new Error('clumsy');
  });
  store.events.subscribe(async () => {
    throw new Error('clumsy later');
  });
  store.events.on('people.siteChanged', (event) => heard.push(event.site));
  await store.change(author(), async (tx) => tx.emit({ event: 'people.siteChanged', site: 's1' }));
  await store.change(author(), async (tx) => tx.emit({ event: 'people.siteChanged', site: 's2' }));
  assert.deepEqual(heard, ['s1', 's2']);
  assert.deepEqual(
    store.complaints.map((one) => (one as { error: Error }).error.message),
    ['clumsy', 'clumsy later', 'clumsy later'],
  );
});
