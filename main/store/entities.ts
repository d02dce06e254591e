// How a shared record is declared: once, as data. Migrations, change log, audit, export, erasure and sync read these lists.
import { inspect } from 'node:util';
import type { ColumnType } from 'kysely';

/** Merge rule of a field. register: the later writer wins, by hybrid logical clock. */
type Merge = 'register';

type Kind = 'text' | 'integer' | 'real' | 'boolean' | 'json';

export type Field<T = unknown, K extends Kind = Kind> = {
  type: K;
  nullable: boolean;
  /** What a row holds before anybody wrote the field; the column's default says the same. */
  default: T;
  merge: Merge;
  /** Tells something about a person: erased with them. */
  personal: boolean;
  /** Is the hash of a blob: what is carried elsewhere takes that along. */
  blob: boolean;
  /** Holds the id of a record of that entity: what happens to this one is a part of what happened to that one. */
  about: string | null;
};

type Options = { personal?: boolean; blob?: boolean; about?: string };
const make = <T, K extends Kind>(type: K, nullable: boolean, initial: T, options: Options = {}): Field<T, K> => ({
  type,
  nullable,
  default: initial,
  merge: 'register',
  personal: options.personal ?? false,
  blob: options.blob ?? false,
  about: options.about ?? null,
});

export const text = (initial = '', options?: Options) => make<string, 'text'>('text', false, initial, options);
export const optionalText = (options?: Options) => make<string | null, 'text'>('text', true, null, options);
export const integer = (initial = 0, options?: Options) => make<number, 'integer'>('integer', false, initial, options);
export const optionalInteger = (options?: Options) => make<number | null, 'integer'>('integer', true, null, options);
export const optionalTime = (options?: Options) => make<number | null, 'integer'>('integer', true, null, options);
export const boolean = (initial = false, options?: Options) => make<boolean, 'boolean'>('boolean', false, initial, options);
export const json = <T>(initial: T, options?: Options) => make<T, 'json'>('json', false, initial, options);

export type Fields = Record<string, Field>;

/** 'anyone' writes and syncs · 'owner': only the station in the row's `owner` field writes · 'hub': a change is a request. */
export type Authority = 'anyone' | 'owner' | 'hub';

export type ScopeKind = 'platform' | 'org' | 'site' | 'team' | 'workspace' | 'user';
export type Scope = 'platform' | `${Exclude<ScopeKind, 'platform'>}:${string}`;

export type Entity<F extends Fields = Fields> = {
  name: string;
  table: string;
  /** The kinds of scope its rows may lie in. A row's scope never changes: moving is copy and delete. */
  scope: readonly ScopeKind[];
  fields: F;
  authority: Authority;
};

export const entity = <F extends Fields>(declaration: Entity<F>): Entity<F> => declaration;

/** Some fields of a record; one that is undefined is left alone. */
export type Patch<E extends Entity> = { [K in keyof E['fields']]?: E['fields'][K]['default'] | undefined };

type Stored<F extends Field> = F['type'] extends 'json' ? string : F['type'] extends 'boolean' ? number : F['default'];

/** What a question reads from an entity's table. Never inserted or updated by hand: that is what tx.create and tx.update are for. */
export type Table<E extends Entity> = {
  id: ColumnType<string, never, never>;
  scope: ColumnType<string, never, never>;
  deletedAt: ColumnType<number | null, never, never>;
} & { [K in keyof E['fields']]: ColumnType<Stored<E['fields'][K]>, never, never> };

/** Present in every shared table beside the declared fields. `deletedAt` is a register like any other. */
export const DELETED_AT = optionalTime();

export function fieldOf(entity: Entity, name: string): Field | undefined {
  if (name === 'deletedAt') return DELETED_AT;
  return Object.hasOwn(entity.fields, name) ? entity.fields[name] : undefined;
}

/** Every field, as in a table's columns beside `id` and `scope`. */
export const fieldNames = (entity: Entity): string[] => [...Object.keys(entity.fields), 'deletedAt'];

/** For SQL: a record without its id. */
export const columnList = (entity: Entity): string => ['scope', ...fieldNames(entity)].map((name) => `"${name}"`).join(', ');

// ---- the three shapes of a value: in code, in a column, in an operation

export type Column = string | number | null;

/** Code → column. Throws on what no database of ours may hold. */
export function toColumn(field: Field, name: string, value: unknown): Column {
  if (field.type === 'json') return jsonText(name, value ?? null);
  if (value === null || value === undefined) {
    if (field.nullable) return null;
    throw new TypeError(`${name} may not be empty`);
  }
  switch (field.type) {
    case 'boolean':
      if (typeof value !== 'boolean') break;
      return value ? 1 : 0;
    case 'integer':
      if (!Number.isSafeInteger(value)) break;
      return value as number;
    case 'real':
      if (typeof value !== 'number' || !Number.isFinite(value)) break;
      return value;
    case 'text':
      if (typeof value !== 'string' || value.includes('\0') || !value.isWellFormed()) break;
      return value;
  }
  throw new TypeError(`${name} cannot hold ${inspect(value, { depth: 0 }).slice(0, 80)}`);
}

/** JSON as it would come back: what JSON leaves out or turns into null without a word is refused. */
function jsonText(name: string, value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    const lost = typeof part === 'number' ? !Number.isFinite(part) : typeof part === 'function' || typeof part === 'symbol';
    if (lost) throw new TypeError(`${name} cannot hold ${String(part).slice(0, 80)}`);
    return part;
  });
}

/** Column → operation: the JSON text that travels. */
export function toOperation(field: Field, column: Column): string {
  if (column === null) return 'null';
  if (field.type === 'boolean') return column === 1 ? 'true' : 'false';
  if (field.type === 'json') return column as string;
  return JSON.stringify(column);
}

/** Operation → column, for one that came from elsewhere. Undefined where this version cannot hold the value. */
export function fromOperation(field: Field, value: string): Column | undefined {
  try {
    return toColumn(field, '', JSON.parse(value));
  } catch {
    return undefined;
  }
}
