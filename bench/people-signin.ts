// What a sign-in costs, and what many at once cost those who are only looking: a stream that beats goes on beating.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { portLink } from '../main/links.ts';
import { hashPassword, verifyPassword } from '../main/people/passwords.ts';
import { PASSWORD } from '../main/testing/world.ts';
import { type Bench, figure } from './figure.ts';
import type { Watch } from './people-signin.reader.ts';
import { openBenchStation, REQUEST } from './station.ts';

const ROUNDS = 5;
const ONE_BY_ONE = 20;
const AT_ONCE = 50;
const BEAT_MS = 10;
const QUIET_MS = 1_500;
const LIMIT_MS = 20;

export const bench: Bench = async () => {
  const station = await openBenchStation();
  // From as many places as there are sign-ins: nobody is slowed down as a guesser.
  let source = 0;
  const signIn = async () => {
    const origin = { from: `10.0.${source >> 8}.${source++ & 255}`, local: false, agent: 'bench' };
    await station.site.client({ token: undefined, origin }).people.signIn({ email: 'viewer@example.org', password: PASSWORD });
  };
  const hash = await hashPassword(PASSWORD);
  await signIn();
  const check = await eachMs(() => verifyPassword(hash, PASSWORD));
  const whole = await eachMs(signIn);

  const reader = new Worker(new URL('./people-signin.reader.ts', import.meta.url));
  const ask = async (asked: Watch): Promise<number> => {
    reader.postMessage(asked, 'port' in asked ? [asked.port] : []);
    return (await once(reader, 'message'))[0] as number;
  };
  const beating = setInterval(() => station.site.station.log.error({ event: 'beat' }, 'beat'), BEAT_MS);
  const { port1, port2 } = new MessageChannel();
  station.site.channel.attach(portLink(port1), REQUEST);
  await ask({ port: port2 });
  const extra = { quiet: [] as number[], busy: [] as number[] };
  const during = async (work: () => Promise<unknown>) => {
    const since = performance.timeOrigin + performance.now();
    await work();
    await wait(5 * BEAT_MS); // what is late arrives
    return Math.max(0, (await ask({ largestGapSince: since })) - BEAT_MS);
  };
  for (let n = 0; n < ROUNDS; n++) {
    extra.quiet.push(await during(() => wait(QUIET_MS)));
    extra.busy.push(await during(() => Promise.all(Array.from({ length: AT_ONCE }, signIn))));
  }
  clearInterval(beating);
  await reader.terminate();
  await station.close();
  const what = `largest extra delay of a beat, ${AT_ONCE} sign-ins at once (median of ${ROUNDS})`;
  return [
    figure('people-signin', 'one sign-in', whole, 'ms', 'argon2 alone', check),
    figure('people-signin', what, median(extra.busy), 'ms', 'limit', LIMIT_MS),
    figure('people-signin', 'the same', median(extra.busy), 'ms', `nobody signs in, ${QUIET_MS / 1000} s`, median(extra.quiet)),
  ];
};

async function eachMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let n = 0; n < ONE_BY_ONE; n++) await work();
  return (performance.now() - started) / ONE_BY_ONE;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
