// The first start: one organisation, one site, one administrator. Works once.

import { timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Procedures, Station } from '../area.ts';
import type { Author, Tx } from '../store/index.ts';
import type { PeopleTables } from './entities.ts';
import { createOrganisation, createSite } from './organisations.ts';
import { mustBeStrong } from './passphrase.ts';
import { hashPassword } from './passwords.ts';
import { createPerson, giveRole } from './roles.ts';
import { type Sessions, stranger, turnAway } from './sessions.ts';

export type SetUp = {
  organisation: string;
  site: string;
  timeZone?: string | undefined;
  admin: { email: string; name: string; password: string | undefined };
};

const CODE_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const CODE_LENGTH = 10;

export type FirstStart = {
  procedures: Pick<Procedures<'people'>, 'setUpState' | 'setUp'>;
  needed(): Promise<boolean>;
  /** What a person types who sets the station up from another machine: shown only where it was started. */
  code: string;
  /** From a file or the demo: the same set-up, without a screen. */
  fromConsole(setUp: SetUp): Promise<{ organisation: Id; site: Id; admin: Id }>;
};

export function openFirstStart({ store, random, settings }: Station, sessions: Sessions): FirstStart {
  const code = Array.from(random(CODE_LENGTH), (byte) => CODE_LETTERS[byte % CODE_LETTERS.length]).join('');
  const someone = (db: Kysely<PeopleTables>) => db.selectFrom('people').select('id').limit(1).executeTakeFirst();
  const needed = async () => (await someone(store.read as Kysely<PeopleTables>)) === undefined;

  async function carryOut<T>(
    author: Author,
    input: SetUp,
    then: (tx: Tx, made: { organisation: Id; site: Id; admin: Id }) => Promise<T>,
  ): Promise<T> {
    const { email, name, password } = input.admin;
    if (password !== undefined) mustBeStrong(password, { person: [email, name], place: [input.organisation, input.site, settings.name] });
    const hash = password === undefined ? undefined : await hashPassword(password);
    return store.change(author, async (tx) => {
      if ((await someone(tx.db as Kysely<PeopleTables>)) !== undefined)
        throw new Refusal('conflict', 'This station has been set up already. Please sign in.');
      const organisation = await createOrganisation(tx, { name: input.organisation });
      const site = await createSite(tx, { organisation, name: input.site, timeZone: input.timeZone });
      const admin = await createPerson(tx, input.admin);
      if (hash !== undefined) await sessions.setPassword(tx, admin, hash);
      await giveRole(tx, admin, 'platformAdmin', { kind: 'platform' }, null);
      await giveRole(tx, admin, 'organisationAdmin', { kind: 'organisation', organisation }, null);
      await giveRole(tx, admin, 'siteManager', { kind: 'site', organisation, site }, null);
      return then(tx, { organisation, site, admin });
    });
  }

  const isCode = (given: string | undefined) => {
    const typed = Buffer.from((given ?? '').trim().toLowerCase());
    return typed.length === code.length && timingSafeEqual(typed, Buffer.from(code));
  };

  return {
    code,
    needed,
    fromConsole: (input) =>
      carryOut(
        { person: null, session: null, action: 'people.setUp', from: 'console', organisation: null, site: null },
        input,
        async (_, made) => made,
      ),
    procedures: {
      setUpState: async (_, { origin }) => {
        const open = await needed();
        return { needed: open, codeNeeded: open && !origin.local };
      },
      async setUp(input, { origin }) {
        if (!(await needed())) throw new Refusal('conflict', 'This station has been set up already. Please sign in.');
        // Until it is set up, a station on a network would belong to whoever finds it first.
        const by = stranger('people.setUp', origin);
        if (!origin.local && !isCode(input.code)) {
          sessions.mayTry(origin);
          return turnAway(
            store,
            by,
            new Refusal('forbidden', 'The set-up code is not right. It is printed where the station was started.'),
          );
        }
        const token = await carryOut(by, input, (tx, { admin }) => sessions.open(tx, admin, origin));
        return { token };
      },
    },
  };
}
