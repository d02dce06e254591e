// Fills an empty station with an organisation from a file: all of it in one change, or nothing.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Station } from '../area.ts';
import type { Entity } from '../store/entities.ts';
import type { Adopted, Author, Op, Reader, Tx } from '../store/index.ts';
import type { PeopleTables } from './entities.ts';
import { bodyLines, type OrganisationName, openDigest } from './organisationFile.ts';
import { badLine, examine, headerOf, linesOf, type ReadLine, readLine, type Summary } from './organisationRead.ts';
import { giveRole, personByEmail } from './roles.ts';

export type Brought = {
  file: Summary;
  /** What the station itself would write now: the digest of its own export. */
  digest: string;
  /** False where it was there already, the same. */
  new: boolean;
  /** Who administers the station, as long as nobody has chosen a password here. */
  administrator: { email: string } | undefined;
};

export type OrganisationImport = {
  /** What a file holds, without a look at the station. */
  examine(file: string): Promise<Summary>;
  /** `administrator`: the e-mail of the member who is to look after the station; else the organisation's first administrator. */
  bring(file: string, administrator: string | undefined): Promise<Brought>;
};

const BATCH = 500;

export function openImport({ store, blobs, clock }: Station, shared: readonly Entity[]): OrganisationImport {
  const entities = new Map(shared.map((entity) => [entity.name, entity]));
  const summaryOf = (file: string) => examine(file, shared, clock());

  async function digestHere(at: Reader, organisation: Id): Promise<string> {
    const [named] = await at.all<OrganisationName>('select "id", "key", "name" from "organisations" where "id" = ?', [organisation]);
    if (named === undefined) throw new Refusal('notFound', 'There is no such organisation at this station.');
    const digest = openDigest({ organisation: named });
    for await (const line of bodyLines(at, shared, blobs, organisation)) digest.add(line);
    return digest.end().digest;
  }

  /** Everything behind the header, read once more. */
  async function* readLines(file: string): AsyncGenerator<ReadLine> {
    let first = true;
    for await (const line of linesOf(file)) {
      if (first) headerOf(line);
      else yield readLine(line, entities);
      first = false;
    }
  }

  /** Before a record may name them. Gives those that were not there. */
  async function putBlobs(file: string, put: string[]): Promise<void> {
    for await (const line of readLines(file)) {
      if (line.kind === 'change') return;
      if (line.kind !== 'blob') continue;
      if ((await blobs.get(line.hash)) === undefined) put.push(line.hash);
      await blobs.put(line.bytes);
    }
  }

  async function write(tx: Tx, file: string): Promise<void> {
    let people: Adopted[] = [];
    let changes: { op: Op; number: number }[] = [];
    const settle = async () => {
      if (people.length > 0) await tx.adopt(people);
      if (changes.length > 0) await apply(tx, changes);
      people = [];
      changes = [];
    };
    for await (const line of readLines(file)) {
      // Of everything else the history says it all: what the record says is compared with it afterwards.
      if (line.kind === 'record' && line.record.entity.name === 'person') {
        const { entity, id, scope, fields } = line.record;
        people.push({ entity, id, scope, values: fields });
      } else if (line.kind === 'change') changes.push(line);
      if (people.length + changes.length >= BATCH) await settle();
    }
    await settle();
  }

  /** Writes what the station holds now beside what the file says, and names the first line on which they differ. */
  async function mustBeTheSame(at: Reader, file: string, { organisation, digest }: Summary): Promise<void> {
    const lines = linesOf(file);
    let number = (await lines.next()).value?.number ?? 1;
    for await (const own of bodyLines(at, shared, blobs, organisation.id)) {
      const { value } = await lines.next();
      number += 1;
      if (value?.text !== own)
        throw badLine(number, 'does not agree with the rest of the file: records and their history must say the same');
    }
    if ((await digestHere(at, organisation.id)) !== digest) throw badLine(number + 1, 'does not agree with the rest of the file');
  }

  async function fill(file: string, summary: Summary, administrator: string | undefined): Promise<void> {
    const put: string[] = [];
    const author: Author = {
      ...{ person: null, session: null, action: 'people.importOrganisation', from: 'console' },
      ...{ organisation: summary.organisation.id, site: null },
    };
    try {
      await putBlobs(file, put);
      await store.change(author, async (tx) => {
        const db = tx.db as Kysely<PeopleTables>;
        if (await holdsSomething(db)) throw notEmpty();
        await write(tx, file);
        await mustBeTheSame(tx.reader, file, summary);
        const first = await firstOf(db, summary.organisation, administrator);
        await giveRole(tx, first, 'platformAdmin', { kind: 'platform' }, null);
        tx.note(`${summary.lines} lines, digest ${summary.digest}`);
        tx.emit({ event: 'people.organisationChanged', organisation: summary.organisation.id });
      });
    } catch (error) {
      for (const hash of put) await blobs.drop(hash);
      throw error;
    }
  }

  return {
    examine: summaryOf,
    async bring(file, administrator) {
      const summary = await summaryOf(file);
      const { id, name } = summary.organisation;
      const db = store.read as Kysely<PeopleTables>;
      const there = await db.selectFrom('organisations').select('id').where('id', '=', id).executeTakeFirst();
      if (there === undefined) await fill(file, summary, administrator);
      const digest = await store.snapshot((at) => digestHere(at, id));
      if (there !== undefined && digest !== summary.digest)
        throw new Refusal(
          'conflict',
          `The organisation “${name}” is at this station already, and is not what the file says any more. Nothing was changed.`,
        );
      return { file: summary, digest, new: there === undefined, administrator: await whoComesFirst(db) };
    },
  };
}

/** Of two changes with one number the database takes neither. */
async function apply(tx: Tx, changes: readonly { op: Op; number: number }[]): Promise<void> {
  try {
    await tx.apply(changes.map(({ op }) => op));
  } catch (error) {
    if (!/^(SQLITE_CONSTRAINT|23505)/.test(String((error as { code?: unknown }).code))) throw error;
    throw new Refusal('invalid', `Between line ${changes[0]?.number} and line ${changes.at(-1)?.number} one change stands twice.`);
  }
}

const notEmpty = () =>
  new Refusal('conflict', 'This station is not empty, and nothing is overwritten: import into a new data folder, or a new database.');

async function holdsSomething(db: Kysely<PeopleTables>): Promise<boolean> {
  const someone = await db.selectFrom('people').select('id').limit(1).executeTakeFirst();
  return (someone ?? (await db.selectFrom('organisations').select('id').limit(1).executeTakeFirst())) !== undefined;
}

/** Who is to look after the station: roles over a whole platform are not carried. */
async function firstOf(db: Kysely<PeopleTables>, organisation: OrganisationName, email: string | undefined): Promise<Id> {
  if (email !== undefined) {
    const one = await personByEmail(db, email);
    const barred = one && (await db.selectFrom('people').select('disabledAt').where('id', '=', one.id).executeTakeFirst())?.disabledAt;
    if (one === undefined || barred !== null)
      throw new Refusal('invalid', `Nobody in the organisation who may sign in has the e-mail ${email}.`);
    return one.id;
  }
  const first = await db
    .selectFrom('grants')
    .innerJoin('people', 'people.id', 'grants.person')
    .select('people.id')
    .where('grants.role', '=', 'organisationAdmin')
    .where('grants.at', '=', `org:${organisation.id}`)
    .where('grants.deletedAt', 'is', null)
    .where('people.disabledAt', 'is', null)
    .where('people.deletedAt', 'is', null)
    .where('people.machine', '=', 0)
    .orderBy('grants.id')
    .executeTakeFirst();
  if (first === undefined)
    throw new Refusal('invalid', 'The organisation has no administrator of its own: name the member who is to look after the station.');
  return first.id;
}

/** Once somebody can sign in by themselves nobody else needs a way in. */
async function whoComesFirst(db: Kysely<PeopleTables>): Promise<{ email: string } | undefined> {
  if ((await db.selectFrom('credential').select('person').limit(1).executeTakeFirst()) !== undefined) return undefined;
  return db
    .selectFrom('grants')
    .innerJoin('people', 'people.id', 'grants.person')
    .select('people.email')
    .where('grants.role', '=', 'platformAdmin')
    .where('grants.deletedAt', 'is', null)
    .where('people.disabledAt', 'is', null)
    .orderBy('grants.id')
    .executeTakeFirst();
}
