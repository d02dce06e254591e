// Whether the program can be updated, and the way of a wish: from a person through the station to the window's process.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CONTRACT } from '../../../../contract/version.ts';
import { openCalls } from '../../../../renderer/app/calls.ts';
import { portLink } from '../../../../renderer/app/links.ts';
import { appImageUpdater } from '../../../testing/appImage.ts';
import { temporaryFolder } from '../../../testing/databases.ts';
import { ChannelMain, give } from '../../../testing/electron/ports.ts';
import { forkUtility } from '../../../testing/electron/utility.ts';
import { keyPair, releaseOf, serveFeed } from '../../../testing/feed.ts';
import type { Wish } from '../messages.ts';
import { StationProcess } from '../stationProcess.ts';
import { type Given, openDesk } from './desk.ts';
import type { UpdateDesk } from './life.ts';

const OURS = keyPair();
const STATION = fileURLToPath(new URL('../../../../dist/main/desktop-station.js', import.meta.url));

function given(t: TestContext, feed: string | undefined, more: Partial<Given> = {}): Given {
  const folder = temporaryFolder(t);
  if (feed !== undefined)
    writeFileSync(
      join(folder, 'app-update.yml'),
      `provider: generic\nurl: ${JSON.stringify(feed)}\nupdaterCacheDirName: outpost-updater\n`,
    );
  process.env.APPIMAGE = join(folder, 'Outpost.AppImage');
  writeFileSync(process.env.APPIMAGE, 'the old program');
  const updater = appImageUpdater(folder);
  return {
    updater,
    fetch,
    key: OURS.known,
    data: folder,
    resources: folder,
    memoryFile: join(folder, 'window', 'updates.json'),
    busy: async () => false,
    letGo: async () => {},
    takeUp: () => {},
    log: () => {},
    ...more,
  };
}

async function until(desk: UpdateDesk, kind: string): Promise<void> {
  while (desk.state().kind !== kind) await new Promise((resolve) => setImmediate(resolve));
}

test('without a key, a feed or a package that can be replaced there are no updates, and it is said why', async (t) => {
  const why = async (one: Given) => {
    const desk = await openDesk(one);
    assert.equal(await desk.go('check'), 'notReady');
    assert.equal(await desk.atLaunch(), false);
    return desk.state();
  };
  assert.deepEqual(await why(given(t, 'https://example.org/', { key: undefined })), { kind: 'off', why: 'noKey' });
  assert.deepEqual(await why(given(t, '')), { kind: 'off', why: 'noFeed' });
  assert.deepEqual(await why(given(t, undefined)), { kind: 'off', why: 'noFeed' });
  assert.deepEqual(await why(given(t, 'http://example.org/')), { kind: 'off', why: 'noFeed' });
  const unpacked = given(t, 'https://example.org/');
  delete process.env.APPIMAGE;
  assert.deepEqual(await why(unpacked), { kind: 'off', why: 'notPackaged' });
});

test('the installer says where updates are, unless the station’s settings do; the channel is theirs', async (t) => {
  const latest = await serveFeed(t, releaseOf('1.1.0', OURS));
  const beta = await serveFeed(t, releaseOf('1.2.0', OURS, { channel: 'beta' }));
  const installed = await openDesk(given(t, latest.address));
  assert.equal(await installed.go('check'), 'begun');
  await until(installed, 'available');
  const one = given(t, latest.address);
  writeFileSync(join(one.data, 'outpost.json'), JSON.stringify({ updateFeed: beta.address, updateChannel: 'beta' }));
  const set = await openDesk(one);
  await set.go('check');
  await until(set, 'available');
  const state = set.state();
  assert.equal(state.kind === 'available' && state.offered.version, '1.2.0');
});

test('step by step: looked for, downloaded, left for later, and not installed over running work', async (t) => {
  const server = await serveFeed(t, releaseOf('1.1.0', OURS));
  let busy = true;
  const desk = await openDesk(given(t, server.address, { busy: async () => busy }));
  assert.equal(await desk.go('installNow'), 'notReady');
  await desk.go('check');
  await until(desk, 'available');
  await desk.go('download');
  await until(desk, 'ready');
  const later = () => {
    const state = desk.state();
    return state.kind === 'ready' && state.atNextLaunch;
  };
  await desk.go('installLater');
  assert.equal(later(), true);
  await desk.go('installNotLater');
  assert.equal(later(), false);
  assert.equal(await desk.go('installNow'), 'busy');
  busy = false;
  desk.close();
  assert.equal(await desk.go('installNow'), 'closing');
});

test('a person who may asks at the station, and the window’s process answers', async (t) => {
  const wishes: Wish[] = [];
  const ready = Promise.withResolvers<string>();
  const station = new StationProcess({
    fork: () => forkUtility(STATION, ['--data', temporaryFolder(t), '--demo'], { stdio: ['ignore', 'inherit', 'pipe'] }),
    channel: () => new ChannelMain() as never,
    onReady: (link) => ready.resolve(link ?? ''),
    onLost: () => {},
    onLate: (said) => ready.reject(new Error(said)),
    onDead: (said) => ready.reject(new Error(said)),
    key: async () => ({ key: new Uint8Array(32), keyring: 'none' }),
    onWish: async (wish) => {
      wishes.push(wish);
      return { granted: wish.wish, state: { kind: 'current', at: 5 }, answer: wish.step === 'installNow' ? 'busy' : 'begun' };
    },
  });
  station.start();
  t.after(() => station.stop());
  const secret = await ready.promise;
  const answered = await station.dial({ kind: 'calls', id: 'calls-1', contract: CONTRACT });
  if ('refused' in answered) assert.fail(answered.refused);
  const link = portLink(give(answered.port) as never);
  let token: string | undefined;
  const calls = openCalls(
    async () => link,
    () => token,
  );
  calls.start();
  await Promise.resolve();
  t.after(() => calls.stop());
  await assert.rejects(calls.station.watch.updates({}), { code: 'unauthenticated' });
  assert.deepEqual(wishes, []);
  token = (await calls.station.people.signInByLink({ secret })).token;
  assert.deepEqual(await calls.station.watch.updates({}), { state: { kind: 'current', at: 5 } });
  assert.deepEqual(await calls.station.watch.update({ step: 'check' }), { answer: 'begun' });
  assert.deepEqual(await calls.station.watch.update({ step: 'installNow' }), { answer: 'busy' });
  assert.deepEqual(
    wishes.map(({ step }) => step),
    ['look', 'check', 'installNow'],
  );
});
