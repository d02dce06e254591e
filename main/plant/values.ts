// What tags say: now, as it changes, and over a time.
import type { Kysely } from 'kysely';
import { Refusal } from '../../contract/errors.ts';
import type { Id } from '../../contract/ids.ts';
import type { CurrentValue } from '../../contract/plant.ts';
import type { Call, Procedures, StateSource, Station } from '../area.ts';
import { siteOf } from './config/procedures.ts';
import type { PlantTables } from './entities.ts';
import { onTheWire } from './running/image.ts';
import type { Running } from './running/index.ts';

/** What one question of a database may name. */
const AT_ONCE = 500;

export function valueProcedures({ store }: Station, { image, history }: Running): Pick<Procedures<'plant'>, 'readCurrent' | 'readHistory'> {
  return {
    async readCurrent({ tags }, call) {
      const ids = await idsOf(store.read as Kysely<PlantTables>, siteOf(call), tags);
      return tags.map((tag) => ({ tag, ...image.now(ids.get(tag) as Id) }));
    },
    async readHistory({ tag, from, to, width }, call) {
      if (from >= to) throw new Refusal('invalid', 'A time begins before it ends: “from” lies before “to”.');
      const ids = await idsOf(store.read as Kysely<PlantTables>, siteOf(call), [tag]);
      const { points, gaps, epochs } = await (await history.store()).query({ tag: ids.get(tag) as Id, from, to, width });
      return {
        points: points.map(([time, least, greatest, mean, n]) => [time, bound(least), bound(greatest), bound(mean), n]),
        gaps: gaps.map(([begin, end]) => [begin, end]),
        epochs,
      };
    },
  };
}

const bound = (value: number) => onTheWire(value) as number | string;

/** Those that are asked for, by the ids people gave them; one that is not there is named. */
async function idsOf(db: Kysely<PlantTables>, site: Id, keys: readonly string[]): Promise<Map<string, Id>> {
  const found = new Map<string, Id>();
  for (let n = 0; n < keys.length; n += AT_ONCE) {
    const rows = await db
      .selectFrom('tags')
      .select(['id', 'key'])
      .where('site', '=', site)
      .where('key', 'in', keys.slice(n, n + AT_ONCE))
      .where('deletedAt', 'is', null)
      .execute();
    for (const { id, key } of rows) found.set(key, id);
  }
  const missing = keys.filter((key) => !found.has(key));
  if (missing.length > 0)
    throw new Refusal(
      'notFound',
      `There is no tag “${missing[0]}” at this site${missing.length > 1 ? `, and ${missing.length - 1} more are missing` : ''}.`,
      {
        tags: missing.slice(0, 100),
      },
    );
  return found;
}

/** The values of these tags as they change. One that is taken out goes; one that grows old is told so by the next look. */
export function valueStream(
  { store }: Station,
  { image }: Running,
  call: Pick<Call, 'place'>,
  tags: readonly string[],
): StateSource<CurrentValue> {
  let keys = new Map<Id, string>();
  return {
    async read(wanted) {
      const ids = await idsOf(store.read as Kysely<PlantTables>, siteOf(call), tags);
      keys = new Map([...ids].map(([key, id]) => [id, key]));
      return new Map([...ids].filter(([key]) => wanted?.has(key) ?? true).map(([key, id]) => [key, { tag: key, ...image.now(id) }]));
    },
    watch(changed) {
      const stopValues = image.watch((ids) => {
        for (const id of ids) {
          const key = keys.get(id);
          if (key !== undefined) changed(key);
        }
      });
      const stopConfig = store.events.on('plant.configChanged', () => changed());
      return () => {
        stopValues();
        stopConfig();
      };
    },
  };
}
