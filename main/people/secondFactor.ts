// The second factor: a code from one's phone, or one of ten recovery codes where the phone is lost.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Procedures, Station } from '../area.ts';
import type { Tx } from '../store/index.ts';
import type { PeopleTables } from './entities.ts';
import { digestOf, newToken } from './tokens.ts';
import { base32, enrolmentAddress, newSecret, STEP_MS, verify } from './totp.ts';

const DEVICE_MS = 30 * 24 * 60 * 60 * 1000;
const RECOVERY_CODES = 10;
/** Without those one takes for each other: read off paper, in a hurry. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = [4, 4, 4];

export type Proof = { proof: 'right' } | { proof: 'wrong'; message: string; data?: Record<string, unknown> };

export type SecondFactor = {
  procedures: Pick<
    Procedures<'people'>,
    'secondFactor' | 'beginSecondFactor' | 'confirmSecondFactor' | 'renewRecoveryCodes' | 'removeSecondFactor' | 'forgetDevices'
  >;
  /** Has a phone that was confirmed. */
  has(person: Id): Promise<boolean>;
  /** Reads what `prove` needs of a person before a change begins. */
  keyOf(person: Id): Promise<Uint8Array | undefined>;
  /** Is it the code of the phone, or one of the recovery codes? Whatever is right is used up with it. */
  prove(tx: Tx, person: Id, key: Uint8Array | undefined, typed: string): Promise<Proof>;
  isRemembered(person: Id, device: string | undefined): Promise<boolean>;
  remember(tx: Tx, person: Id, agent: string): Promise<string>;
  /** Phone, codes and devices, all at once. */
  drop(tx: Tx, person: Id): Promise<boolean>;
  /** What lies outside of the database: once the change that dropped it is there. */
  forgetKey(person: Id): Promise<void>;
};

const secretName = (person: Id) => `second-factor.${person}`;
const normal = (typed: string) => typed.toLowerCase().replace(/[\s-]/g, '');

export function openSecondFactor(station: Station): SecondFactor {
  const { store, secrets, random, settings, clock } = station;
  const read = () => store.read as Kysely<PeopleTables>;
  const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;

  const keyOf = async (person: Id): Promise<Uint8Array | undefined> => {
    const kept = await secrets.use(secretName(person));
    return kept === undefined ? undefined : Buffer.from(kept, 'base64');
  };

  const confirmed = async (db: Kysely<PeopleTables>, person: Id) =>
    (await db.selectFrom('phone').select('confirmedAt').where('person', '=', person).executeTakeFirst())?.confirmedAt ?? null;

  /** Looks a code up, and writes down what it has shown: the step it used up, or the time it would be right for. */
  async function proveByPhone(tx: Tx, person: Id, key: Uint8Array, typed: string): Promise<Proof> {
    const row = await inside(tx).selectFrom('phone').selectAll().where('person', '=', person).executeTakeFirst();
    if (row === undefined) return WRONG;
    const doubt = row.doubtStep === null ? null : { step: row.doubtStep, ahead: row.doubtAhead ?? 0 };
    const { ahead, lastStep } = row;
    const found = verify({ secret: key, ahead, lastStep, doubt }, typed, tx.now());
    const write = (values: Partial<PeopleTables['phone']>) =>
      inside(tx).updateTable('phone').set(values).where('person', '=', person).execute();
    switch (found.verdict) {
      case 'right':
        await write({ ahead: found.ahead, lastStep: found.step, doubtStep: null, doubtAhead: null });
        return { proof: 'right' };
      case 'otherTime':
        await write({ doubtStep: found.step, doubtAhead: found.ahead });
        return { proof: 'wrong', ...offBy(found.ahead * STEP_MS, tx.now()) };
      case 'used':
        return { proof: 'wrong', message: 'This code has been used. Wait for the next one.' };
      case 'wrong':
        return WRONG;
    }
  }

  async function proveByRecovery(tx: Tx, person: Id, typed: string): Promise<boolean> {
    const used = await inside(tx)
      .deleteFrom('recoveryCode')
      .where('person', '=', person)
      .where('digest', '=', digestOf(normal(typed)))
      .returning('person')
      .executeTakeFirst();
    if (used) tx.note('A recovery code was used up.');
    return used !== undefined;
  }

  async function newRecoveryCodes(tx: Tx, person: Id): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () =>
      GROUPS.map((length) => Array.from(random(length), (byte) => LETTERS[byte % LETTERS.length]).join('')).join('-'),
    );
    await inside(tx).deleteFrom('recoveryCode').where('person', '=', person).execute();
    await inside(tx)
      .insertInto('recoveryCode')
      .values(codes.map((code) => ({ person, digest: digestOf(normal(code)) })))
      .execute();
    return codes;
  }

  const forgetDevices = async (tx: Tx, person: Id) => {
    await inside(tx).deleteFrom('rememberedDevice').where('person', '=', person).execute();
  };

  const drop: SecondFactor['drop'] = async (tx, person) => {
    const dropped = await inside(tx).deleteFrom('phone').where('person', '=', person).returning('confirmedAt').executeTakeFirst();
    await inside(tx).deleteFrom('recoveryCode').where('person', '=', person).execute();
    await forgetDevices(tx, person);
    return dropped !== undefined && dropped.confirmedAt !== null;
  };

  const forgetKey = (person: Id) => secrets.remove(secretName(person));

  const mustHave = async (tx: Tx, person: Id) => {
    if ((await confirmed(inside(tx), person)) === null) throw new Refusal('conflict', 'There is no second factor on this account.');
  };

  return {
    has: async (person) => (await confirmed(read(), person)) !== null,
    keyOf,
    async prove(tx, person, key, typed) {
      if (await proveByRecovery(tx, person, typed)) return { proof: 'right' };
      return key === undefined ? WRONG : proveByPhone(tx, person, key, typed);
    },
    async isRemembered(person, device) {
      if (device === undefined) return false;
      const known = await read()
        .selectFrom('rememberedDevice')
        .select('person')
        .where('tokenDigest', '=', digestOf(device))
        .where('person', '=', person)
        .where('expiresAt', '>', clock())
        .executeTakeFirst();
      return known !== undefined;
    },
    async remember(tx, person, agent) {
      const device = newToken(random);
      await inside(tx).deleteFrom('rememberedDevice').where('expiresAt', '<=', tx.now()).execute();
      await inside(tx)
        .insertInto('rememberedDevice')
        .values({ tokenDigest: digestOf(device), person, createdAt: tx.now(), expiresAt: tx.now() + DEVICE_MS, agent: agent.slice(0, 200) })
        .execute();
      return device;
    },
    drop,
    forgetKey,
    procedures: {
      async secondFactor(_, { caller }) {
        const since = await confirmed(read(), caller.person);
        const codes = await read().selectFrom('recoveryCode').select('digest').where('person', '=', caller.person).execute();
        const devices = await read()
          .selectFrom('rememberedDevice')
          .select(['createdAt', 'agent'])
          .where('person', '=', caller.person)
          .where('expiresAt', '>', clock())
          .orderBy('createdAt', 'desc')
          .execute();
        return { since, recoveryCodesLeft: codes.length, devices };
      },

      async beginSecondFactor(_, { caller }) {
        const { person } = caller;
        const key = newSecret(random);
        const { email } = await read().selectFrom('people').select('email').where('id', '=', person).executeTakeFirstOrThrow();
        await store.change(caller.author, async (tx) => {
          if ((await confirmed(inside(tx), person)) !== null)
            throw new Refusal('conflict', 'There is a second factor already. Remove it first to use another phone.');
          await drop(tx, person);
          await inside(tx)
            .insertInto('phone')
            .values({ person, createdAt: tx.now(), confirmedAt: null, ahead: 0, lastStep: 0, doubtStep: null, doubtAhead: null })
            .execute();
          tx.note(null);
        });
        await secrets.set(secretName(person), Buffer.from(key).toString('base64'));
        return { secret: base32(key), address: enrolmentAddress(key, settings.name, email) };
      },

      async confirmSecondFactor(input, { caller }) {
        const { person } = caller;
        const key = await keyOf(person);
        const answer = await store.change(caller.author, async (tx): Promise<string[] | Proof> => {
          const begun = await inside(tx).selectFrom('phone').select('confirmedAt').where('person', '=', person).executeTakeFirst();
          if (key === undefined || begun === undefined || begun.confirmedAt !== null)
            throw new Refusal('conflict', 'Begin again: there is nothing to confirm.');
          const proof = await proveByPhone(tx, person, key, input.code);
          if (proof.proof !== 'right') return proof;
          await inside(tx).updateTable('phone').set({ confirmedAt: tx.now() }).where('person', '=', person).execute();
          tx.note('A second factor is asked for from now on.');
          tx.emit({ event: 'people.rightsChanged', person });
          return newRecoveryCodes(tx, person);
        });
        if (Array.isArray(answer)) return { recoveryCodes: answer };
        throw new Refusal('forbidden', answer.proof === 'wrong' ? answer.message : '');
      },

      renewRecoveryCodes: (_, { caller }) =>
        store.change(caller.author, async (tx) => {
          await mustHave(tx, caller.person);
          tx.note('The recovery codes until now count no more.');
          return { recoveryCodes: await newRecoveryCodes(tx, caller.person) };
        }),

      async removeSecondFactor(_, { caller }) {
        await store.change(caller.author, async (tx) => {
          await mustHave(tx, caller.person);
          await drop(tx, caller.person);
          tx.note('No second factor is asked for from now on.');
          tx.emit({ event: 'people.rightsChanged', person: caller.person });
        });
        await forgetKey(caller.person);
        return {};
      },

      forgetDevices: (_, { caller }) =>
        store.change(caller.author, async (tx) => {
          await forgetDevices(tx, caller.person);
          tx.note(null);
          return {};
        }),
    },
  };
}

const WRONG: Proof = { proof: 'wrong', message: 'The code is not right.' };

export const codeNeeded = () => new Refusal('unauthenticated', 'Type the code your phone shows.', { factor: 'code' });

export const refused = (proof: Proof): Refusal =>
  proof.proof === 'wrong'
    ? new Refusal('unauthenticated', proof.message, { ...proof.data, factor: 'code' })
    : new Refusal('internal', 'a right proof was refused');

/** A clock that is wrong is said in words: it is the plant's own, and somebody there can set it. */
function offBy(ms: number, now: number): { message: string; data: Record<string, unknown> } {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const far = minutes >= 120 ? `${Math.round(minutes / 60)} hours` : `${Math.max(1, minutes)} minutes`;
  const clock = `${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return {
    message: `The clocks differ: your phone’s is ${far} ${ms > 0 ? 'ahead of' : 'behind'} the station’s, which says ${clock}. Type the next code to go on.`,
    data: { skewMs: ms },
  };
}
