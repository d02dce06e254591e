// Sessions: what opens one, what ends it. The ways to sign in lie in methods/.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Procedures, Station } from '../area.ts';
import type { Origin } from '../caller.ts';
import type { Author, Store, Tx } from '../store/index.ts';
import { IDLE_MS } from './directory.ts';
import { type PeopleTables, person as personEntity } from './entities.ts';
import { type Known, mustBeStrong } from './passphrase.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { codeNeeded, refused, type SecondFactor } from './secondFactor.ts';
import { openCrowd, openThrottle } from './throttle.ts';
import { digestOf, newToken } from './tokens.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SESSION_MS = 30 * DAY_MS;
/** So many sessions may a person have open; one more ends the one that was longest out of use. */
const MOST_SESSIONS = 50;

export const emailKeyOf = (email: string): string => email.trim().normalize('NFC').toLowerCase();

/** How the station writes an act of somebody who has no session yet. */
export const stranger = (action: string, origin: Origin, person: Id | null = null): Author => ({
  person,
  session: null,
  action,
  from: origin.from,
  organisation: null,
  site: null,
});

/** Signed in, or why not; undefined where nothing may be said of the reason. */
type Signed = { token: string } | Refusal | undefined;

/** Says no to somebody who has no session, and writes it down. */
export async function turnAway(store: Store, by: Author, refusal: Refusal): Promise<never> {
  const { person, session, action, from, organisation, site } = by;
  const detail = { from, message: refusal.message, changes: [] };
  await store.audit({ actor: person, session, action, outcome: 'refused', organisation, site, detail });
  throw refusal;
}

export type Sessions = {
  procedures: Pick<
    Procedures<'people'>,
    'signInByLink' | 'signOut' | 'listSessions' | 'revokeSession' | 'revokeOtherSessions' | 'changePassword'
  >;
  /** Refuses where this source has tried too often in this minute, at whatever door: each try leaves a row in the audit. */
  mayTry(origin: Origin): void;
  /** The same for one account, where each try that did not succeed makes the next one wait longer. */
  slowDown(account: string, origin: Origin): void;
  succeeded(account: string, origin: Origin): void;
  /** Opens a session inside a change; the token is known only to whoever gets it now. `fresh`: critical acts may follow at once. */
  open(tx: Tx, person: Id, origin: Origin, fresh?: boolean): Promise<string>;
  /** It is still them, proven just now. */
  confirm(tx: Tx, where: { session: Id; person: Id }): Promise<void>;
  /** The one session of a key: not used yet, and never proven by anybody. */
  openKey(tx: Tx, machine: Id, expiresAt: number): Promise<string>;
  /** With a session end the views that were opened from it. */
  end(tx: Tx, where: { person: Id; except?: Id } | { session: Id } | { parent: Id } | { seenAs: Id }): Promise<number>;
  /** A new link takes the place of the person's earlier ones: those were lost, or went astray. */
  makeLink(
    tx: Tx,
    person: Id,
    lifetimeMs: number,
    how?: { replacesPhone?: true; mailedTo?: string },
  ): Promise<{ secret: string; expiresAt: number }>;
  /** Links that were handed out open nothing any more. */
  dropLinks(tx: Tx, person: Id): Promise<void>;
  setPassword(tx: Tx, person: Id, hash: string): Promise<void>;
  /** Of a person who may sign in. */
  presentHash(tx: Tx, person: Id): Promise<string | undefined>;
};

export function openSessions(station: Station, secondFactor: SecondFactor): Sessions {
  const { store, clock, random, settings } = station;
  const throttle = openThrottle(clock);
  const crowd = openCrowd(clock);
  const read = () => store.read as Kysely<PeopleTables>;
  const inside = (tx: Tx) => tx.db as Kysely<PeopleTables>;

  const open: Sessions['open'] = async (tx, person, origin, fresh = true) => {
    const token = newToken(random);
    // The end of a view is written down, by whoever looks after them.
    await inside(tx).deleteFrom('session').where('expiresAt', '<=', tx.now()).where('seenAs', 'is', null).execute();
    // Idle ones of others open nothing either, and go when their own time is over.
    await inside(tx)
      .deleteFrom('session')
      .where('person', '=', person)
      .where('seenAt', '<=', tx.now() - IDLE_MS)
      .execute();
    await inside(tx)
      .insertInto('session')
      .values({
        id: tx.id(),
        tokenDigest: digestOf(token),
        person,
        createdAt: tx.now(),
        seenAt: tx.now(),
        expiresAt: tx.now() + SESSION_MS,
        source: origin.from,
        agent: origin.agent.slice(0, 200),
        confirmedAt: fresh ? tx.now() : 0,
      })
      .execute();
    await endOldest(tx, person);
    tx.note(null);
    return token;
  };

  /** A program that signs in for every call of its own leaves a session each time. */
  async function endOldest(tx: Tx, person: Id): Promise<void> {
    const beyond = await inside(tx)
      .selectFrom('session')
      .select('id')
      .where('person', '=', person)
      .where('seenAs', 'is', null)
      .orderBy('seenAt', 'desc')
      .orderBy('id', 'desc')
      .offset(MOST_SESSIONS)
      .limit(MOST_SESSIONS)
      .execute();
    for (const { id } of beyond) await end(tx, { session: id });
  }

  const openKey: Sessions['openKey'] = async (tx, machine, expiresAt) => {
    const token = newToken(random);
    await inside(tx)
      .insertInto('session')
      .values({
        id: tx.id(),
        tokenDigest: digestOf(token),
        person: machine,
        createdAt: tx.now(),
        seenAt: 0,
        expiresAt,
        source: '',
        agent: '',
        confirmedAt: 0,
      })
      .execute();
    return token;
  };

  const end: Sessions['end'] = async (tx, where) => {
    // What is seen from it ends with it. Asked apart: of two indexes in one question PostgreSQL may take neither.
    const views = 'session' in where ? await end(tx, { parent: where.session }) : 0;
    let query = inside(tx).deleteFrom('session');
    if ('session' in where) query = query.where('id', '=', where.session);
    else if ('parent' in where) query = query.where('parent', '=', where.parent);
    else if ('seenAs' in where) query = query.where('seenAs', '=', where.seenAs);
    else query = query.where('person', '=', where.person).where('id', '!=', where.except ?? '');
    const ended = await query.returning(['id', 'person', 'seenAs']).execute();
    for (const { id, person, seenAs } of ended) {
      tx.emit({ event: 'people.sessionEnded', session: id, person });
      if (seenAs !== null) tx.note(null, [{ entity: 'person', id: seenAs, field: 'seenBy', before: person, after: null }]);
    }
    return ended.length + views;
  };

  const dropLinks: Sessions['dropLinks'] = async (tx, person) => {
    await inside(tx).deleteFrom('signInLink').where('person', '=', person).execute();
  };

  const setPassword: Sessions['setPassword'] = async (tx, person, hash) => {
    await inside(tx)
      .insertInto('credential')
      .values({ person, hash, changedAt: tx.now() })
      .onConflict((conflict) => conflict.column('person').doUpdateSet({ hash, changedAt: tx.now() }))
      .execute();
  };

  const presentHash: Sessions['presentHash'] = async (tx, person) => {
    const row = await inside(tx)
      .selectFrom('credential')
      .innerJoin('people', 'people.id', 'credential.person')
      .select('hash')
      .where('credential.person', '=', person)
      .where('people.disabledAt', 'is', null)
      .where('people.deletedAt', 'is', null)
      .executeTakeFirst();
    return row?.hash;
  };

  /** What a guesser knows of somebody: their own names, and those of the station and their organisations. */
  async function namesAround(id: Id): Promise<Known> {
    const [self, organisations, sites] = await Promise.all([
      read().selectFrom('people').select(['name', 'email']).where('id', '=', id).executeTakeFirst(),
      read()
        .selectFrom('memberships')
        .innerJoin('organisations', 'organisations.id', 'memberships.organisation')
        .select('organisations.name')
        .where('memberships.person', '=', id)
        .where('memberships.deletedAt', 'is', null)
        .execute(),
      read()
        .selectFrom('memberships')
        .innerJoin('sites', 'sites.organisation', 'memberships.organisation')
        .select('sites.name')
        .where('memberships.person', '=', id)
        .where('memberships.deletedAt', 'is', null)
        .execute(),
    ]);
    return { person: self ? [self.name, self.email] : [], place: [settings.name, ...[...organisations, ...sites].map(({ name }) => name)] };
  }

  const mustWait = (ms: number): void => {
    if (ms > 0) throw new Refusal('tooMany', `Too many tries. Wait ${Math.ceil(ms / 1000)} s, then try again.`, { retryAfterMs: ms });
  };

  const mayTry: Sessions['mayTry'] = ({ from, local }) => mustWait(local ? 0 : crowd.enter(from));

  /** Counted before anything is awaited, so that guesses sent all at once are slowed as well. */
  function slowDown(account: string, origin: Origin): void {
    mustWait(throttle.wait(account, origin.from));
    mayTry(origin);
    throttle.failed(account, origin.from);
  }

  const succeeded: Sessions['succeeded'] = (account, { from }) => throttle.succeeded(account, from);

  /** A link is for somebody who has no password, or has lost it: the lost one counts no more, and a new one may be chosen. */
  async function openByLink(tx: Tx, person: Id, origin: Origin): Promise<string> {
    const token = await open(tx, person, origin);
    const lost = await inside(tx).deleteFrom('credential').where('person', '=', person).returning('person').executeTakeFirst();
    if (lost) tx.note('The old password counts no more: a new one is chosen.');
    return token;
  }

  return {
    mayTry,
    slowDown,
    succeeded,
    open,
    async confirm(tx, { session, person }) {
      await inside(tx).updateTable('session').set({ confirmedAt: tx.now() }).where('id', '=', session).execute();
      tx.note(null);
      tx.emit({ event: 'people.sessionConfirmed', session, person });
    },
    presentHash,
    openKey,
    end,
    setPassword,
    dropLinks,
    async makeLink(tx, person, lifetimeMs, { replacesPhone, mailedTo } = {}) {
      const secret = newToken(random);
      const expiresAt = tx.now() + lifetimeMs;
      await inside(tx).deleteFrom('signInLink').where('expiresAt', '<=', tx.now()).execute();
      await dropLinks(tx, person);
      await inside(tx)
        .insertInto('signInLink')
        .values({
          secretDigest: digestOf(secret),
          person,
          createdAt: tx.now(),
          expiresAt,
          replacesPhone: replacesPhone ? 1 : 0,
          mailedTo: mailedTo ?? null,
          mailedAt: null,
        })
        .execute();
      return { secret, expiresAt };
    },
    procedures: {
      async signInByLink(input, { origin }) {
        mayTry(origin);
        const secretDigest = digestOf(input.secret);
        const known = await read().selectFrom('signInLink').selectAll().where('secretDigest', '=', secretDigest).executeTakeFirst();
        const by = stranger('people.signInByLink', origin, known?.person ?? null);
        const asked = known !== undefined && known.replacesPhone === 0 && (await secondFactor.has(known.person));
        if (asked) {
          mustWait(throttle.wait(secretDigest, origin.from));
          throttle.failed(secretDigest, origin.from);
        }
        if (asked && input.totp === undefined) return turnAway(store, by, codeNeeded());
        const key = asked ? await secondFactor.keyOf(known.person) : undefined;
        const outcome = await store.change(by, async (tx): Promise<Signed> => {
          const used = await inside(tx)
            .selectFrom('signInLink')
            .innerJoin('people', 'people.id', 'signInLink.person')
            .select(['people.id', 'people.emailKey', 'signInLink.mailedTo'])
            .where('secretDigest', '=', secretDigest)
            .where('expiresAt', '>', tx.now())
            .where('people.disabledAt', 'is', null)
            .where('people.deletedAt', 'is', null)
            .executeTakeFirst();
          if (used === undefined) return undefined;
          if (asked) {
            // The link stays good: who types a code wrongly has not used it.
            const proof = await secondFactor.prove(tx, used.id, key, input.totp ?? '');
            if (proof.proof !== 'right') return refused(proof);
          }
          await inside(tx).deleteFrom('signInLink').where('secretDigest', '=', secretDigest).execute();
          if (known?.replacesPhone && (await secondFactor.drop(tx, used.id))) {
            tx.note('The second factor was taken off at the station’s own console.');
            tx.emit({ event: 'people.rightsChanged', person: used.id });
          }
          // Nobody else has ever seen the link: whoever has it reads the mail of this address.
          if (used.mailedTo !== null && emailKeyOf(used.mailedTo) === used.emailKey) {
            await tx.update(personEntity, used.id, { emailVerifiedAt: tx.now() });
            tx.emit({ event: 'people.personChanged', person: used.id });
          }
          return { token: await openByLink(tx, used.id, origin) };
        });
        if (outcome === undefined)
          return turnAway(store, by, new Refusal('unauthenticated', 'This link has been used, or is too old. Ask for a new one.'));
        if (outcome instanceof Refusal) return turnAway(store, by, outcome);
        succeeded(secretDigest, origin);
        return outcome;
      },

      async signOut(_, { caller }) {
        await store.change(caller.author, async (tx) => {
          await end(tx, { session: caller.session });
          tx.note(null);
        });
        return {};
      },

      async listSessions(_, { caller }) {
        const rows = await read()
          .selectFrom('session')
          .selectAll()
          .where('person', '=', caller.person)
          .where('seenAs', 'is', null)
          .where('expiresAt', '>', clock())
          .where(({ eb, or }) => or([eb('seenAt', '>', clock() - IDLE_MS), eb('id', '=', caller.session)]))
          .orderBy('createdAt', 'desc')
          .orderBy('id', 'desc')
          .execute();
        return {
          sessions: rows.map((row) => ({
            id: row.id,
            createdAt: row.createdAt,
            seenAt: row.seenAt,
            expiresAt: row.expiresAt,
            from: row.source,
            agent: row.agent,
            current: row.id === caller.session,
          })),
        };
      },

      async revokeSession(input, { caller }) {
        await store.change(caller.author, async (tx) => {
          const own = await inside(tx)
            .selectFrom('session')
            .select('id')
            .where('id', '=', input.session)
            .where('person', '=', caller.person)
            .executeTakeFirst();
          if (own === undefined) throw new Refusal('notFound', 'This session has ended already.');
          await end(tx, { session: input.session });
          tx.note(null);
        });
        return {};
      },

      async revokeOtherSessions(_, { caller }) {
        await store.change(caller.author, async (tx) => {
          await end(tx, { person: caller.person, except: caller.session });
          tx.note(null);
        });
        return {};
      },

      async changePassword(input, { caller, origin }) {
        mustBeStrong(input.password, await namesAround(caller.person));
        const known = await read().selectFrom('credential').select('hash').where('person', '=', caller.person).executeTakeFirst();
        if (known) {
          slowDown(caller.person, origin);
          if (input.current === undefined || !(await verifyPassword(known.hash, input.current)))
            throw new Refusal('forbidden', 'The present password is not right.');
          succeeded(caller.person, origin);
        }
        const hash = await hashPassword(input.password);
        await store.change(caller.author, async (tx) => {
          // The slow check took a while: the session may have ended since, or the password be another one.
          const session = await inside(tx).selectFrom('session').select('id').where('id', '=', caller.session).executeTakeFirst();
          if (session === undefined) throw new Refusal('unauthenticated', 'Please sign in.');
          if ((await presentHash(tx, caller.person)) !== known?.hash)
            throw new Refusal('conflict', 'The password was changed just now, elsewhere. Try again with the new one.');
          await setPassword(tx, caller.person, hash);
          await dropLinks(tx, caller.person);
          await end(tx, { person: caller.person, except: caller.session });
          tx.note(null);
          tx.emit({ event: 'people.personChanged', person: caller.person });
        });
        return {};
      },
    },
  };
}
