// What lies where: series, files and chunks, and the rollups themselves, in one SQLite file. Times are whole milliseconds, and bound as
// numbers, which SQLite keeps as integers in columns of that kind.
import { type OwnFile, openOwnFile } from '../../store/ownFile.ts';
import type { Identity, Summary } from './chunk.ts';

export type SeriesRow = {
  id: number;
  tag: string;
  epoch: number;
  class: string;
  /** Between two samples, in ms; 0 where samples come as they please. */
  period: number;
  /** The record of the log up to which everything is sealed. */
  sealed: number;
  /** The latest time that is sealed; null where nothing is. */
  until: number | null;
  /** The longest time that one chunk covers. */
  span: number;
  /** Raw samples up to here may have been deleted; null where none was. */
  deleted: number | null;
  /** Rows of `tail`. */
  tails: number;
};

export type FileRow = { id: number; class: string; bytes: number; chunks: number; from: number; to: number };
export type ChunkRow = Summary & {
  series: number;
  incarnation: string;
  sequence: number;
  file: number;
  place: number;
  length: number;
};

const SCHEMA = `
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists series (
  id integer primary key, tag text not null, epoch integer not null, class text not null, period integer not null,
  sealed integer not null default 0, until integer, span integer not null default 0, deleted integer, tails integer not null default 0,
  unique (tag, epoch)
);
create table if not exists life (id integer primary key, incarnation text not null unique, last integer not null default 0);
create table if not exists file (
  id integer primary key, class text not null, bytes integer not null default 0, chunks integer not null default 0,
  "from" integer, "to" integer, doomed integer not null default 0
);
create table if not exists chunk (
  series integer not null, "from" integer not null, life integer not null, sequence integer not null,
  "to" integer not null, count integer not null, n integer not null, min real not null, max real not null, sum real not null,
  worst integer not null, file integer not null, place integer not null, length integer not null,
  primary key (series, "from", life, sequence)
) without rowid;
create unique index if not exists chunkIdentity on chunk (life, sequence);
create index if not exists chunkFile on chunk (file);
create table if not exists block (id integer primary key, series integer not null, level integer not null, start integer not null, body blob not null);
create unique index if not exists blockPlace on block (series, level, start);
create table if not exists tail (id integer primary key, series integer not null, body blob not null);
create index if not exists tailSeries on tail (series);
`;

const CHUNK = `c.series, c."from", c."to", c.count, c.n, c.min, c.max, c.sum, c.worst, c.file, c.place, c.length, c.sequence, l.incarnation`;

export type Catalog = ReturnType<typeof openCatalog>;

export function openCatalog(path: string) {
  const raw: OwnFile = openOwnFile(path);
  try {
    raw.exec(SCHEMA);
    return catalogOn(raw);
  } catch (error) {
    raw.close();
    throw error;
  }
}

function catalogOn(raw: OwnFile) {
  const addSeries = raw.prepare('insert into series (tag, epoch, class, period) values (?,?,?,?)');
  const changeSeries = raw.prepare('update series set class = ?, period = ? where id = ?');
  const keepSeries = raw.prepare('update series set sealed = ?, until = ?, span = ?, tails = ? where id = ?');
  const keepDeleted = raw.prepare('update series set deleted = max(coalesce(deleted, ?), ?) where id = ?');
  const addLife = raw.prepare('insert into life (incarnation) values (?) on conflict (incarnation) do nothing');
  const life = raw.prepare('select id, last from life where incarnation = ?');
  const keepLast = raw.prepare('update life set last = max(last, ?) where id = ?');
  const addChunk = raw.prepare(
    `insert into chunk (series, "from", life, sequence, "to", count, n, min, max, sum, worst, file, place, length) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
  );
  const chunkOf = raw.prepare(`select ${CHUNK} from chunk c join life l on l.id = c.life where c.life = ? and c.sequence = ?`);
  const overlapping = raw.prepare(
    `select ${CHUNK} from chunk c join life l on l.id = c.life
     where c.series = ? and c."from" >= ? and c."from" < ? and c."to" >= ? order by c."from", l.incarnation, c.sequence`,
  );
  const shipped = raw.prepare(
    `select ${CHUNK} from chunk c join life l on l.id = c.life where c.life = ? and c.sequence > ? order by c.sequence limit ?`,
  );
  const addFile = raw.prepare('insert into file (class) values (?)');
  const growFile = raw.prepare(
    'update file set bytes = ?, chunks = chunks + ?, "from" = min(coalesce("from", ?), ?), "to" = max(coalesce("to", ?), ?) where id = ?',
  );
  const files = raw.prepare(
    'select id, class, bytes, chunks, coalesce("from", 0) as "from", coalesce("to", 0) as "to" from file where doomed = 0 order by id',
  );
  const block = raw.prepare('select body from block where series = ? and level = ? and start = ?');
  const blocks = raw.prepare('select start, body from block where series = ? and level = ? and start >= ? and start < ? order by start');
  const putBlock = raw.prepare(
    'insert into block (series, level, start, body) values (?,?,?,?) on conflict (series, level, start) do update set body = excluded.body',
  );
  const addTail = raw.prepare('insert into tail (series, body) values (?,?)');
  const tails = raw.prepare('select body from tail where series = ? order by id');
  const dropTails = raw.prepare('delete from tail where series = ?');
  const meta = raw.prepare('select value from meta where key = ?').pluck();
  const putMeta = raw.prepare('insert into meta (key, value) values (?,?) on conflict (key) do update set value = excluded.value');
  const lives = new Map<string, number>();

  const lifeOf = (incarnation: string): number => {
    let id = lives.get(incarnation);
    if (id === undefined) {
      addLife.run(incarnation);
      id = (life.get(incarnation) as { id: number }).id;
      lives.set(incarnation, id);
    }
    return id;
  };

  return {
    /** Everything within is there afterwards, or nothing; and it is on disk. */
    transaction<T>(work: () => T): T {
      raw.exec('begin immediate');
      try {
        const result = work();
        raw.exec('commit');
        return result;
      } catch (error) {
        // A life that was new in it is so again.
        lives.clear();
        if (raw.inTransaction) raw.exec('rollback');
        throw error;
      }
    },
    allSeries: () => raw.prepare('select * from series').all() as SeriesRow[],
    addSeries: (tag: string, epoch: number, className: string, period: number) =>
      Number(addSeries.run(tag, epoch, className, period).lastInsertRowid),
    changeSeries: (id: number, className: string, period: number) => changeSeries.run(className, period, id),
    keepSeries: ({ id, sealed, until, span, tails: rows }: SeriesRow) => keepSeries.run(sealed, until, span, rows, id),

    lastSequence: (incarnation: string) => (life.get(incarnation) as { last: number } | undefined)?.last ?? 0,
    addChunk(series: number, { incarnation, sequence }: Identity, one: Summary, file: number, place: number, length: number): void {
      const of = lifeOf(incarnation);
      const { from, to, count, n, min, max, sum, worst } = one;
      // NaN cannot be bound: it would be null. A sum of both infinities is not asked for by anybody.
      addChunk.run(series, from, of, sequence, to, count, n, min, max, Number.isNaN(sum) ? 0 : sum, worst, file, place, length);
      keepLast.run(sequence, of);
    },
    chunk(incarnation: string, sequence: number): ChunkRow | undefined {
      const of = (life.get(incarnation) as { id: number } | undefined)?.id;
      return of === undefined ? undefined : (chunkOf.get(of, sequence) as ChunkRow | undefined);
    },
    /** Those that may hold samples from a time up to, but not with, another; by their beginning. */
    overlapping: ({ id, span }: SeriesRow, from: number, to: number) => overlapping.all(id, from - span, to, from) as ChunkRow[],
    /** The same, as far as they are asked for. */
    overlappingOneByOne: ({ id, span }: SeriesRow, from: number, to: number) =>
      overlapping.iterate(id, from - span, to, from) as IterableIterator<ChunkRow>,
    chunksAfter(incarnation: string, sequence: number, most: number): ChunkRow[] {
      const of = (life.get(incarnation) as { id: number } | undefined)?.id;
      return of === undefined ? [] : (shipped.all(of, sequence, most) as ChunkRow[]);
    },

    addFile: (className: string) => Number(addFile.run(className).lastInsertRowid),
    restoreFile: (id: number, className: string, bytes: number) =>
      raw.prepare('insert into file (id, class, bytes) values (?,?,?)').run(id, className, bytes),
    growFile: (id: number, bytes: number, chunks: number, from: number, to: number) => growFile.run(bytes, chunks, from, from, to, to, id),
    files: () => files.all() as FileRow[],
    doomed: () => raw.prepare('select id from file where doomed = 1').pluck().all() as number[],
    doom: (id: number) => raw.prepare('update file set doomed = 1 where id = ?').run(id),
    forgetFile: (id: number) => raw.prepare('delete from file where id = ?').run(id),
    /** Up to so many chunks of a file, which are then gone from here; gives them. */
    forgetChunks(file: number, most: number): { series: number; to: number }[] {
      const rows = raw.prepare('select series, "from", life, sequence, "to" from chunk where file = ? limit ?').all(file, most) as {
        series: number;
        from: number;
        life: number;
        sequence: number;
        to: number;
      }[];
      const remove = raw.prepare('delete from chunk where life = ? and sequence = ?');
      for (const row of rows) {
        remove.run(row.life, row.sequence);
        keepDeleted.run(row.to, row.to, row.series);
      }
      return rows;
    },

    block: (series: number, level: number, start: number) => (block.get(series, level, start) as { body: Uint8Array } | undefined)?.body,
    blocks: (series: number, level: number, from: number, to: number) =>
      blocks.all(series, level, from, to) as { start: number; body: Uint8Array }[],
    putBlock: (series: number, level: number, start: number, body: Uint8Array) => putBlock.run(series, level, start, body),
    /** How many blocks of a class are older, and their bytes. */
    blocksBefore: (className: string, level: number, start: number) =>
      raw
        .prepare(
          `select count(*) as blocks, coalesce(sum(length(b.body)), 0) as bytes, min(b.start) as "from" from series s join block b on b.series = s.id
           where s.class = ? and b.level = ? and b.start < ?`,
        )
        .get(className, level, start) as { blocks: number; bytes: number; from: number | null },
    /** The beginnings of all blocks of a level from the oldest on, with their bytes. */
    blockTimes: (level: number) =>
      raw
        .prepare('select start, count(*) as blocks, sum(length(body)) as bytes from block where level = ? group by start order by start')
        .all(level) as { start: number; blocks: number; bytes: number }[],
    forgetBlocks: (className: string | undefined, level: number, before: number, most: number) =>
      raw
        .prepare(
          `delete from block where id in (select b.id from series s join block b on b.series = s.id
           where (? is null or s.class = ?) and b.level = ? and b.start < ? limit ?)`,
        )
        .run(className ?? null, className ?? null, level, before, most).changes,
    addTail: (series: number, body: Uint8Array) => addTail.run(series, body),
    tails: (series: number) => tails.pluck().all(series) as Uint8Array[],
    dropTails: (series: number) => dropTails.run(series),

    meta: (key: string) => meta.get(key) as string | undefined,
    forgetMeta: (key: string) => raw.prepare('delete from meta where key = ?').run(key),
    /** Of every life. */
    skipSequences: (count: number) => raw.prepare('update life set last = last + ?').run(count),
    putMeta: (key: string, value: string) => putMeta.run(key, value),
    /** What is in use; pages that are free will be used again, or given back. */
    bytes(): number {
      const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) => Number(raw.pragma(name, { simple: true })));
      return ((pages as number) - (free as number)) * (size as number);
    },
    freePages: () => Number(raw.pragma('freelist_count', { simple: true })),
    giveBack: (pages: number) => raw.pragma(`incremental_vacuum(${pages})`),
    faults: () =>
      (raw.pragma('quick_check(10)') as Record<string, string>[]).map((row) => String(Object.values(row)[0])).filter((one) => one !== 'ok'),
    close: () => raw.close(),
  };
}
