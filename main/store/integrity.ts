// Do the tables say what the log says? Rebuilds every shared record from registers and pending operations and compares.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { type Column, type Entity, type Field, fieldOf, toColumn } from './entities.ts';
import { type Entities, visibleRow } from './log.ts';

const PAGE = 500;

export type Comparison = {
  records: number;
  /** Digests over the same canonical lines, once read from the tables and once rebuilt from the log. */
  tables: string;
  log: string;
  /** The first few disagreements, in words. */
  faults: string[];
};

export type Step = { progress?: (fraction: number) => void; signal?: AbortSignal };

export async function compareWithLog(database: Database, entities: Entities, step: Step = {}): Promise<Comparison> {
  const fromTables = createHash('sha256');
  const fromLog = createHash('sha256');
  const faults: string[] = [];
  let records = 0;
  const list = [...entities.values()];
  for (const [index, entity] of list.entries()) {
    for await (const id of recordIds(database, entity)) {
      step.signal?.throwIfAborted();
      records += 1;
      const table = await tableLine(database, entity, id);
      const log = await logLine(database, entity, id);
      fromTables.update(table);
      fromLog.update(log);
      if (table !== log && faults.length < 10)
        faults.push(`${entity.name} ${id}: the table says ${table.trim()}, the log says ${log.trim()}`);
    }
    step.progress?.((index + 1) / list.length);
  }
  return { records, tables: fromTables.digest('hex'), log: fromLog.digest('hex'), faults };
}

/** Every id that the table or the log knows, in order. */
async function* recordIds({ reader }: Database, entity: Entity): AsyncGenerator<string> {
  // A request to the hub has operations but, rightly, no row yet: only what is confirmed must stand in the table.
  const logged =
    entity.authority === 'hub'
      ? `select "rowId" as "id" from "reg" where "entity" = ?`
      : `select "rowId" as "id" from "op" where "entity" = ? and "state" <> 'rejected'`;
  let after = '';
  for (;;) {
    const page = await reader.all<{ id: string }>(
      `select "id" from (select "id" from "${entity.table}" union ${logged}) ids where "id" > ? order by "id" limit ?`,
      [entity.name, after, PAGE],
    );
    for (const { id } of page) yield id;
    if (page.length < PAGE) return;
    after = page.at(-1)?.id as string;
  }
}

const line = (entity: Entity, id: string, row: Record<string, Column> | undefined) =>
  `${JSON.stringify([entity.name, id, ...[...Object.keys(entity.fields), 'deletedAt'].map((name) => row?.[name])])}\n`;

async function tableLine({ reader }: Database, entity: Entity, id: string): Promise<string> {
  const [row] = await reader.all<Record<string, Column>>(`select * from "${entity.table}" where "id" = ?`, [id]);
  return line(entity, id, row);
}

async function logLine({ reader }: Database, entity: Entity, id: string): Promise<string> {
  return line(entity, id, await visibleRow(reader, entity, id));
}

/** Every field has its column with the declared default, every shared table its entity, every other table a reason to be local. */
export async function compareWithDeclarations(
  database: Database,
  entities: Entities,
  local: Readonly<Record<string, string>>,
): Promise<string[]> {
  const faults: string[] = [];
  const shared = new Map([...entities.values()].map((entity) => [entity.table, entity]));
  for (const table of await database.tables()) {
    const entity = shared.get(table);
    if (entity === undefined) {
      if (!Object.hasOwn(local, table)) faults.push(`table ${table} is neither an entity’s nor listed as local`);
      continue;
    }
    shared.delete(table);
    const columns = new Map((await database.columns(table)).map((column) => [column.name, column]));
    for (const name of [...Object.keys(entity.fields), 'deletedAt']) {
      const column = columns.get(name);
      if (column === undefined) faults.push(`${table} has no column ${name}`);
      else faults.push(...columnFaults(table, name, fieldOf(entity, name) as Field, column));
      columns.delete(name);
    }
    for (const extra of columns.keys()) if (extra !== 'id' && extra !== 'scope') faults.push(`${table}.${extra} is in no declaration`);
  }
  for (const entity of shared.values()) faults.push(`entity ${entity.name} has no table ${entity.table}`);
  return faults;
}

function columnFaults(table: string, name: string, field: Field, column: { nullable: boolean; default: string | null }): string[] {
  const faults: string[] = [];
  if (column.nullable !== field.nullable)
    faults.push(`${table}.${name} is ${column.nullable ? '' : 'not '}nullable, its declaration says otherwise`);
  const initial = toColumn(field, name, field.default);
  const found =
    column.default === null
      ? null
      : column.default
          .replace(/::[\w ]+$/, '')
          .replace(/^'(.*)'$/s, '$1')
          .replaceAll("''", "'");
  if (found !== (initial === null ? null : String(initial)))
    faults.push(`${table}.${name} has default ${found}, its declaration says ${initial}`);
  return faults;
}
