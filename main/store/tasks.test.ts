// Tasks: seen with their progress, stopped when asked, taken up again after a restart.
import assert from 'node:assert/strict';
import { Refusal } from '../../contract/errors.ts';
import type { StationEvent } from '../../contract/index.ts';
import { onBoth, type TestDatabase } from '../testing/databases.ts';
import { author, openTestStore, type TestStore, type TestStoreOptions } from '../testing/store.ts';
import { openTasks, type TaskContext, type TaskState, type Tasks } from './tasks.ts';

const OWNER = author().person;

/** A kind of task that waits until the test says how it goes on. */
class Held {
  readonly runs: { context: TaskContext; input: unknown; end: (result?: unknown) => void; fail: (error: unknown) => void }[] = [];
  private readonly wakes: (() => void)[] = [];

  readonly run = (context: TaskContext, input: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason));
      this.runs.push({ context, input, end: resolve, fail: reject });
      for (const wake of this.wakes.splice(0)) wake();
    });

  /** The n-th run, once it has begun. */
  async begun(n: number) {
    while (this.runs.length < n) await new Promise<void>((resolve) => this.wakes.push(resolve));
    return this.runs[n - 1] as (typeof this.runs)[number];
  }
}

type Setting = { store: TestStore; tasks: Tasks; held: Held; errors: unknown[] };

async function open(source: TestDatabase, options: { repeatable?: boolean } & TestStoreOptions = {}): Promise<Setting> {
  const { repeatable = false, ...more } = options;
  const store = await openTestStore(source, more);
  const errors: unknown[] = [];
  const tasks = openTasks(store, store.clock, (error) => errors.push(error));
  const held = new Held();
  tasks.define('held', { title: 'Held', repeatable, run: held.run });
  return { store, tasks, held, errors };
}

/** Resolves when the task is in this state; each change of a task is told. */
async function reaches({ store, tasks }: Setting, id: string, state: TaskState): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => tasks.get(id).then((task) => task?.state === state && resolve());
  const stop = store.events.on('watch.taskChanged', (event) => {
    if (event.task === id) void look();
  });
  await look();
  await promise;
  stop();
}

onBoth('a task runs with its input, and keeps what it gave', async (source) => {
  const setting = await open(source);
  const { tasks, held, store } = setting;
  const id = await tasks.start(author(), 'held', { file: 'x' });
  const { input, context, end } = await held.begun(1);
  assert.deepEqual([input, context.attempt, context.signal.aborted], [{ file: 'x' }, 1, false]);
  assert.equal((await tasks.get(id))?.state, 'running');
  store.clock.advance(5_000);
  end({ rows: 3 });
  await reaches(setting, id, 'done');
  const task = await tasks.get(id);
  assert.deepEqual(
    [task?.owner, task?.title, task?.progress, task?.result, task?.createdAt, task?.endedAt, task?.attempts],
    [OWNER, 'Held', 1, '{"rows":3}', store.clock() - 5_000, store.clock(), 1],
  );
  assert.equal(await tasks.get('nowhere'), undefined);
});

onBoth('a task without input or result is one as well', async (source) => {
  const setting = await open(source);
  const id = await setting.tasks.start(author(), 'held', undefined);
  const { input, end } = await setting.held.begun(1);
  assert.equal(input, null);
  end();
  await reaches(setting, id, 'done');
  assert.equal((await setting.tasks.get(id))?.result, 'null');
});

onBoth('progress is told at each step, seen at once, and written down once a second', async (source) => {
  const { tasks, held, store } = await open(source);
  const id = await tasks.start(author(), 'held', {});
  const { context, end } = await held.begun(1);
  const told: StationEvent[] = [];
  store.events.on('watch.taskChanged', (event) => told.push(event));
  const stored = async () =>
    (await store.read.selectFrom('task').select(['progress', 'message']).where('id', '=', id).executeTakeFirstOrThrow()) as object;
  const settled = () => store.change(author(), async () => {});
  context.progress(0.25, 'reading');
  await settled();
  assert.deepEqual({ ...(await stored()) }, { progress: null, message: '' }, 'not yet a second');
  assert.deepEqual((({ progress, message }) => [progress, message])((await tasks.get(id)) as never), [0.25, 'reading']);
  store.clock.advance(1_000);
  context.progress(0.5);
  await settled();
  assert.deepEqual({ ...(await stored()) }, { progress: 0.5, message: 'reading' });
  context.progress(null, 'nobody knows how long');
  assert.equal((await tasks.get(id))?.progress, null);
  for (const [given, seen] of [
    [Number.NaN, null],
    [7, 1],
    [-1, 0],
  ] as const) {
    context.progress(given);
    assert.equal((await tasks.get(id))?.progress, seen, `${given}`);
  }
  assert.ok(told.length >= 6);
  assert.deepEqual(told[0], { event: 'watch.taskChanged', task: id, owner: OWNER });
  end();
});

onBoth('a task that fails says why; a mistake of ours is reported as well, a refusal is not', async (source) => {
  const setting = await open(source);
  const { tasks, held, errors } = setting;
  const refused = await tasks.start(author(), 'held', {});
  (await held.begun(1)).fail(new Refusal('unavailable', 'The disk is full.'));
  await reaches(setting, refused, 'failed');
  assert.deepEqual([(await tasks.get(refused))?.message, errors], ['The disk is full.', []]);
  for (const [n, thrown] of [new TypeError('x is undefined'), 'only words'].entries()) {
    const broken = await tasks.start(author(), 'held', {});
    (await held.begun(2 + n)).fail(thrown);
    await reaches(setting, broken, 'failed');
    assert.equal((await tasks.get(broken))?.message, thrown instanceof Error ? thrown.message : thrown);
    assert.equal(errors.at(-1), thrown);
  }
});

onBoth('two run at once, the others wait in their order', async (source) => {
  const setting = await open(source);
  const { tasks, held } = setting;
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push(await tasks.start(author(), 'held', n));
  await held.begun(2);
  const states = async () => Promise.all(ids.map(async (id) => (await tasks.get(id))?.state));
  assert.deepEqual(await states(), ['running', 'running', 'waiting', 'waiting']);
  held.runs[1]?.end();
  assert.equal((await held.begun(3)).input, 2);
  held.runs[0]?.fail(new Refusal('conflict', 'x'));
  assert.equal((await held.begun(4)).input, 3);
  held.runs[2]?.end();
  held.runs[3]?.end();
  await reaches(setting, ids[3] as string, 'done');
});

onBoth('a waiting task that is stopped never runs', async (source) => {
  const setting = await open(source);
  const { tasks, held, store } = setting;
  const first = [await tasks.start(author(), 'held', 1), await tasks.start(author(), 'held', 2)];
  const waiting = await tasks.start(author(), 'held', 3);
  assert.equal(await tasks.cancel(author('watch.cancelTask'), waiting), true);
  assert.deepEqual((({ state, message, endedAt }) => [state, message, endedAt])((await tasks.get(waiting)) as never), [
    'cancelled',
    'Stopped.',
    store.clock(),
  ]);
  for (const run of [await held.begun(1), await held.begun(2)]) run.end();
  for (const id of first) await reaches(setting, id, 'done');
  const last = await tasks.start(author(), 'held', 4);
  assert.equal((await held.begun(3)).input, 4);
  held.runs[2]?.end();
  await reaches(setting, last, 'done');
  assert.equal(held.runs.length, 3);
});

onBoth('a running task that is stopped hears of it, and stays stopped', async (source) => {
  const setting = await open(source);
  const { tasks, held, store, errors } = setting;
  const id = await tasks.start(author(), 'held', {});
  const { context } = await held.begun(1);
  assert.equal(await tasks.cancel(author('watch.cancelTask'), id), true);
  assert.equal(context.signal.aborted, true);
  assert.equal((await tasks.get(id))?.state, 'cancelled');
  context.progress(0.9, 'late');
  await store.change(author(), async () => {});
  assert.deepEqual((({ state, message }) => [state, message])((await tasks.get(id)) as never), ['cancelled', 'Stopped.']);
  assert.equal(await tasks.cancel(author(), id), false, 'it had ended already');
  assert.deepEqual(errors, [], 'being stopped is no mistake');
  await assert.rejects(tasks.cancel(author(), 'nowhere'), { code: 'notFound' });
});

onBoth('a task that is done before it hears of the stop is done', async (source) => {
  const setting = await open(source);
  const { tasks, store } = setting;
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  tasks.define('deaf', {
    title: 'Deaf',
    repeatable: false,
    run: async () => {
      begun.resolve();
      await promise;
      return 'made';
    },
  });
  const id = await tasks.start(author(), 'deaf', {});
  await begun.promise;
  await tasks.cancel(author(), id);
  resolve();
  await reaches(setting, id, 'done');
  assert.equal((await tasks.get(id))?.result, '"made"');
  assert.equal(await tasks.cancel(author(), id), false);
  assert.equal((await store.verifyAudit()).fault, null);
});

onBoth('starting and stopping are in the audit, under who did it', async (source) => {
  const { tasks, held, store } = await open(source);
  const id = await tasks.start(author('watch.startBackup'), 'held', {});
  await held.begun(1);
  await tasks.cancel(author('watch.cancelTask', { person: 'b' }), id);
  const rows = await store.database.reader.all<{ action: string; actor: string }>('select "action", "actor" from "audit" order by "seq"');
  assert.deepEqual(
    rows.map(({ action, actor }) => [action, actor]),
    [
      ['watch.startBackup', OWNER],
      ['watch.cancelTask', 'b'],
    ],
  );
});

onBoth('everybody sees their own tasks, the newest first', async (source) => {
  const { tasks, store } = await open(source);
  const mine: string[] = [];
  for (let n = 0; n < 3; n++) {
    mine.unshift(await tasks.start(author(), 'held', n));
    store.clock.advance(1);
  }
  const stations = await tasks.start(author('x', { person: null }), 'held', {});
  assert.deepEqual(
    (await tasks.ofOwner(OWNER)).map((task) => task.id),
    mine,
  );
  assert.deepEqual(
    (await tasks.ofOwner(null)).map((task) => task.id),
    [stations],
  );
  assert.deepEqual(await tasks.ofOwner('nobody'), []);
  // Who ends the station ends everybody's.
  const underWay = async () => (await tasks.underWay()).map((task) => task.id);
  assert.deepEqual(await underWay(), [...mine.toReversed(), stations]);
  await tasks.cancel(author(), stations);
  assert.deepEqual(await underWay(), mine.toReversed());
});

onBoth('a task of a kind nobody defined is not started', async (source) => {
  const { tasks, store } = await open(source);
  await assert.rejects(tasks.start(author(), 'unheard', {}), /no task of kind unheard/);
  assert.deepEqual(await store.read.selectFrom('task').selectAll().execute(), []);
});

// ---- stopping and starting the station

/** The station stops in order while these run, or dies: then nothing is written any more. */
async function nextRun(source: TestDatabase, first: Setting, options: { repeatable: boolean; killed?: true }): Promise<Setting> {
  if (!options.killed) await first.tasks.stop();
  await first.store.close();
  return open(source, { repeatable: options.repeatable, clock: first.store.clock });
}

for (const killed of [undefined, true] as const)
  onBoth(`after ${killed ? 'a kill' : 'a stop'} what may begin again does, what may not is marked as failed`, async (source) => {
    const first = await open(source, { repeatable: true });
    const { promise: never } = Promise.withResolvers<void>();
    first.tasks.define('once', {
      title: 'Once',
      repeatable: false,
      run: ({ signal }) => Promise.race([never, new Promise((_, no) => signal.addEventListener('abort', no))]),
    });
    const again = await first.tasks.start(author(), 'held', 'again');
    const once = await first.tasks.start(author(), 'once', {});
    const waiting = await first.tasks.start(author(), 'once', 'waits');
    await first.held.begun(1);
    await reaches(first, once, 'running');
    first.held.runs[0]?.context.progress(0.5, 'half way');

    const second = await nextRun(source, first, { repeatable: true, ...(killed && { killed }) });
    const inputs: unknown[] = [];
    second.tasks.define('once', { title: 'Once', repeatable: false, run: async (_, input) => inputs.push(input) });
    await second.tasks.resume();
    const run = await second.held.begun(1);
    assert.deepEqual([run.input, run.context.attempt], ['again', 2]);
    run.end();
    for (const [id, state] of [
      [again, 'done'],
      [once, 'failed'],
      [waiting, 'done'],
    ] as const)
      await reaches(second, id, state);
    assert.match((await second.tasks.get(once))?.message ?? '', /stopped while it ran/);
    assert.deepEqual(inputs, ['waits'], 'what never began is begun, once');
  });

onBoth('a task that takes the station down with it is not tried for ever', async (source) => {
  let setting = await open(source, { repeatable: true });
  const id = await setting.tasks.start(author(), 'held', {});
  for (let attempt = 1; attempt <= 3; attempt++) {
    assert.equal((await setting.held.begun(1)).context.attempt, attempt);
    setting = await nextRun(source, setting, { repeatable: true, killed: true });
    await setting.tasks.resume();
  }
  await reaches(setting, id, 'failed');
  assert.equal((await setting.tasks.get(id))?.attempts, 3);
  assert.equal(setting.held.runs.length, 0);
});

onBoth('a task a person stopped is not taken up again, however soon the station died', async (source) => {
  const first = await open(source, { repeatable: true });
  const id = await first.tasks.start(author(), 'held', {});
  await first.held.begun(1);
  await first.tasks.cancel(author(), id);
  const second = await nextRun(source, first, { repeatable: true, killed: true });
  await second.tasks.resume();
  assert.equal((await second.tasks.get(id))?.state, 'cancelled');
  assert.equal(second.held.runs.length, 0);
});

onBoth('a task of a kind that this version does not know fails in words', async (source) => {
  const first = await open(source);
  first.tasks.define('newer', {
    title: 'Newer',
    repeatable: true,
    run: ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', no)),
  });
  const running = await first.tasks.start(author(), 'newer', {});
  await reaches(first, running, 'running');
  const holding = await first.tasks.start(author(), 'held', {});
  await first.held.begun(1);
  const waiting = await first.tasks.start(author(), 'newer', {});
  const second = await nextRun(source, first, { repeatable: false });
  await second.tasks.resume();
  await reaches(second, waiting, 'failed');
  assert.match((await second.tasks.get(waiting))?.message ?? '', /does not know this kind/);
  for (const id of [running, holding]) await reaches(second, id, 'failed');
});

onBoth('after a stop nothing new begins, and what runs was told', async (source) => {
  const { tasks, held } = await open(source);
  await tasks.start(author(), 'held', 1);
  const { context } = await held.begun(1);
  await tasks.stop();
  assert.equal(context.signal.aborted, true);
  const late = await tasks.start(author(), 'held', 2);
  assert.equal((await tasks.get(late))?.state, 'waiting');
  assert.equal(held.runs.length, 1);
});

onBoth('what was started before resume is not started twice by it', async (source) => {
  const setting = await open(source, { repeatable: true });
  const { tasks, held } = setting;
  const ids = [await tasks.start(author(), 'held', 1), await tasks.start(author(), 'held', 2), await tasks.start(author(), 'held', 3)];
  await Promise.all([tasks.resume(), held.begun(2)]);
  for (let n = 1; n <= 3; n++) (await held.begun(n)).end();
  for (const id of ids) await reaches(setting, id, 'done');
  assert.equal(held.runs.length, 3);
});
