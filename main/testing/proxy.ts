// A line to PostgreSQL that a test can cut: at once, or when a certain word goes over it.
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export type Line = {
  /** The same database, reached over this line. */
  url: string;
  /** Ends every connection, without a word to either end. */
  cut(): void;
  /** Ends our end of every connection: the server hears nothing of it, as of a machine that fell silent. */
  cutHere(): void;
  /** From now on nobody gets through, or everybody again. */
  closed(closed: boolean): void;
  /** Cuts the connection on which this is sent next: before the server hears it, or after, and then its answer is lost. */
  cutAt(sent: string, when: 'before' | 'after'): void;
};

export async function line(t: TestContext, url: string): Promise<Line> {
  const target = new URL(url);
  const pairs = new Set<[Socket, Socket]>();
  const silent = new WeakSet<[Socket, Socket]>();
  let trap: { sent: string; when: 'before' | 'after' } | undefined;
  let closed = false;
  const server = createServer((near) => {
    if (closed) return void near.destroy();
    const far = connect(Number(target.port), target.hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    let deaf = false;
    near.on('data', (bytes) => {
      if (trap !== undefined && bytes.includes(trap.sent)) {
        const { when } = trap;
        trap = undefined;
        if (when === 'before') return end(pair);
        // What the server answers is not passed on; its answer shows that it has heard.
        deaf = true;
        far.once('data', () => end(pair));
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!deaf) near.write(bytes);
    });
    for (const socket of pair) {
      socket.on('error', () => end(pair));
      socket.on('close', () => {
        if (!silent.has(pair)) end(pair);
      });
    }
  });
  const end = (pair: [Socket, Socket]) => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  const cut = () => {
    for (const pair of [...pairs]) end(pair);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    cut();
    server.close();
  });
  const near = new URL(url);
  near.port = String((server.address() as { port: number }).port);
  return {
    url: near.href,
    cut,
    cutHere: () => {
      for (const pair of pairs) {
        silent.add(pair);
        pair[0].destroy();
      }
    },
    closed: (now) => {
      closed = now;
    },
    cutAt: (sent, when) => {
      trap = { sent, when };
    },
  };
}
