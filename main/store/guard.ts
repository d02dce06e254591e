// What the builder may do inside a change: ask everything, write the tables that are local. A shared table is written by
// tx.create, tx.update and tx.remove alone: anything else would leave no operation and no audit.
import type { KyselyPlugin, OperationNode } from 'kysely';

/** `own` are the store's own tables, which nobody else writes. */
export function guardTables(shared: ReadonlySet<string>, own: ReadonlySet<string>): KyselyPlugin {
  return {
    transformQuery({ node }) {
      if (!ALLOWED.has(node.kind)) throw new Error(`A change asks and writes through the builder; it runs no ${node.kind}.`);
      for (const part of partsOf(node))
        for (const table of writtenBy(part)) {
          if (shared.has(table))
            throw new Error(`"${table}" is shared: write it by tx.create, tx.update or tx.remove, so that the change is logged.`);
          if (own.has(table)) throw new Error(`"${table}" is the store’s own: nobody else writes it.`);
        }
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

/** What cannot be looked into is not run: a raw statement, a change of tables. */
const ALLOWED: ReadonlySet<string> = new Set([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
  'MergeQueryNode',
]);

/** Where each kind of statement names what it writes. */
const TARGET: Readonly<Record<string, string>> = {
  InsertQueryNode: 'into',
  UpdateQueryNode: 'table',
  DeleteQueryNode: 'from',
  MergeQueryNode: 'into',
};

/** The statement and everything in it: a `with` part may write as well. Values are left out; they may be large, and are no statements. */
function* partsOf(node: unknown): Generator<OperationNode> {
  if (Array.isArray(node)) for (const one of node) yield* partsOf(one);
  else if (isNode(node)) {
    if (node.kind === 'ValueNode' || node.kind === 'PrimitiveValueListNode') return;
    yield node;
    for (const part of Object.values(node)) yield* partsOf(part);
  }
}

function* writtenBy(statement: OperationNode): Generator<string> {
  const target = TARGET[statement.kind];
  if (target === undefined) return;
  for (const part of partsOf((statement as unknown as Record<string, unknown>)[target]))
    if (part.kind === 'TableNode') yield (part as unknown as { table: { identifier: { name: string } } }).table.identifier.name;
}

const isNode = (value: unknown): value is OperationNode => typeof value === 'object' && value !== null && 'kind' in value;
