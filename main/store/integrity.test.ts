// The comparison of tables and log, and of tables and declarations: agrees when all is well, and finds each kind of difference.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hlcOf } from '../../contract/clock.ts';
import * as people from '../people/entities.ts';
import { sharedEntities } from '../site.ts';
import { onBoth, sqliteFor, type TestDatabase } from '../testing/databases.ts';
import { START } from '../testing/station.ts';
import { author, ENTITIES, openTestStore, type TestStore } from '../testing/store.ts';
import { tamper } from '../testing/tamper.ts';
import { work } from '../testing/workload.ts';
import { boolean, type Entity, entity, integer, optionalText, text } from './entities.ts';

const SITE = 'site:s1' as const;

async function withRecords(source: TestDatabase): Promise<TestStore> {
  const store = await openTestStore(source);
  await store.change(author(), async (tx) => {
    await tx.create(people.place, 'p1', SITE, { name: 'Hall A', rank: 'a0' });
    await tx.create(people.place, 'p2', SITE, { name: 'Hall B', rank: 'a1' });
    await tx.create(people.site, 's1', SITE, { name: 'Works', workAllowed: true });
  });
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'Hall A renamed' }));
  await store.change(author(), (tx) => tx.remove(people.place, 'p2'));
  return store;
}

const FORGERIES: [what: string, statement: string, named: RegExp][] = [
  [
    'a value was changed',
    `update "places" set "name" = 'Hall Z' where "id" = 'p1'`,
    /place p1: the table says .*Hall Z.*, the log says .*Hall A renamed/,
  ],
  ['a truth was changed', `update "sites" set "operatorsControl" = 1`, /site s1: the table says/],
  ['a mark of removal was taken away', `update "places" set "deletedAt" = null where "id" = 'p2'`, /place p2: the table says/],
  ['a record was moved to another scope', `update "places" set "scope" = 'site:s2' where "id" = 'p1'`, /place p1: .*site:s2.*site:s1/],
  ['a row was deleted', `delete from "places" where "id" = 'p2'`, /place p2: the table says .*nothing/],
  [
    'a row was added',
    `insert into "places" ("id", "scope", "name") values ('p3', 'site:s1', 'Hall C')`,
    /place p3: .*the log says .*nothing/,
  ],
  [
    'a row was added that holds only defaults',
    `insert into "grants" ("id", "scope") values ('g', 'platform')`,
    /grant g: .*the log says .*nothing/,
  ],
  ['a row’s id was changed', `update "places" set "id" = 'p9' where "id" = 'p1'`, /place p1: the table says .*nothing/],
  [
    'a register was changed',
    `update "reg" set "value" = '"Hall Z"' where "rowId" = 'p1' and "field" = 'name'`,
    /place p1: the register of name is in no confirmed operation/,
  ],
  ['a register was deleted', `delete from "reg" where "rowId" = 'p1' and "field" = 'rank'`, /place p1: the register of rank is behind/],
  [
    'a register was given another stamp',
    `update "reg" set "hlc" = 'ffffffffffffffff' where "rowId" = 'p1' and "field" = 'rank'`,
    /place p1: the register of rank is in no confirmed/,
  ],
  [
    'a register was added',
    `insert into "reg" select "entity", 'p3', "field", "value", "hlc", "opId" from "reg" where "rowId" = 'p1' and "field" = 'name'`,
    /place p3: the register of name is in no confirmed/,
  ],
  [
    'an operation was changed',
    `update "op" set "value" = '"Hall Z"' where "rowId" = 'p2' and "field" = 'name'`,
    /place p2: the register of name is in no confirmed/,
  ],
  [
    'an operation was deleted',
    `delete from "op" where "rowId" = 'p2' and "field" = 'name'`,
    /place p2: the register of name is in no confirmed/,
  ],
  [
    'an operation was added',
    `insert into "op" select 900, "incarnation", 900, 'zz', "txId", "scope", "entity", "rowId", "field", '"Hall Z"', 'ffffffffffffffff', "actor", "at", "state" from "op" where "seq" = 1`,
    /place p1: the register of name is behind its last operation/,
  ],
  [
    'an operation was called off',
    `update "op" set "state" = 'rejected' where "rowId" = 'p2' and "field" = 'deletedAt'`,
    /place p2: the register of deletedAt is in no confirmed/,
  ],
];

onBoth('every way of changing records past the log is found, and the record named', async (source) => {
  const store = await withRecords(source);
  const tables = ['places', 'sites', 'grants', 'reg', 'op'];
  const { reader } = store.database;
  const originals = await Promise.all(tables.map((table) => reader.all<Record<string, string>>(`select * from "${table}"`)));
  assert.deepEqual((await store.compareWithLog()).faults, []);
  for (const [what, statement, named] of FORGERIES) {
    await tamper(store.database, statement);
    const { faults } = await store.compareWithLog();
    assert.match(faults.join('\n'), named, what);
    for (const [i, table] of tables.entries()) {
      await tamper(store.database, `delete from "${table}"`);
      for (const row of originals[i] ?? []) {
        const columns = Object.keys(row);
        const sql = `insert into "${table}" (${columns.map((name) => `"${name}"`)}) values (${columns.map(() => '?')})`;
        await tamper(store.database, [sql, Object.values(row)]);
      }
    }
    assert.deepEqual((await store.compareWithLog()).faults, [], `after ${what}`);
  }
});

onBoth('where table and log differ their digests differ, and faults stay few', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), async (tx) => {
    for (let n = 0; n < 40; n++) await tx.create(people.place, `p${n}`, SITE, { name: `Hall ${n}` });
  });
  const before = await store.compareWithLog();
  await tamper(store.database, `update "places" set "name" = 'x'`);
  const after = await store.compareWithLog();
  assert.equal(after.log, before.log);
  assert.notEqual(after.tables, after.log);
  assert.equal(after.faults.length, 10);
});

onBoth('two stores that hold the same have the same digest, whatever their history; others have another', async (source) => {
  const store = await openTestStore(source);
  const other = await openTestStore(sqliteFor(source.t));
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'A', rank: '' }));
  await other.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'B' }));
  assert.notEqual((await store.compareWithLog()).tables, (await other.compareWithLog()).tables);
  await other.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'A' }));
  assert.equal((await store.compareWithLog()).tables, (await other.compareWithLog()).tables);
});

onBoth('pages are joined without a gap: thousands of records are all compared', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), async (tx) => {
    for (let n = 0; n < 1_234; n++) await tx.create(people.place, `p${n}`, SITE, { rank: `${n}` });
  });
  const steps: number[] = [];
  const { records, faults } = await store.compareWithLog({ progress: (fraction) => steps.push(fraction) });
  assert.deepEqual([records, faults], [1_234, []]);
  assert.deepEqual([steps.length, steps.at(-1)], [ENTITIES.length, 1]);
  await tamper(store.database, `update "places" set "name" = 'x' where "id" in ('p0', 'p999', 'p1233')`);
  assert.equal((await store.compareWithLog()).faults.length, 3);
});

onBoth('a comparison while others work finds nothing to complain of', async (source) => {
  const store = await openTestStore(source);
  let working = true;
  const busy = (async () => {
    for (let seed = 1; working; seed++) await work(store, seed, 20, store.clock);
  })();
  const until = source.dialect === 'sqlite' ? 30 : 10;
  for (let n = 0; n < until; n++) assert.deepEqual((await store.compareWithLog()).faults, []);
  working = false;
  await busy;
});

onBoth('every part of the check is stopped when asked', async (source) => {
  const store = await withRecords(source);
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(store.faults(false, signal), /enough/);
  await assert.rejects(store.verifyAudit({ signal }), /enough/);
  await assert.rejects(store.compareWithLog({ signal }), /enough/);
  assert.equal(store.damage, undefined, 'to be stopped is no damage');
});

// ---- nobody waits for a check

const ROWS = 6_000;
/** As many as the check looks at with one question. */
const PAGE = 500;

/** A store with long tables: a log and registers of what only a newer version knows, and an audit. */
async function withMuch(source: TestDatabase): Promise<TestStore> {
  const store = await openTestStore(source);
  await store.changeLog.apply(
    Array.from({ length: ROWS }, (_, n) => ({
      incarnation: 'elsewhere',
      n: n + 1,
      opId: `op-${n}`,
      txId: 'tx',
      scope: SITE,
      entity: 'turbine',
      rowId: `t${n % 7}`,
      field: `f${n}`,
      value: `${n}`,
      hlc: hlcOf(START, n),
      actor: null,
      at: START,
    })),
  );
  for (let n = 0; n < ROWS; n += 100)
    await Promise.all(Array.from({ length: 100 }, () => store.change(author('test.note'), async (tx) => tx.note(null))));
  return store;
}

/** How often everybody else had a turn while this was under way; `at` is called with each. */
async function turnsDuring(work: () => Promise<unknown>, at: (turn: number) => void = () => {}): Promise<number> {
  let turns = 0;
  let over = false;
  const tick = () => {
    if (over) return;
    turns += 1;
    at(turns);
    setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  over = true;
  return turns;
}

test('between two pages of a check everybody else has a turn, and a stop is obeyed', async (t) => {
  const store = await withMuch(sqliteFor(t));
  const parts: [what: string, pages: number, run: (signal?: AbortSignal) => Promise<unknown>][] = [
    ['registers and log', (2 * ROWS) / PAGE, (signal) => store.compareWithLog(signal && { signal })],
    ['audit', ROWS / 1_000, (signal) => store.verifyAudit(signal && { signal })],
    ['file', 2, (signal) => store.faults(false, signal)],
  ];
  for (const [what, pages, run] of parts) {
    const turns = await turnsDuring(() => run());
    assert.ok(turns >= pages, `${what}: ${turns} turns for ${pages} pages`);
    const stop = new AbortController();
    const until = await turnsDuring(
      () => assert.rejects(run(stop.signal), /enough/),
      (turn) => turn === 2 && stop.abort(new Error('enough')),
    );
    assert.ok(until <= 4, `${what}: stopped at the second turn, over at turn ${until}`);
  }
});

onBoth('what is bad on the last page of a long table is found, and the few that are named are the first', async (source) => {
  const store = await withMuch(source);
  assert.deepEqual((await store.compareWithLog()).faults, []);
  await tamper(store.database, `update "reg" set "value" = '-1' where "field" = 'f${ROWS - 1}'`);
  assert.match(
    (await store.compareWithLog()).faults.join('\n'),
    new RegExp(`^turbine t\\d: the register of f${ROWS - 1} is in no confirmed`),
  );
  await tamper(store.database, `update "op" set "hlc" = 'ffffffffffffffff'`);
  assert.equal((await store.compareWithLog()).faults.length, 20);
});

// ---- declarations

onBoth('the tables of the station are what its areas declare', async (source) => {
  const store = await openTestStore(source, { entities: sharedEntities });
  assert.deepEqual(await store.compareWithDeclarations(), []);
});

test('the records of these tests are those of the station', () => {
  assert.deepEqual(
    ENTITIES.map((one) => one.name).filter((name) => !sharedEntities.some((one) => one.name === name)),
    [],
  );
});

onBoth('every kind of drift between tables and declarations is named', async (source) => {
  const declared = (fields: Entity['fields']): Entity =>
    entity({ ...people.organisation, fields: { ...people.organisation.fields, ...fields } });
  const store = await openTestStore(source);
  await store.close();
  const cases: [what: string, entities: Entity[], fault: RegExp][] = [
    ['a field without a column', [declared({ colour: text() })], /organisations has no column colour/],
    ['a column without a field', [{ ...people.organisation, fields: { key: text() } }], /organisations\.name is in no declaration/],
    ['another type', [declared({ name: integer() })], /organisations\.name is text.*, its declaration says/],
    [
      'another kind of number',
      [declared({ archivedAt: boolean() as never })],
      source.dialect === 'sqlite' ? /archivedAt/ : /archivedAt is bigint, its declaration says smallint/,
    ],
    ['nullable here, not there', [declared({ name: optionalText() })], /organisations\.name is not nullable/],
    ['not nullable here, nullable there', [declared({ archivedAt: integer() })], /organisations\.archivedAt is nullable/],
    ['another default', [declared({ name: text('unnamed') })], /organisations\.name has default , its declaration says unnamed/],
    ['a default with a quote', [declared({ name: text("o'clock") })], /says o'clock/],
    ['an entity without a table', [people.organisation, { ...people.organisation, name: 'x', table: 'xs' }], /entity x has no table xs/],
    ['a table that is nobody’s', [], /table organisations is neither an entity’s nor listed as local/],
    [
      'a local table declared as shared',
      [people.organisation, { ...people.organisation, name: 'task', table: 'task' }],
      /task has no scope/,
    ],
  ];
  for (const [what, entities, fault] of cases) {
    const others = ENTITIES.filter((one) => one.name !== 'organisation');
    const opened = await openTestStore(source, { entities: [...others, ...entities] });
    assert.match((await opened.compareWithDeclarations()).join('\n'), fault, what);
    await opened.close();
  }
});
