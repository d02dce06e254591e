// A process that works on a store until it is killed, and says what was acknowledged to it, line by line, as it happens.
// It loads as little as it can: hundreds of them are started and killed.
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { place } from '../people/entities.ts';
import { type Author, openStore, type Tx } from '../store/index.ts';
import { dice } from './dice.ts';

export type CrashWork = {
  dialect: 'sqlite' | 'postgres';
  where: string;
  seed: number;
  /** The first change has this number; each later one the next. */
  from: number;
  /** Dies before this statement of the writer; without it, when somebody kills it. */
  killAt?: number;
};

const { dialect, where, seed, from, killAt } = JSON.parse(process.argv[2] as string) as CrashWork;
const chance = dice(seed);
let statements = 0;
const beforeStatement = () => {
  statements += 1;
  if (statements === killAt) process.kill(process.pid, 'SIGKILL');
};

const database =
  dialect === 'sqlite'
    ? (await import('../store/sqlite.ts')).openSqlite({ file: where, beforeStatement })
    : await (await import('../store/postgres.ts')).openPostgres({ url: where, beforeStatement });
flushCompileCache();
const store = await openStore({
  database,
  entities: [place],
  clock: Date.now,
  random: (bytes) => chance.bytes(bytes),
  log: { error: (details) => void process.stderr.write(`${JSON.stringify(details)}\n`) },
});

/** Records that every change may touch, beside those of its own. */
const SHARED = ['shared-0', 'shared-1', 'shared-2'];

const author = (n: number): Author => ({
  person: null,
  session: null,
  action: 'test.crash',
  from: 'child',
  organisation: null,
  site: null,
  ...(n % 3 === 0 && { opId: `command-${n}` }),
});

/** Change number n: records of its own, as many as its task says; shared ones; a note with its number in the audit. */
async function change(tx: Tx, n: number, size: number, touched: readonly string[], fails: boolean): Promise<void> {
  await tx.db
    .insertInto('task')
    .values({ id: `t${n}`, kind: 'crash', title: '', input: '', state: 'done', message: '', attempts: size, createdAt: n })
    .execute();
  for (let i = 0; i < size; i++) await tx.create(place, `c${n}-${i}`, 'site:s1', { name: `${n}`, rank: `${i}` });
  for (const id of touched) {
    const row = await tx.db.selectFrom('places').select('deletedAt').where('id', '=', id).executeTakeFirst();
    if (row === undefined) await tx.create(place, id, 'site:s1', { name: `${n}` });
    else if (row.deletedAt !== null) await tx.restore(place, id);
    else if (n % 5 === 0) await tx.remove(place, id);
    else await tx.update(place, id, { name: `${n}`, key: `${n % 4}` });
  }
  tx.note(`${n}`);
  if (fails) throw new Error('thrown on purpose');
}

for (let next = from; ; ) {
  const atOnce = chance.pick([1, 1, 2, 4]);
  await Promise.all(
    Array.from({ length: atOnce }, () => {
      const n = next++;
      const size = chance.below(4);
      const touched = SHARED.filter(() => chance.chance(40));
      const fails = chance.chance(10);
      return store
        .change(author(n), (tx) => change(tx, n, size, touched, fails))
        .then(
          () => writeSync(1, `done ${n}\n`),
          (error: Error) => writeSync(1, error.message === 'thrown on purpose' ? `undone ${n}\n` : `error ${n} ${error.stack}\n`),
        );
    }),
  );
}
