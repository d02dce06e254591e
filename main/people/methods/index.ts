// The ways to sign in, and what is the same for all of them: tries are counted, the phone is asked, a session is opened, the audit is told.
import type { Kysely } from 'kysely';
import { Refusal } from '../../../contract/errors.ts';
import type { Id } from '../../../contract/ids.ts';
import type { Call, Procedures, Station } from '../../area.ts';
import type { Origin } from '../../caller.ts';
import { CONFIRMED_MS } from '../directory.ts';
import type { PeopleTables } from '../entities.ts';
import { verifyPassword } from '../passwords.ts';
import { personByEmail } from '../roles.ts';
import { codeNeeded, refused, type SecondFactor } from '../secondFactor.ts';
import { type Sessions, stranger, turnAway } from '../sessions.ts';
import { emailNamed, forwardedMethod } from './forwarded.ts';
import { localMethod } from './local.ts';
import type { SignInMethod } from './method.ts';

type SecondStep = { totp?: string | undefined; device?: string | undefined; remember?: true | undefined };
type Signed = { token: string; device?: string };

export function methodProcedures(
  station: Station,
  sessions: Sessions,
  secondFactor: SecondFactor,
): Pick<Procedures<'people'>, 'signInMethods' | 'signIn' | 'signInForwarded' | 'confirmSession'> {
  const { store } = station;
  const methods = { local: localMethod(station, sessions), forwarded: forwardedMethod(station) };

  const by =
    <Input>(method: SignInMethod<Input>) =>
    async (input: Input & SecondStep, { origin }: Call): Promise<Signed> => {
      const account = method.account(input, origin);
      if (account === undefined) sessions.mayTry(origin);
      else sessions.slowDown(account, origin);
      const proven = await method.prove(input, origin);
      const author = stranger(method.command, origin, proven.person);
      if ('refusal' in proven) return turnAway(store, author, proven.refusal);
      const { person } = proven;
      const asked = (await secondFactor.has(person)) && !(await secondFactor.isRemembered(person, input.device));
      if (asked && input.totp === undefined) return turnAway(store, author, codeNeeded());
      const key = asked ? await secondFactor.keyOf(person) : undefined;
      const outcome = await store.change(author, async (tx): Promise<Signed | Refusal> => {
        const lapsed = await proven.lapsed(tx);
        if (lapsed) return lapsed;
        if (asked) {
          const proof = await secondFactor.prove(tx, person, key, input.totp ?? '');
          if (proof.proof !== 'right') return refused(proof);
        }
        const device = input.remember && asked ? { device: await secondFactor.remember(tx, person, origin.agent) } : {};
        return { token: await sessions.open(tx, person, origin, asked || proven.fresh), ...device };
      });
      if (outcome instanceof Refusal) return turnAway(store, author, outcome);
      if (account !== undefined) sessions.succeeded(account, origin);
      return outcome;
    };

  /** The proxy's word, given with this very request, where somebody has nothing better: whoever may sign in by it proves no less. */
  async function isNamed(person: Id, origin: Origin): Promise<boolean> {
    const email = emailNamed(origin);
    return email !== undefined && (await personByEmail(store.read as Kysely<PeopleTables>, email))?.id === person;
  }

  return {
    async signInMethods(_, { origin }) {
      return {
        methods: Object.entries(methods).flatMap(([name, method]) => {
          const offered = method.offer(origin);
          return offered ? [{ method: name as keyof typeof methods, as: offered.as }] : [];
        }),
      };
    },
    signIn: by(methods.local),
    signInForwarded: by(methods.forwarded),

    async confirmSession(input, { caller, origin }) {
      const { person } = caller;
      const read = store.read as Kysely<PeopleTables>;
      sessions.slowDown(person, origin);
      const factor = await secondFactor.has(person);
      const key = await secondFactor.keyOf(person);
      const self = await read
        .selectFrom('people')
        .leftJoin('credential', 'credential.person', 'people.id')
        .select('credential.hash')
        .where('people.id', '=', person)
        .executeTakeFirstOrThrow();
      const vouched = input.forwarded === true && !factor && self.hash === null && (await isNamed(person, origin));
      const byPassword =
        input.totp === undefined && self.hash !== null && input.password !== undefined && (await verifyPassword(self.hash, input.password));
      const outcome = await store.change(caller.author, async (tx) => {
        if (input.totp === undefined && factor) return new Refusal('forbidden', 'A code from your phone is needed.', { factor: 'code' });
        if (self.hash === null && !factor && !vouched)
          return new Refusal('forbidden', 'Choose a password first: there is nothing yet to prove it by.');
        if (input.totp === undefined && !byPassword && !vouched) return new Refusal('forbidden', 'The password is not right.');
        if (input.totp !== undefined && !vouched) {
          const proof = await secondFactor.prove(tx, person, key, input.totp);
          if (proof.proof !== 'right') return new Refusal('forbidden', proof.message, proof.data);
        }
        await sessions.confirm(tx, { session: caller.session, person });
        return { until: tx.now() + CONFIRMED_MS };
      });
      if (outcome instanceof Refusal) throw outcome;
      sessions.succeeded(person, origin);
      return outcome;
    },
  };
}
