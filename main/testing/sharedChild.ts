// A process of its own that writes into a PostgreSQL database which another one writes too.
import { randomBytes } from 'node:crypto';
import { place } from '../people/entities.ts';
import { openStore, station } from '../store/index.ts';
import { openPostgres } from '../store/postgres.ts';

const { url, name, count } = JSON.parse(process.argv[2] as string) as { url: string; name: string; count: number };
const store = await openStore({
  database: await openPostgres({ url }),
  entities: [place],
  clock: Date.now,
  random: (bytes) => randomBytes(bytes),
  log: { error: (details) => void process.stderr.write(`${JSON.stringify(details)}\n`) },
});
process.stdout.write(`${store.incarnation}\n`);
const one = (n: number) =>
  store.change(station('test.shared'), async (tx) => {
    await tx.create(place, `${name}-${n}`, 'site:s1', { name });
    const meeting = await tx.db.selectFrom('places').select('rank').where('id', '=', 'meeting').executeTakeFirst();
    if (meeting === undefined) await tx.create(place, 'meeting', 'site:s1', { rank: '1' });
    else await tx.update(place, 'meeting', { rank: `${Number(meeting.rank) + 1}` });
  });
// In handfuls, so that the processes take turns in the middle of each other's work.
for (let n = 0; n < count; n += 4) await Promise.all([0, 1, 2, 3].filter((i) => n + i < count).map((i) => one(n + i)));
await store.close();
process.stdout.write('finished\n');
