// Signing in by what an identity-aware proxy in front of the station says: it writes the e-mail of whom it has signed in into a header.
import type { Kysely } from 'kysely';
import { Refusal } from '../../../contract/errors.ts';
import type { Id } from '../../../contract/ids.ts';
import * as v from '../../../contract/values.ts';
import type { Station } from '../../area.ts';
import type { Origin } from '../../caller.ts';
import type { PeopleTables } from '../entities.ts';
import { personByEmail } from '../roles.ts';
import { emailKeyOf } from '../sessions.ts';
import type { SignInMethod } from './method.ts';

/** Whom the proxy names. A header that was sent twice, or holds anything else, names nobody. */
export function emailNamed({ named }: Origin): string | undefined {
  const email = v.email.safeParse(named);
  return email.success ? email.data : undefined;
}

export function forwardedMethod({ store }: Station): SignInMethod<object> {
  /** By the address of an account that was merged comes in whoever has everything of it since. */
  const personNamed = async (db: Kysely<PeopleTables>, email: string): Promise<{ id: Id } | undefined> => {
    const known = await personByEmail(db, email);
    if (known === undefined) return undefined;
    return db
      .selectFrom('people')
      .select('id')
      .where('id', '=', known.id)
      .where('machine', '=', 0)
      .where('disabledAt', 'is', null)
      .executeTakeFirst();
  };

  return {
    command: 'people.signInForwarded',
    offer(origin) {
      const email = emailNamed(origin);
      return email === undefined ? undefined : { as: email };
    },
    account(_, origin) {
      const email = emailNamed(origin);
      return email === undefined ? undefined : emailKeyOf(email);
    },
    async prove(_, origin) {
      const email = emailNamed(origin);
      if (email === undefined) return { refusal: nobody(origin), person: null };
      const db = store.read as Kysely<PeopleTables>;
      const found = await personNamed(db, email);
      // Somebody else is shut out or unknown: whoever the proxy vouches for may know it of themselves, and is told the same of both.
      const refusal = new Refusal('unauthenticated', `This station lets nobody in as ${email}. Ask an administrator to add you.`);
      if (found === undefined) return { refusal, person: null };
      const own = await Promise.all([
        db.selectFrom('credential').select('person').where('person', '=', found.id).executeTakeFirst(),
        db.selectFrom('phone').select('person').where('person', '=', found.id).where('confirmedAt', 'is not', null).executeTakeFirst(),
      ]);
      return {
        person: found.id,
        // Nobody knows when the proxy asked last. Who has a password or a phone shows that first before a critical act.
        fresh: own.every((one) => one === undefined),
        lapsed: async (tx) => ((await personNamed(tx.db as Kysely<PeopleTables>, email))?.id === found.id ? undefined : refusal),
      };
    },
  };
}

const nobody = ({ named }: Origin) =>
  named === undefined
    ? new Refusal('unauthenticated', 'No proxy that this station trusts says who you are.')
    : new Refusal('unauthenticated', 'The proxy does not name one person by one e-mail address.');
