// Tables for both databases from one description. Used by migrations only.
import { type Kysely, sql } from 'kysely';
import type { DialectName } from './database.ts';

/** What a migration works with. */
export type Migrate = {
  // biome-ignore lint/suspicious/noExplicitAny: a migration speaks of the tables of its own time, not of today's types
  db: Kysely<any>;
  dialect: DialectName;
};

export type ColumnType = 'text' | 'integer' | 'real' | 'boolean' | 'bytes';
type Column = ColumnType | { type: ColumnType; nullable?: true; default?: string | number };

export const TEXT = { type: 'text', default: '' } as const;
export const OPTIONAL_TEXT = { type: 'text', nullable: true } as const;
export const INTEGER = { type: 'integer', default: 0 } as const;
export const OPTIONAL_INTEGER = { type: 'integer', nullable: true } as const;
export const NO = { type: 'boolean', default: 0 } as const;

// "C": ids, keys, clocks and order keys compare byte by byte on both; under a language's order 'a0' < 'Zz' turns round.
export const NATIVE: Record<DialectName, Record<ColumnType, string>> = {
  sqlite: { text: 'text', integer: 'integer', real: 'real', boolean: 'integer', bytes: 'blob' },
  postgres: { text: 'text collate "C"', integer: 'bigint', real: 'double precision', boolean: 'smallint', bytes: 'bytea' },
};

export async function createTable(
  { db, dialect }: Migrate,
  name: string,
  columns: Record<string, Column>,
  options: { primary: string[]; unique?: string[][] },
): Promise<void> {
  const lines = Object.entries(columns).map(([column, given]) => columnDefinition(dialect, column, given));
  lines.push(`primary key (${quoted(options.primary)})`);
  for (const unique of options.unique ?? []) lines.push(`constraint "${name}_${unique.join('_')}" unique (${quoted(unique)})`);
  // STRICT: SQLite otherwise keeps whatever it is handed, whatever the column says.
  const end = dialect === 'sqlite' ? ' strict' : '';
  await sql.raw(`create table "${name}" (${lines.join(', ')})${end}`).execute(db);
}

/** A table of shared records: what every one has, and its own columns. A partial operation must find a default everywhere. */
export const createSharedTable = (migrate: Migrate, name: string, columns: Record<string, Column>): Promise<void> =>
  createTable(migrate, name, { id: 'text', scope: 'text', ...columns, deletedAt: OPTIONAL_INTEGER }, { primary: ['id'] });

export async function addColumn({ db, dialect }: Migrate, table: string, name: string, given: Column): Promise<void> {
  await sql.raw(`alter table "${table}" add column ${columnDefinition(dialect, name, given)}`).execute(db);
}

export async function createIndex(
  { db }: Migrate,
  table: string,
  columns: string[],
  options: { where?: string; unique?: true } = {},
): Promise<void> {
  const name = `${table}_${columns.join('_')}${options.where ? '_some' : ''}`;
  const where = options.where ? ` where ${options.where}` : '';
  await sql.raw(`create ${options.unique ? 'unique ' : ''}index "${name}" on "${table}" (${quoted(columns)})${where}`).execute(db);
}

function columnDefinition(dialect: DialectName, name: string, given: Column): string {
  const column = typeof given === 'string' ? { type: given } : given;
  const native = NATIVE[dialect][column.type];
  const nullable = 'nullable' in column && column.nullable === true;
  const initial = 'default' in column && column.default !== undefined ? ` default ${literal(column.default)}` : '';
  return `"${name}" ${native}${nullable ? '' : ' not null'}${initial}`;
}

const literal = (value: string | number) => (typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`);
const quoted = (names: string[]) => names.map((name) => `"${name}"`).join(', ');
