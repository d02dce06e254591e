// The updater with electron-updater's own class for AppImages, against a real server that does not mean well.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { UpdateState } from '../../../../contract/watch/updates.ts';
import { appImageUpdater } from '../../../testing/appImage.ts';
import { temporaryFolder } from '../../../testing/databases.ts';
import { smallDisk } from '../../../testing/disk.ts';
import { type FeedServer, keyPair, releaseOf, serveFeed, type TestRelease } from '../../../testing/feed.ts';
import { feedAt } from './feed.ts';
import { manifestName } from './manifest.ts';
import { Updater, type UpdaterOptions } from './updater.ts';

const OURS = keyPair();
const NAME = manifestName('latest', 'linux', process.arch);

type Installed = Partial<Pick<UpdaterOptions, 'busy' | 'letGo' | 'manifestName' | 'waitMs' | 'key'>> & {
  version?: string;
  folder?: string;
  cache?: string;
  withoutConfig?: boolean;
};
type Fixture = { updater: Updater; appImage: string; folder: string; kinds: string[]; tookUp: () => number };

/** The program as it is installed: in a folder that stays from launch to launch, at a version. */
function launch(t: TestContext, feed: string, installed: Installed = {}): Fixture {
  const { version = '1.0.0', folder = temporaryFolder(t), cache = join(folder, 'cache'), withoutConfig = false, ...more } = installed;
  const config = join(folder, 'app-update.yml');
  if (!withoutConfig) writeFileSync(config, 'provider: generic\nurl: https://updates.invalid/\nupdaterCacheDirName: outpost-updater\n');
  const appImage = join(folder, 'Outpost.AppImage');
  if (!existsSync(appImage)) writeFileSync(appImage, 'the old program');
  process.env.APPIMAGE = appImage;
  const electronUpdater = appImageUpdater(folder, {
    version,
    appUpdateConfigPath: config,
    userDataPath: join(folder, 'profile'),
    baseCachePath: cache,
    onQuit: () => assert.fail('nothing waits for the way out'),
  });
  // Its own way ends an Electron, which is not here: the installation before that is the real one.
  electronUpdater.quitAndInstall = (silent, runAfter) => void electronUpdater.install(silent, runAfter);
  let tookUp = 0;
  const updater = new Updater({
    updater: electronUpdater,
    feed: feedAt(feed, fetch) ?? assert.fail(`${feed} is no feed`),
    manifestName: NAME,
    key: OURS.known,
    memoryFile: join(folder, 'profile', 'updates.json'),
    clock: () => 1_000,
    busy: async () => false,
    letGo: async () => {},
    takeUp: () => {
      tookUp += 1;
    },
    log: () => {},
    waitMs: 5_000,
    ...more,
  });
  const kinds: string[] = [];
  updater.watch(() => {
    if (kinds.at(-1) !== updater.state.kind) kinds.push(updater.state.kind);
  });
  return { updater, appImage, folder, kinds, tookUp: () => tookUp };
}

const troubleIn = (state: UpdateState) => (state.kind === 'failed' ? state.trouble : state.kind);
const pending = async (folder: string) => {
  const path = join(folder, 'cache', 'outpost-updater', 'pending');
  return existsSync(path) ? (await readdir(path)).filter((name) => name !== 'update-info.json') : [];
};

async function checked(t: TestContext, feed: string, installed?: Installed): Promise<Fixture> {
  const fixture = launch(t, feed, installed);
  await fixture.updater.check();
  return fixture;
}

async function downloaded(t: TestContext, release: TestRelease, installed?: Installed): Promise<Fixture & { server: FeedServer }> {
  const server = await serveFeed(t, release);
  const fixture = await checked(t, server.address, installed);
  await fixture.updater.download();
  return { ...fixture, server };
}

test('a newer release is offered with its notes, downloaded and kept', async (t) => {
  const notes = '<img src=x onerror=alert(1)>\nNew: more.';
  const release = releaseOf('1.1.0', OURS, { notes });
  const { updater, folder, kinds, server } = await downloaded(t, release);
  const offered = { version: '1.1.0', notes, issuedAt: Date.parse('2026-05-01') };
  assert.deepEqual(updater.state, { kind: 'ready', offered, atNextLaunch: false });
  assert.deepEqual(kinds, ['checking', 'available', 'downloading', 'ready']);
  assert.deepEqual(server.asked, [NAME, `${NAME}.sig`, release.file]);
  const file = join(folder, 'cache', 'outpost-updater', 'pending', release.file);
  assert.ok(readFileSync(file).equals(release.bytes));
});

test('progress is told in bytes, once for each percent at most', async (t) => {
  const server = await serveFeed(t, releaseOf('1.1.0', OURS, { bytes: Buffer.alloc(5_000_000, 7) }));
  const { updater } = await checked(t, server.address);
  const received: number[] = [];
  updater.watch(() => {
    if (updater.state.kind !== 'downloading') return;
    received.push(updater.state.received);
    if (updater.state.received > 0) assert.equal(updater.state.of, 5_000_000);
  });
  await updater.download();
  assert.equal(received.at(-1), 5_000_000);
  assert.ok(received.length <= 101, `${received.length} times`);
  assert.deepEqual(
    received,
    received.toSorted((a, b) => a - b),
  );
});

test('a feed can be a folder, by path or by file address', async (t) => {
  const folder = temporaryFolder(t);
  const release = releaseOf('1.1.0', OURS);
  for (const [name, bytes] of release.files) writeFileSync(join(folder, name), bytes);
  for (const address of [folder, pathToFileURL(folder).href]) {
    const { updater } = await checked(t, address);
    await updater.download();
    assert.equal(updater.state.kind, 'ready', address);
  }
  const empty = await checked(t, temporaryFolder(t));
  assert.equal(troubleIn(empty.updater.state), 'unreachable');
});

test('only folders, https, and http within this machine are feeds', () => {
  for (const good of ['/srv/feed', 'https://example.org/outpost', 'http://127.0.0.1:8000/', 'http://localhost/x'])
    assert.ok(feedAt(good, fetch), good);
  for (const bad of ['http://example.org/', 'ftp://example.org/', 'feed', '../feed', 'javascript:alert(1)', ''])
    assert.equal(feedAt(bad, fetch), undefined, bad);
});

test('a flipped bit in a download is refused, and nothing of it stays', async (t) => {
  const release = releaseOf('1.1.0', OURS);
  const bad = Buffer.from(release.bytes);
  bad[150_000] = (bad[150_000] ?? 0) ^ 1;
  release.files.set(release.file, bad);
  const { updater, folder } = await downloaded(t, release);
  assert.equal(troubleIn(updater.state), 'damaged');
  assert.deepEqual(await pending(folder), []);
});

test('a flipped bit in a manifest, or in its signature, is refused before anything is downloaded', async (t) => {
  for (const name of [NAME, `${NAME}.sig`]) {
    const release = releaseOf('1.1.0', OURS);
    const text = Buffer.from(release.files.get(name) ?? []);
    text[10] = (text[10] ?? 0) ^ 1;
    release.files.set(name, text);
    const server = await serveFeed(t, release);
    const { updater } = await checked(t, server.address);
    assert.equal(troubleIn(updater.state), 'signature', name);
    await updater.download();
    assert.equal(server.asked.includes(release.file), false);
  }
});

test('a manifest signed by another key, for another channel or another platform is refused', async (t) => {
  const foreign = await serveFeed(t, releaseOf('1.1.0', keyPair()));
  assert.equal(troubleIn((await checked(t, foreign.address)).updater.state), 'signature');
  for (const name of ['beta-linux.yml', 'latest-mac.yml', 'latest.yml']) {
    const server = await serveFeed(t, releaseOf('1.1.0', OURS));
    server.files.set(name, server.files.get(NAME) ?? assert.fail());
    server.files.set(`${name}.sig`, server.files.get(`${NAME}.sig`) ?? assert.fail());
    assert.equal(troubleIn((await checked(t, server.address, { manifestName: name })).updater.state), 'signature', name);
  }
});

test('a manifest without a signature, or no manifest at all, is no update', async (t) => {
  for (const missing of [NAME, `${NAME}.sig`]) {
    const server = await serveFeed(t, releaseOf('1.1.0', OURS));
    server.files.delete(missing);
    assert.equal(troubleIn((await checked(t, server.address)).updater.state), 'unreachable', missing);
  }
});

test('a manifest that is signed and makes no sense is refused', async (t) => {
  const file = { url: 'Outpost-1.1.0.AppImage', sha512: Buffer.alloc(64).toString('base64'), size: 10 };
  const changes: object[] = [
    { version: 'newest' },
    { version: undefined },
    { files: [] },
    { files: [{ ...file, url: '../../etc/cron.d/x.AppImage' }] },
    { files: [{ ...file, url: 'https://elsewhere.invalid/x.AppImage' }] },
    { files: [{ ...file, sha512: undefined }] },
    { files: [{ ...file, sha512: 'abcd' }] },
    { files: [{ ...file, size: -1 }] },
    { stagingPercentage: 'all' },
    { stagingPercentage: 101 },
    { issued: undefined },
    { issued: '1' },
  ];
  for (const change of changes) {
    const server = await serveFeed(t, releaseOf('1.1.0', OURS, { change: (manifest) => ({ ...manifest, ...change }) }));
    assert.equal(troubleIn((await checked(t, server.address)).updater.state), 'manifest', JSON.stringify(change));
  }
});

test('the same version and an older one are no update', async (t) => {
  for (const version of ['1.0.0', '0.9.9', '1.0.0-beta.1']) {
    const server = await serveFeed(t, releaseOf(version, OURS));
    assert.deepEqual((await checked(t, server.address)).updater.state, { kind: 'current', at: 1_000 }, version);
  }
});

test('a signed manifest that is older than one that was seen is refused, also by the next run', async (t) => {
  const folder = temporaryFolder(t);
  const newer = releaseOf('1.2.0', OURS, { at: 2_000 });
  const older = releaseOf('1.1.0', OURS, { at: 1_000 });
  const server = await serveFeed(t, newer);
  const first = await checked(t, server.address, { folder });
  assert.equal(first.updater.state.kind, 'available');
  for (const [name, bytes] of older.files) server.files.set(name, bytes);
  await first.updater.check();
  assert.equal(troubleIn(first.updater.state), 'replay');
  const second = await checked(t, server.address, { folder });
  assert.equal(troubleIn(second.updater.state), 'replay');
  // A release that is drawn back is one that was signed later.
  for (const [name, bytes] of releaseOf('1.1.1', OURS, { at: 3_000 }).files) server.files.set(name, bytes);
  await second.updater.check();
  assert.equal(second.updater.state.kind, 'available');
});

test('a release for nobody yet is offered to nobody, one for all to everybody, and a number of one’s own stays', async (t) => {
  const folder = temporaryFolder(t);
  const none = await serveFeed(t, releaseOf('1.1.0', OURS, { stagingPercentage: 0, at: 1 }));
  assert.equal((await checked(t, none.address, { folder })).updater.state.kind, 'current');
  const id = readFileSync(join(folder, 'profile', '.updaterId'), 'utf8');
  const all = await serveFeed(t, releaseOf('1.1.0', OURS, { stagingPercentage: 100, at: 2 }));
  assert.equal((await checked(t, all.address, { folder })).updater.state.kind, 'available');
  assert.equal(readFileSync(join(folder, 'profile', '.updaterId'), 'utf8'), id);
});

test('half of a rollout depends on that number alone', async (t) => {
  const server = await serveFeed(t, releaseOf('1.1.0', OURS, { stagingPercentage: 50 }));
  for (const [id, kind] of [
    ['00000000-0000-5000-8000-000000000001', 'available'],
    ['00000000-0000-5000-8000-0000ffffffff', 'current'],
  ] as const) {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'profile'));
    writeFileSync(join(folder, 'profile', '.updaterId'), id);
    assert.equal((await checked(t, server.address, { folder })).updater.state.kind, kind, id);
  }
});

test('a release for a newer system is not offered', async (t) => {
  const server = await serveFeed(t, releaseOf('1.1.0', OURS, { change: (manifest) => ({ ...manifest, minimumSystemVersion: '99.0.0' }) }));
  assert.equal((await checked(t, server.address)).updater.state.kind, 'current');
});

test('a feed that leads elsewhere is not followed', async (t) => {
  const elsewhere = await serveFeed(t, releaseOf('1.1.0', OURS));
  for (const moved of [NAME, undefined]) {
    const release = releaseOf('1.1.0', OURS);
    const server = await serveFeed(t, release);
    server.answer(moved ?? release.file, (response) =>
      response.writeHead(302, { location: `${elsewhere.address}/${moved ?? release.file}` }).end(),
    );
    const { updater } = await checked(t, server.address);
    await updater.download();
    assert.equal(troubleIn(updater.state), 'unreachable');
  }
  assert.deepEqual(elsewhere.asked, []);
});

test('a download that breaks off, ends early or never ends is given up, and can be tried again', async (t) => {
  const cases: [trouble: string, how: (release: TestRelease) => Parameters<FeedServer['answer']>[1]][] = [
    [
      'unreachable',
      () => (response, bytes) => {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(bytes.subarray(0, 100_000), () => response.destroy());
      },
    ],
    ['damaged', () => (response, bytes) => void response.writeHead(200).end(bytes.subarray(0, 100_000))],
    [
      'damaged',
      () => (response, bytes) => {
        const more = () => {
          while (response.write(bytes));
          response.once('drain', more);
        };
        response.writeHead(200);
        more();
      },
    ],
    ['unreachable', () => (response) => void response.writeHead(503).end()],
  ];
  for (const [trouble, how] of cases) {
    const release = releaseOf('1.1.0', OURS);
    const server = await serveFeed(t, release);
    server.answer(release.file, how(release));
    const { updater, folder } = await checked(t, server.address);
    await updater.download();
    assert.equal(troubleIn(updater.state), trouble);
    assert.deepEqual(await pending(folder), []);
    server.answer(release.file, (response, bytes) => void response.end(bytes));
    await updater.check();
    await updater.download();
    assert.equal(updater.state.kind, 'ready');
  }
});

test('one that sends nothing more is given up after a while, the manifest as well as the file', async (t) => {
  const release = releaseOf('1.1.0', OURS);
  const server = await serveFeed(t, release);
  server.answer(release.file, (response, bytes) => void response.writeHead(200).write(bytes.subarray(0, 1_000)));
  const { updater } = await checked(t, server.address, { waitMs: 200 });
  await updater.download();
  assert.equal(troubleIn(updater.state), 'stalled');
  server.answer(NAME, (response) => void response.writeHead(200).flushHeaders());
  await updater.check();
  assert.equal(troubleIn(updater.state), 'stalled');
});

test('a manifest that never ends is given up', async (t) => {
  const server = await serveFeed(t, releaseOf('1.1.0', OURS));
  server.answer(NAME, (response) => {
    const more = () => {
      while (response.write(Buffer.alloc(64 * 1024, 32)));
      response.once('drain', more);
    };
    more();
  });
  assert.equal(troubleIn((await checked(t, server.address)).updater.state), 'manifest');
});

test('a slow download can be cancelled, and begun again', async (t) => {
  const release = releaseOf('1.1.0', OURS);
  const server = await serveFeed(t, release);
  server.answer(release.file, (response, bytes) => void response.writeHead(200).write(bytes.subarray(0, 200_000)));
  const { updater, folder } = await checked(t, server.address);
  const arriving = new Promise<void>((resolve) => {
    updater.watch(() => {
      if (updater.state.kind === 'downloading' && updater.state.received > 0) resolve();
    });
  });
  const ended = updater.download();
  await arriving;
  updater.cancel();
  await ended;
  assert.equal(updater.state.kind, 'available');
  assert.deepEqual(await pending(folder), []);
  server.answer(release.file, (response, bytes) => void response.end(bytes));
  await updater.download();
  assert.equal(updater.state.kind, 'ready');
});

test('nobody at the feed is said so', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  assert.equal(troubleIn((await checked(t, `http://127.0.0.1:${port}`)).updater.state), 'unreachable');
});

test('a full disk is said so, and leaves room again', async (t) => {
  const disk = smallDisk(t, 1);
  if (disk === undefined) return;
  const { updater } = await downloaded(t, releaseOf('1.1.0', OURS, { bytes: Buffer.alloc(4_000_000, 1) }), { cache: disk.path });
  assert.equal(troubleIn(updater.state), 'diskFull');
  assert.deepEqual(await readdir(join(disk.path, 'outpost-updater', 'pending')), []);
});

test('an installation without its app-update.yml says that it is not whole', async (t) => {
  const { updater } = await downloaded(t, releaseOf('1.1.0', OURS), { withoutConfig: true });
  assert.equal(troubleIn(updater.state), 'incomplete');
});

test('installing replaces the program, after everything is set down', async (t) => {
  const done: string[] = [];
  const fixture = launch(t, temporaryFolder(t));
  const marker = join(fixture.folder, 'started');
  const program = Buffer.from(`#!/bin/sh\nprintf new > '${marker}'\n`);
  const { updater, appImage } = await downloaded(t, releaseOf('1.1.0', OURS, { bytes: program }), {
    folder: fixture.folder,
    letGo: async () => void done.push(readFileSync(fixture.appImage, 'utf8')),
  });
  assert.equal(await updater.installNow(), 'begun');
  await updater.installation;
  assert.deepEqual(done, ['the old program']);
  assert.ok(readFileSync(appImage).equals(program));
  assert.equal(updater.state.kind, 'installing');
  // The new program is started, in its own time.
  while (!existsSync(marker)) await new Promise((resolve) => setImmediate(resolve));
});

test('nothing is installed over running work, nor on the way down, nor before it is there', async (t) => {
  let busy: () => Promise<boolean> = async () => true;
  const { updater, appImage } = await downloaded(t, releaseOf('1.1.0', OURS), {
    busy: () => busy(),
    letGo: async () => assert.fail('let go'),
  });
  assert.equal(await updater.installNow(), 'busy');
  busy = async () => {
    throw new Error('the station does not answer');
  };
  assert.equal(await updater.installNow(), 'busy');
  assert.equal(updater.state.kind, 'ready', 'it can be installed later');
  // The way down begins while it is asked.
  busy = async () => {
    updater.close();
    return false;
  };
  assert.equal(await updater.installNow(), 'closing');
  busy = async () => false;
  assert.equal(await updater.installNow(), 'closing');
  assert.equal(readFileSync(appImage, 'utf8'), 'the old program');
  const early = launch(t, temporaryFolder(t));
  assert.equal(await early.updater.installNow(), 'notReady');
});

test('what was left for the next launch is installed there, without the feed', async (t) => {
  const program = Buffer.from('#!/bin/sh\n');
  const { updater, folder, server, appImage } = await downloaded(t, releaseOf('1.1.0', OURS, { bytes: program }));
  await updater.atNextLaunch(true);
  assert.equal(updater.state.kind === 'ready' && updater.state.atNextLaunch, true);
  const asked = server.asked.length;
  const next = launch(t, server.address, { folder });
  assert.equal(await next.updater.atLaunch(), true);
  assert.ok(readFileSync(appImage).equals(program));
  assert.equal(server.asked.length, asked);
  // The new version comes up, and has nothing left to do.
  const after = launch(t, server.address, { folder, version: '1.1.0' });
  assert.equal(await after.updater.atLaunch(), false);
  assert.deepEqual(after.updater.state, { kind: 'idle' });
});

test('the wish for the next launch can be taken back', async (t) => {
  const { updater, folder, server } = await downloaded(t, releaseOf('1.1.0', OURS));
  await updater.atNextLaunch(true);
  await updater.atNextLaunch(false);
  assert.equal(await launch(t, server.address, { folder }).updater.atLaunch(), false);
});

test('a download that was changed since is not installed at the next launch', async (t) => {
  const release = releaseOf('1.1.0', OURS);
  const { updater, folder, server, appImage } = await downloaded(t, release);
  await updater.atNextLaunch(true);
  writeFileSync(join(folder, 'cache', 'outpost-updater', 'pending', release.file), 'something else');
  const next = launch(t, server.address, { folder });
  assert.equal(await next.updater.atLaunch(), false);
  assert.equal(troubleIn(next.updater.state), 'damaged');
  assert.equal(readFileSync(appImage, 'utf8'), 'the old program');
  // A launch later it is forgotten.
  assert.equal(await launch(t, server.address, { folder }).updater.atLaunch(), false);
});

test('a manifest that was changed since is not believed at the next launch', async (t) => {
  const { updater, folder, server } = await downloaded(t, releaseOf('1.1.0', OURS));
  await updater.atNextLaunch(true);
  const file = join(folder, 'profile', 'updates.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('1.1.0', '1.1.1'));
  const next = launch(t, server.address, { folder });
  assert.equal(await next.updater.atLaunch(), false);
  assert.equal(troubleIn(next.updater.state), 'signature');
});

test('an installation that did not take is said so, and is not tried at every launch', async (t) => {
  const { updater, folder, server } = await downloaded(t, releaseOf('1.1.0', OURS, { bytes: Buffer.from('#!/bin/sh\n') }));
  await updater.atNextLaunch(true);
  assert.equal(await launch(t, server.address, { folder }).updater.atLaunch(), true);
  const again = launch(t, server.address, { folder });
  assert.equal(await again.updater.atLaunch(), false);
  assert.equal(troubleIn(again.updater.state), 'notInstalled');
});

test('where the program cannot be replaced it goes on as it is', async (t) => {
  const { updater, tookUp } = await downloaded(t, releaseOf('1.1.0', OURS));
  process.env.APPIMAGE = join(temporaryFolder(t), 'moved.AppImage');
  assert.equal(await updater.installNow(), 'begun');
  await updater.installation;
  assert.equal(troubleIn(updater.state), 'notInstalled');
  assert.equal(tookUp(), 1);
});

test('a memory that is damaged begins anew', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'profile'));
  writeFileSync(join(folder, 'profile', 'updates.json'), '{"seen":');
  const { updater } = await downloaded(t, releaseOf('1.1.0', OURS), { folder });
  assert.equal(updater.state.kind, 'ready');
});

test('none of this has asked for Electron', () => {
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  assert.ok(loaded.some((file) => file.includes(join('electron-updater', 'out'))));
  assert.deepEqual(
    loaded.filter((file) => file.endsWith(join('node_modules', 'electron', 'index.js'))),
    [],
  );
});
