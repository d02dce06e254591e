// An organisation as a file that another station can be filled with: lines of JSON, the same ones for the same content wherever it is
// written. First a header, then the records, the pictures they name, what was ever written into them, and the digest of it all.
import { createHash } from 'node:crypto';
import type { Id } from '../../contract/ids.ts';
import type { Blobs } from '../store/blobs.ts';
import { changesOf, type Part, recordsOf } from '../store/carry.ts';
import { type Entity, fieldNames, fieldOf } from '../store/entities.ts';
import type { Reader } from '../store/index.ts';
import type { Op } from '../store/log.ts';

export const FORMAT = 'outpost-organisation';
export const FORMAT_VERSION = 1;
/** Longer than any line a station writes: a reader holds no more than this of a file. */
export const LONGEST_LINE = 8 * 1024 * 1024;

export type OrganisationName = { id: Id; key: string; name: string };
export type Header = {
  format: typeof FORMAT;
  version: typeof FORMAT_VERSION;
  organisation: OrganisationName;
  exportedAt: string;
  station: { id: Id; version: string };
};

/** What the digest covers of a header: who wrote it, and when, is no part of the content. */
const content = ({ format, version, organisation: { id, key, name } }: Pick<Header, 'format' | 'version' | 'organisation'>) =>
  JSON.stringify({ format, version, organisation: { id, key, name } });

/** Over every line but the last, each with its end. */
export function openDigest(header: Pick<Header, 'organisation'>) {
  const hash = createHash('sha256').update(`${content({ format: FORMAT, version: FORMAT_VERSION, ...header })}\n`);
  let lines = 1;
  return {
    add(line: string) {
      hash.update(`${line}\n`);
      lines += 1;
    },
    end: () => ({ digest: hash.digest('hex'), lines }),
  };
}

const PERSON = 'person';
/** Scopes that are named after a record of their own: what lies in a team goes with the team. */
const NAMED_AFTER = ['team', 'workspace'] as const;

/** Of people those who belong to the organisation now: somebody who has left it stands in its history by their id. */
export async function partOf(at: Reader, shared: readonly Entity[], organisation: Id): Promise<Part> {
  const ids = async (sql: string, params: string[]) => (await at.all<{ id: Id }>(sql, params)).map(({ id }) => id);
  const own = `org:${organisation}`;
  const sites = await ids('select "id" from "sites" where "organisation" = ? order by "id"', [organisation]);
  const scopes = [own, ...sites.map((id) => `site:${id}`)];
  for (const kind of NAMED_AFTER) {
    const entity = shared.find(({ name }) => name === kind);
    if (entity === undefined) continue;
    const marks = scopes.map(() => '?').join(', ');
    const rows = await ids(`select "id" from "${entity.table}" where "scope" in (${marks}) order by "id"`, scopes);
    scopes.push(...rows.map((id) => `${kind}:${id}`));
  }
  const people = await ids(
    `select distinct "id" from (select "person" as "id" from "memberships" where "scope" = ? and "deletedAt" is null
       union select "person" as "id" from "grants" where "scope" = ? and "deletedAt" is null) p order by "id"`,
    [own, own],
  );
  return {
    scopes,
    named: new Map([
      ['organisation', { ids: [organisation], history: true }],
      // What somebody was called before, and who in another organisation let them in, is not the organisation's to know.
      [PERSON, { ids: people, history: false }],
    ]),
  };
}

/** Every line between the header and the last. */
export async function* bodyLines(at: Reader, shared: readonly Entity[], blobs: Blobs, organisation: Id): AsyncGenerator<string> {
  const part = await partOf(at, shared, organisation);
  const ofBlobs = new Map(shared.map((entity) => [entity.name, fieldNames(entity).filter((name) => fieldOf(entity, name)?.blob)]));
  const hashes = new Set<string>();
  for await (const page of recordsOf(at, shared, part))
    for (const { entity, id, scope, fields } of page) {
      for (const name of ofBlobs.get(entity) ?? []) if (typeof fields[name] === 'string') hashes.add(fields[name]);
      yield JSON.stringify({ record: entity, id, scope, fields });
    }
  for (const hash of [...hashes].sort()) {
    const bytes = await blobs.get(hash);
    if (bytes !== undefined) yield JSON.stringify({ blob: hash, data: Buffer.from(bytes).toString('base64') });
  }
  for await (const page of changesOf(at, shared, part)) for (const op of page) yield changeLine(op);
}

function changeLine({ entity, rowId, field, value, at, actor, scope, hlc, opId, txId, incarnation, n }: Op): string {
  return JSON.stringify({
    change: entity,
    id: rowId,
    field,
    value: JSON.parse(value),
    at,
    actor,
    scope,
    hlc,
    op: opId,
    tx: txId,
    incarnation,
    n,
  });
}
