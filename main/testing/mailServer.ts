// A real mail server for tests, on this machine. Keeps what it was given.

import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export type Mailbox = {
  port: number;
  mails: { from: string; to: string[]; text: string; user: string | undefined }[];
  /** Every password somebody showed it, the right one or not. */
  shown: string[];
  close(): Promise<void>;
};

/** `password`: the one it asks for; without one it takes mail from everybody. `port`: where it listens; a free one if left out. */
export async function openMailServer(
  t: TestContext,
  password?: string,
  { port = 0, ...more }: SMTPServerOptions & { port?: number } = {},
): Promise<Mailbox> {
  const mails: Mailbox['mails'] = [];
  const shown: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: password === undefined,
    allowInsecureAuth: true,
    onAuth(auth, _, done) {
      shown.push(auth.password ?? '');
      if (auth.password === password) done(null, { user: auth.username });
      else done(new Error('Invalid username or password'));
    },
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text,
          user: session.user as string,
        });
        done(null, 'taken in');
      });
    },
    ...more,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= new Promise<void>((resolve) => server.close(resolve));
    return closing;
  };
  t.after(close);
  return { port: (server.server.address() as AddressInfo).port, mails, shown, close };
}
