// The change log: complete, in order whatever the clock does, and saying what the tables say.
import assert from 'node:assert/strict';
import { HLC } from '../../contract/clock.ts';
import * as people from '../people/entities.ts';
import { onBoth } from '../testing/databases.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import { tamper } from '../testing/tamper.ts';
import { type Expected, work } from '../testing/workload.ts';
import { type Field, fieldNames, fieldOf, toColumn } from './entities.ts';
import { COPIED } from './identity.ts';
import type { LoggedOp } from './log.ts';

const DAY = 86_400_000;
const ops = (store: TestStore): Promise<LoggedOp[]> => store.changeLog.since(0, 100_000);

/** Numbers without a gap, stamps and ids that only grow. */
function assertOrdered(logged: readonly LoggedOp[]): void {
  assert.deepEqual(
    logged.map((op) => op.seq),
    logged.map((_, i) => i + 1),
    'seq counts the log',
  );
  for (const incarnation of new Set(logged.map((op) => op.incarnation))) {
    const own = logged.filter((op) => op.incarnation === incarnation);
    assert.deepEqual(
      own.map((op) => op.n),
      own.map((_, i) => i + 1),
      'n counts the incarnation',
    );
  }
  for (const [i, op] of logged.entries()) {
    assert.match(op.hlc, HLC);
    const before = logged[i - 1];
    if (before) assert.ok(op.hlc > before.hlc && op.opId > before.opId, `operation ${op.seq} is stamped later than the one before it`);
  }
}

async function assertHolds(store: TestStore, expected: Expected): Promise<void> {
  for (const [entity, rows] of expected) {
    const stored = await store.database.reader.all<Record<string, unknown>>(`select * from "${entity.table}"`);
    assert.equal(stored.length, rows.size, entity.table);
    for (const row of stored) {
      const values = rows.get(row.id as string) ?? {};
      for (const name of fieldNames(entity))
        assert.equal(row[name], toColumn(fieldOf(entity, name) as Field, name, values[name]), `${entity.name} ${row.id} ${name}`);
    }
  }
}

/** The last confirmed operation of every field is what its register holds. */
async function assertRegistersAreLast(store: TestStore): Promise<void> {
  const last = new Map<string, string>();
  for (const op of await ops(store)) last.set(`${op.entity} ${op.rowId} ${op.field}`, `${op.value} ${op.hlc} ${op.opId}`);
  const registers = await store.database.reader.all<Record<string, string>>('select * from "reg"');
  assert.deepEqual(
    new Map(registers.map((reg) => [`${reg.entity} ${reg.rowId} ${reg.field}`, `${reg.value} ${reg.hlc} ${reg.opId}`])),
    last,
  );
}

async function assertAllAgrees(store: TestStore, expected: Expected): Promise<void> {
  await assertHolds(store, expected);
  assertOrdered(await ops(store));
  await assertRegistersAreLast(store);
  const compared = await store.compareWithLog();
  assert.deepEqual([compared.faults, compared.tables], [[], compared.log]);
  assert.equal((await store.verifyAudit()).fault, null);
}

for (const seed of [1, 2, 3])
  onBoth(`whatever is done, in whatever company: tables, registers and log agree (seed ${seed})`, async (source) => {
    const store = await openTestStore(source);
    const expected = await work(store, seed, 150, store.clock);
    await assertAllAgrees(store, expected);
    assert.ok((await ops(store)).length > 150, 'the seed did something');
  });

onBoth('a clock set back a day, at work or between two runs, leaves the log in order', async (source) => {
  const first = await openTestStore(source);
  await work(first, 7, 40, first.clock);
  first.clock.advance(-DAY);
  await work(first, 8, 40, first.clock);
  assertOrdered(await ops(first));
  await first.close();

  const clock = first.clock;
  clock.advance(-DAY);
  const second = await openTestStore(source, { clock, random: (bytes) => new Uint8Array(bytes) });
  await work(second, 9, 40, clock);
  const logged = await ops(second);
  assertOrdered(logged);
  assert.equal(new Set(logged.map((op) => op.incarnation)).size, 1, 'a restart is no new incarnation');
  assert.deepEqual((await second.compareWithLog()).faults, []);
  assert.equal((await second.verifyAudit()).fault, null);
});

onBoth('the last writer of a field wins, also where the clock said it was earlier', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), (tx) => tx.create(people.place, 'p1', 'site:s1', { name: 'today' }));
  store.clock.advance(-DAY);
  await store.change(author(), (tx) => tx.update(people.place, 'p1', { name: 'yesterday by the clock' }));
  const [row] = await store.read.selectFrom('places').select('name').execute();
  assert.equal(row?.name, 'yesterday by the clock');
  assert.deepEqual((await store.compareWithLog()).faults, []);
});

onBoth('a new incarnation counts anew, and the log goes on', async (source) => {
  const first = await openTestStore(source);
  await work(first, 4, 20, first.clock);
  const { stationId, incarnation } = first;
  await tamper(first.database, ['insert into "meta" ("key", "value") values (?, ?)', [COPIED, 'restored from a copy']]);
  await first.close();
  const second = await openTestStore(source, {
    clock: first.clock,
    random: (bytes) => new Uint8Array(bytes),
  });
  assert.equal(second.stationId, stationId, 'it is the same station');
  assert.notEqual(second.incarnation, incarnation);
  await work(second, 5, 20, second.clock);
  const logged = await ops(second);
  assertOrdered(logged);
  assert.deepEqual([...new Set(logged.map((op) => op.incarnation))], [incarnation, second.incarnation]);
  assert.equal((await second.verifyAudit()).fault, null);
  const lives = await second.database.reader.all<{ id: string; reason: string }>('select "id", "reason" from "incarnation" order by "id"');
  assert.deepEqual(
    lives.map(({ id, reason }) => [id, reason]),
    [
      [incarnation, 'first start'],
      [second.incarnation, 'restored from a copy'],
    ],
  );
});

onBoth('a page of the log is what was asked for, and its end is known by its being short', async (source) => {
  const store = await openTestStore(source);
  await work(store, 6, 30, store.clock);
  const all = await ops(store);
  const paged: LoggedOp[] = [];
  for (;;) {
    const page = await store.changeLog.since(paged.at(-1)?.seq ?? 0, 7);
    assert.ok(page.length <= 7);
    paged.push(...page);
    if (page.length < 7) break;
  }
  assert.deepEqual(paged, all);
  const { entity, rowId } = all[0] as LoggedOp;
  assert.deepEqual(
    await store.changeLog.ofRecord(entity, rowId),
    all.filter((op) => op.entity === entity && op.rowId === rowId),
  );
  assert.deepEqual(await store.changeLog.count(), { recorded: all.length, waiting: 0 });
});

onBoth('a change of hundreds of records is one act, whole in the log', async (source) => {
  const store = await openTestStore(source);
  await store.change(author(), async (tx) => {
    for (let n = 0; n < 300; n++) await tx.create(people.place, `p${n}`, 'site:s1', { name: `Hall ${n}`, rank: `a${n}` });
    for (let n = 0; n < 300; n++) await tx.update(people.place, `p${n}`, { name: `Hall ${n} renamed` });
  });
  const logged = await ops(store);
  assert.equal(logged.length, 900);
  assert.equal(new Set(logged.map((op) => op.txId)).size, 1);
  assertOrdered(logged);
  await assertRegistersAreLast(store);
  assert.deepEqual((await store.compareWithLog()).faults, []);
});
