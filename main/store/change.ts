// What a change may do: write shared records field by field, ask and write local tables, say what happened.
// Entity tables, operations, registers and audit come out of one and the same transaction.

import type { Kysely } from 'kysely';
import { hlcNext } from '../../contract/clock.ts';
import { Refusal } from '../../contract/errors.ts';
import type { Id, Random } from '../../contract/ids.ts';
import type { StationEvent } from '../../contract/index.ts';
import { type AuditChange, type AuditThing, appendAudit } from './audit.ts';
import type { Connection, Reader, WriteConnection } from './database.ts';
import {
  type Column,
  columnList,
  type Entity,
  type Field,
  fieldOf,
  type Patch,
  type Scope,
  text,
  toColumn,
  toOperation,
} from './entities.ts';
import { keepLastChange } from './lastChange.ts';
import { appendOps, applyOps, type Entities, type Head, mergeRegisters, type Op } from './log.ts';

/** Who changes something, by which act, and from where. Written into every operation and the audit. */
export type Author = {
  person: Id | null;
  session: Id | null;
  action: string;
  /** Where the request came from: an address, 'console', 'station'. */
  from: string;
  organisation: Id | null;
  site: Id | null;
  opId?: Id | undefined;
  /** As whom they see the station. */
  seenAs?: Id | undefined;
  /** They can take it back: which command that undoes, or does again where it undid one. */
  undoable?: { action: string; again: boolean } | undefined;
};

/** The station acting by itself. */
export const station = (action: string): Author => ({
  person: null,
  session: null,
  action,
  from: 'station',
  organisation: null,
  site: null,
});

export type Tx = {
  /** Questions inside the transaction, and writes to local tables. A write to a shared table throws. */
  // biome-ignore lint/suspicious/noExplicitAny: areas narrow it to their own tables
  db: Kysely<any>;
  /** A new record. Fields left out keep their default. */
  create<E extends Entity>(entity: E, id: Id, scope: Scope, values: Patch<E>): Promise<void>;
  /** Sets fields of an existing record; those that hold the value already are no change. True where something changed. */
  update<E extends Entity>(entity: E, id: Id, values: Patch<E>): Promise<boolean>;
  /** Marks a record deleted. Nothing is ever taken out of a shared table. */
  remove(entity: Entity, id: Id): Promise<boolean>;
  /** Takes the mark away again. */
  restore(entity: Entity, id: Id): Promise<boolean>;
  /** A fact to tell once it is committed. */
  emit(event: StationEvent): void;
  /** Makes the act appear in the audit though it touches no shared record, with a sentence or from-to values of its own. */
  note(message: string | null, changes?: AuditChange[]): void;
  id(): Id;
  now(): number;
  /** Questions of the store's own making, as those of carry.ts, inside the transaction. */
  reader: Reader;
  /** Takes operations made elsewhere as they are. In the audit stands what the act notes, and not each of them. */
  apply(ops: readonly Op[]): Promise<void>;
  /** New records that come from elsewhere without their history: it begins here. In the audit as with `apply`. */
  adopt(records: readonly Adopted[]): Promise<void>;
};

export type Adopted = { entity: Entity; id: Id; scope: Scope; values: Record<string, unknown> };

export type ChangeContext = {
  connection: WriteConnection;
  entities: Entities;
  db: Kysely<unknown>;
  head: Head;
  station: Id;
  random: Random;
  nextId: () => Id;
  clock: () => number;
  /** Without a hub a station confirms its own operations. */
  confirms: 'self' | 'hub';
};

type Row = Record<string, Column>;

export async function runChange<T>(
  context: ChangeContext,
  author: Author,
  work: (tx: Tx) => Promise<T>,
): Promise<{ value: T; events: StationEvent[] }> {
  const { head, random, nextId, clock } = context;
  const at = clock();
  const txId = nextId();
  const confirmed: Op[] = [];
  const pending: Op[] = [];
  const events: StationEvent[] = [];
  const changes: AuditChange[] = [];
  const about: AuditThing[] = [];
  let noted: string | null | undefined;
  let open = true;
  const usable = () => {
    if (!open) throw new Error('This transaction is over: a change awaits everything it does, and hands its tx to nobody.');
  };
  // A step that outlives its change must stop at its next statement: by then another change is under way.
  const connection: Connection = {
    all: async (sql, params) => {
      usable();
      return context.connection.all(sql, params);
    },
    run: async (sql, params) => {
      usable();
      return context.connection.run(sql, params);
    },
  };
  const underWay = new Set<Promise<unknown>>();
  const step = <R>(work: () => Promise<R>): Promise<R> => {
    const settled = work().finally(() => underWay.delete(settled));
    underWay.add(settled);
    return settled;
  };

  const stamped = (entity: Entity, rowId: Id, scope: string, name: string, value: Column): Op => {
    head.hlc = hlcNext(head.hlc, at);
    head.n += 1;
    return {
      incarnation: head.incarnation,
      n: head.n,
      opId: nextId(),
      txId,
      scope,
      entity: entity.name,
      rowId,
      field: name,
      value: toOperation(fieldOf(entity, name) as Field, value),
      hlc: head.hlc,
      actor: author.person,
      at,
    };
  };
  /** After its statement: one that failed, and was caught, leaves no operation. */
  const log = (entity: Entity, rowId: Id, scope: string, name: string, before: Column, after: Column) => {
    usable();
    const field = fieldOf(entity, name) as Field;
    const op = stamped(entity, rowId, scope, name, after);
    (context.confirms === 'self' ? confirmed : pending).push(op);
    changes.push({
      entity: entity.name,
      id: rowId,
      field: name,
      before: JSON.parse(toOperation(field, before)),
      after: JSON.parse(op.value),
    });
  };
  const belongs = (entity: Entity, values: Record<string, unknown>) => {
    for (const [name, { about: of }] of Object.entries(entity.fields))
      if (of !== null && typeof values[name] === 'string') about.push({ entity: of, id: values[name] });
  };
  /** A request to the hub is logged, and shown only once the hub has said yes. */
  const shows = (entity: Entity) => context.confirms === 'self' || entity.authority !== 'hub';

  const mustBeOurs = (entity: Entity, owner: unknown) => {
    if (entity.authority === 'owner' && owner !== context.station) throw new Refusal('notHere', 'Another station owns this.', { owner });
  };

  async function create(entity: Entity, id: Id, scope: Scope, values: Record<string, unknown>): Promise<void> {
    mustLieIn(entity, scope);
    mustBeOurs(entity, values.owner);
    const columns = columnsOf(entity, values);
    // The log knows a record by its fields: one without any would exist here and nowhere else.
    if (columns.length === 0) throw new Error(`a ${entity.name} is created with at least one value`);
    if (shows(entity)) {
      const names = ['id', 'scope', ...columns.map(([name]) => name)];
      await connection.run(
        `insert into "${entity.table}" (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map(() => '?').join(', ')})`,
        [toColumn(ID, 'id', id), toColumn(ID, 'scope', scope), ...columns.map(([, value]) => value)],
      );
    }
    for (const [name, value] of columns) log(entity, id, scope, name, null, value);
    belongs(entity, values);
  }

  async function set(entity: Entity, id: Id, values: Record<string, unknown>): Promise<boolean> {
    const row = await rowOf(connection, entity, id);
    if (row === undefined) throw new Refusal('notFound', `There is no ${entity.name} with this id.`);
    mustBeOurs(entity, row.owner);
    const changed = columnsOf(entity, values).filter(([name, value]) => row[name] !== value);
    if (changed.length > 0 && shows(entity))
      await connection.run(`update "${entity.table}" set ${changed.map(([name]) => `"${name}" = ?`).join(', ')} where "id" = ?`, [
        ...changed.map(([, value]) => value),
        id,
      ]);
    for (const [name, value] of changed) log(entity, id, row.scope as string, name, row[name] as Column, value);
    if (changed.length > 0) belongs(entity, row);
    return changed.length > 0;
  }

  const apply = (ops: readonly Op[]) => applyOps(connection, head, context.entities, ops, at);

  const tx: Tx = {
    reader: connection,
    apply: (ops) => step(() => apply(ops)),
    adopt: (records) =>
      step(() => {
        usable();
        const ops = records.flatMap(({ entity, id, scope, values }) => {
          mustLieIn(entity, scope);
          return columnsOf(entity, values).map(([name, value]) => stamped(entity, id, scope, name, value));
        });
        return apply(ops);
      }),
    get db() {
      usable();
      return context.db;
    },
    create: (entity, id, scope, values) => step(() => create(entity, id, scope, values)),
    update: (entity, id, values) => step(() => set(entity, id, values)),
    remove: (entity, id) =>
      step(async () => {
        const row = await rowOf(connection, entity, id);
        return row?.deletedAt == null && set(entity, id, { deletedAt: at });
      }),
    restore: (entity, id) => step(() => set(entity, id, { deletedAt: null })),
    emit(event) {
      usable();
      events.push(event);
    },
    note(message, more = []) {
      usable();
      noted = message ?? noted ?? null;
      changes.push(...more);
    },
    id: nextId,
    now: () => at,
  };

  try {
    const value = await work(tx);
    if (underWay.size > 0) throw new Error('A change must await everything it does: something was still under way when it returned.');
    open = false;
    const before = head.seq;
    await appendOps(context.connection, head, confirmed, 'confirmed');
    await appendOps(context.connection, head, pending, 'pending');
    if (author.person !== null && author.undoable !== undefined && head.seq > before)
      await keepLastChange(context.connection, {
        person: author.person,
        change: txId,
        at,
        action: author.undoable.action,
        again: author.undoable.again ? 1 : 0,
        organisation: author.organisation,
        site: author.site,
        first: before + 1,
        last: head.seq,
      });
    await mergeRegisters(context.connection, confirmed);
    if (changes.length > 0 || noted !== undefined) {
      await appendAudit(context.connection, head, random, {
        at,
        actor: author.person,
        session: author.session,
        action: author.action,
        outcome: 'done',
        organisation: author.organisation,
        site: author.site,
        seenAs: author.seenAs,
        detail: { from: author.from, message: noted ?? null, changes },
        about,
      });
      events.push({ event: 'people.audited', organisation: author.organisation });
    }
    return { value, events };
  } finally {
    open = false;
    // What one failed step left running ends before the change is undone.
    await Promise.allSettled(underWay);
  }
}

const ID = text();

function mustLieIn(entity: Entity, scope: string): void {
  const [kind, id] = scope.split(/:(.*)/s);
  if (!entity.scope.some((allowed) => allowed === kind && (kind === 'platform') === (id === undefined || id === '')))
    throw new Error(`a ${entity.name} cannot lie in scope ${scope}`);
}

/** The given fields as they stand in a row. Throws on one that is not declared, or holds what it cannot. */
function columnsOf(entity: Entity, values: Record<string, unknown>): [name: string, value: Column][] {
  const columns: [string, Column][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = fieldOf(entity, name);
    if (field === undefined) throw new Error(`${entity.name} has no field ${name}`);
    columns.push([name, toColumn(field, name, value)]);
  }
  return columns;
}

async function rowOf(connection: Connection, entity: Entity, id: Id): Promise<Row | undefined> {
  // Named one by one: a column that a newer program has added beside us must not upset a prepared statement.
  const [row] = await connection.all<Row>(`select ${columnList(entity)} from "${entity.table}" where "id" = ?`, [id]);
  return row;
}
