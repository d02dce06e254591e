// Reads the file of an organisation: line by line, trusting none of them, so that what is refused is refused before anything is written.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { HLC, hlcMs } from '../../contract/clock.ts';
import { Refusal } from '../../contract/errors.ts';
import { type Id, UUID } from '../../contract/ids.ts';
import { organisationRole, place } from '../../contract/people/shapes.ts';
import { ROLE_LEVEL, ROLES, type Role, TEAM_ROLES } from '../../contract/permissions.ts';
import * as v from '../../contract/values.ts';
import { type Entity, type Field, fieldOf, type Scope, toColumn } from '../store/entities.ts';
import type { Op } from '../store/log.ts';
import { FORMAT, FORMAT_VERSION, LONGEST_LINE, type OrganisationName, openDigest } from './organisationFile.ts';
import { emailKeyOf } from './sessions.ts';

type Line = { number: number; text: string };

/** Says where. The number is that of an editor: the first line is 1. */
export const badLine = (number: number, why: string) => new Refusal('invalid', `Line ${number} ${why}.`);

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const LF = 0x0a;
const CR = 0x0d;

/** No more of the file than its longest line is ever held. */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let number = 1;
  let rest: Buffer[] = [];
  let length = 0;
  const hold = (bytes: Buffer) => {
    length += bytes.length;
    if (length > LONGEST_LINE) throw badLine(number, `is longer than ${LONGEST_LINE / 1024 / 1024} MiB, which no station writes`);
    rest.push(bytes);
  };
  const decoded = (): Line => {
    const bytes = Buffer.concat(rest);
    if (number === 1 && bytes.subarray(0, 3).equals(BOM))
      throw badLine(1, 'begins with a byte order mark: the file was saved anew by an editor');
    if (bytes.at(-1) === CR) throw badLine(number, 'ends as on Windows (CR LF): the file was saved anew by an editor');
    try {
      return { number, text: decoder.decode(bytes) };
    } catch {
      throw badLine(number, 'is not UTF-8');
    }
  };
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      hold(chunk.subarray(from, end));
      yield decoded();
      from = end + 1;
      number += 1;
      rest = [];
      length = 0;
    }
    hold(chunk.subarray(from));
  }
  if (length > 0) throw badLine(number, 'is cut off: the file ends in the middle of it');
}

export type ReadRecord = { entity: Entity; id: Id; scope: Scope; fields: Record<string, unknown> };
export type ReadLine =
  | { kind: 'record'; number: number; record: ReadRecord }
  | { kind: 'blob'; number: number; hash: string; bytes: Uint8Array }
  | { kind: 'change'; number: number; op: Op; value: unknown }
  | { kind: 'end'; number: number; digest: string; lines: number };

const UUID_OR_WORDS = /^[\w-]{1,64}(:[\w-]{1,64}){0,3}$/;
/** A UUID, or one made of such and words, as 'org:<id>'. */
const recordId = z
  .string()
  .refine((id) => UUID_OR_WORDS.test(id) && id.split(':').some((part) => UUID.test(part)), 'is not the id of a record');
const scope = z.string().regex(new RegExp(`^(platform|(org|site|team|workspace):${UUID.source.slice(1, -1)})$`), 'is not a scope');
const word = v.plain(64).min(1);

const headerLine = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  organisation: z.strictObject({ id: v.id, key: v.key, name: v.name }),
  exportedAt: z.iso.datetime(),
  station: z.strictObject({ id: v.id, version: word }),
});
const recordLine = z.strictObject({ record: word, id: recordId, scope, fields: z.unknown() });
const blobLine = z.strictObject({ blob: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'), data: z.base64() });
const changeLine = z.strictObject({
  change: word,
  id: recordId,
  field: word,
  value: z.unknown(),
  at: v.time,
  actor: v.id.nullable(),
  scope,
  hlc: z.string().regex(HLC, 'is not a stamp'),
  op: word,
  tx: word,
  incarnation: word,
  n: z.int(),
});
const endLine = z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/), lines: z.int() });

function checked<T>(schema: z.ZodType<T>, value: unknown, number: number): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.');
  throw badLine(number, `is not what a station writes: ${where ? `“${where.slice(0, 80)}” ` : ''}${issue?.message.slice(0, 200)}`);
}

function jsonOf({ number, text }: Line): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badLine(number, 'is not JSON');
  }
  return objectOf(value, number);
}

function objectOf(value: unknown, number: number): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badLine(number, 'is not an object where one is wanted');
}

export type FileHeader = { organisation: OrganisationName; exportedAt: string; station: { id: Id; version: string } };

export function headerOf(line: Line): FileHeader {
  const value = jsonOf(line);
  if (value.format !== FORMAT) throw badLine(line.number, 'is not the header of an organisation’s file');
  if (value.version !== FORMAT_VERSION)
    throw badLine(
      line.number,
      `says version ${JSON.stringify(value.version)?.slice(0, 20)} of the format: this program knows ${FORMAT_VERSION}`,
    );
  return checked(headerLine, value, line.number);
}

export function readLine(line: Line, entities: ReadonlyMap<string, Entity>): ReadLine {
  const { number } = line;
  const value = jsonOf(line);
  if (Object.hasOwn(value, 'record')) {
    const { record, id, scope, fields: given } = checked(recordLine, value, number);
    const entity = known(entities, record, scope, number);
    const fields = objectOf(given, number);
    for (const [name, given] of Object.entries(fields)) mustFit(entity, name, given, number);
    return { kind: 'record', number, record: { entity, id, scope: scope as Scope, fields } };
  }
  if (Object.hasOwn(value, 'blob')) {
    const { blob, data } = checked(blobLine, value, number);
    const bytes = Buffer.from(data, 'base64');
    if (createHash('sha256').update(bytes).digest('hex') !== blob) throw badLine(number, 'holds other bytes than its hash says');
    return { kind: 'blob', number, hash: blob, bytes };
  }
  if (Object.hasOwn(value, 'change')) {
    const { change, id, op, tx, value: given, ...rest } = checked(changeLine, value, number);
    if (given === undefined) throw badLine(number, 'is a change without a value');
    const entity = known(entities, change, rest.scope, number);
    // What another version held of the past may be of another kind; that the field is known is enough to show it.
    if (fieldOf(entity, rest.field) === undefined) throw unknownField(entity, rest.field, number);
    return {
      kind: 'change',
      number,
      op: { ...rest, entity: change, rowId: id, opId: op, txId: tx, value: JSON.stringify(given) },
      value: given,
    };
  }
  if (Object.hasOwn(value, 'digest')) return { kind: 'end', number, ...checked(endLine, value, number) };
  throw badLine(number, 'is neither a record, a blob, a change nor the end');
}

function known(entities: ReadonlyMap<string, Entity>, name: string, scope: string, number: number): Entity {
  const entity = entities.get(name);
  if (entity === undefined) throw badLine(number, `is about “${name}”, which this version does not know: bring the newer version`);
  if (!entity.scope.some((kind) => kind === scope.split(':')[0])) throw badLine(number, `is a ${name} in a scope where there is none`);
  return entity;
}

const unknownField = (entity: Entity, name: string, number: number) =>
  badLine(number, `has “${name.slice(0, 80)}”, which this version does not know of a ${entity.name}: bring the newer version`);

function mustFit(entity: Entity, name: string, value: unknown, number: number): void {
  const field: Field | undefined = fieldOf(entity, name);
  if (field === undefined) throw unknownField(entity, name, number);
  try {
    toColumn(field, name, value);
  } catch (error) {
    throw badLine(number, `is not what a station writes: ${(error as Error).message}`);
  }
}

// ---- what the lines say together

export type Summary = FileHeader & {
  digest: string;
  lines: number;
  /** Records of each entity. */
  records: ReadonlyMap<string, number>;
  blobs: number;
  changes: number;
};

/** More than a clock is wrong by, as the log itself has it. */
const AHEAD_MS = 86_400_000;
const SECTIONS = ['record', 'blob', 'change', 'end'];

/** Walks the whole file once. What it lets through belongs together, lies in one organisation, and is whole to the last line. */
export async function examine(file: string, shared: readonly Entity[], now: number): Promise<Summary> {
  const entities = new Map(shared.map((entity) => [entity.name, entity]));
  let header: FileHeader | undefined;
  let digest: ReturnType<typeof openDigest> | undefined;
  let end: Extract<ReadLine, { kind: 'end' }> | undefined;
  let belongs: Belonging | undefined;
  let last = { section: 0, order: '' };
  const records = new Map<string, number>();
  const counts = { blobs: 0, changes: 0 };
  let sum: { digest: string; lines: number } | undefined;

  for await (const line of linesOf(file)) {
    if (header === undefined || digest === undefined || belongs === undefined) {
      header = headerOf(line);
      digest = openDigest(header);
      belongs = openBelonging(header.organisation.id);
      continue;
    }
    if (end !== undefined) throw badLine(line.number, 'comes after the last one');
    const read = readLine(line, entities);
    last = inOrder(read, last);
    if (read.kind === 'end') {
      end = read;
      sum = digest.end();
      if (sum.lines !== end.lines) throw badLine(line.number, `speaks of ${end.lines} lines, and ${sum.lines} came before it`);
      if (sum.digest !== end.digest)
        throw badLine(line.number, `has another digest than the lines before it (${sum.digest}): the file was changed`);
      continue;
    }
    digest.add(line.text);
    if (read.kind === 'record') {
      records.set(read.record.entity.name, (records.get(read.record.entity.name) ?? 0) + 1);
      belongs.record(read.record, read.number);
    } else if (read.kind === 'change') {
      counts.changes += 1;
      if (hlcMs(read.op.hlc) > now + AHEAD_MS)
        throw badLine(read.number, 'is stamped more than a day ahead of this station: set the clock that is wrong');
      belongs.change(read.op, read.value, read.number);
    } else counts.blobs += 1;
  }
  if (header === undefined || belongs === undefined) throw badLine(1, 'is missing: the file is empty');
  if (sum === undefined) throw new Refusal('invalid', 'The last line, with the digest, is missing: the file was cut off.');
  belongs.end();
  return { ...header, ...sum, records, ...counts };
}

/** One section after another, each in its order, so that nothing can stand there twice. */
function inOrder(read: ReadLine, last: { section: number; order: string }): { section: number; order: string } {
  const section = SECTIONS.indexOf(read.kind);
  const order =
    read.kind === 'record'
      ? `${read.record.entity.name}\n${read.record.id}`
      : read.kind === 'blob'
        ? read.hash
        : read.kind === 'change'
          ? `${read.op.entity}\n${read.op.rowId}`
          : '';
  const first = section > last.section || last.order === '';
  if (section < last.section) throw badLine(read.number, `is a ${read.kind} behind its section`);
  if (!first && order === last.order && read.kind !== 'change') throw badLine(read.number, `is there twice: ${order.replace('\n', ' ')}`);
  if (!first && order < last.order) throw badLine(read.number, 'is not in its order');
  return { section, order };
}

const PLACE = new RegExp(`^(org|site|team|workspace):${UUID.source.slice(1)}`);
/** Entities that a scope is named after. A field of such a name holds the id of one. */
const PLACES = new Map([
  ['organisation', 'org'],
  ['site', 'site'],
  ['team', 'team'],
  ['workspace', 'workspace'],
]);

const CHECKS: Readonly<Record<string, z.ZodType>> = {
  organisation: z.object({ key: v.key, name: v.name, secondFactorFrom: organisationRole.nullable() }),
  site: z.object({ key: v.key, name: v.name, timeZone: v.timeZone, quietHours: v.hours.nullable() }),
  place: z.object({ key: v.key, name: v.name, kind: place.shape.kind }),
  grant: z.object({ person: v.id, role: z.enum(ROLES), at: z.string().regex(PLACE, 'is no place of an organisation') }),
  membership: z.object({ person: v.id, organisation: v.id }),
  team: z.object({ key: v.key, name: v.name, organisation: v.id }),
  teamMember: z.object({ person: v.id, team: v.id, role: z.enum(TEAM_ROLES) }),
  person: z.discriminatedUnion('machine', [
    z.object({ machine: z.literal(true), email: z.literal('') }),
    z.object({ machine: z.literal(false), email: v.email, pictureType: z.enum(['image/png', 'image/jpeg', 'image/webp']).nullable() }),
  ]),
};

type Belonging = {
  record(record: ReadRecord, number: number): void;
  change(op: Op, value: unknown, number: number): void;
  end(): void;
};

/** Nothing of another organisation comes in under this one's name: neither a record, nor a role, nor a person nobody speaks of. */
function openBelonging(organisation: Id): Belonging {
  /** Scopes there are, and where one was first spoken of. */
  const there = new Set([`org:${organisation}`]);
  const asked = new Map<string, number>();
  const people = new Map<Id, number>();
  const named = new Map<Id, number>();
  const inTeams = new Map<Id, number>();
  const emails = new Map<string, number>();
  let itself = false;
  const ask = (place: string, number: number) => asked.has(place) || asked.set(place, number);

  function speaksOf(name: string, value: unknown, number: number): void {
    if (typeof value !== 'string') return;
    const kind = PLACES.get(name);
    if (kind !== undefined && value !== '') ask(`${kind}:${value}`, number);
    else if (PLACE.test(value)) ask(value, number);
  }

  function liesIn(entity: string, id: Id, scope: string, number: number): void {
    const wide = entity === 'organisation' || entity === 'person';
    if ((scope === 'platform') !== wide) throw badLine(number, `is a ${entity} in a scope of which none is carried`);
    if (entity === 'organisation' && id !== organisation) throw badLine(number, 'is of another organisation');
    if (entity === 'site' && scope !== `site:${id}`) throw badLine(number, 'is a site in the scope of another one');
    if (!wide) ask(scope, number);
  }

  return {
    record({ entity, id, scope, fields }, number) {
      liesIn(entity.name, id, scope, number);
      const kind = PLACES.get(entity.name);
      if (kind !== undefined && kind !== 'org') there.add(`${kind}:${id}`);
      if (entity.name === 'organisation') itself = true;
      for (const [name, value] of Object.entries(fields)) speaksOf(name, value, number);
      const whole = { ...Object.fromEntries(Object.entries(entity.fields).map(([name, field]) => [name, field.default])), ...fields };
      const check = CHECKS[entity.name];
      if (check !== undefined) checked(check, whole, number);
      const { person, team, role, at, email, emailKey, machine, mergedInto } = whole as Record<string, unknown>;
      if (entity.name === 'grant' && ROLE_LEVEL[role as Role] !== (String(at).startsWith('site:') ? 'site' : 'organisation'))
        throw badLine(number, 'gives a role that is not given at such a place');
      if (entity.name === 'teamMember' && id !== `${team}:${person}`) throw badLine(number, 'has an id that is not of its team and person');
      if ((fields.deletedAt ?? null) === null) {
        if (entity.name === 'grant' || entity.name === 'membership') named.set(person as Id, number);
        if (entity.name === 'teamMember') inTeams.set(person as Id, number);
      }
      if (entity.name !== 'person') return;
      // Such an account has nothing any more: the other one belongs to the organisation.
      if (mergedInto !== null) throw badLine(number, 'is an account that was merged into another one, and belongs nowhere');
      if (!UUID.test(id)) throw badLine(number, 'is a person without a proper id');
      if (emailKey !== (machine === true ? `machine:${id}` : emailKeyOf(email as string)))
        throw badLine(number, 'has an emailKey that is not of its e-mail');
      if (emails.has(emailKey as string)) throw badLine(number, `has the e-mail of line ${emails.get(emailKey as string)}`);
      emails.set(emailKey as string, number);
      people.set(id, number);
    },
    change({ entity, rowId, scope, field }, value, number) {
      if (entity === 'person') throw badLine(number, 'is the history of a person, which is not carried');
      liesIn(entity, rowId, scope, number);
      speaksOf(field, value, number);
    },
    end() {
      if (!itself) throw new Refusal('invalid', 'The record of the organisation itself is missing.');
      const wrong: [number, string][] = [];
      for (const [place, number] of asked)
        if (!there.has(place)) wrong.push([number, `speaks of ${place.slice(0, 80)}, which is not of this organisation`]);
      for (const [id, number] of [...named, ...inTeams])
        if (!people.has(id)) wrong.push([number, `speaks of the person ${id}, who is not in the file`]);
      for (const [id, number] of people) if (!named.has(id)) wrong.push([number, 'is a person who does not belong to the organisation']);
      const [first] = wrong.sort(([a], [b]) => a - b);
      if (first !== undefined) throw badLine(...first);
    },
  };
}
