// Mail: by which server, and a way to see that it works. The password is a secret: set, used, never read back.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Mail, Procedures, Station } from '../area.ts';
import { mailServer, type WatchTables } from './entities.ts';

const TIMEOUT_MS = 15_000;
const SECURITIES = ['none', 'startTls', 'tls'] as const;
type Security = (typeof SECURITIES)[number];

type Lock = { host: string; security: string; user: string };
/** Whether a password that nobody may read would still go to the one it was given for, and as well guarded. */
const sameLock = (a: Lock, b: Lock) => a.host === b.host && a.security === b.security && a.user === b.user;

/** What nodemailer calls a mail that was turned down, as against a server that cannot be reached or does not let us in. */
const OF_THIS_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);

/** One server a station, whatever sites it comes to hold. */
const SECRET = 'mail';

type Kept = Pick<Station, 'store' | 'secrets'>;

async function serverOf({ store }: Kept) {
  const row = await (store.read as Kysely<WatchTables>)
    .selectFrom('mailServers')
    .selectAll()
    .where('id', '=', store.stationId)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return row && { host: row.host, port: row.port, security: row.security as Security, user: row.user, from: row.from };
}

/** Lent to every area: what it sends is kept nowhere, and in no log. */
export function openMail(kept: Kept): Mail {
  return {
    isSet: async () => (await serverOf(kept)) !== undefined,
    async send({ to, subject, text }) {
      const server = await serverOf(kept);
      if (server === undefined) throw new Refusal('conflict', 'No mail server is set yet.');
      const pass = await kept.secrets.use(SECRET);
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({
        host: server.host,
        port: server.port,
        secure: server.security === 'tls',
        requireTLS: server.security === 'startTls',
        ignoreTLS: server.security === 'none',
        ...(server.user !== '' && { auth: { user: server.user, pass: pass ?? '' } }),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
      });
      try {
        return (await transport.sendMail({ from: server.from, to: { name: '', address: to }, subject, text })).response;
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        throw new Refusal('unavailable', `The mail server did not take the mail: ${message}`, { everyMail: !OF_THIS_MAIL.has(code ?? '') });
      } finally {
        transport.close();
      }
    },
  };
}

export function mailProcedures(station: Station): Pick<Procedures<'watch'>, 'mailServer' | 'setMailServer' | 'sendTestMail'> {
  const { store, secrets, mail } = station;

  return {
    mailServer: async () => ({ server: (await serverOf(station)) ?? null, passwordSet: secrets.isSet(SECRET) }),

    async setMailServer(input, call) {
      const { server, password } = input;
      const present = await serverOf(station);
      // The secret first: a record that names a password which is not there could not send.
      if (server === null || (password === undefined && present !== undefined && !sameLock(present, server))) await secrets.remove(SECRET);
      else if (password !== undefined) await secrets.set(SECRET, password);
      return store.change(call.caller.author, async (tx) => {
        const known = await (tx.db as Kysely<WatchTables>)
          .selectFrom('mailServers')
          .select(['id', 'deletedAt'])
          .where('id', '=', store.stationId)
          .executeTakeFirst();
        if (server === null) {
          if (known) await tx.remove(mailServer, store.stationId);
        } else if (known === undefined) {
          await tx.create(mailServer, store.stationId, 'platform', server);
        } else {
          if (known.deletedAt !== null) await tx.restore(mailServer, store.stationId);
          await tx.update(mailServer, store.stationId, server);
        }
        if (password !== undefined && server !== null) tx.note('The password was set.');
        return {};
      });
    },

    async sendTestMail(_, call) {
      const person = await (store.read as Kysely<{ people: { id: string; email: string } }>)
        .selectFrom('people')
        .select('email')
        .where('id', '=', call.caller.person)
        .executeTakeFirstOrThrow();
      const answer = await mail.send({
        to: person.email,
        subject: 'Outpost: test mail',
        text: 'This mail was sent by your Outpost station to see whether it can send mail. It can.',
      });
      await store.change(call.caller.author, async (tx) => tx.note(null));
      return { answer };
    },
  };
}
