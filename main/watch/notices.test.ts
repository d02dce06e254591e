// What the station tells people: to whom, of what, and once.
import assert from 'node:assert/strict';
import { Refusal } from '../../contract/errors.ts';
import { EXAMPLE } from '../../contract/examples.ts';
import type { Notice } from '../../contract/watch.ts';
import { station as itself } from '../store/index.ts';
import { onBoth } from '../testing/databases.ts';
import { as, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { defineHeld, startHeld } from '../testing/tasks.ts';
import { type Actor, CAST } from '../testing/world.ts';
import { tell } from './notices.ts';

const SITE = { kind: 'site', site: EXAMPLE.site } as const;
const noticesOf = async (station: TestStation, who: Actor) => (await as(station, who).watch.listNotices({})).notices;
const short = (notices: Notice[]) => notices.map(({ kind, data }) => [kind, data]);

/** Reads somebody's notices as they come. */
function hearing(station: TestStation, who: Actor) {
  const stream = memoryReader(station, CAST[who].token).open('watch.notices', {});
  const heard: Notice[] = [];
  return {
    heard,
    async until(count: number): Promise<Notice[]> {
      while (heard.length < count) {
        const said = await stream.next();
        assert.equal(said.type, 'values', JSON.stringify(said));
        if (said.type === 'values') heard.push(...said.values.items.map(([, value]) => value as Notice));
      }
      return heard;
    },
  };
}

onBoth('who is given a role, or loses one, is told which and where; what one does oneself is no news', async (database) => {
  const station = await openWorld(database);
  const viewer = hearing(station, 'viewer');
  const { grant } = await as(station, 'siteManager').people.grantRole({ person: EXAMPLE.viewer, role: 'operator', at: SITE });
  await viewer.until(1);
  await as(station, 'siteManager').people.revokeRole({ grant });
  await viewer.until(2);
  const north = { kind: 'organisation', organisation: EXAMPLE.organisation } as const;
  await as(station, 'platformAdmin').people.grantRole({ person: EXAMPLE.viewer, role: 'organisationAdmin', at: north });
  await viewer.until(3);
  await as(station, 'platformAdmin').people.grantRole({ person: EXAMPLE.viewer, role: 'developer', at: { kind: 'platform' } });
  await viewer.until(4);
  assert.deepEqual(short(viewer.heard), [
    ['people.roleGiven', { role: 'operator', where: 'Works 1' }],
    ['people.roleTaken', { role: 'operator', where: 'Works 1' }],
    ['people.roleGiven', { role: 'organisationAdmin', where: 'Nordwerk' }],
    ['people.roleGiven', { role: 'developer', where: '' }],
  ]);
  assert.deepEqual(await noticesOf(station, 'viewer'), [...viewer.heard].reverse(), 'asked for and heard are the same');

  await as(station, 'platformAdmin').people.grantRole({ person: EXAMPLE.admin, role: 'viewer', at: SITE });
  // Behind it in the same order: once this one is there, that one would be.
  await as(station, 'platformAdmin').people.grantRole({ person: EXAMPLE.viewer, role: 'siteManager', at: SITE });
  await viewer.until(5);
  assert.deepEqual(short(await noticesOf(station, 'platformAdmin')), [['watch.taskDone', { title: 'Backup' }]], 'the one of the world');
  assert.deepEqual(await noticesOf(station, 'siteManager'), []);
});

onBoth('a task that is done or has failed is told to its owner once; one that was stopped is not', async (database) => {
  const station = await openWorld(database);
  const held = defineHeld(station);
  const owner = hearing(station, 'operator');

  await startHeld(station, CAST.operator.id);
  const first = await held.begun(1);
  for (let n = 0; n < 20; n++) first.context.progress(n / 20);
  first.context.progress(0.99, 'Nearly there');
  first.end();
  await owner.until(1);

  await startHeld(station, CAST.operator.id);
  (await held.begun(2)).fail(new Refusal('unavailable', 'The disk is full.'));
  await owner.until(2);

  const stopped = await startHeld(station, CAST.operator.id);
  await held.begun(3);
  await as(station, 'operator').watch.cancelTask({ task: stopped });
  const nobodys = await startHeld(station, null);
  (await held.begun(4)).end();

  await startHeld(station, CAST.operator.id);
  (await held.begun(5)).end();
  await owner.until(3);
  assert.deepEqual(short(owner.heard), [
    ['watch.taskDone', { kind: 'held', title: 'Held', message: 'Nearly there' }],
    ['watch.taskFailed', { kind: 'held', title: 'Held', message: 'The disk is full.' }],
    ['watch.taskDone', { kind: 'held', title: 'Held', message: '' }],
  ]);
  assert.equal((await station.station.tasks.get(nobodys))?.state, 'done');
  const all = await station.store.read.selectFrom('notices').select('person').where('kind', '!=', 'watch.taskDone').execute();
  assert.deepEqual(all, [{ person: CAST.operator.id }]);
});

onBoth('what is marked as read is one’s own, up to the one that was seen', async (database) => {
  const station = await openWorld(database);
  await station.store.change(itself('test'), async (tx) => {
    for (let n = 0; n < 3; n++) for (const person of [EXAMPLE.viewer, CAST.operator.id]) await tell(tx, person, 'test', { n: String(n) });
  });
  const [newest, seen] = await noticesOf(station, 'viewer');
  station.clock.advance(1_000);
  const readAt = station.clock();
  await as(station, 'viewer').watch.readNotices({ upTo: seen?.id as string });
  station.clock.advance(1_000);
  await as(station, 'viewer').watch.readNotices({ upTo: seen?.id as string });
  const marks = async (who: Actor) => (await noticesOf(station, who)).map(({ data, readAt }) => [data.n, readAt]);
  assert.deepEqual(await marks('viewer'), [
    ['2', null],
    ['1', readAt],
    ['0', readAt],
  ]);
  assert.deepEqual(
    (await marks('operator')).map(([, mark]) => mark),
    [null, null, null],
  );
  await as(station, 'viewer').watch.readNotices({ upTo: newest?.id as string });
  assert.equal((await marks('viewer'))[0]?.[1], station.clock());
});

onBoth('a screen is shown the newest hundred, one that listens hears of each', async (database) => {
  const station = await openWorld(database);
  const listener = hearing(station, 'viewer');
  for (let n = 0; n < 120; n += 40)
    await station.store.change(itself('test'), async (tx) => {
      for (let m = n; m < n + 40; m++) await tell(tx, EXAMPLE.viewer, 'test', { n: String(m) });
    });
  await listener.until(120);
  const numbers = (notices: Notice[]) => notices.map(({ data }) => Number(data.n));
  const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);
  assert.deepEqual(numbers(listener.heard), upTo(120));
  assert.deepEqual(numbers(await noticesOf(station, 'viewer')), upTo(120).reverse().slice(0, 100));
});
