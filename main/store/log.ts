// The change log: operations as they were made, and the confirmed registers they settle into.
// Visible is the later of confirmed and pending, so that a refused operation simply falls back.
import { HLC_ZERO, type Hlc, hlcMax } from '../../contract/clock.ts';
import type { Connection, Param } from './database.ts';
import { type Column, type Entity, type Field, fieldOf, fromOperation, toColumn } from './entities.ts';

export type OpState = 'pending' | 'confirmed' | 'rejected';

/** One field of one record set to one value, by whom and when. `value` is JSON text. */
export type Op = {
  incarnation: string;
  n: number;
  opId: string;
  txId: string;
  scope: string;
  entity: string;
  rowId: string;
  field: string;
  value: string;
  hlc: Hlc;
  actor: string | null;
  at: number;
};
export type LoggedOp = Op & { seq: number; state: OpState };

/** Where the log and the audit of this incarnation end. Kept in memory, and in `meta` with every commit. */
export type Head = { incarnation: string; seq: number; n: number; hlc: Hlc; auditSeq: number; auditHash: string };

export const emptyHead = (incarnation: string): Head => ({ incarnation, seq: 0, n: 0, hlc: HLC_ZERO, auditSeq: 0, auditHash: '' });

const OP_COLUMNS = [
  'seq',
  'incarnation',
  'n',
  'opId',
  'txId',
  'scope',
  'entity',
  'rowId',
  'field',
  'value',
  'hlc',
  'actor',
  'at',
  'state',
] as const;
const OP_LIST = OP_COLUMNS.map((column) => `"${column}"`).join(', ');
const ROWS_A_STATEMENT = 50;

const tuples = (rows: number, width: number) => {
  const one = `(${Array.from({ length: width }, () => '?').join(', ')})`;
  return Array.from({ length: rows }, () => one).join(', ');
};

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

export async function appendOps(connection: Connection, head: Head, ops: readonly Op[], state: OpState): Promise<void> {
  for (const part of chunks(ops, ROWS_A_STATEMENT)) {
    const params: Param[] = [];
    for (const op of part)
      for (const column of OP_COLUMNS) params.push(column === 'seq' ? ++head.seq : column === 'state' ? state : op[column]);
    await connection.run(`insert into "op" (${OP_LIST}) values ${tuples(part.length, OP_COLUMNS.length)}`, params);
  }
}

/** Confirms values: each register keeps the later of what it holds and what comes. */
export async function mergeRegisters(connection: Connection, ops: readonly Op[]): Promise<void> {
  // PostgreSQL refuses to touch one row twice in a statement: of two writes to a field the later stands for both.
  const latest = new Map<string, Op>();
  for (const op of ops) {
    const register = `${op.entity}\n${op.rowId}\n${op.field}`;
    const other = latest.get(register);
    if (other === undefined || isLater(op, other)) latest.set(register, op);
  }
  for (const part of chunks([...latest.values()], ROWS_A_STATEMENT)) {
    const params = part.flatMap((op) => [op.entity, op.rowId, op.field, op.value, op.hlc, op.opId]);
    await connection.run(
      `insert into "reg" ("entity", "rowId", "field", "value", "hlc", "opId") values ${tuples(part.length, 6)}
       on conflict ("entity", "rowId", "field") do update set "value" = excluded."value", "hlc" = excluded."hlc", "opId" = excluded."opId"
       where (excluded."hlc", excluded."opId") > ("reg"."hlc", "reg"."opId")`,
      params,
    );
  }
}

type Stamp = { hlc: string; opId: string };
const isLater = (a: Stamp, b: Stamp) => a.hlc > b.hlc || (a.hlc === b.hlc && a.opId > b.opId);

/** Takes operations made elsewhere, or our own coming back with their final stamp. Repeating them changes nothing. */
export async function applyOps(connection: Connection, head: Head, entities: Entities, ops: readonly Op[]): Promise<void> {
  const fresh: Op[] = [];
  const known = await statesOf(connection, ops);
  for (const op of ops) {
    head.hlc = hlcMax(head.hlc, op.hlc);
    const state = known.get(op.opId);
    if (state === undefined && !fresh.some((other) => other.opId === op.opId)) fresh.push(op);
    else if (state === 'pending') await settle(connection, op.opId, 'confirmed', op.hlc);
  }
  await appendOps(connection, head, fresh, 'confirmed');
  await mergeRegisters(
    connection,
    ops.filter((op) => known.get(op.opId) !== 'rejected'),
  );
  await showRows(connection, entities, ops);
}

async function statesOf(connection: Connection, ops: readonly Op[]): Promise<Map<string, OpState>> {
  const states = new Map<string, OpState>();
  for (const part of chunks(ops, ROWS_A_STATEMENT * 10)) {
    const rows = await connection.all<{ opId: string; state: OpState }>(
      `select "opId", "state" from "op" where "opId" in (${part.map(() => '?').join(', ')})`,
      part.map((op) => op.opId),
    );
    for (const row of rows) states.set(row.opId, row.state);
  }
  return states;
}

/** The hub took our operations as they are. */
export async function confirmOps(connection: Connection, entities: Entities, opIds: readonly string[]): Promise<void> {
  const ops = await pendingOps(connection, opIds);
  for (const op of ops) await settle(connection, op.opId, 'confirmed', op.hlc);
  await mergeRegisters(connection, ops);
  await showRows(connection, entities, ops);
}

/** The hub refused our operations: what they had set falls back to what is confirmed. They stay in the log. */
export async function rejectOps(connection: Connection, entities: Entities, opIds: readonly string[]): Promise<void> {
  const ops = await pendingOps(connection, opIds);
  for (const op of ops) await settle(connection, op.opId, 'rejected', op.hlc);
  await showRows(connection, entities, ops);
}

async function pendingOps(connection: Connection, opIds: readonly string[]): Promise<LoggedOp[]> {
  const found: LoggedOp[] = [];
  for (const part of chunks(opIds, ROWS_A_STATEMENT * 10))
    found.push(
      ...(await connection.all<LoggedOp>(
        `select ${OP_LIST} from "op" where "state" = 'pending' and "opId" in (${part.map(() => '?').join(', ')}) order by "seq"`,
        [...part],
      )),
    );
  return found;
}

const settle = (connection: Connection, opId: string, state: OpState, hlc: Hlc) =>
  connection.run('update "op" set "state" = ?, "hlc" = ? where "opId" = ?', [state, hlc, opId]);

export const opsSince = (connection: Connection, seq: number, limit: number): Promise<LoggedOp[]> =>
  connection.all<LoggedOp>(`select ${OP_LIST} from "op" where "seq" > ? order by "seq" limit ?`, [seq, limit]);

export const opsOfRecord = (connection: Connection, entity: string, rowId: string): Promise<LoggedOp[]> =>
  connection.all<LoggedOp>(`select ${OP_LIST} from "op" where "entity" = ? and "rowId" = ? order by "seq"`, [entity, rowId]);

export async function countOps(connection: Connection): Promise<{ recorded: number; waiting: number }> {
  const [recorded] = await connection.all<{ n: number }>('select count(*) as "n" from "op"');
  const [waiting] = await connection.all<{ n: number }>(`select count(*) as "n" from "op" where "state" = 'pending'`);
  return { recorded: recorded?.n ?? 0, waiting: waiting?.n ?? 0 };
}

// ---- from registers to rows

export type Entities = ReadonlyMap<string, Entity>;
type RegisterRow = { field: string; value: string; hlc: string; opId: string };

/** Writes the visible values of the records these operations touch into their tables; what this version does not know stays in the log. */
async function showRows(connection: Connection, entities: Entities, ops: readonly Op[]): Promise<void> {
  const records = new Map(ops.map((op) => [`${op.entity}\n${op.rowId}`, op]));
  for (const { entity: name, rowId, scope } of records.values()) {
    const entity = entities.get(name);
    if (entity === undefined) continue;
    await showRow(connection, entity, rowId, scope);
  }
}

async function showRow(connection: Connection, entity: Entity, rowId: string, scope: string): Promise<void> {
  const row = await visibleRow(connection, entity, rowId);
  const names = Object.keys(row);
  const columns = ['id', 'scope', ...names];
  const sets = names.map((name) => `"${name}" = excluded."${name}"`).join(', ');
  await connection.run(
    `insert into "${entity.table}" (${columns.map((column) => `"${column}"`).join(', ')}) values ${tuples(1, columns.length)}
     on conflict ("id") do update set ${sets}`,
    [rowId, scope, ...Object.values(row)],
  );
}

/** Every column of a record as the log tells it: the latest of confirmed and pending, the default where nobody wrote. */
export async function visibleRow(connection: Connection, entity: Entity, rowId: string): Promise<Record<string, Column>> {
  // A request to the hub shows nothing until the hub has said yes.
  const pending = entity.authority === 'hub' ? [] : await pendingRegisters(connection, entity.name, rowId);
  const confirmed = await connection.all<RegisterRow>(
    'select "field", "value", "hlc", "opId" from "reg" where "entity" = ? and "rowId" = ?',
    [entity.name, rowId],
  );
  const latest = new Map<string, RegisterRow>();
  for (const register of [...confirmed, ...pending]) {
    const other = latest.get(register.field);
    if (other === undefined || isLater(register, other)) latest.set(register.field, register);
  }
  const row: Record<string, Column> = {};
  for (const name of [...Object.keys(entity.fields), 'deletedAt']) {
    const field = fieldOf(entity, name) as Field;
    const register = latest.get(name);
    row[name] = (register && fromOperation(field, register.value)) ?? toColumn(field, name, field.default);
  }
  return row;
}

const pendingRegisters = (connection: Connection, entity: string, rowId: string) =>
  connection.all<RegisterRow>(
    `select "field", "value", "hlc", "opId" from "op" where "state" = 'pending' and "entity" = ? and "rowId" = ?`,
    [entity, rowId],
  );
