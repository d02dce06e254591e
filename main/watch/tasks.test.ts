// Running things as their owner sees them, and stops them; and what a restart leaves of them.
import assert from 'node:assert/strict';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Task } from '../../contract/watch.ts';
import { station as itself } from '../store/index.ts';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import { as, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import { openTestStation, type TestStation } from '../testing/station.ts';
import { defineHeld, startHeld } from '../testing/tasks.ts';
import { type Actor, CAST } from '../testing/world.ts';

const open = async (database: TestDatabase) => {
  const station = await openWorld(database);
  return { station, held: defineHeld(station) };
};
const tasksOf = async (station: TestStation, who: Actor) => (await as(station, who).watch.listTasks({})).tasks;
const find = async (station: TestStation, who: Actor, id: string) => (await tasksOf(station, who)).find((task) => task.id === id) as Task;

/** What somebody's stream of tasks shows. `until` reads on until a task fits. */
function watching(station: TestStation, who: Actor) {
  const stream = memoryReader(station, CAST[who].token).open('watch.tasks', {});
  const shown = new Map<string, Task>();
  return {
    shown,
    async until(id: string, fits: (task: Task) => boolean): Promise<Task> {
      for (;;) {
        const task = shown.get(id);
        if (task !== undefined && fits(task)) return task;
        const said = await stream.next();
        assert.equal(said.type, 'values', JSON.stringify(said));
        if (said.type === 'values') for (const [key, value] of said.values.set ?? []) shown.set(key, value as Task);
      }
    },
  };
}

onBoth('a task is seen by its owner as it goes on, and by nobody else', async (database) => {
  const { station, held } = await open(database);
  const own = watching(station, 'viewer');
  const id = await startHeld(station, EXAMPLE.viewer);
  const { context, end } = await held.begun(1);
  await own.until(id, ({ state }) => state === 'running');
  context.progress(0.25, 'A quarter');
  const quarter = await own.until(id, ({ progress }) => progress === 0.25);
  assert.deepEqual([quarter.title, quarter.message, quarter.owner, quarter.attempts], ['Held', 'A quarter', EXAMPLE.viewer, 1]);
  assert.deepEqual(await find(station, 'viewer', id), quarter, 'asked for and watched are the same');
  context.progress(null, 'Nobody knows');
  await own.until(id, ({ progress, message }) => progress === null && message === 'Nobody knows');
  station.clock.advance(5_000);
  end({ secret: 'what it gave is for the station' });
  const done = await own.until(id, ({ state }) => state === 'done');
  assert.deepEqual([done.progress, done.endedAt], [1, station.clock()]);
  assert.ok(!JSON.stringify([...own.shown.values()]).includes('what it gave'));

  assert.equal(await find(station, 'siteManager', id), undefined);
  assert.equal(await find(station, 'platformAdmin', id), undefined);
  const other = watching(station, 'operator');
  const theirs = await startHeld(station, CAST.operator.id);
  await other.until(theirs, ({ state }) => state === 'running');
  assert.deepEqual([...other.shown.keys()], [theirs]);
});

onBoth('a task is stopped by its owner alone, once, and hears of it', async (database) => {
  const { station, held } = await open(database);
  const id = await startHeld(station, EXAMPLE.viewer);
  const { context } = await held.begun(1);
  for (const who of ['operator', 'siteManager', 'platformAdmin'] as const)
    await assert.rejects(as(station, who).watch.cancelTask({ task: id }), { code: 'notFound' });
  assert.equal(context.signal.aborted, false);
  await as(station, 'viewer').watch.cancelTask({ task: id });
  assert.equal(context.signal.aborted, true);
  const { state, endedAt } = await find(station, 'viewer', id);
  assert.deepEqual([state, endedAt], ['cancelled', station.clock()]);
  await assert.rejects(as(station, 'viewer').watch.cancelTask({ task: id }), { code: 'conflict' });
});

onBoth('a stop that is sent again, its answer lost, is answered again', async (database) => {
  const { station } = await open(database);
  const task = await startHeld(station, EXAMPLE.viewer);
  const command = { task, opId: '00000000-0000-7000-8000-00000000abce' };
  const stop = () => as(station, 'viewer').watch.cancelTask(command);
  assert.deepEqual(await Promise.all([stop(), stop()]), [{}, {}]);
  assert.deepEqual(await stop(), {});
  const { entries } = await as(station, 'platformAdmin').people.listAudit({ person: EXAMPLE.viewer });
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['watch.cancelTask', 'test.start'],
  );
});

onBoth(
  'a task that was running when the station died is said to have been interrupted, and one that may begin again does',
  async (database) => {
    const first = await openWorld(database);
    const now = first.clock();
    const left = {
      owner: EXAMPLE.admin,
      title: '',
      input: '{}',
      progress: 0.4,
      message: 'Half way',
      result: null,
      createdAt: now,
      endedAt: null,
    };
    const [again, worn, unknown] = ['a', 'b', 'c'].map((end) => `00000000-0000-7000-8000-00000000aa0${end}`) as [string, string, string];
    await first.store.change(itself('test'), async (tx) => {
      await tx.db.updateTable('task').set({ state: 'done', endedAt: now }).execute();
      for (const row of [
        { id: again, kind: 'watch.integrity', attempts: 1 },
        { id: worn, kind: 'watch.integrity', attempts: 3 },
        { id: unknown, kind: 'watch.kindOfLastYear', attempts: 1 },
      ])
        await tx.db
          .insertInto('task')
          .values({ ...left, ...row, state: 'running' })
          .execute();
    });
    await first.stop();

    const station = await openTestStation(database.t, { database });
    const own = watching(station, 'platformAdmin');
    const done = await own.until(again, ({ state }) => state === 'done');
    assert.deepEqual([done.attempts, done.progress], [2, 1]);
    for (const id of [worn, unknown]) {
      const { state, message } = await own.until(id, ({ state }) => state !== 'running');
      assert.deepEqual([state, message], ['failed', 'The station stopped while it ran.']);
    }
    const notices = memoryReader(station, CAST.platformAdmin.token).open('watch.notices', {});
    const kinds = new Map<string, number>();
    await notices.until((said) => {
      if (said.type === 'values')
        for (const [, value] of said.values.items) {
          const { kind } = value as { kind: string };
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        }
      // One of the world itself, and one for the check that was carried out in the end.
      return kinds.get('watch.taskFailed') === 2 && kinds.get('watch.taskDone') === 2;
    });
  },
);
