// A TCP connection as a line.
import { connect } from 'node:net';
import type { Dial } from './wire.ts';

/** A half-open connection shows at the next request; this shows it to the system where none is sent for long. */
const KEEP_ALIVE_MS = 30_000;

export const tcpDial =
  (host: string, port: number): Dial =>
  (events, giveUp) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
      let why = 'closed by the other end';
      let open = false;
      giveUp.addEventListener('abort', () => socket.destroy(), { once: true });
      socket.on('connect', () => {
        open = true;
        resolve({
          write: (bytes) => void socket.write(bytes),
          // What has come was handed on already.
          flush: () => {},
          close: () => socket.destroy(),
        });
      });
      socket.on('data', (bytes) => events.data(bytes));
      socket.on('error', (error) => {
        why = plainly(error, host, port);
      });
      // A connection that has been ended on one side answers nothing any more.
      socket.on('end', () => socket.destroy());
      socket.on('close', () => (open ? events.closed(why) : reject(new Error(why))));
    });

function plainly(error: Error & { code?: string }, host: string, port: number): string {
  const place = `${host}:${port}`;
  switch (error.code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${place}`;
    case 'ENOTFOUND':
      return `there is no host ${host}`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to ${host}`;
    case 'ECONNRESET':
      return 'reset by the other end';
    default:
      return error.message;
  }
}
