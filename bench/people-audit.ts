// What the audit costs: a change with its rows against the same change's statements without them, and a page out of a million rows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { EXAMPLE } from '../contract/examples.ts';
import { type Bench, bestOfEach, figure, perSecond } from './figure.ts';
import { openBenchStation, REQUEST } from './station.ts';

const ROWS = 1_000_000;
const CHANGES = 4_000;
/** Changes that wait at the same moment share a commit, as in the store. */
const TOGETHER = 8;
const ROUNDS = 5;
const PAGES = 50;
const LIMIT_MS = 50;
const changes = (commits: number) => commits * TOGETHER;
const LIFE = '00000000-0000-7000-8000-000000000000';

export const bench: Bench = async () => {
  const station = await openBenchStation();
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const { database: file } = station.site.station.folder;
  const bare = openBare(file, join(folder, 'bare.db'));
  const [withAudit, without] = await bestOfEach(
    ROUNDS,
    () => perSecond(CHANGES / TOGETHER, 1, async () => bare.commit(true)).then(changes),
    () => perSecond(CHANGES / TOGETHER, 1, async () => bare.commit(false)).then(changes),
  );
  bare.close();
  rmSync(folder, { recursive: true, force: true });

  fill(file);
  const { people } = station.site.client(REQUEST);
  let slowest = 0;
  for (const filter of [{}, { person: EXAMPLE.viewer }, { to: ROWS / 2 }, { organisation: EXAMPLE.organisation, from: 1, to: ROWS / 2 }])
    for (let n = 0; n < PAGES; n++) {
      const started = performance.now();
      const { entries } = await people.listAudit({ ...filter, before: `${LIFE}.${ROWS / 2 + n}`, limit: 100 });
      slowest = Math.max(slowest, performance.now() - started);
      if (entries.length !== 100) throw new Error(`a page of ${entries.length}`);
    }
  await station.close();
  return [
    figure(
      'people-audit',
      `${TOGETHER} changes a commit with their audit, prepared statements`,
      withAudit,
      'changes/s',
      'the same without the audit rows',
      without,
    ),
    figure('people-audit', `slowest page of 100 in the middle of ${ROWS.toLocaleString('en-US')} rows`, slowest, 'ms', 'limit', LIMIT_MS),
  ];
};

const AUDIT =
  'insert into audit (incarnation, seq, at, actor, session, action, outcome, organisation, site, digest, hash) values (?,?,?,?,?,?,?,?,?,?,?)';
const DETAIL = 'insert into auditDetail (incarnation, seq, salt, body) values (?,?,?,?)';
const BODY = JSON.stringify({
  from: '192.0.2.7',
  message: null,
  changes: [{ entity: 'place', id: EXAMPLE.building, field: 'name', before: 'Hall 1', after: 'Hall 2' }],
});
const PLACE = [EXAMPLE.organisation, EXAMPLE.site] as const;
const HASHES = ['0'.repeat(64), '0'.repeat(64)] as const;

/** The statements that rename a place, so many a commit on disk, in a database with all the indexes of ours. */
function openBare(ours: string, file: string) {
  const source = new SQLite(ours, { readonly: true });
  const raw = new SQLite(file);
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = FULL');
  const schema = source.prepare("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'").all() as {
    sql: string;
  }[];
  for (const { sql } of schema) raw.exec(sql);
  source.close();
  const op = raw.prepare(
    'insert into op (seq, incarnation, n, opId, txId, scope, entity, rowId, field, value, hlc, actor, at, state) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
  );
  const reg = raw.prepare('insert or replace into reg (entity, rowId, field, value, hlc, opId) values (?,?,?,?,?,?)');
  const head = raw.prepare("insert into meta (key, value) values ('head', ?) on conflict (key) do update set value = excluded.value");
  const audit = raw.prepare(AUDIT);
  const detail = raw.prepare(DETAIL);
  let n = 0;
  const change = (audited: boolean) => {
    const id = `00000000-0000-7000-8000-${String(++n).padStart(12, '0')}`;
    const hlc = n.toString(16).padStart(16, '0');
    op.run(n, LIFE, n, id, id, 'site:bench', 'place', EXAMPLE.building, 'name', `"Hall ${n}"`, hlc, EXAMPLE.viewer, n, 'confirmed');
    reg.run('place', EXAMPLE.building, 'name', `"Hall ${n}"`, hlc, id);
    if (audited) {
      audit.run(LIFE, n, n, EXAMPLE.viewer, null, 'people.updatePlace', 'done', ...PLACE, ...HASHES);
      detail.run(LIFE, n, '0'.repeat(32), BODY);
    }
  };
  const commit = raw.transaction((audited: boolean) => {
    for (let one = 0; one < TOGETHER; one++) change(audited);
    head.run(String(n));
  });
  return { commit: (audited: boolean) => commit.immediate(audited), close: () => raw.close() };
}

/** A million rows of an earlier life, every third by somebody else, every thousandth a refusal. */
function fill(file: string): void {
  const raw = new SQLite(file);
  const audit = raw.prepare(AUDIT);
  const detail = raw.prepare(DETAIL);
  raw.transaction(() => {
    for (let n = 1; n <= ROWS; n++) {
      const actor = n % 3 === 0 ? EXAMPLE.admin : EXAMPLE.viewer;
      audit.run(LIFE, n, n, actor, null, 'people.updatePlace', n % 1_000 === 0 ? 'refused' : 'done', ...PLACE, ...HASHES);
      detail.run(LIFE, n, '0'.repeat(32), BODY);
    }
  })();
  raw.close();
}
