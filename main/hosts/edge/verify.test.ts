// --verify-audit as a real process: it finds what was changed, removed, put in or cut off, and starts nothing.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSqlite } from '../../store/sqlite.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { runEdge, sentenceOf, setUpFile, signedIn } from '../../testing/edge.ts';
import { tamper } from '../../testing/tamper.ts';

const PATIENCE = { timeout: 120_000 };
const COLUMNS = '"at", "actor", "session", "action", "outcome", "organisation", "site", "digest", "hash", "seenAs"';

const verify = (t: TestContext, data: string) => runEdge(t, ['--data', data, '--verify-audit']);

test(
  'an audit nobody touched is intact; changed, with a row removed, put in or cut off it is not, and the row is named',
  PATIENCE,
  async (t) => {
    const folder = temporaryFolder(t);
    const data = join(folder, 'station');
    const station = runEdge(t, ['--data', data, '--port', '0', '--setup', setUpFile(folder)]);
    const ada = await signedIn(await station.url);
    for (const name of ['One', 'Two', 'Three', 'Four']) await ada.call('people.createOrganisation', { name });

    const meanwhile = verify(t, data);
    assert.equal(await meanwhile.ended, 3, 'a station works in the folder');
    assert.match(sentenceOf(meanwhile), /Another Outpost works in /);
    const { rows } = await ada.call<{ rows: number }>('people.verifyAudit');
    assert.ok(rows > 5);
    assert.equal(await station.stop(), 0);

    const whole = verify(t, data);
    assert.equal(await whole.ended, 0);
    assert.deepEqual([whole.lines, whole.complaints()], [[`The audit is intact: ${rows} rows.`], '']);

    const forgeries: [statements: string[], named: RegExp, mend: string[]][] = [
      [
        ['update "audit" set "outcome" = \'refused\' where "seq" = 3'],
        /row 3 .*it was changed/,
        ['update "audit" set "outcome" = \'done\' where "seq" = 3'],
      ],
      [
        [`insert into "audit" select "incarnation", ${rows + 1}, ${COLUMNS} from "audit" where "seq" = 3`],
        new RegExp(`row ${rows + 1} .*it was put in`),
        [`delete from "audit" where "seq" > ${rows}`],
      ],
      // What these two take is gone: they come last, each seen for itself.
      [[`delete from "audit" where "seq" = ${rows}`], new RegExp(`after row ${rows - 1} .*1 row\\(s\\) are missing`), []],
      [['delete from "audit" where "seq" = 3'], /row 4 .*1 row\(s\) before it are missing/, []],
    ];
    for (const [statements, named, mend] of forgeries) {
      const change = async (all: string[]) => {
        const database = openSqlite({ file: join(data, 'site.db') });
        await tamper(database, ...all);
        await database.close();
      };
      await change(statements);
      const run = verify(t, data);
      assert.equal(await run.ended, 1, statements[0]);
      assert.match(sentenceOf(run), /^The audit is not intact: /);
      assert.match(sentenceOf(run), named);
      assert.deepEqual(run.lines, []);
      await change(mend);
    }
  },
);

test('where there is no store it ends with 2 and makes none', PATIENCE, async (t) => {
  const data = join(temporaryFolder(t), 'nowhere');
  const run = verify(t, data);
  assert.equal(await run.ended, 2);
  assert.match(sentenceOf(run), /There is no store in .*--data/);
  assert.ok(!existsSync(data));
});
