// A store for a test: the station's real tables and records, clock and randomness in the test's hand, no areas round it.
import * as people from '../people/entities.ts';
import * as plant from '../plant/entities.ts';
import type { Database } from '../store/database.ts';
import type { Entity } from '../store/entities.ts';
import { type Author, openStore, type Store, type StoreOptions } from '../store/index.ts';
import * as watch from '../watch/entities.ts';
import type { TestDatabase } from './databases.ts';
import { seededRandom, type TestClock, testClock } from './station.ts';

export const ENTITIES: readonly Entity[] = [...people.entities, ...plant.entities, ...watch.entities];

export type TestStore = Store & {
  clock: TestClock;
  /** What the store complained of in the log. */
  complaints: unknown[];
};

export type TestStoreOptions = Partial<Omit<StoreOptions, 'clock' | 'log'>> & {
  clock?: TestClock;
  beforeStatement?: (sql: string) => void;
};

export async function openTestStore(source: TestDatabase, options: TestStoreOptions = {}): Promise<TestStore> {
  const { clock = testClock(), beforeStatement, database, ...rest } = options;
  const complaints: unknown[] = [];
  const opened: Database = database ?? (await source.open(beforeStatement ? { beforeStatement } : {}));
  const store = await openStore({
    entities: ENTITIES,
    random: seededRandom('store'),
    ...rest,
    database: opened,
    clock,
    log: { error: (details) => void complaints.push(details) },
  });
  // Not spread: `read` and `damage` are asked anew each time.
  return Object.assign(store, { clock, complaints });
}

/** Somebody at a screen. */
export const author = (action = 'test.change', more: Partial<Author> = {}): Author => ({
  person: '00000000-0000-7000-8000-00000000000a',
  session: null,
  action,
  from: 'test',
  organisation: null,
  site: null,
  ...more,
});

/** What a commit is, to a hook before each statement of the writer. */
export const isCommit = (sql: string) => sql === 'commit';

/** Every table with all its rows in one text: what must be the same when nothing was changed. */
export async function contents(database: Database): Promise<string> {
  const parts: string[] = [];
  for (const table of await database.tables()) {
    const rows = await database.reader.all<Record<string, unknown>>(`select * from "${table}"`);
    const lines = rows.map((row) => JSON.stringify(table === 'meta' && row.key === 'head' ? withoutLastId(row) : row));
    parts.push(`${table}\n${lines.sort().join('\n')}`);
  }
  return parts.join('\n\n');
}

/** That an id was given out to nobody in the end is no change. */
const withoutLastId = (row: Record<string, unknown>) => ({ ...row, value: { ...JSON.parse(row.value as string), id: '' } });
