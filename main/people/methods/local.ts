// Signing in by e-mail and the password this station knows.
import type { Kysely } from 'kysely';
import { Refusal } from '../../../contract/errors.ts';
import type { Station } from '../../area.ts';
import type { PeopleTables } from '../entities.ts';
import { hashPassword, isOutdated, verifyNobody, verifyPassword } from '../passwords.ts';
import { emailKeyOf, type Sessions } from '../sessions.ts';
import type { SignInMethod } from './method.ts';

type Typed = { email: string; password: string };

/** Nobody learns which of the two it was, nor whether there is such an account, nor that it is barred. */
const wrong = () => new Refusal('unauthenticated', 'E-mail or password is wrong.');

export function localMethod({ store }: Station, sessions: Sessions): SignInMethod<Typed> {
  return {
    command: 'people.signIn',
    offer: () => ({ as: null }),
    account: ({ email }) => emailKeyOf(email),
    async prove({ email, password }) {
      const found = await (store.read as Kysely<PeopleTables>)
        .selectFrom('people')
        .innerJoin('credential', 'credential.person', 'people.id')
        .select(['people.id', 'people.disabledAt', 'credential.hash'])
        .where('emailKey', '=', emailKeyOf(email))
        .where('people.deletedAt', 'is', null)
        .executeTakeFirst();
      const right = found ? await verifyPassword(found.hash, password) : await verifyNobody(password);
      if (!found || !right || found.disabledAt !== null) return { refusal: wrong(), person: found?.id ?? null };
      const renewed = isOutdated(found.hash) ? await hashPassword(password) : undefined;
      return {
        person: found.id,
        fresh: true,
        async lapsed(tx) {
          // Barred meanwhile, or the password changed.
          if ((await sessions.presentHash(tx, found.id)) !== found.hash) return wrong();
          if (renewed) await sessions.setPassword(tx, found.id, renewed);
          return undefined;
        },
      };
    },
  };
}
