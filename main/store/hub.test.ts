// A station that has joined a hub: what it shows before the hub has answered, and what becomes of yes, no and somebody else's word.
import assert from 'node:assert/strict';
import { hlcOf } from '../../contract/clock.ts';
import type { Refusal } from '../../contract/errors.ts';
import * as people from '../people/entities.ts';
import { onBoth } from '../testing/databases.ts';
import { START } from '../testing/station.ts';
import { author, contents, ENTITIES, openTestStore, type TestStore } from '../testing/store.ts';
import { addColumn, createSharedTable } from './ddl.ts';
import { boolean, entity, integer, text } from './entities.ts';
import type { LoggedOp, Op } from './log.ts';
import { migrations } from './migrations/index.ts';

const SITE = 'site:s1' as const;
const DAY = 86_400_000;
const log = (store: TestStore): Promise<LoggedOp[]> => store.changeLog.since(0, 10_000);
const pending = async (store: TestStore) => (await log(store)).filter((op) => op.state === 'pending');
const ids = (ops: readonly Op[]) => ops.map((op) => op.opId);
const nameOf = async (store: TestStore, table = 'places', id = 'p1'): Promise<string | undefined> =>
  (await store.read.selectFrom(table).select('name').where('id', '=', id).executeTakeFirst())?.name;

/** As the hub sends an operation: without what is of this station alone. */
const page = (ops: readonly (Op | LoggedOp)[]): Op[] =>
  ops.map((op) => {
    const { seq: _, state: __, ...sent } = op as LoggedOp;
    return sent;
  });

let made = 0;
/** An operation of another station. */
const foreign = (op: Partial<Op> = {}): Op => {
  made += 1;
  return {
    incarnation: '00000000-0000-7000-8000-0000000000ee',
    n: made,
    opId: `00000000-0000-7000-9000-${made.toString(16).padStart(12, '0')}`,
    txId: 't1',
    scope: SITE,
    entity: 'place',
    rowId: 'p1',
    field: 'name',
    value: '"from elsewhere"',
    hlc: hlcOf(START, made),
    actor: null,
    at: START,
    ...op,
  };
};

async function assertAgrees(store: TestStore): Promise<void> {
  const { faults, tables, log } = await store.compareWithLog();
  assert.deepEqual([faults, tables], [[], log]);
  assert.equal((await store.verifyAudit()).fault, null);
}

onBoth('what anyone may write shows at once; a request to the hub only when the hub has said yes', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), async (tx) => {
    await tx.create(people.place, 'p1', SITE, { name: 'Hall A' });
    await tx.create(people.organisation, 'o1', 'platform', { name: 'Nordwerk' });
  });
  assert.deepEqual([await nameOf(store), await nameOf(store, 'organisations', 'o1')], ['Hall A', undefined]);
  assert.deepEqual(await store.changeLog.count(), { recorded: 2, waiting: 2 });
  assert.deepEqual(await store.database.reader.all('select * from "reg"'), [], 'nothing is confirmed yet');
  await assertAgrees(store);
  await store.changeLog.confirm(ids(await log(store)));
  assert.deepEqual([await nameOf(store), await nameOf(store, 'organisations', 'o1')], ['Hall A', 'Nordwerk']);
  assert.deepEqual(await store.changeLog.count(), { recorded: 2, waiting: 0 });
  await assertAgrees(store);
});

onBoth('a change of what the hub decides shows the old value until then', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), (tx) => tx.create(people.organisation, 'o1', 'platform', { name: 'old' }));
  await store.changeLog.confirm(ids(await log(store)));
  assert.equal(await store.change(author(), (tx) => tx.update(people.organisation, 'o1', { name: 'new' })), true);
  assert.equal(await nameOf(store, 'organisations', 'o1'), 'old');
  await assertAgrees(store);
  await store.changeLog.confirm(ids(await pending(store)));
  assert.equal(await nameOf(store, 'organisations', 'o1'), 'new');
  await assertAgrees(store);
});

onBoth('what the hub refuses falls back to what is confirmed, and stays in the log', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'Hall A', rank: 'a0' }));
  await store.changeLog.confirm(ids(await log(store)));
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'second', rank: 'a1' }));
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'third' }));
  const [second, rank, third] = await pending(store);
  assert.equal(await nameOf(store), 'third');
  await store.changeLog.reject([third?.opId as string]);
  assert.equal(await nameOf(store), 'second', 'the one before it still waits');
  await store.changeLog.reject(ids([second as Op, rank as Op]));
  assert.equal(await nameOf(store), 'Hall A');
  assert.deepEqual(
    (await log(store)).map((op) => op.state),
    ['confirmed', 'confirmed', 'rejected', 'rejected', 'rejected'],
  );
  await assertAgrees(store);
});

onBoth('a record whose creation the hub refuses was never there', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), async (tx) => {
    await tx.create(people.place, 'p1', SITE, { name: 'Hall A' });
    await tx.create(people.organisation, 'o1', 'platform', { name: 'Nordwerk' });
  });
  await store.changeLog.reject(ids(await log(store)));
  assert.deepEqual(await store.read.selectFrom('places').selectAll().execute(), []);
  assert.deepEqual(await store.read.selectFrom('organisations').selectAll().execute(), []);
  await assertAgrees(store);
  await assert.rejects(
    store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'x' })),
    { code: 'notFound' },
  );
});

onBoth('yes and no are said once: repeating them, or saying the other, changes nothing', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'A', rank: 'a0' }));
  const [name, rank] = await log(store);
  await store.changeLog.confirm([name?.opId as string]);
  await store.changeLog.reject([rank?.opId as string]);
  const before = await contents(store.database);
  await store.changeLog.reject([name?.opId as string, 'unknown']);
  await store.changeLog.confirm([rank?.opId as string, 'unknown']);
  await store.changeLog.confirm([]);
  assert.equal(await contents(store.database), before);
});

onBoth('somebody else’s later word shows above ours, an earlier one below it', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'ours' }));
  await store.changeLog.apply([foreign({ hlc: hlcOf(START - 1, 0), value: '"earlier"' })]);
  assert.equal(await nameOf(store), 'ours');
  await store.changeLog.apply([foreign({ hlc: hlcOf(START + 1, 0), value: '"later"' })]);
  assert.equal(await nameOf(store), 'later');
  await assertAgrees(store);
  // And what is written after having seen it stands above it, whatever the clock says.
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'ours again' }));
  assert.equal(await nameOf(store), 'ours again');
  await store.changeLog.reject(ids((await pending(store)).slice(-1)));
  assert.equal(await nameOf(store), 'later');
  await assertAgrees(store);
});

onBoth('our own operation comes back with the stamp the hub gave it', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'ours' }));
  const [own] = page(await log(store)) as [Op];
  const later = { ...own, hlc: hlcOf(START + 5_000, 0) };
  await store.changeLog.apply([foreign({ hlc: hlcOf(START + 1_000, 0) })]);
  assert.equal(await nameOf(store), 'from elsewhere');
  await store.changeLog.apply([later]);
  assert.equal(await nameOf(store), 'ours');
  const logged = (await log(store)).find((op) => op.opId === own.opId);
  assert.deepEqual([logged?.state, logged?.hlc], ['confirmed', later.hlc]);
  await assertAgrees(store);
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'next' }));
  assert.ok(((await log(store)).at(-1)?.hlc as string) > later.hlc, 'the clock has moved on with it');
});

onBoth('an operation the hub put further back loses against what was written since', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  store.clock.advance(3_600_000);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'by a clock an hour fast' }));
  const [own] = page(await log(store)) as [Op];
  await store.changeLog.apply([foreign({ hlc: hlcOf(START + 10, 0) })]);
  assert.equal(await nameOf(store), 'by a clock an hour fast');
  await store.changeLog.apply([{ ...own, hlc: hlcOf(START + 5, 0) }]);
  assert.equal(await nameOf(store), 'from elsewhere');
  await assertAgrees(store);
});

onBoth('an operation that was refused and yet stands in the hub’s log is confirmed: the log decides', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'A' }));
  await store.changeLog.reject(ids(await log(store)));
  await store.changeLog.apply(page(await log(store)));
  assert.equal(await nameOf(store), 'A');
  await assertAgrees(store);
});

onBoth('a page applied again, in part or twice over, changes nothing', async (source) => {
  const store = await openTestStore(source);
  const ops = [
    foreign({ value: '"A"' }),
    foreign({ field: 'rank', value: '"a0"' }),
    foreign({ rowId: 'p2', value: '"B"' }),
    foreign({ value: '"A renamed"' }),
    foreign({ rowId: 'p2', field: 'deletedAt', value: '5' }),
  ];
  await store.changeLog.apply([...ops, ...ops]);
  const before = await contents(store.database);
  await store.changeLog.apply(ops);
  await store.changeLog.apply(ops.slice(2));
  await store.changeLog.apply([...ops].reverse());
  // The same operation under another stamp is still the same operation.
  await store.changeLog.apply(ops.map((op) => ({ ...op, hlc: hlcOf(START + 99_000, 0) })));
  assert.equal(await contents(store.database), before);
  assert.equal((await log(store)).length, ops.length);
  assert.deepEqual([await nameOf(store), await nameOf(store, 'places', 'p2')], ['A renamed', 'B']);
  await assertAgrees(store);
});

onBoth('a record stays in the scope it was made in, whatever later operations claim', async (source) => {
  const store = await openTestStore(source);
  await store.changeLog.apply([foreign({ value: '"A"' })]);
  await store.changeLog.apply([foreign({ scope: 'site:s2', value: '"B"' })]);
  assert.deepEqual(await store.read.selectFrom('places').select(['scope', 'name']).execute(), [{ scope: SITE, name: 'B' }]);
  await assertAgrees(store);
});

onBoth('a field nobody wrote holds its default, and a value this version cannot hold shows as the default', async (source) => {
  const store = await openTestStore(source);
  await store.changeLog.apply([
    foreign({ entity: 'site', rowId: 's1', field: 'workAllowed', value: '{"since": 5}' }),
    foreign({ entity: 'site', rowId: 's1', field: 'archivedAt', value: '"yesterday"' }),
    foreign({ entity: 'site', rowId: 's1', field: 'name', value: '"with \\u0000 inside"' }),
  ]);
  const [row] = await store.read.selectFrom('sites').selectAll().execute();
  assert.deepEqual(
    [row?.scope, row?.timeZone, row?.workAllowed, row?.archivedAt, row?.name, row?.deletedAt],
    [SITE, 'UTC', 0, null, '', null],
  );
  await assertAgrees(store);
});

onBoth('an operation that is not whole is refused, and nothing of its page stays', async (source) => {
  const store = await openTestStore(source);
  await store.changeLog.apply([foreign()]);
  const before = await contents(store.database);
  const bad: Partial<Op>[] = [
    { hlc: 'zzzzzzzzzzzzzzzz' },
    { hlc: 'FFFFFFFFFFFFFFFF' },
    { hlc: '1' },
    { value: '{' },
    { value: '' },
    { value: '"\ud800"' },
    { n: 1.5 },
    { at: Number.NaN },
    { rowId: '' },
    { rowId: 'a\0b' },
    { opId: 5 as never },
    { entity: undefined as never },
    { actor: 5 as never },
  ];
  for (const wrong of bad) {
    await assert.rejects(store.changeLog.apply([foreign(), foreign(wrong)]), { code: 'invalid' }, JSON.stringify(wrong));
    assert.equal(await contents(store.database), before, JSON.stringify(wrong));
  }
});

onBoth('an operation stamped more than a day ahead is refused with its page, and moves no clock', async (source) => {
  const store = await openTestStore(source);
  await store.changeLog.apply([foreign()]);
  const before = await contents(store.database);
  for (const hlc of ['ffffffffffffffff', hlcOf(START + DAY + 1, 0), hlcOf(START + 365 * DAY, 7)])
    await assert.rejects(store.changeLog.apply([foreign(), foreign({ hlc })]), (error: Refusal) => {
      assert.equal(error.code, 'invalid');
      assert.match(error.message, /more than a day ahead.*set the clock/);
      return true;
    });
  assert.equal(await contents(store.database), before);
  await store.changeLog.apply([foreign({ hlc: hlcOf(START + DAY, 0xffff), value: '"nearly a day ahead"' })]);
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'here' }));
  assert.equal(await nameOf(store), 'here', 'what is written after having seen it stands above it');
  await assertAgrees(store);
});

onBoth('a station whose own clock was far ahead, and was set right, still takes in what it has seen the like of', async (source) => {
  const store = await openTestStore(source, { confirms: 'hub' });
  store.clock.advance(30 * DAY);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', SITE, { name: 'by a clock a month fast' }));
  store.clock.advance(-30 * DAY);
  await store.changeLog.apply(page(await log(store)));
  await store.changeLog.apply([foreign({ hlc: hlcOf(START + 29 * DAY, 0), rowId: 'p2' })]);
  assert.equal(await nameOf(store), 'by a clock a month fast');
  await assert.rejects(store.changeLog.apply([foreign({ hlc: hlcOf(START + 31 * DAY, 0) })]), { code: 'invalid' });
  await assertAgrees(store);
});

// ---- a newer version at the other end

onBoth('operations of unknown records and fields are kept and forwarded letter by letter', async (source) => {
  const store = await openTestStore(source);
  const newer = [
    foreign({ value: '"Hall A"' }),
    foreign({ field: 'colour', value: '{"hue":   240, "of": ["a", null]}' }),
    foreign({ entity: 'turbine', rowId: 'x', field: 'bladeCount', value: '3' }),
    foreign({ entity: 'turbine', rowId: 'x', field: 'id', value: '"y"' }),
    foreign({ field: 'scope', value: '"platform"' }),
    foreign({ entity: 'toString', rowId: 'x', field: 'constructor', value: '1' }),
  ];
  await store.changeLog.apply(newer);
  assert.equal(await nameOf(store), 'Hall A');
  assert.deepEqual(page(await log(store)), newer);
  await assertAgrees(store);
  // Older code goes on working with the record, and does not lose what it does not know.
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'renamed here' }));
  assert.equal(await nameOf(store), 'renamed here');
  const [row] = await store.read.selectFrom('places').select('scope').execute();
  assert.equal(row?.scope, SITE, 'a field that is called like the scope does not move the record');
  await assertAgrees(store);
});

onBoth('a newer program shows what the older one could only keep', async (source) => {
  const old = await openTestStore(source);
  await old.changeLog.apply([
    foreign({ value: '"Hall A"' }),
    foreign({ field: 'colour', value: '"red"' }),
    foreign({ field: 'colour', value: '"green"' }),
    foreign({ entity: 'turbine', rowId: 'x', field: 'blades', value: '3' }),
  ]);
  await old.change(author(), (tx) => tx.create(people.place, 'p2', SITE, { name: 'Hall B' }));
  await old.close();

  const turbine = entity({
    name: 'turbine',
    table: 'turbines',
    scope: ['site'],
    fields: { blades: integer(), spins: boolean() },
    authority: 'anyone',
  });
  const place = entity({ ...people.place, fields: { ...people.place.fields, colour: text('grey') } });
  const newer = await openTestStore(source, {
    entities: [...ENTITIES.filter((one) => one.name !== 'place'), place, turbine],
    migrations: [
      ...migrations,
      {
        version: 9_000,
        async up(migrate) {
          await addColumn(migrate, 'places', 'colour', { type: 'text', default: 'grey' });
          await createSharedTable(migrate, 'turbines', { blades: { type: 'integer', default: 0 }, spins: { type: 'boolean', default: 0 } });
        },
      },
    ],
  });
  assert.deepEqual(await newer.read.selectFrom('places').select(['id', 'name', 'colour']).orderBy('id').execute(), [
    { id: 'p1', name: 'Hall A', colour: 'green' },
    { id: 'p2', name: 'Hall B', colour: 'grey' },
  ]);
  assert.deepEqual(await newer.read.selectFrom('turbines').select(['id', 'scope', 'blades', 'spins']).execute(), [
    { id: 'x', scope: SITE, blades: 3, spins: 0 },
  ]);
  assert.deepEqual(await newer.compareWithDeclarations(), []);
  await assertAgrees(newer);
});
