// What a change may do: write shared records field by field, ask and write local tables, say what happened.
// Entity tables, operations, registers and audit come out of one and the same transaction.

import type { Kysely, KyselyPlugin, RootOperationNode } from 'kysely';
import { hlcNext } from '../../contract/clock.ts';
import { Refusal } from '../../contract/errors.ts';
import type { Id, Random } from '../../contract/ids.ts';
import type { StationEvent } from '../../contract/index.ts';
import { type AuditChange, appendAudit } from './audit.ts';
import type { Connection, WriteConnection } from './database.ts';
import { type Column, type Entity, type Field, fieldOf, type Patch, type Scope, toColumn, toOperation } from './entities.ts';
import { appendOps, type Head, mergeRegisters, type Op } from './log.ts';

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
};

export type ChangeContext = {
  connection: WriteConnection;
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
  const { connection, head, random, nextId, clock } = context;
  const at = clock();
  const txId = nextId();
  const confirmed: Op[] = [];
  const pending: Op[] = [];
  const events: StationEvent[] = [];
  const changes: AuditChange[] = [];
  let noted: string | null | undefined;
  let open = true;

  const log = (entity: Entity, rowId: Id, scope: string, name: string, field: Field, before: Column, after: Column) => {
    head.hlc = hlcNext(head.hlc, at);
    head.n += 1;
    const op: Op = {
      incarnation: head.incarnation,
      n: head.n,
      opId: nextId(),
      txId,
      scope,
      entity: entity.name,
      rowId,
      field: name,
      value: toOperation(field, after),
      hlc: head.hlc,
      actor: author.person,
      at,
    };
    (context.confirms === 'self' ? confirmed : pending).push(op);
    changes.push({
      entity: entity.name,
      id: rowId,
      field: name,
      before: JSON.parse(toOperation(field, before)),
      after: JSON.parse(op.value),
    });
  };
  /** A request to the hub is logged, and shown only once the hub has said yes. */
  const shows = (entity: Entity) => context.confirms === 'self' || entity.authority !== 'hub';
  const usable = () => {
    if (!open) throw new Error('This transaction is over: a change awaits everything it does, and hands its tx to nobody.');
  };

  async function set(entity: Entity, id: Id, values: Record<string, unknown>): Promise<boolean> {
    const row = await rowOf(connection, entity, id);
    if (row === undefined) throw new Refusal('notFound', `There is no ${entity.name} with this id.`);
    if (entity.authority === 'owner' && row.owner !== context.station)
      throw new Refusal('notHere', 'Another station owns this.', { owner: row.owner });
    const changed: [string, Column][] = [];
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const field = declared(entity, name);
      const after = toColumn(field, name, value);
      const before = row[name] as Column;
      if (before === after) continue;
      log(entity, id, row.scope as string, name, field, before, after);
      changed.push([name, after]);
    }
    if (changed.length > 0 && shows(entity))
      await connection.run(`update "${entity.table}" set ${changed.map(([name]) => `"${name}" = ?`).join(', ')} where "id" = ?`, [
        ...changed.map(([, value]) => value),
        id,
      ]);
    return changed.length > 0;
  }

  const tx: Tx = {
    get db() {
      usable();
      return context.db;
    },
    async create(entity, id, scope, values) {
      usable();
      if (!entity.scope.some((kind) => scope === kind || scope.startsWith(`${kind}:`)))
        throw new Error(`a ${entity.name} cannot lie in scope ${scope}`);
      const columns: [string, Column][] = [];
      for (const [name, value] of Object.entries(values)) {
        if (value === undefined) continue;
        const field = declared(entity, name);
        const column = toColumn(field, name, value);
        log(entity, id, scope, name, field, null, column);
        columns.push([name, column]);
      }
      if (!shows(entity)) return;
      const names = ['id', 'scope', ...columns.map(([name]) => name)];
      await connection.run(
        `insert into "${entity.table}" (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map(() => '?').join(', ')})`,
        [id, scope, ...columns.map(([, value]) => value)],
      );
    },
    async update(entity, id, values) {
      usable();
      return set(entity, id, values);
    },
    async remove(entity, id) {
      usable();
      const row = await rowOf(connection, entity, id);
      return row?.deletedAt == null && set(entity, id, { deletedAt: at });
    },
    async restore(entity, id) {
      usable();
      return set(entity, id, { deletedAt: null });
    },
    emit(event) {
      usable();
      events.push(event);
    },
    note(message, more = []) {
      usable();
      noted = message;
      changes.push(...more);
    },
    id: nextId,
    now: () => at,
  };

  try {
    const value = await work(tx);
    await appendOps(connection, head, confirmed, 'confirmed');
    await appendOps(connection, head, pending, 'pending');
    await mergeRegisters(connection, confirmed);
    if (changes.length > 0 || noted !== undefined) {
      await appendAudit(connection, head, random, {
        at,
        actor: author.person,
        session: author.session,
        action: author.action,
        outcome: 'done',
        organisation: author.organisation,
        site: author.site,
        detail: { from: author.from, message: noted ?? null, changes },
      });
      events.push({ event: 'people.audited', organisation: author.organisation });
    }
    return { value, events };
  } finally {
    open = false;
  }
}

function declared(entity: Entity, name: string): Field {
  const field = fieldOf(entity, name);
  if (field === undefined) throw new Error(`${entity.name} has no field ${name}`);
  return field;
}

async function rowOf(connection: Connection, entity: Entity, id: Id): Promise<Row | undefined> {
  const [row] = await connection.all<Row>(`select * from "${entity.table}" where "id" = ?`, [id]);
  return row;
}

/** Refuses to let the builder write a shared table: that would leave no operation and no audit. */
export function guardSharedTables(shared: ReadonlySet<string>): KyselyPlugin {
  return {
    transformQuery({ node }) {
      for (const table of writtenTables(node))
        if (shared.has(table))
          throw new Error(`"${table}" is shared: write it by tx.create, tx.update or tx.remove, so that the change is logged.`);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

type TableLike = { kind: string; table?: { identifier: { name: string } }; node?: TableLike };
const nameOf = (node: unknown): string | undefined => {
  const table = node as TableLike | undefined;
  return table?.kind === 'AliasNode' ? nameOf(table.node) : table?.table?.identifier.name;
};

function writtenTables(node: RootOperationNode): string[] {
  const tables: (string | undefined)[] = [];
  if (node.kind === 'InsertQueryNode') tables.push(nameOf(node.into));
  if (node.kind === 'UpdateQueryNode') tables.push(nameOf(node.table));
  if (node.kind === 'DeleteQueryNode') tables.push(...node.from.froms.map(nameOf));
  if (node.kind === 'MergeQueryNode') tables.push(nameOf(node.into));
  return tables.filter((table) => table !== undefined);
}
