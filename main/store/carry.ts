// What is carried from one station to another: the records of a part of the store and what was ever written into them, a page at a
// time and always in the same order. Follows the declarations alone, so that a new entity travels by itself.
import { setImmediate as pause } from 'node:timers/promises';
import type { Id } from '../../contract/ids.ts';
import type { Param, Reader } from './database.ts';
import { type Column, columnList, type Entity, type Field, fieldNames, fieldOf, toColumn, toOperation } from './entities.ts';
import type { Op } from './log.ts';

/** All records that lie in these scopes, and of a wider scope those that are named. */
export type Part = {
  scopes: readonly string[];
  /** Without history: who reads the record may not read what it was. */
  named: ReadonlyMap<string, { ids: readonly Id[]; history: boolean }>;
};

export type CarriedRecord = { entity: string; id: Id; scope: string; fields: Record<string, unknown> };

const PAGE = 500;

/** By name: the order must not depend on which areas there are. */
const inOrder = (entities: readonly Entity[]) => entities.toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Page by page: entity after entity, and each by id. Deleted records are among them: a key may revive one. */
export async function* recordsOf(at: Reader, entities: readonly Entity[], part: Part): AsyncGenerator<CarriedRecord[]> {
  for (const entity of inOrder(entities))
    for await (const rows of rowsOf(at, entity, part))
      yield rows.map((row) => ({ entity: entity.name, id: row.id as Id, scope: row.scope as string, fields: fieldsOf(entity, row) }));
}

/** Page by page, in the order of the records, and each record's as they were written here. */
export async function* changesOf(at: Reader, entities: readonly Entity[], part: Part): AsyncGenerator<Op[]> {
  for (const entity of inOrder(entities)) {
    if (part.named.get(entity.name)?.history === false) continue;
    for await (const rows of rowsOf(at, entity, part))
      yield* opsOf(
        at,
        entity,
        rows.map(({ id }) => id as Id),
      );
  }
}

type Row = Record<string, Column>;

async function* rowsOf(at: Reader, entity: Entity, part: Part): AsyncGenerator<Row[]> {
  const columns = `"id", ${columnList(entity)}`;
  const named = part.named.get(entity.name);
  if (named !== undefined) {
    for (let i = 0; i < named.ids.length; i += PAGE) {
      await pause();
      const ids = named.ids.slice(i, i + PAGE);
      yield await at.all<Row>(`select ${columns} from "${entity.table}" where "id" in ${marks(ids)} order by "id"`, ids);
    }
    return;
  }
  if (part.scopes.length === 0) return;
  for (let after = ''; ; ) {
    // SQLite answers at once: without a pause nobody else would have a turn before the last page.
    await pause();
    const rows = await at.all<Row>(
      `select ${columns} from "${entity.table}" where "scope" in ${marks(part.scopes)} and "id" > ? order by "id" limit ${PAGE}`,
      [...part.scopes, after],
    );
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.id as string;
  }
}

/** What the default is goes unsaid: a field that a later version adds makes no other file of the same records. */
function fieldsOf(entity: Entity, row: Row): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of fieldNames(entity).toSorted()) {
    const field = fieldOf(entity, name) as Field;
    const column = row[name] as Column;
    if (column !== toColumn(field, name, field.default)) fields[name] = JSON.parse(toOperation(field, column));
  }
  return fields;
}

async function* opsOf(at: Reader, entity: Entity, ids: readonly Id[]): AsyncGenerator<Op[]> {
  // A request to the hub shows nothing until the hub has said yes.
  const states = entity.authority === 'hub' ? `('confirmed')` : `('confirmed', 'pending')`;
  for (let last: Param[] = ['', 0]; ; ) {
    await pause();
    const rows = await at.all<Op & { seq: number }>(
      `select "seq", "incarnation", "n", "opId", "txId", "scope", "entity", "rowId", "field", "value", "hlc", "actor", "at" from "op"
       where "entity" = ? and "rowId" in ${marks(ids)} and ("rowId", "seq") > (?, ?) and "state" in ${states}
       order by "rowId", "seq" limit ${PAGE}`,
      [entity.name, ...ids, ...last],
    );
    const known = rows.filter(({ field }) => fieldOf(entity, field) !== undefined);
    if (known.length > 0) yield known;
    if (rows.length < PAGE) return;
    const end = rows.at(-1) as Op & { seq: number };
    last = [end.rowId, end.seq];
  }
}

const marks = (values: readonly unknown[]) => `(${values.map(() => '?').join(', ')})`;
