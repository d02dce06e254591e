// Of everybody the last change that can be undone: by which command, where, and its operations in the log.
import type { Connection } from './database.ts';

export type LastChangeRow = {
  person: string;
  change: string;
  at: number;
  action: string;
  /** 1: it took the command back, and to undo it is to do that again. */
  again: number;
  organisation: string | null;
  site: string | null;
  /** Its operations lie side by side: from this number to that one. */
  first: number;
  last: number;
};

const COLUMNS = ['person', 'change', 'at', 'action', 'again', 'organisation', 'site', 'first', 'last'] as const;
const INSERT = `insert into "lastChange" (${COLUMNS.map((column) => `"${column}"`).join(', ')}) values (${COLUMNS.map(() => '?').join(', ')})
  on conflict ("person") do update set ${COLUMNS.slice(1)
    .map((column) => `"${column}" = excluded."${column}"`)
    .join(', ')}`;

export const keepLastChange = (connection: Connection, row: LastChangeRow): Promise<unknown> =>
  connection.run(
    INSERT,
    COLUMNS.map((column) => row[column]),
  );
