// No question the station really asks reads a whole table that grows. The questions are not written down here: they are
// those that the areas ask while every procedure is called once.
import assert from 'node:assert/strict';
import type { KyselyPlugin, RootOperationNode } from 'kysely';
import { EXAMPLE } from '../../contract/examples.ts';
import { contract } from '../../contract/index.ts';
import type { ProcedureMeta } from '../../contract/procedure.ts';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import { CONSOLE, openTestStation, type TestStation } from '../testing/station.ts';
import { buildWorld, CAST } from '../testing/world.ts';
import type { Database } from './database.ts';

/** Tables that stay small, or are read as a whole on purpose, and why. */
const MAY_BE_SCANNED: Readonly<Record<string, string>> = {
  meta: 'a handful of rows',
  incarnation: 'a row for each restore',
  organisations: 'all are kept in memory',
  sites: 'all are kept in memory',
  teams: 'all are kept in memory',
  mailServers: 'one for a place',
  signInLink: 'they live for hours',
};

/** Questions that may read more than an index shows them, and why. */
const MAY_READ_ALL: readonly [RegExp, string][] = [
  [/^select "id" from "people" limit/, 'asks whether there is anybody: it ends with the first'],
  [/from "op" where "state" = 'pending'$/, 'its index holds what is pending and nothing else'],
  [/^select sum\(length\(t::text\)\)/, 'the check of the store means to read everything'],
];

/** Notes the text of everything that is asked, by builder or by hand. */
function record(database: Database): Set<string> {
  const texts = new Set<string>();
  const noting = (kysely: Database['kysely']): Database['kysely'] => {
    const plugin: KyselyPlugin = {
      transformQuery({ node, queryId }) {
        texts.add(kysely.getExecutor().compileQuery(node as RootOperationNode, queryId).sql);
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    return kysely.withPlugin(plugin);
  };
  Object.assign(database, { kysely: noting(database.kysely) });
  Object.assign(database.writer, { kysely: noting(database.writer.kysely) });
  for (const connection of [database.reader, database.writer])
    for (const way of ['all', 'run'] as const) {
      const plain = connection[way].bind(connection) as typeof connection.all;
      Object.assign(connection, {
        [way]: (sql: string, params?: []) => {
          texts.add(sql);
          return plain(sql, params);
        },
      });
    }
  return texts;
}

/** Questions first; what ends the session that asks comes last. */
function calls(): { area: string; name: string; example: unknown }[] {
  const all = Object.entries(contract).flatMap(([area, procedures]) =>
    Object.entries(procedures as Record<string, { '~orpc': { meta: ProcedureMeta } }>).map(([name, declared]) => ({
      area,
      name,
      ...declared['~orpc'].meta,
    })),
  );
  const turn = ({ kind, name }: (typeof all)[number]) =>
    /signOut|revokeSession|changePassword/.test(name) ? 2 : kind === 'question' ? 0 : 1;
  return all.sort((one, other) => turn(one) - turn(other));
}

/** Opens a station on the database and calls every procedure with its example, as people of different reach. */
async function callEverything(source: TestDatabase): Promise<{ database: Database; texts: Set<string> }> {
  const database = await source.open();
  const texts = record(database);
  const station = await openTestStation(source.t, { database: { ...source, open: async () => database } });
  await buildWorld(station);
  // First: some examples end the session that asks.
  await askForTheAuditInEveryWay(station);
  let answered = 0;
  for (const { token } of [CAST.viewer, CAST.siteManager, CAST.organisationAdmin, CAST.platformAdmin])
    for (const { area, name, example } of calls()) {
      const client = station.client({ token, origin: CONSOLE }) as unknown as Record<
        string,
        Record<string, (input: unknown) => Promise<unknown>>
      >;
      await client[area]?.[name]?.(example).then(
        () => (answered += 1),
        () => {},
      );
    }
  assert.ok(answered > 20, `${answered} calls were answered`);
  return { database, texts };
}

/** Whatever narrows it, in every combination, and the page behind the first. */
async function askForTheAuditInEveryWay(station: TestStation): Promise<void> {
  const { people } = station.client({ token: CAST.platformAdmin.token, origin: CONSOLE });
  const [newest] = (await people.listAudit({ limit: 1 })).entries;
  const before = `${newest?.incarnation}.${newest?.seq}`;
  const ways = Object.entries({
    site: EXAMPLE.site,
    organisation: EXAMPLE.organisation,
    person: CAST.viewer.id,
    from: 1,
    to: 2 ** 52,
    outcome: 'refused',
    before,
  });
  for (let bits = 0; bits < 2 ** ways.length; bits++)
    await people.listAudit(Object.fromEntries(ways.filter((_, n) => bits & (1 << n))) as Parameters<typeof people.listAudit>[0]);
}

/** The tables a plan reads from end to end. */
function scanned(dialect: Database['dialect'], plan: string): string[] {
  const found = plan.matchAll(dialect === 'sqlite' ? /^SCAN (?!CONSTANT|SUBQUERY|\d)(\w+)/gm : /Seq Scan on "?(\w+)"?/g);
  return [...found].map((match) => match[1] as string);
}

onBoth('no question of the station reads a whole table that grows', async (source) => {
  const { database, texts } = await callEverything(source);
  const tables = new Set(await database.tables());
  const bad: string[] = [];
  let asked = 0;
  let audits = 0;
  for (const text of [...texts]) {
    if (!/^\s*(select|with|update|delete)/i.test(text) || MAY_READ_ALL.some(([question]) => question.test(text))) continue;
    const plan = await database.plan(text);
    asked += 1;
    if (/from "audit" left join/.test(text)) {
      audits += 1;
      // The newest of all are read along an index from its end, which the page ends: no scan that grows.
      assert.doesNotMatch(plan, /SCAN audit(?! USING INDEX)|Seq Scan|TEMP B-TREE|Sort/, `a page of the audit: ${text}\n  ${plan}`);
      continue;
    }
    for (const name of scanned(database.dialect, plan)) {
      // A plan may speak of a table by the alias the question gave it.
      const table = tables.has(name) ? name : new RegExp(`"(\\w+)" (?:as )?"${name}"`).exec(text)?.[1];
      if (table !== undefined && !Object.hasOwn(MAY_BE_SCANNED, table))
        bad.push(`${table} in: ${text}\n  ${plan.replaceAll('\n', '\n  ')}`);
    }
  }
  assert.ok(asked > 60, `${asked} questions were looked at`);
  assert.ok(audits > 60, `${audits} ways to ask for the audit were looked at`);
  assert.equal(bad.join('\n\n'), '');
});
