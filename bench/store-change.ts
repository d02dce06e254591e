// What store.change costs: eight writers changing records, against the very same rows written by bare prepared statements.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { systemRandom } from '../main/random.ts';
import { entity, text } from '../main/store/entities.ts';
import { openStore, station } from '../main/store/index.ts';
import { openSqlite } from '../main/store/sqlite.ts';
import { type Bench, bestOfEach, figure, perSecond } from './figure.ts';

const WRITERS = 8;
const CHANGES = 4_000;
const ROUNDS = 3;

export const bench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const ours = await openOurs(join(folder, 'ours.db'));
  const bare = openBare(join(folder, 'ours.db'), join(folder, 'bare.db'));
  const [changes, statements] = await bestOfEach(
    ROUNDS,
    () => perSecond(CHANGES, WRITERS, ours.change),
    () => perSecond(CHANGES, WRITERS, bare.write),
  );
  await ours.close();
  bare.close();
  rmSync(folder, { recursive: true, force: true });
  return [
    figure(
      'store-change',
      `${WRITERS} writers, on disk when answered`,
      changes,
      'changes/s',
      'prepared statements, same rows, same commits',
      statements,
    ),
  ];
};

const place = entity({
  name: 'place',
  table: 'places',
  scope: ['site'],
  fields: { site: text(), kind: text('building'), key: text(), name: text(), rank: text() },
  authority: 'anyone',
});

async function openOurs(file: string) {
  const store = await openStore({
    database: openSqlite({ file }),
    entities: [place],
    clock: Date.now,
    random: systemRandom(),
    log: { error: () => {} },
  });
  let n = 0;
  return {
    change: () =>
      store.change(station('bench'), (tx) =>
        tx.create(place, tx.id(), 'site:bench', { site: 'bench', key: `hall-${++n}`, name: `Hall ${n}`, rank: 'a0' }),
      ),
    close: () => store.close(),
  };
}

/** Learns from one of our changes which rows it leaves in which tables, and writes rows like them. */
function openBare(ours: string, file: string) {
  const source = new SQLite(ours, { readonly: true });
  const raw = new SQLite(file);
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = FULL');
  for (const { sql } of source.prepare("select sql from sqlite_master where sql is not null and name not like 'sqlite_%'").all() as {
    sql: string;
  }[])
    raw.exec(sql);
  source.close();

  const op = raw.prepare(
    'insert into op (seq, incarnation, n, opId, txId, scope, entity, rowId, field, value, hlc, actor, at, state) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
  );
  const reg = raw.prepare('insert into reg (entity, rowId, field, value, hlc, opId) values (?,?,?,?,?,?)');
  const row = raw.prepare('insert into places (id, scope, site, key, name, rank) values (?,?,?,?,?,?)');
  const audit = raw.prepare(
    'insert into audit (incarnation, seq, at, actor, session, action, outcome, organisation, site, digest, hash) values (?,?,?,?,?,?,?,?,?,?,?)',
  );
  const detail = raw.prepare('insert into auditDetail (incarnation, seq, salt, body) values (?,?,?,?)');
  const head = raw.prepare("insert into meta (key, value) values ('head', ?) on conflict (key) do update set value = excluded.value");
  const FIELDS = ['site', 'key', 'name', 'rank'];
  const BODY = JSON.stringify({
    from: 'station',
    message: null,
    changes: FIELDS.map((field) => ({ entity: 'place', id: '0'.repeat(36), field, before: null, after: 'Hall 12345' })),
  });
  let n = 0;
  let seq = 0;
  let waiting: (() => void)[] = [];

  const insert = () => {
    const id = `00000000-0000-7000-8000-${String(++n).padStart(12, '0')}`;
    const hlc = n.toString(16).padStart(16, '0');
    row.run(id, 'site:bench', 'bench', `hall-${n}`, `Hall ${n}`, 'a0');
    for (const field of FIELDS) {
      seq += 1;
      const opId = `${id.slice(0, 14)}${seq.toString(16).padStart(22, '0')}`;
      op.run(seq, 'i', seq, opId, id, 'site:bench', 'place', id, field, `"Hall ${n}"`, hlc, null, Date.now(), 'confirmed');
      reg.run('place', id, field, `"Hall ${n}"`, hlc, opId);
    }
    audit.run('i', n, Date.now(), null, null, 'bench', 'done', null, null, '0'.repeat(64), '0'.repeat(64));
    detail.run('i', n, '0'.repeat(32), BODY);
  };
  const commit = () => {
    const now = waiting;
    waiting = [];
    raw.exec('begin immediate');
    for (const _ of now) insert();
    head.run(String(n));
    raw.exec('commit');
    for (const answer of now) answer();
  };
  return {
    /** All that wait in one turn of the loop share a commit, as ours do. */
    write: () =>
      new Promise<void>((resolve) => {
        if (waiting.length === 0) setImmediate(commit);
        waiting.push(resolve);
      }),
    close: () => raw.close(),
  };
}
