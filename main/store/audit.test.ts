// The audit says who did what, and every way of changing it afterwards is found and named.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as people from '../people/entities.ts';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import { seededRandom } from '../testing/station.ts';
import { author, openTestStore, type TestStore } from '../testing/store.ts';
import { tamper } from '../testing/tamper.ts';
import { COPIED } from './identity.ts';

const ROWS = 12;

/** A store with a dozen rows in its audit, of changes and of refusals. */
async function withHistory(source: TestDatabase): Promise<TestStore> {
  const store = await openTestStore(source);
  for (let n = 1; n <= ROWS; n++) {
    if (n % 3 === 0)
      await store.audit({
        actor: null,
        session: null,
        action: 'people.signIn',
        outcome: 'refused',
        organisation: null,
        site: null,
        detail: { from: '192.0.2.7', message: 'E-mail or password is wrong.', changes: [] },
      });
    else
      await store.change(author('people.createPlace', { site: 's1' }), (tx) =>
        tx.create(people.place, `p${n}`, 'site:s1', { name: `Hall ${n}` }),
      );
  }
  assert.deepEqual(await store.verifyAudit(), { rows: ROWS, fault: null });
  return store;
}

onBoth('a row tells who, what, where and how it ended; a change that changed nothing leaves none', async (source) => {
  const store = await openTestStore(source);
  await store.change(author('people.a', { person: 'ada', session: 'x', organisation: 'o', site: 's' }), async (tx) => tx.note('because'));
  await store.change(author('people.b'), async () => 'only asked');
  await store.change(author('people.c'), async (tx) => {
    tx.note(null, [{ entity: 'person', id: 'p', field: 'link', before: null, after: 5 }]);
  });
  const rows = await store.database.reader.all<Record<string, unknown>>(
    `select a."seq", a."at", a."actor", a."session", a."action", a."outcome", a."organisation", a."site", d."body"
     from "audit" a join "auditDetail" d using ("incarnation", "seq") order by "seq"`,
  );
  const at = store.clock();
  assert.deepEqual(
    rows.map(({ body, ...row }) => ({ ...row, ...JSON.parse(body as string) })),
    [
      {
        seq: 1,
        at,
        actor: 'ada',
        session: 'x',
        action: 'people.a',
        outcome: 'done',
        organisation: 'o',
        site: 's',
        from: 'test',
        message: 'because',
        changes: [],
      },
      {
        seq: 2,
        at,
        actor: author().person,
        session: null,
        action: 'people.c',
        outcome: 'done',
        organisation: null,
        site: null,
        from: 'test',
        message: null,
        changes: [{ entity: 'person', id: 'p', field: 'link', before: null, after: 5 }],
      },
    ],
  );
});

const shift = (from: number, by: number) =>
  ['audit', 'auditDetail'].flatMap((table) => [
    // In two steps: rows that move one by one would meet.
    `update "${table}" set "seq" = -"seq" where "seq" >= ${from}`,
    `update "${table}" set "seq" = -"seq" + ${by} where "seq" < 0`,
  ]);

/** What each forger does, and the row that must be named for it. */
const FORGERIES: [what: string, statements: string[], named: RegExp][] = [
  ...(
    [
      ['at', '"at" + 1'],
      ['actor', `'somebody else'`],
      ['session', `'x'`],
      ['action', `'people.innocent'`],
      ['outcome', `'failed'`],
      ['organisation', `'other'`],
      ['site', `'other'`],
      ['seenAs', `'other'`],
      ['digest', `'${'0'.repeat(64)}'`],
      ['hash', `'${'0'.repeat(64)}'`],
    ] as const
  ).map(([column, value]): [string, string[], RegExp] => [
    `${column} was changed`,
    [`update "audit" set "${column}" = ${value} where "seq" = 5`],
    /row 5 .*it was changed/,
  ]),
  ['the details were changed', [`update "auditDetail" set "body" = '{}' where "seq" = 5`], /row 5 .*details were changed/],
  ['the salt was changed', [`update "auditDetail" set "salt" = '00' where "seq" = 5`], /row 5 .*details were changed/],
  ['a row was removed', ['delete from "audit" where "seq" = 5'], /row 6 .*1 row\(s\) before it are missing/],
  ['several rows were removed', ['delete from "audit" where "seq" in (5, 6, 7)'], /row 8 .*3 row\(s\) before it are missing/],
  ['the first row was removed', ['delete from "audit" where "seq" = 1'], /row 2 .*1 row\(s\) before it are missing/],
  [
    'a row was removed and the rest moved up',
    ['delete from "audit" where "seq" = 5', 'delete from "auditDetail" where "seq" = 5', ...shift(6, -1)],
    /row 5 .*it was changed/,
  ],
  [
    'two rows changed places',
    [
      `update "audit" set "seq" = 100 where "seq" = 5`,
      `update "audit" set "seq" = 5 where "seq" = 6`,
      `update "audit" set "seq" = 6 where "seq" = 100`,
    ],
    /row 5 /,
  ],
  [
    'a row was put in between',
    [
      ...shift(5, 1),
      `insert into "audit" select "incarnation", 5, "at", "actor", "session", "action", "outcome", "organisation", "site", "digest", "hash", "seenAs" from "audit" where "seq" = 4`,
    ],
    /row 5 .*a row was put in before it/,
  ],
  [
    'a row was put in at the end',
    [
      `insert into "audit" select "incarnation", ${ROWS + 1}, "at", "actor", "session", "action", "outcome", "organisation", "site", "digest", "hash", "seenAs" from "audit" where "seq" = 4`,
    ],
    new RegExp(`row ${ROWS + 1} .*put in behind the last`),
  ],
  [
    'the end was cut off',
    [`delete from "audit" where "seq" > ${ROWS - 2}`],
    new RegExp(`after row ${ROWS - 2} .*2 row\\(s\\) are missing`),
  ],
  [
    'everything was deleted',
    ['delete from "audit"', 'delete from "auditDetail"'],
    new RegExp(`after row 0 .*${ROWS} row\\(s\\) are missing`),
  ],
  [
    'rows were put in under a life this store never had',
    [
      `insert into "audit" select 'other', "seq", "at", "actor", "session", "action", "outcome", "organisation", "site", "digest", "hash", "seenAs" from "audit"`,
    ],
    /incarnation other: its rows were put in/,
  ],
];

onBoth('whatever is changed, removed or put in afterwards is found, and its row named', async (source) => {
  const store = await withHistory(source);
  const { reader } = store.database;
  const originals = await Promise.all(
    ['audit', 'auditDetail'].map((table) => reader.all<Record<string, string>>(`select * from "${table}"`)),
  );
  for (const [what, statements, named] of FORGERIES) {
    await tamper(store.database, ...statements);
    assert.match((await store.verifyAudit()).fault ?? 'nothing found', named, what);
    // Put back as it was, for the next forger.
    await tamper(store.database, 'delete from "audit"', 'delete from "auditDetail"');
    for (const [i, table] of ['audit', 'auditDetail'].entries())
      for (const row of originals[i] ?? []) {
        const columns = Object.keys(row);
        const sql = `insert into "${table}" (${columns.map((name) => `"${name}"`)}) values (${columns.map(() => '?')})`;
        await tamper(store.database, [sql, Object.values(row)]);
      }
    assert.deepEqual(await store.verifyAudit(), { rows: ROWS, fault: null }, `after ${what}`);
  }
});

onBoth('what was found does not heal by going on', async (source) => {
  const store = await withHistory(source);
  await tamper(store.database, `update "audit" set "outcome" = 'done' where "seq" = 3`);
  for (let n = 0; n < 3; n++) await store.change(author('people.later'), async (tx) => tx.note(null));
  assert.match((await store.verifyAudit()).fault ?? 'nothing found', /row 3 /);
});

onBoth('a chain written anew from the beginning, every hash right, is found by its end', async (source) => {
  const store = await withHistory(source);
  type Row = Record<'incarnation' | 'action' | 'outcome' | 'digest' | 'hash', string> &
    Record<'seq' | 'at', number> &
    Record<'actor' | 'session' | 'organisation' | 'site', string | null>;
  const rows = await store.database.reader.all<Row>('select * from "audit" order by "seq"');
  let previous = '';
  for (const row of rows) {
    if (row.seq === 3) row.outcome = 'done';
    const { incarnation, seq, at, actor, session, action, outcome, organisation, site, digest } = row;
    row.hash = createHash('sha256')
      .update(previous)
      .update(JSON.stringify([incarnation, seq, at, actor, session, action, outcome, organisation, site, digest]))
      .digest('hex');
    previous = row.hash;
    await tamper(store.database, ['update "audit" set "outcome" = ?, "hash" = ? where "seq" = ?', [outcome, row.hash, seq]]);
  }
  assert.match((await store.verifyAudit()).fault ?? 'nothing found', new RegExp(`row ${ROWS} .*written anew`));
});

onBoth('as whom somebody saw the station is a part of the chain, and cannot be taken out of it', async (source) => {
  for (const value of ['null', `'another'`]) {
    const store = await openTestStore({ ...source });
    await store.change(author('people.seeAs', { person: 'ada', seenAs: 'otto' }), async (tx) => tx.note(null));
    const { rows, fault } = await store.verifyAudit();
    assert.equal(fault, null);
    await tamper(store.database, `update "audit" set "seenAs" = ${value} where "seq" = ${rows}`);
    assert.match((await store.verifyAudit()).fault ?? 'nothing found', new RegExp(`row ${rows} .*it was changed`));
    await tamper(store.database, `update "audit" set "seenAs" = 'otto' where "seq" = ${rows}`);
    await store.close();
  }
});

onBoth('what a row says of people may be erased: the chain still verifies', async (source) => {
  const store = await withHistory(source);
  await store.change(author('people.erase'), async (tx) => {
    await tx.db.deleteFrom('auditDetail').where('seq', 'in', [2, 5, ROWS]).execute();
    tx.note(null);
  });
  assert.deepEqual(await store.verifyAudit(), { rows: ROWS + 1, fault: null });
  const text = JSON.stringify(await store.database.reader.all('select * from "audit" where "seq" = 5'));
  assert.doesNotMatch(text, /Hall 5/, 'what is left names nothing that was erased');
});

onBoth('digests are salted: two rows that say the same look different', async (source) => {
  const store = await openTestStore(source);
  for (let n = 0; n < 2; n++) await store.change(author('people.same'), async (tx) => tx.note('the same'));
  const rows = await store.database.reader.all<{ digest: string }>('select "digest" from "audit"');
  assert.equal(new Set(rows.map((row) => row.digest)).size, 2);
});

onBoth('a life that has ended keeps its end: it cannot be shortened later', async (source) => {
  const first = await withHistory(source);
  const { incarnation } = first;
  await tamper(first.database, ['insert into "meta" ("key", "value") values (?, ?)', [COPIED, 'restored']]);
  await first.close();
  const store = await openTestStore(source, { random: seededRandom('second life') });
  await store.change(author('people.later'), async (tx) => tx.note(null));
  assert.deepEqual(await store.verifyAudit(), { rows: ROWS + 1, fault: null });
  await tamper(store.database, [`delete from "audit" where "incarnation" = ? and "seq" > 10`, [incarnation]]);
  assert.match(
    (await store.verifyAudit()).fault ?? 'nothing found',
    new RegExp(`after row 10 of incarnation ${incarnation}: ${ROWS - 10} row`),
  );
  await tamper(store.database, ['delete from "audit" where "incarnation" = ?', [incarnation]]);
  assert.match((await store.verifyAudit()).fault ?? 'nothing found', new RegExp(`after row 0 of incarnation ${incarnation}`));
});

onBoth('a check while others work finds nothing to complain of', async (source) => {
  const store = await withHistory(source);
  let working = true;
  const work = (async () => {
    while (working) await store.change(author('people.busy'), async (tx) => tx.note(null));
  })();
  for (let n = 0; n < 20; n++) assert.equal((await store.verifyAudit()).fault, null);
  working = false;
  await work;
});
