// Puts a backup of a PostgreSQL database into an empty one: the tables as they were then, every row, all or nothing.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { Refusal } from '../../contract/errors.ts';
import { type Backup, copyBlobs, mustBeRestorable } from './backup.ts';
import type { Connection, Database } from './database.ts';
import { COPIED } from './identity.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';

const ROWS_A_STATEMENT = 500;

export async function restorePostgres(database: Database, places: { backups: string; blobs: string }, backup: Backup): Promise<void> {
  await mustBeRestorable(places.backups, backup, database.dialect);
  if ((await database.tables()).length > 0)
    throw new Refusal(
      'conflict',
      'The database is not empty, and nothing is overwritten: make a new one, and restore into that with --database.',
    );
  const folder = join(places.backups, backup.name);
  await copyBlobs(join(folder, 'blobs'), places.blobs, new AbortController().signal);
  await migrate(database, {
    migrations: migrations.filter(({ version }) => version <= backup.schema),
    backupFirst: async () => {},
    // In the transaction that makes the tables: a restore that fails leaves the database empty, to try again.
    afterwards: async () => {
      await database.writer.run('delete from "meta"');
      await putRows(database.writer, join(folder, backup.file));
      // A copy begins a new incarnation, whoever opens it and when.
      await database.writer.run('insert into "meta" ("key", "value") values (?, ?)', [COPIED, `restored from ${backup.name}`]);
    },
  });
}

/** Rows come table by table. Ids are ours everywhere: there is no sequence of the database's own to set. */
async function putRows(connection: Connection, file: string): Promise<void> {
  let table = '';
  let rows: string[] = [];
  const put = async () => {
    if (rows.length > 0)
      await connection.run(`insert into ${table} select * from jsonb_populate_recordset(null::${table}, ?::jsonb)`, [
        `[${rows.join(',')}]`,
      ]);
    rows = [];
  };
  await pipeline(createReadStream(file), createGunzip(), async (unzipped: AsyncIterable<Buffer>) => {
    for await (const line of linesOf(unzipped)) {
      const [name, row] = splitAtTab(line);
      if (name !== table || rows.length >= ROWS_A_STATEMENT) await put();
      table = name;
      rows.push(row);
    }
    await put();
  });
}

/** At line feeds alone: what else readline takes for the end of a line stands freely inside JSON. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== '') throw new Refusal('unavailable', 'The backup ends in the middle of a row.');
}

/** `"table"<tab>{…}`: a tab inside a JSON text is written \t. */
function splitAtTab(line: string): [table: string, row: string] {
  const at = line.indexOf('\t');
  if (!/^"\w+"$/.test(line.slice(0, at))) throw new Refusal('unavailable', 'The backup holds a line that is no row.');
  return [line.slice(0, at), line.slice(at + 1)];
}
