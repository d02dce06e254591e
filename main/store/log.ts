// The change log: operations as they were made, and the confirmed registers they settle into.
// Visible is the later of confirmed and pending, so that a refused operation simply falls back.
import { HLC, HLC_ZERO, type Hlc, hlcMax, hlcMs } from '../../contract/clock.ts';
import { Refusal } from '../../contract/errors.ts';
import type { Connection, Param } from './database.ts';
import { type Column, type Entity, type Field, fieldNames, fieldOf, fromOperation, toColumn } from './entities.ts';

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
export type Head = {
  incarnation: string;
  seq: number;
  n: number;
  hlc: Hlc;
  /** The last id that was given out: the next one is greater, whatever clock or process it comes from. */
  id: string;
  /** Which opening of a shared database has it; the latest one. */
  holder?: string;
  auditSeq: number;
  auditHash: string;
};

export const emptyHead = (incarnation: string): Head => ({ incarnation, seq: 0, n: 0, hlc: HLC_ZERO, id: '', auditSeq: 0, auditHash: '' });

/** The present head has this key in `meta`; that of an incarnation which has ended has its id behind it. */
export const HEAD = 'head';

export async function readHead(connection: Connection): Promise<Head | undefined> {
  const [row] = await connection.all<{ value: string }>('select "value" from "meta" where "key" = ?', [HEAD]);
  return row && (JSON.parse(row.value) as Head);
}

/** Of this and of all former incarnations. */
export async function headsOf(connection: Connection): Promise<Head[]> {
  const rows = await connection.all<{ value: string }>(`select "value" from "meta" where "key" = ? or "key" like '${HEAD}:%'`, [HEAD]);
  return rows.map((row) => JSON.parse(row.value) as Head);
}

/** Of the present incarnation, or with `ended` of one that is over. */
export async function writeHead(connection: Connection, head: Head, ended = false): Promise<void> {
  await connection.run(`insert into "meta" ("key", "value") values (?, ?) on conflict ("key") do update set "value" = excluded."value"`, [
    ended ? `${HEAD}:${head.incarnation}` : HEAD,
    JSON.stringify(head),
  ]);
}

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

/** The text of a statement for so many rows, made once: writing it anew would cost as much as a row. */
function forRows(text: (rows: number) => string): (rows: number) => string {
  const texts: string[] = [];
  return (rows) => {
    texts[rows] ??= text(rows);
    return texts[rows];
  };
}

const insertOps = forRows((rows) => `insert into "op" (${OP_LIST}) values ${tuples(rows, OP_COLUMNS.length)}`);
const mergeRegs = forRows(
  (rows) => `insert into "reg" ("entity", "rowId", "field", "value", "hlc", "opId") values ${tuples(rows, 6)}
    on conflict ("entity", "rowId", "field") do update set "value" = excluded."value", "hlc" = excluded."hlc", "opId" = excluded."opId"
    where (excluded."hlc", excluded."opId") > ("reg"."hlc", "reg"."opId")`,
);

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

export async function appendOps(connection: Connection, head: Head, ops: readonly Op[], state: OpState): Promise<void> {
  for (const part of chunks(ops, ROWS_A_STATEMENT)) {
    const params: Param[] = [];
    for (const op of part)
      for (const column of OP_COLUMNS) params.push(column === 'seq' ? ++head.seq : column === 'state' ? state : op[column]);
    await connection.run(insertOps(part.length), params);
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
    await connection.run(mergeRegs(part.length), params);
  }
}

type Stamp = { hlc: string; opId: string };
const isLater = (a: Stamp, b: Stamp) => a.hlc > b.hlc || (a.hlc === b.hlc && a.opId > b.opId);

/** More than a clock is wrong by; a stamp of the far future would stand above all that is written until then. */
const AHEAD_MS = 86_400_000;

/** Takes operations made elsewhere, or our own coming back with their final stamp. Repeating them changes nothing. */
export async function applyOps(connection: Connection, head: Head, entities: Entities, ops: readonly Op[], now: number): Promise<void> {
  const known = await statesOf(connection, ops);
  const fresh: Op[] = [];
  const settled: Op[] = [];
  for (const op of ops) {
    mustBeWhole(op);
    const state = known.get(op.opId);
    if (state === 'confirmed') continue;
    // Up to what this station has seen already nothing is lost: so too where its own clock was wrong, and was set right.
    if (op.hlc > head.hlc && hlcMs(op.hlc) > now + AHEAD_MS)
      throw new Refusal(
        'invalid',
        `Operation ${op.opId.slice(0, 60)} is stamped more than a day ahead of this station: set the clock that is wrong.`,
      );
    if (state === undefined) fresh.push(op);
    else {
      await settle(connection, op.opId, 'confirmed', op.hlc);
      settled.push(op);
    }
    known.set(op.opId, 'confirmed');
    head.hlc = hlcMax(head.hlc, op.hlc);
  }
  await appendOps(connection, head, fresh, 'confirmed');
  const news = [...fresh, ...settled];
  await mergeRegisters(connection, news);
  await showRows(connection, entities, news);
}

/** A stamp that is none would stand above every later one for ever; a value that is not JSON could be shown to nobody. */
function mustBeWhole(op: Op): void {
  const texts = [op.incarnation, op.opId, op.txId, op.scope, op.entity, op.rowId, op.field, op.actor ?? '-'];
  const whole = texts.every((part) => typeof part === 'string' && part !== '' && !part.includes('\0') && part.isWellFormed());
  if (!whole || !HLC.test(op.hlc) || !Number.isSafeInteger(op.n) || !Number.isSafeInteger(op.at) || !isJson(op.value))
    throw new Refusal('invalid', `Operation ${String(op.opId).slice(0, 60)} is not whole.`);
}

function isJson(value: unknown): boolean {
  try {
    return typeof value === 'string' && JSON.parse(value) !== undefined && value.isWellFormed();
  } catch {
    return false;
  }
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
  // The log has no gaps: its last number is its length.
  const [recorded] = await connection.all<{ n: number | null }>('select max("seq") as "n" from "op"');
  const [waiting] = await connection.all<{ n: number }>(`select count(*) as "n" from "op" where "state" = 'pending'`);
  return { recorded: recorded?.n ?? 0, waiting: waiting?.n ?? 0 };
}

// ---- from registers to rows

export type Entities = ReadonlyMap<string, Entity>;
type RegisterRow = { rowId: string; field: string; value: string; hlc: string; opId: string };

/** Writes the visible values of the records these operations touch into their tables; what this version does not know stays in the log. */
async function showRows(connection: Connection, entities: Entities, ops: readonly Pick<Op, 'entity' | 'rowId'>[]): Promise<void> {
  const records = Map.groupBy(ops, (op) => op.entity);
  for (const [name, touched] of records) {
    const entity = entities.get(name);
    if (entity === undefined) continue;
    const ids = new Set(touched.map((op) => op.rowId));
    for (const part of chunks([...ids], ROWS_A_STATEMENT)) await showPart(connection, entity, part);
  }
}

async function showPart(connection: Connection, entity: Entity, ids: readonly string[]): Promise<void> {
  const rows = await visibleRows(connection, entity, ids);
  if (rows.size > 0) {
    const columns = ['id', 'scope', ...fieldNames(entity)];
    const sets = fieldNames(entity).map((name) => `"${name}" = excluded."${name}"`);
    await connection.run(
      `insert into "${entity.table}" (${columns.map((column) => `"${column}"`).join(', ')}) values ${tuples(rows.size, columns.length)}
       on conflict ("id") do update set ${sets.join(', ')}`,
      [...rows].flatMap(([id, row]) => [id, ...columns.slice(1).map((name) => row[name] as Column)]),
    );
  }
  // A record whose very creation was refused was never there.
  const gone = ids.filter((id) => !rows.has(id));
  if (gone.length > 0) await connection.run(`delete from "${entity.table}" where "id" in ${tuples(1, gone.length)}`, gone);
}

/** Shows every logged record anew: a newer version knows fields and entities that were only kept in the log until it came. */
export async function showAll(connection: Connection, entities: Entities): Promise<void> {
  for (const entity of entities.values()) {
    let after = '';
    for (;;) {
      const ids = await connection.all<{ id: string }>(
        `select distinct "rowId" as "id" from "op" where "entity" = ? and "rowId" > ? order by "rowId" limit ?`,
        [entity.name, after, ROWS_A_STATEMENT],
      );
      if (ids.length === 0) break;
      after = ids.at(-1)?.id as string;
      await showPart(
        connection,
        entity,
        ids.map(({ id }) => id),
      );
    }
  }
}

/** Columns of records as the log tells them. */
export type VisibleRows = Map<string, Record<string, Column>>;

/** Of each record the latest of confirmed and pending, the default where nobody wrote; a record nobody wrote at all is not among them. */
export async function visibleRows(connection: Connection, entity: Entity, ids: readonly string[]): Promise<VisibleRows> {
  const records = Map.groupBy(await registersOf(connection, entity, ids), (register) => register.rowId);
  const scopes = await scopesOf(connection, entity, [...records.keys()]);
  return new Map([...records].map(([id, registers]) => [id, { scope: scopes.get(id) ?? '', ...fieldsFrom(entity, registers) }]));
}

/** A scope never changes: the first operation of a record says where it lies. */
async function scopesOf(connection: Connection, entity: Entity, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await connection.all<{ rowId: string; scope: string }>(
    `select "rowId", "scope" from "op" o where "entity" = ? and "rowId" in ${tuples(1, ids.length)}
     and "seq" = (select min(f."seq") from "op" f where f."entity" = o."entity" and f."rowId" = o."rowId")`,
    [entity.name, ...ids],
  );
  return new Map(rows.map(({ rowId, scope }) => [rowId, scope]));
}

async function registersOf(connection: Connection, entity: Entity, ids: readonly string[]): Promise<RegisterRow[]> {
  if (ids.length === 0) return [];
  const columns = '"rowId", "field", "value", "hlc", "opId"';
  const which = `"entity" = ? and "rowId" in ${tuples(1, ids.length)}`;
  const confirmed = await connection.all<RegisterRow>(`select ${columns} from "reg" where ${which}`, [entity.name, ...ids]);
  // A request to the hub shows nothing until the hub has said yes.
  if (entity.authority === 'hub') return confirmed;
  const pending = await connection.all<RegisterRow>(`select ${columns} from "op" where "state" = 'pending' and ${which}`, [
    entity.name,
    ...ids,
  ]);
  return [...confirmed, ...pending];
}

function fieldsFrom(entity: Entity, registers: readonly RegisterRow[]): Record<string, Column> {
  const latest = new Map<string, RegisterRow>();
  for (const register of registers) {
    const other = latest.get(register.field);
    if (other === undefined || isLater(register, other)) latest.set(register.field, register);
  }
  const row: Record<string, Column> = {};
  for (const name of fieldNames(entity)) {
    const field = fieldOf(entity, name) as Field;
    const register = latest.get(name);
    row[name] = (register && fromOperation(field, register.value)) ?? toColumn(field, name, field.default);
  }
  return row;
}
