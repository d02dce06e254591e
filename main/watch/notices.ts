// What the station tells people: kept until read, and shown wherever they are signed in.

import type { Kysely, Selectable } from 'kysely';
import type { Notice } from '../../contract/watch.ts';
import type { EventSource, Procedures, Station } from '../area.ts';
import { station as itself, type Tx } from '../store/index.ts';
import { notice, type WatchTables } from './entities.ts';

const SHOWN = 100;

const shown = (row: Selectable<WatchTables['notices']>): Notice => ({
  id: row.id,
  at: row.at,
  kind: row.kind,
  data: JSON.parse(row.data) as Record<string, string>,
  readAt: row.readAt,
});

export async function tell(tx: Tx, person: string, kind: string, data: Record<string, string>): Promise<void> {
  await tx.create(notice, tx.id(), `user:${person}`, { person, kind, data, at: tx.now() });
  tx.emit({ event: 'watch.noticed', person });
}

/** Turns facts into notices: a task of mine has ended, my roles are others. */
export function noticeFacts({ store, tasks, log }: Station): () => void {
  const told = new Set<string>();
  const write = (person: string, kind: string, data: Record<string, string>) =>
    store
      .change(itself('watch.notice'), (tx) => tell(tx, person, kind, data))
      .catch((error: unknown) => log.error({ error, area: 'watch', event: 'notice' }, 'a notice could not be written'));

  return store.events.subscribe((event) => {
    // What one did oneself, and what the first start did, is no news.
    if (event.event === 'people.grantsChanged' && event.by !== null && event.by !== event.person)
      void write(event.person, event.given ? 'people.roleGiven' : 'people.roleTaken', { role: event.role, where: event.where });
    if (event.event !== 'watch.taskChanged' || event.owner === null || told.has(event.task)) return;
    const { owner } = event;
    const ended = tasks.get(event.task).then((task) => {
      if (task === undefined || (task.state !== 'done' && task.state !== 'failed') || told.has(task.id)) return;
      told.add(task.id);
      if (told.size > 1_000) told.delete(told.values().next().value as string);
      return write(owner, task.state === 'done' ? 'watch.taskDone' : 'watch.taskFailed', {
        kind: task.kind,
        title: task.title,
        message: task.message,
      });
    });
    ended.catch((error: unknown) => log.error({ error, area: 'watch', event: 'notice' }, 'a task that ended could not be read'));
  });
}

export function noticeProcedures({ store }: Station): Pick<Procedures<'watch'>, 'listNotices' | 'readNotices'> {
  const read = () => store.read as Kysely<WatchTables>;
  return {
    async listNotices(_, { caller }) {
      const rows = await read()
        .selectFrom('notices')
        .selectAll()
        .where('person', '=', caller.person)
        .where('deletedAt', 'is', null)
        .orderBy('id', 'desc')
        .limit(SHOWN)
        .execute();
      return { notices: rows.map(shown) };
    },
    readNotices: (input, { caller }) =>
      store.change(caller.author, async (tx) => {
        const unread = await (tx.db as Kysely<WatchTables>)
          .selectFrom('notices')
          .select('id')
          .where('person', '=', caller.person)
          .where('readAt', 'is', null)
          .where('id', '<=', input.upTo)
          .execute();
        for (const { id } of unread) await tx.update(notice, id, { readAt: tx.now() });
        return {};
      }),
  };
}

/** A newcomer starts with the newest; a returning reader after its cursor. Ids only grow, so the id is the cursor. */
export function noticeStream({ store }: Station, person: string): EventSource<Notice> {
  const query = () =>
    (store.read as Kysely<WatchTables>).selectFrom('notices').selectAll().where('person', '=', person).where('deletedAt', 'is', null);
  return {
    async read(after, limit) {
      const rows =
        after === undefined
          ? (await query().orderBy('id', 'desc').limit(SHOWN).execute()).reverse()
          : await query().where('id', '>', after).orderBy('id').limit(limit).execute();
      return rows.map((row) => [row.id, shown(row)]);
    },
    watch: (wake) =>
      store.events.on('watch.noticed', (event) => {
        if (event.person === person) wake();
      }),
  };
}
