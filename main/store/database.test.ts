// What the store relies on in a database, asked of both: types in and out, orders, limits, who may write.
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import type { Database } from './database.ts';
import { createIndex, createTable } from './ddl.ts';

/** A table with a column of every kind. */
async function withThings(source: TestDatabase): Promise<Database> {
  const database = await source.open();
  const { writer, dialect } = database;
  const migrate = { db: writer.kysely, dialect };
  await writer.begin();
  await createTable(
    migrate,
    'thing',
    {
      id: 'text',
      words: { type: 'text', nullable: true },
      count: { type: 'integer', nullable: true },
      part: { type: 'real', nullable: true },
      yes: { type: 'boolean', default: 0 },
      raw: { type: 'bytes', nullable: true },
    },
    { primary: ['id'], unique: [['words', 'count']] },
  );
  await createIndex(migrate, 'thing', ['count', 'id']);
  await writer.commit();
  return database;
}

async function inTransaction(database: Database, work: () => Promise<unknown>): Promise<void> {
  await database.writer.begin();
  await work();
  await database.writer.commit();
}

const put = (database: Database, id: string, words: string | null = null, count: number | null = null) =>
  database.writer.run('insert into "thing" ("id", "words", "count") values (?, ?, ?)', [id, words, count]);

onBoth('values come back as they went in', async (source) => {
  const database = await withThings(source);
  const values = [
    ['empty', '', 0, 0, 0],
    ['words', 'Größe ≤ 5 µm\n"quoted" \\ 🏭 \u2028', 1, 0.1, 1],
    ['largest', 'x', Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, 1],
    ['smallest', 'x', Number.MIN_SAFE_INTEGER, Number.MIN_VALUE, 0],
    ['digits', '00012345', 7, 1 / 3, 0],
    ['nothing', null, null, null, 0],
  ] as const;
  await inTransaction(database, async () => {
    for (const row of values)
      assert.equal(
        await database.writer.run('insert into "thing" ("id", "words", "count", "part", "yes") values (?, ?, ?, ?, ?)', row),
        1,
        'one row was touched',
      );
  });
  const rows = await database.reader.all<Record<string, unknown>>('select "id", "words", "count", "part", "yes" from "thing"');
  const found = new Map(rows.map(({ id, ...row }) => [id, Object.values(row)]));
  for (const [id, ...row] of values) assert.deepEqual(found.get(id), row, id);
});

onBoth('bytes come back as bytes, from an empty blob to a megabyte', async (source) => {
  const database = await withThings(source);
  const blobs = [new Uint8Array(0), new Uint8Array([0, 255, 0, 10]), new Uint8Array(1 << 20).fill(0xa5)];
  await inTransaction(database, async () => {
    for (const [n, raw] of blobs.entries()) await database.writer.run('insert into "thing" ("id", "raw") values (?, ?)', [`b${n}`, raw]);
  });
  const rows = await database.reader.all<{ raw: Buffer }>('select "raw" from "thing" order by "id"');
  assert.equal(rows.length, blobs.length);
  for (const [n, { raw }] of rows.entries()) assert.ok(Buffer.compare(raw, blobs[n] as Uint8Array) === 0, `blob ${n} is the same`);
});

onBoth('counts, sums, averages and conditions are numbers', async (source) => {
  const database = await withThings(source);
  await inTransaction(database, async () => {
    await put(database, 'a', 'x', 5);
    await put(database, 'b', 'y', 6);
  });
  const [row] = await database.reader.all(
    `select count(*) as "count", sum("count") as "sum", avg("count") as "average", max("count") as "max", count(*) > 1 as "several",
     "yes" as "yes", 1 = 2 as "never" from "thing" group by "yes"`,
  );
  assert.deepEqual({ ...(row as object) }, { count: 2, sum: 11, average: 5.5, max: 6, several: 1, yes: 0, never: 0 });
  const built = await database.kysely
    .selectFrom('thing')
    .select(({ fn }) => [fn.countAll().as('count'), fn.sum('count').as('sum')])
    .executeTakeFirstOrThrow();
  assert.deepEqual({ ...built }, { count: 2, sum: 11 }, 'the builder answers alike');
});

onBoth('what does not fit a column is refused, not bent', async (source) => {
  const database = await withThings(source);
  for (const [column, value] of [
    ['count', 1.5],
    ['count', 'many'],
    ['part', 'half'],
  ] as const) {
    await database.writer.begin();
    await assert.rejects(database.writer.run(`insert into "thing" ("id", "${column}") values ('x', ?)`, [value]), column);
    await database.writer.rollback();
  }
  assert.deepEqual(await database.reader.all('select * from "thing"'), []);
});

onBoth('text sorts and compares byte by byte', async (source) => {
  const database = await withThings(source);
  // Under a language's rules "a0" stands before "Zz", and "ä" beside "a".
  const words = ['a0', 'Zz', 'a', 'B', 'ä', 'z', '-', 'a-b', 'aB', '🏭', '\uffff'];
  await inTransaction(database, async () => {
    for (const [n, word] of words.entries()) await put(database, `${n}`, word);
  });
  const bytes = [...words].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const rows = await database.reader.all<{ words: string }>('select "words" from "thing" order by "words"');
  assert.deepEqual(
    rows.map((row) => row.words),
    bytes,
  );
  const [last] = await database.reader.all<{ words: string }>('select max("words") as "words" from "thing"');
  assert.equal(last?.words, bytes.at(-1));
  const above = await database.reader.all('select 1 from "thing" where "words" > ?', ['Zz']);
  assert.equal(above.length, bytes.length - 1 - bytes.indexOf('Zz'));
});

onBoth('nulls stand where the question says', async (source) => {
  const database = await withThings(source);
  await inTransaction(database, async () => {
    await put(database, 'none');
    await put(database, 'one', null, 1);
  });
  const order = async (nulls: string) =>
    (await database.reader.all<{ id: string }>(`select "id" from "thing" order by "count" ${nulls}`)).map((row) => row.id);
  assert.deepEqual(await order('asc nulls first'), ['none', 'one']);
  assert.deepEqual(await order('asc nulls last'), ['one', 'none']);
  assert.deepEqual(await order('desc nulls first'), ['none', 'one']);
  assert.deepEqual(await order('desc nulls last'), ['one', 'none']);
});

onBoth('rows compare as wholes, which is how lists are paged', async (source) => {
  const database = await withThings(source);
  await inTransaction(database, async () => {
    for (const [id, count] of [
      ['a', 1],
      ['b', 1],
      ['c', 2],
      ['Z', 2],
    ] as const)
      await put(database, id, null, count);
  });
  const rows = await database.reader.all<{ id: string }>(
    'select "id" from "thing" where ("count", "id") > (?, ?) order by "count", "id" limit ?',
    [1, 'a', 2],
  );
  assert.deepEqual(
    rows.map((row) => row.id),
    ['b', 'Z'],
  );
});

onBoth('a statement takes thousands of values', async (source) => {
  const database = await withThings(source);
  const ids = Array.from({ length: 5_000 }, (_, n) => `id-${n}`);
  await inTransaction(database, async () => {
    assert.equal(await database.writer.run(`insert into "thing" ("id") values ${ids.map(() => '(?)').join(', ')}`, ids), ids.length);
  });
  const rows = await database.reader.all(`select "id" from "thing" where "id" in (${ids.map(() => '?').join(', ')})`, ids);
  assert.equal(rows.length, ids.length);
});

onBoth('an upsert takes the row only where the condition holds, and says whether it did', async (source) => {
  const database = await withThings(source);
  const upsert = (count: number) =>
    database.writer.run(
      `insert into "thing" ("id", "count") values ('a', ?) on conflict ("id") do update set "count" = excluded."count"
       where excluded."count" > "thing"."count"`,
      [count],
    );
  await inTransaction(database, async () => {
    assert.deepEqual([await upsert(2), await upsert(1), await upsert(3)], [1, 0, 1]);
  });
  assert.deepEqual((await database.reader.all<{ count: number }>('select "count" from "thing"'))[0]?.count, 3);
});

onBoth('the reader sees what is committed, and no more', async (source) => {
  const database = await withThings(source);
  const seen = async () => (await database.reader.all('select 1 from "thing"')).length;
  await database.writer.begin();
  await put(database, 'a');
  assert.equal(await seen(), 0, 'not yet committed');
  assert.equal((await database.writer.all('select 1 from "thing"')).length, 1, 'the writer sees its own');
  await database.writer.commit();
  assert.equal(await seen(), 1);
});

onBoth('the reader cannot write, by statement or by builder', async (source) => {
  const database = await withThings(source);
  await assert.rejects(database.reader.run(`insert into "thing" ("id") values ('x')`), /read.?only/i);
  await assert.rejects(database.kysely.insertInto('thing').values({ id: 'x' }).execute(), /read.?only/i);
  await assert.rejects(sql`drop table "thing"`.execute(database.kysely), /read.?only/i);
  await assert.rejects(
    database.snapshot((at) => at.run(`insert into "thing" ("id") values ('x')`)),
    /read.?only/i,
  );
  assert.deepEqual(await database.reader.all('select * from "thing"'), []);
});

onBoth('a savepoint undoes its own part and nothing before it', async (source) => {
  const database = await withThings(source);
  const { writer } = database;
  await writer.begin();
  assert.equal(writer.inTransaction(), true);
  await writer.savepoint();
  await put(database, 'kept');
  await writer.release();
  await writer.savepoint();
  await put(database, 'undone');
  await assert.rejects(put(database, 'undone'), 'a row that is there already');
  await writer.rollbackTo();
  await writer.savepoint();
  await put(database, 'after');
  await writer.release();
  await writer.commit();
  assert.equal(writer.inTransaction(), false);
  const rows = await database.reader.all<{ id: string }>('select "id" from "thing" order by "id"');
  assert.deepEqual(
    rows.map((row) => row.id),
    ['after', 'kept'],
  );
});

onBoth('a rollback undoes everything', async (source) => {
  const database = await withThings(source);
  const { writer } = database;
  await writer.begin();
  await put(database, 'a');
  await writer.rollback();
  assert.equal(writer.inTransaction(), false);
  assert.deepEqual(await database.reader.all('select * from "thing"'), []);
});

onBoth('a snapshot sees one moment, while everybody else sees what is new', async (source) => {
  const database = await withThings(source);
  await inTransaction(database, () => put(database, 'before'));
  await database.snapshot(async (at) => {
    const seen = async () => (await at.all<{ id: string }>('select "id" from "thing" order by "id"')).map((row) => row.id);
    assert.deepEqual(await seen(), ['before']);
    await inTransaction(database, () => put(database, 'meanwhile'));
    assert.deepEqual(await seen(), ['before']);
    assert.equal((await database.reader.all('select 1 from "thing"')).length, 2);
  });
});

onBoth('the builder on the writer begins and ends no transaction of its own', async (source) => {
  const database = await withThings(source);
  await database.writer.begin();
  await assert.rejects(
    database.writer.kysely.transaction().execute(async (inner) => {
      await inner.insertInto('thing').values({ id: 'x' }).execute();
    }),
    /begins and ends none of its own/,
  );
  for (const word of ['commit', ' ROLLBACK', 'savepoint x', 'begin'])
    await assert.rejects(sql.raw(word).execute(database.writer.kysely), /begins and ends none of its own/);
  assert.equal(database.writer.inTransaction(), true);
  await database.writer.rollback();
});

onBoth('tables and columns are named as they were described', async (source) => {
  const database = await withThings(source);
  assert.deepEqual(await database.tables(), ['thing']);
  const columns = await database.columns('thing');
  assert.deepEqual(
    columns.map(({ name, nullable }) => [name, nullable]),
    [
      ['count', true],
      ['id', false],
      ['part', true],
      ['raw', true],
      ['words', true],
      ['yes', false],
    ],
  );
  assert.equal(columns.find((column) => column.name === 'yes')?.default, '0');
  assert.deepEqual(await database.columns('none'), []);
});

onBoth('a plan names the index a question uses, or shows that it uses none', async (source) => {
  const database = await withThings(source);
  assert.match(await database.plan('select * from "thing" where "count" = ? order by "id"'), /thing_count_id/);
  assert.doesNotMatch(await database.plan('select * from "thing" where "part" = ?'), /thing_count_id/);
});

onBoth('every failing statement is heard of, whoever made it', async (source) => {
  const database = await withThings(source);
  const heard: unknown[] = [];
  database.onError = (error) => heard.push(error);
  await assert.rejects(database.reader.all('select * from "nowhere"'));
  await assert.rejects(database.kysely.selectFrom('nowhere').selectAll().execute());
  await assert.rejects(database.snapshot((at) => at.all('select * from "nowhere"')));
  await database.writer.begin();
  await assert.rejects(database.writer.run('delete from "nowhere"'));
  await database.writer.rollback();
  assert.equal(heard.length, 4);
});

onBoth('a whole database has no faults, and says how large it is', async (source) => {
  const database = await withThings(source);
  assert.deepEqual(await database.faults(true), []);
  assert.deepEqual(await database.faults(false), []);
  const before = await database.bytes();
  assert.ok(before > 0);
  await inTransaction(database, async () => {
    for (let n = 0; n < 20; n++)
      await database.writer.run('insert into "thing" ("id", "raw") values (?, ?)', [`${n}`, new Uint8Array(1 << 16)]);
  });
  assert.ok((await database.bytes()) > before);
});

onBoth('a copy that cannot be written is a failure, and no more', async (source) => {
  const database = await withThings(source);
  const step = { progress() {}, signal: new AbortController().signal };
  await assert.rejects(database.backup('/nowhere/at/all', step));
  await inTransaction(database, () => put(database, 'and it goes on'));
});
