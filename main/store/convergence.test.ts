// The same operations, however late, often and mixed they come, end in the same tables everywhere.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hlcOf } from '../../contract/clock.ts';
import { place } from '../people/entities.ts';
import { onBoth } from '../testing/databases.ts';
import { START } from '../testing/station.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import type { Op } from './log.ts';

const RECORDS = [
  { entity: 'place', scope: 'site:s1', fields: ['name', 'rank', 'parent', 'deletedAt', 'unheardOf'] },
  { entity: 'organisation', scope: 'platform', fields: ['name', 'archivedAt', 'deletedAt'] },
  { entity: 'turbine', scope: 'site:s1', fields: ['blades'] },
] as const;
const VALUES = ['"a"', '"b"', 'null', '5', '{"x":1}', 'true'];

/** Few records, few stamps: so that operations meet, and stamps are equal. */
const operation = fc
  .record({
    record: fc.constantFrom(...RECORDS),
    field: fc.nat(9),
    row: fc.constantFrom('r1', 'r2', 'r3'),
    value: fc.constantFrom(...VALUES),
    ms: fc.nat(4),
    counter: fc.nat(2),
  })
  .map(({ record, field, row, value, ms, counter }) => ({
    entity: record.entity,
    scope: record.scope,
    field: record.fields[field % record.fields.length] as string,
    rowId: row,
    value,
    hlc: hlcOf(START + ms, counter),
  }));

const log = fc.array(operation, { minLength: 1, maxLength: 40 }).map((ops) =>
  ops.map(
    (op, n): Op => ({
      ...op,
      incarnation: `station-${n % 3}`,
      n: n + 1,
      // Not in the order of the stamps, so that the last tie-break counts.
      opId: `op-${((n * 7) % 41).toString().padStart(3, '0')}`,
      txId: `tx-${n}`,
      actor: null,
      at: START,
    }),
  ),
);

/** An order of delivery: every operation at least once, some more often, cut into pages. */
const delivery = (ops: readonly Op[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...ops], { minLength: ops.length, maxLength: ops.length }),
      fc.array(fc.nat(ops.length - 1), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.nat(),
    )
    .map(([shuffled, again, sizes, at]) => {
      const all = [...shuffled];
      for (const index of again) all.splice(at % (all.length + 1), 0, ops[index] as Op);
      const pages: Op[][] = [];
      for (let page = 0; all.length > 0; page++) pages.push(all.splice(0, sizes[page % sizes.length]));
      return pages;
    });

const scenario = log.chain((ops) => fc.tuple(fc.constant(ops), delivery(ops), delivery(ops)));

/** What a store has come to, without the order in which it heard of it. */
async function outcome(store: TestStore): Promise<unknown> {
  const { reader } = store.database;
  const { faults, tables, log } = await store.compareWithLog();
  assert.deepEqual([faults, tables], [[], log]);
  return {
    tables,
    rows: await reader.all('select * from "places" order by "id"'),
    organisations: await reader.all('select * from "organisations" order by "id"'),
    registers: await reader.all('select * from "reg" order by "entity", "rowId", "field"'),
    ops: await reader.all('select "opId", "value", "hlc", "state", "scope" from "op" order by "opId"'),
  };
}

/** The latest by stamp, then by id: what each register must hold. */
function winners(ops: readonly Op[]): Map<string, string> {
  const last = new Map<string, Op>();
  for (const op of ops) {
    const key = `${op.entity} ${op.rowId} ${op.field}`;
    const other = last.get(key);
    if (other === undefined || `${op.hlc} ${op.opId}` > `${other.hlc} ${other.opId}`) last.set(key, op);
  }
  return new Map([...last].map(([key, op]) => [key, `${op.value} ${op.opId}`]));
}

async function wipe(store: TestStore): Promise<void> {
  const { writer } = store.database;
  await writer.begin();
  for (const table of ['op', 'reg', 'places', 'organisations']) await writer.run(`delete from "${table}"`);
  await writer.commit();
}

onBoth('any order, any repetition and any paging of the same operations converge', async (source) => {
  const store = await openTestStore(source);
  await fc.assert(
    fc.asyncProperty(scenario, async ([ops, one, other]) => {
      await wipe(store);
      for (const page of one) await store.changeLog.apply(page);
      const first = await outcome(store);
      const registers = await store.database.reader.all<Record<string, string>>('select * from "reg"');
      assert.deepEqual(new Map(registers.map((r) => [`${r.entity} ${r.rowId} ${r.field}`, `${r.value} ${r.opId}`])), winners(ops));
      await wipe(store);
      for (const page of other) await store.changeLog.apply(page);
      assert.deepEqual(await outcome(store), first);
    }),
    { numRuns: source.dialect === 'sqlite' ? 150 : 25 },
  );
});

onBoth('a station’s own pending work and the hub’s answers, in any order, end as if it had only heard the hub', async (source) => {
  const station = await openTestStore(source, { confirms: 'hub' });
  await fc.assert(
    fc.asyncProperty(log, fc.array(fc.constantFrom('write', 'pull', 'confirm', 'reject'), { maxLength: 15 }), async (foreign, acts) => {
      await wipe(station);
      const pages = foreign.map((op) => [op]);
      let n = 0;
      const waiting = async () => (await station.changeLog.since(0, 10_000)).filter((op) => op.state === 'pending');
      for (const act of acts) {
        if (act === 'write') {
          n += 1;
          const id = `own${n % 2}`;
          await station.change(author(), async (tx) => {
            const known = await tx.db.selectFrom('places').select('id').where('id', '=', id).executeTakeFirst();
            if (known) await tx.update(place, id, { name: `n${n}` });
            else await tx.create(place, id, 'site:s1', { name: `n${n}` });
          });
        }
        if (act === 'pull') await station.changeLog.apply(pages.shift() ?? []);
        if (act === 'confirm') await station.changeLog.confirm((await waiting()).slice(0, 2).map((op) => op.opId));
        if (act === 'reject') await station.changeLog.reject((await waiting()).slice(0, 1).map((op) => op.opId));
        const { faults } = await station.compareWithLog();
        assert.deepEqual(faults, []);
      }
      await station.changeLog.confirm((await waiting()).map((op) => op.opId));
      await station.changeLog.apply(pages.flat());
      const heard = (await station.changeLog.since(0, 10_000))
        .filter((op) => op.state === 'confirmed')
        .map(({ seq: _, state: __, ...op }) => op);
      const { registers, rows, organisations } = (await outcome(station)) as Record<string, unknown>;
      // The same as a station that was silent and only heard the hub's log.
      await wipe(station);
      await station.changeLog.apply(heard);
      const silent = (await outcome(station)) as Record<string, unknown>;
      assert.deepEqual(
        { registers, rows, organisations },
        { registers: silent.registers, rows: silent.rows, organisations: silent.organisations },
      );
    }),
    { numRuns: source.dialect === 'sqlite' ? 60 : 10 },
  );
});
