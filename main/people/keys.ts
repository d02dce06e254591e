// Keys of machines: programs, and screens that nobody signs in at. Behind each stands a person of its own that is nobody, with one
// role at one site and one session that is the key: rights, audit and streams know nothing else of it.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Role, TreePlace } from '../../contract/permissions.ts';
import type { Procedures, Station } from '../area.ts';
import type { Tx } from '../store/index.ts';
import { type Authority, grantText } from './directory.ts';
import { grant, type PeopleTables, person } from './entities.ts';
import { giveRole, mustBeGrantable } from './roles.ts';
import { type Sessions, stranger, turnAway } from './sessions.ts';

/** The last moment a date can name. */
const NEVER = 8_640_000_000_000_000;

export function keyProcedures(
  { store }: Station,
  sessions: Sessions,
  authority: Authority,
): Pick<Procedures<'people'>, 'listKeys' | 'createKey' | 'revokeKey' | 'signInByKey'> {
  const read = () => store.read as Kysely<PeopleTables>;
  const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;

  return {
    async listKeys(input) {
      const rows = await read()
        .selectFrom('grants')
        .innerJoin('people', 'people.id', 'grants.person')
        // One that came with its organisation from another station has no token here.
        .leftJoin('session', 'session.person', 'people.id')
        .leftJoin('people as maker', 'maker.id', 'people.madeBy')
        .select([
          'grants.id',
          'grants.role',
          'people.name',
          'session.createdAt',
          'session.seenAt',
          'session.expiresAt',
          'maker.name as createdBy',
        ])
        .where('grants.at', '=', grantText({ kind: 'site', site: input.site }))
        .where('grants.deletedAt', 'is', null)
        .where('people.machine', '=', 1)
        .orderBy('grants.id', 'desc')
        .execute();
      return {
        keys: rows.map(({ id, name, role, createdAt, createdBy, seenAt, expiresAt }) => ({
          id,
          name,
          role: role as Extract<Role, 'viewer' | 'operator' | 'siteManager'>,
          createdAt,
          createdBy,
          seenAt: seenAt === 0 ? null : seenAt,
          expiresAt: expiresAt === NEVER ? null : expiresAt,
          hasToken: createdAt !== null,
        })),
      };
    },

    createKey: (input, call) =>
      store.change(call.caller.author, async (tx) => {
        const place = call.place as TreePlace;
        mustBeGrantable(call, input.role, place);
        if (input.expiresAt !== null && input.expiresAt <= tx.now()) throw new Refusal('invalid', 'The key would have expired already.');
        const machine = tx.id();
        await tx.create(person, machine, 'platform', {
          emailKey: `machine:${machine}`,
          name: input.name,
          machine: true,
          madeBy: call.caller.person,
        });
        const key = await giveRole(tx, machine, input.role, place, call.caller.person);
        return { key, token: await sessions.openKey(tx, machine, input.expiresAt ?? NEVER) };
      }),

    revokeKey: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const key = await inside(tx)
          .selectFrom('grants')
          .innerJoin('people', 'people.id', 'grants.person')
          .select(['people.id as machine', 'grants.role'])
          .where('grants.id', '=', input.key)
          .where('grants.deletedAt', 'is', null)
          .where('people.machine', '=', 1)
          .executeTakeFirst();
        if (key === undefined) throw new Refusal('notFound', 'This key has been revoked already.');
        await tx.remove(grant, input.key);
        await tx.update(person, key.machine, { disabledAt: tx.now() });
        await sessions.end(tx, { person: key.machine });
        tx.emit({ event: 'people.personChanged', person: key.machine });
        return {};
      }),

    async signInByKey(input, { origin }) {
      sessions.mayTry(origin);
      const session = await authority.session(input.key);
      if (session?.machine) return { token: input.key };
      return turnAway(
        store,
        stranger('people.signInByKey', origin),
        new Refusal('unauthenticated', 'This key is not known, or was revoked.'),
      );
    },
  };
}
