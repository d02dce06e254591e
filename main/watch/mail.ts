// Mail: by which server, and a way to see that it works. The password is a secret: set, used, never read back.

import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Call, Procedures, Station } from '../area.ts';
import type { Scope } from '../store/entities.ts';
import { mailServer, type WatchTables } from './entities.ts';

const TIMEOUT_MS = 15_000;
const SECURITIES = ['none', 'startTls', 'tls'] as const;
type Security = (typeof SECURITIES)[number];

/** The place this station stands at, as the scope its mail server is kept in. */
function scopeOf({ place }: Call): Scope {
  if (place === undefined || place.kind === 'platform') return 'platform';
  return place.kind === 'site' ? `site:${place.site}` : `org:${place.organisation}`;
}

type Lock = { host: string; security: string; user: string };
/** Whether a password that nobody may read would still go to the one it was given for, and as well guarded. */
const sameLock = (a: Lock, b: Lock) => a.host === b.host && a.security === b.security && a.user === b.user;

const secretOf = (scope: Scope) => `mail.${scope.replace(':', '.')}`;

export function mailProcedures({ store, secrets }: Station): Pick<Procedures<'watch'>, 'mailServer' | 'setMailServer' | 'sendTestMail'> {
  const serverOf = async (scope: Scope) => {
    const row = await (store.read as Kysely<WatchTables>)
      .selectFrom('mailServers')
      .selectAll()
      .where('id', '=', scope)
      .where('deletedAt', 'is', null)
      .executeTakeFirst();
    return row && { host: row.host, port: row.port, security: row.security as Security, user: row.user, from: row.from };
  };

  return {
    async mailServer(_, call) {
      const scope = scopeOf(call);
      return { server: (await serverOf(scope)) ?? null, passwordSet: secrets.isSet(secretOf(scope)) };
    },

    async setMailServer(input, call) {
      const scope = scopeOf(call);
      const { server, password } = input;
      const present = await serverOf(scope);
      // The secret first: a record that names a password which is not there could not send.
      if (server === null || (password === undefined && present !== undefined && !sameLock(present, server)))
        await secrets.remove(secretOf(scope));
      else if (password !== undefined) await secrets.set(secretOf(scope), password);
      return store.change(call.caller.author, async (tx) => {
        const known = await (tx.db as Kysely<WatchTables>)
          .selectFrom('mailServers')
          .select(['id', 'deletedAt'])
          .where('id', '=', scope)
          .executeTakeFirst();
        if (server === null) {
          if (known) await tx.remove(mailServer, scope);
        } else if (known === undefined) {
          await tx.create(mailServer, scope, scope, server);
        } else {
          if (known.deletedAt !== null) await tx.restore(mailServer, scope);
          await tx.update(mailServer, scope, server);
        }
        if (password !== undefined && server !== null) tx.note('The password was set.');
        return {};
      });
    },

    async sendTestMail(_, call) {
      const scope = scopeOf(call);
      const server = await serverOf(scope);
      if (server === undefined) throw new Refusal('conflict', 'No mail server is set yet.');
      const person = await (store.read as Kysely<{ people: { id: string; email: string } }>)
        .selectFrom('people')
        .select('email')
        .where('id', '=', call.caller.person)
        .executeTakeFirstOrThrow();
      const pass = await secrets.use(secretOf(scope));
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
        const sent = await transport.sendMail({
          from: server.from,
          to: person.email,
          subject: 'Outpost: test mail',
          text: 'This mail was sent by your Outpost station to see whether it can send mail. It can.',
        });
        await store.change(call.caller.author, async (tx) => tx.note(null));
        return { answer: sent.response };
      } catch (error) {
        throw new Refusal('unavailable', `The mail server did not take the mail: ${(error as Error).message}`);
      } finally {
        transport.close();
      }
    },
  };
}
