// Do the tables say what the log says? Rebuilds every shared record from registers and pending operations and compares.
import { createHash } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import type { Connection, Database, Param } from './database.ts';
import { NATIVE } from './ddl.ts';
import { type Column, columnList, type Entity, type Field, fieldNames, fieldOf, toColumn } from './entities.ts';
import { type Entities, visibleRows } from './log.ts';

const PAGE = 500;
const NAMED = 10;

export type Comparison = {
  records: number;
  /** Digests over the same canonical lines, once read from the tables and once rebuilt from the log. */
  tables: string;
  log: string;
  /** The first few disagreements, in words. */
  faults: string[];
};

export type Step = { progress?: (fraction: number) => void; signal?: AbortSignal };

/** Looks at one moment of the store, so that changes made meanwhile are no disagreement. */
export const compareWithLog = (database: Database, entities: Entities, step: Step = {}): Promise<Comparison> =>
  database.snapshot(async (at) => {
    const fromTables = createHash('sha256');
    const fromLog = createHash('sha256');
    const faults = await registerFaults(at, step);
    let records = 0;
    const list = [...entities.values()];
    for (const [index, entity] of list.entries()) {
      for await (const ids of recordIds(at, entity)) {
        await turn(step);
        records += ids.length;
        const stored = await storedRows(at, entity, ids);
        const logged = await visibleRows(at, entity, ids);
        for (const id of ids) {
          const table = line(entity, id, stored.get(id));
          const log = line(entity, id, logged.get(id));
          fromTables.update(table);
          fromLog.update(log);
          if (table !== log) faults.push(`${entity.name} ${id}: the table says ${table.trim()}, the log says ${log.trim()}`);
        }
        faults.splice(NAMED);
      }
      step.progress?.((index + 1) / list.length);
    }
    return { records, tables: fromTables.digest('hex'), log: fromLog.digest('hex'), faults };
  });

/** A register holds the latest confirmed operation of its field, and nothing else. */
async function registerFaults(at: Connection, step: Step): Promise<string[]> {
  const unlike = await firstBad<Register>(at, step, (after) => [
    `select r."entity", r."rowId", r."field", (o."opId" is null or o."state" <> 'confirmed' or o."entity" <> r."entity"
         or o."rowId" <> r."rowId" or o."field" <> r."field" or o."value" <> r."value" or o."hlc" <> r."hlc") as "bad"
       from (select * from "reg" where ("entity", "rowId", "field") > (?, ?, ?) order by "entity", "rowId", "field" limit ?) r
       left join "op" o on o."opId" = r."opId" order by r."entity", r."rowId", r."field"`,
    after ? [after.entity, after.rowId, after.field] : ['', '', ''],
  ]);
  const behind = await firstBad<Register & { seq: number }>(at, step, (after) => [
    `select o."seq", o."entity", o."rowId", o."field",
         (o."state" = 'confirmed' and (r."opId" is null or (o."hlc", o."opId") > (r."hlc", r."opId"))) as "bad"
       from (select * from "op" where "seq" > ? order by "seq" limit ?) o
       left join "reg" r on r."entity" = o."entity" and r."rowId" = o."rowId" and r."field" = o."field" order by o."seq"`,
    [after?.seq ?? Number.MIN_SAFE_INTEGER],
  ]);
  return [
    ...unlike.map(({ entity, rowId, field }) => `${entity} ${rowId}: the register of ${field} is in no confirmed operation`),
    ...behind.map(({ entity, rowId, field }) => `${entity} ${rowId}: the register of ${field} is behind its last operation`),
  ];
}

type Register = { entity: string; rowId: string; field: string };

/** The first few rows that are bad, of a question that judges a page of rows behind the last one it judged. */
async function firstBad<R>(at: Connection, step: Step, question: (after: R | undefined) => [sql: string, params: Param[]]): Promise<R[]> {
  const bad: R[] = [];
  for (let after: R | undefined; bad.length < NAMED; ) {
    await turn(step);
    const [sql, params] = question(after);
    const page = await at.all<R & { bad: number | null }>(sql, [...params, PAGE]);
    bad.push(...page.filter((row) => row.bad));
    if (page.length < PAGE) break;
    after = page.at(-1);
  }
  return bad.slice(0, NAMED);
}

/** Between two pages. SQLite answers at once: without a pause nobody else would have a turn before the last one. */
async function turn(step: Step): Promise<void> {
  await pause();
  step.signal?.throwIfAborted();
}

const IN_TABLE = (entity: Entity) => `select "id" from "${entity.table}" where "id" > ?`;
const IN_REGISTERS = 'select "rowId" as "id" from "reg" where "rowId" > ? and "entity" = ?';
const IN_PENDING = `select "rowId" as "id" from "op" where "rowId" > ? and "entity" = ? and "state" = 'pending'`;

/** The ids that the table or the log knows, in order and in pages. */
async function* recordIds(at: Connection, entity: Entity): AsyncGenerator<string[]> {
  // A request to the hub has operations but, rightly, no row yet: only what is confirmed must stand in the table.
  const logged = entity.authority === 'hub' ? [IN_REGISTERS] : [IN_REGISTERS, IN_PENDING];
  // Each source is cut to a page by itself: one cut over all of them would sort everything for every page.
  const pages = [IN_TABLE(entity), ...logged].map(
    (source) => `select * from (select distinct "id" from (${source}) s order by "id" limit ${PAGE}) p`,
  );
  for (let after = ''; ; ) {
    const page = await at.all<{ id: string }>(`${pages.join(' union ')} order by "id" limit ${PAGE}`, [
      after,
      ...logged.flatMap(() => [after, entity.name]),
    ]);
    if (page.length === 0) return;
    yield page.map(({ id }) => id);
    after = page.at(-1)?.id as string;
  }
}

async function storedRows(at: Connection, entity: Entity, ids: readonly string[]): Promise<Map<string, Record<string, Column>>> {
  const rows = await at.all<Record<string, Column>>(
    `select "id", ${columnList(entity)} from "${entity.table}" where "id" in (${ids.map(() => '?').join(', ')})`,
    ids,
  );
  return new Map(rows.map((row) => [row.id as string, row]));
}

const line = (entity: Entity, id: string, row: Record<string, Column> | undefined) =>
  `${JSON.stringify([entity.name, id, row === undefined ? 'nothing' : ['scope', ...fieldNames(entity)].map((name) => row[name])])}\n`;

/** Every field has its column with the declared type and default, every shared table its entity, every other table a reason to be local. */
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
    for (const name of ['id', 'scope'])
      if (columns.get(name)?.type !== NATIVE[database.dialect].text) faults.push(`${table} has no ${name}`);
    for (const name of fieldNames(entity)) {
      const column = columns.get(name);
      if (column === undefined) faults.push(`${table} has no column ${name}`);
      else faults.push(...columnFaults(database, table, name, fieldOf(entity, name) as Field, column));
      columns.delete(name);
    }
    for (const extra of columns.keys()) if (extra !== 'id' && extra !== 'scope') faults.push(`${table}.${extra} is in no declaration`);
  }
  for (const entity of shared.values()) faults.push(`entity ${entity.name} has no table ${entity.table}`);
  return faults;
}

type FoundColumn = { type: string; nullable: boolean; default: string | null };

function columnFaults({ dialect }: Database, table: string, name: string, field: Field, column: FoundColumn): string[] {
  const faults: string[] = [];
  const type = NATIVE[dialect][field.type === 'json' ? 'text' : field.type];
  if (column.type !== type) faults.push(`${table}.${name} is ${column.type}, its declaration says ${type}`);
  if (column.nullable !== field.nullable)
    faults.push(`${table}.${name} is ${column.nullable ? '' : 'not '}nullable, its declaration says otherwise`);
  const initial = toColumn(field, name, field.default);
  const found = defaultOf(column);
  if (found !== (initial === null ? null : String(initial)))
    faults.push(`${table}.${name} has default ${found}, its declaration says ${initial}`);
  return faults;
}

/** 'a word'::text → a word */
const defaultOf = (column: FoundColumn): string | null =>
  column.default
    ?.replace(/::[\w ]+$/, '')
    .replace(/^'(.*)'$/s, '$1')
    .replaceAll("''", "'") ?? null;
