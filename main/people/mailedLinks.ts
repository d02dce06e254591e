// Sign-in links that go by mail: each is made, sent and forgotten in one go, so that nobody sees it but the one it is for.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { Permission, Place } from '../../contract/permissions.ts';
import type { Call, Procedures, Station } from '../area.ts';
import type { Caller, Origin } from '../caller.ts';
import { station as itself } from '../store/index.ts';
import type { PeopleTables } from './entities.ts';
import type { Sessions } from './sessions.ts';
import { digestOf } from './tokens.ts';

/** So long is a link good that is handed to somebody, or sent. */
export const LINK_MS = 72 * 60 * 60 * 1000;
const KIND = 'people.mailLinks';
const NAMED_FAILURES = 3;

/** What is kept of an order: whom to send to and where the links lead, but no link. */
type Order = {
  people: Id[];
  page: string;
  /** When it was given. Who has got a mail since is not sent another one when it is carried out again. */
  since: number;
  /** By what right. */
  permission: Permission;
  at: Place;
};

export type MailedLinks = {
  procedures: Pick<Procedures<'people'>, 'linksByMail' | 'mailLinksAgain'>;
  /** The address a link in a mail leads to. Refuses, before anything is changed, where none can be sent. */
  pageOf(origin: Origin): Promise<string>;
  /** Begins to send. Gives the task, which tells whoever ordered it how it ended. */
  send(call: Call, permission: Permission, page: string, people: Id[]): Promise<Id>;
};

export function openMailedLinks({ store, mail, tasks, settings, clock }: Station, sessions: Sessions): MailedLinks {
  const read = () => store.read as Kysely<PeopleTables>;
  /** The audit tells who ordered it for whom; of the link itself it hears from the station, once that is made. */
  const start = (caller: Caller, order: Order) =>
    tasks.start({ ...caller.author, opId: undefined }, KIND, order, order.people.map(orderedFor));

  tasks.define(KIND, {
    title: 'Sign-in links by mail',
    repeatable: true,
    async run({ signal, progress }, order: Order) {
      const failed: string[] = [];
      for (const [n, person] of order.people.entries()) {
        signal.throwIfAborted();
        progress(n / order.people.length);
        const why = await sendTo(person, order);
        if (why === undefined) continue;
        failed.push(why.message);
        // Each of the others would wait as long for a server that is not there.
        if (why.everyMail) throw notSent(failed, failed.length + order.people.length - n - 1);
      }
      if (failed.length > 0) throw notSent(failed, failed.length);
      return { sent: order.people.length };
    },
  });

  /** Why it could not be sent; nothing where it was, now or by an earlier try. */
  async function sendTo(person: Id, { page, since }: Order): Promise<{ message: string; everyMail: boolean } | undefined> {
    const self = await read()
      .selectFrom('people')
      .leftJoin('signInLink', 'signInLink.person', 'people.id')
      .select(['people.email', 'people.disabledAt', 'people.emailVerifiedAt', 'signInLink.mailedAt'])
      .where('people.id', '=', person)
      .where('people.deletedAt', 'is', null)
      .executeTakeFirst();
    if (self === undefined) return undefined;
    if (Math.max(self.mailedAt ?? 0, self.emailVerifiedAt ?? 0) > since) return undefined;
    const { email } = self;
    if (self.disabledAt !== null) return { message: `${email}: This person is barred.`, everyMail: false };
    const { secret, expiresAt } = await store.change(itself('people.mailLink'), async (tx) => {
      const link = await sessions.makeLink(tx, person, LINK_MS, { mailedTo: email });
      tx.note(null, [{ entity: 'person', id: person, field: 'signInLink', before: null, after: link.expiresAt }]);
      return link;
    });
    const secretDigest = digestOf(secret);
    try {
      await mail.send({ to: email, ...letter(settings.name, `${page}/#link=${secret}`, expiresAt) });
    } catch (error) {
      // Nobody has it: it must not lie there and be taken for one that somebody got.
      await store.change(itself('people.mailLink'), async (tx) => {
        await (tx.db as Kysely<PeopleTables>).deleteFrom('signInLink').where('secretDigest', '=', secretDigest).execute();
        tx.note('The mail was not taken: the link opens nothing.');
      });
      if (error instanceof Refusal) return { message: `${email}: ${error.message}`, everyMail: error.data?.everyMail === true };
      throw error;
    }
    await store.change(itself('people.mailLink'), async (tx) => {
      await (tx.db as Kysely<PeopleTables>)
        .updateTable('signInLink')
        .set({ mailedAt: tx.now() })
        .where('secretDigest', '=', secretDigest)
        .execute();
    });
    return undefined;
  }

  return {
    async pageOf({ page }) {
      if (!(await mail.isSet())) throw new Refusal('conflict', 'This station cannot send mail: no mail server is set. Hand the link over.');
      if (page === undefined) throw new Refusal('conflict', 'This window has no address that a mail could lead to. Hand the link over.');
      return page;
    },
    send: (call, permission, page, people) => start(call.caller, { people, page, since: clock(), permission, at: call.place as Place }),
    procedures: {
      linksByMail: async (_, { origin }) => ({ possible: origin.page !== undefined && (await mail.isSet()) }),
      async mailLinksAgain(input, { caller }) {
        const task = await tasks.get(input.task);
        if (task === undefined || task.owner !== caller.person || task.kind !== KIND)
          throw new Refusal('notFound', 'There is no such task of yours.');
        const order = JSON.parse(task.input) as Order;
        if (!caller.may(order.permission, order.at)) throw new Refusal('forbidden', 'You may not do this any more.');
        if (task.state !== 'failed') throw new Refusal('conflict', 'Only what has failed is tried again.');
        return { task: await start(caller, order) };
      },
    },
  };
}

function notSent(failed: string[], count: number): Refusal {
  const named = failed.slice(0, NAMED_FAILURES);
  const more = count - named.length;
  return new Refusal('unavailable', [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(' · '));
}

const orderedFor = (id: Id) => ({ entity: 'person', id, field: 'signInLink', before: null, after: 'mail' });

const letter = (station: string, link: string, expiresAt: number) => ({
  subject: `Your way into ${station}`,
  text: [
    `You can sign in to the Outpost station “${station}” by this link. It works once, until ${new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ')} UTC; then choose a password.`,
    link,
    'Whoever has the link comes in as you: do not pass it on. If you do not know what this is about, leave it alone.',
  ].join('\n\n'),
});
