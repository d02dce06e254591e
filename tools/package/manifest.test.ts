// From a release's files to signed manifests, and back through the eyes of the program that reads them.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ForgeMakeResult } from '@electron-forge/shared-types';
import { readManifest } from '../../main/hosts/desktop/update/manifest.ts';
import { RELEASE_KEY } from '../../main/hosts/desktop/update/releaseKey.ts';
import { temporaryFolder } from '../../main/testing/databases.ts';
import { type KeyPair, keyPair } from '../../main/testing/feed.ts';
import { isFor, type Lock, leavesOut, modulesOf } from './contents.ts';
import { keepBinariesOf, publish } from './hooks.ts';
import { builderArguments, builderConfig } from './installers.ts';
import { type Artifact, manifestsOf, merged, releaseKey, signatureOf, ymlOf } from './manifest.ts';

const PAIR = keyPair();
const RELEASE = { version: '1.2.0', channel: 'latest', at: Date.parse('2026-05-01T10:00:00Z') } as const;
const artifact = (file: string, platform: string, arch: string): Artifact => ({ file, bytes: Buffer.from(file), platform, arch });
const urls = (of: { files: { url: string }[] } | undefined) => of?.files.map(({ url }) => url);

test('each platform has its manifest, and Linux one for each kind of machine', () => {
  const manifests = manifestsOf(
    [
      artifact('Outpost-1.2.0-linux-x64.AppImage', 'linux', 'x64'),
      artifact('Outpost-1.2.0-linux-x64.deb', 'linux', 'x64'),
      artifact('Outpost-1.2.0-linux-arm64.AppImage', 'linux', 'arm64'),
      artifact('Outpost-1.2.0-win32-x64.exe', 'win32', 'x64'),
      artifact('Outpost-1.2.0-win32-arm64.exe', 'win32', 'arm64'),
      artifact('Outpost-1.2.0-darwin-arm64.dmg', 'darwin', 'arm64'),
      artifact('Outpost-1.2.0-darwin-arm64.zip', 'darwin', 'arm64'),
      artifact('Outpost-1.2.0-win32-x64.exe.blockmap', 'win32', 'x64'),
    ],
    RELEASE,
  );
  assert.deepEqual(Object.fromEntries([...manifests].map(([name, one]) => [name, urls(one)])), {
    'latest-linux.yml': ['Outpost-1.2.0-linux-x64.AppImage', 'Outpost-1.2.0-linux-x64.deb'],
    'latest-linux-arm64.yml': ['Outpost-1.2.0-linux-arm64.AppImage'],
    'latest.yml': ['Outpost-1.2.0-win32-arm64.exe', 'Outpost-1.2.0-win32-x64.exe'],
    'latest-mac.yml': ['Outpost-1.2.0-darwin-arm64.zip'],
  });
  assert.deepEqual(
    [...manifestsOf([artifact('Outpost-1.2.0-win32-x64.exe', 'win32', 'x64')], { ...RELEASE, channel: 'beta' }).keys()],
    ['beta.yml'],
  );
});

test('a file without the version in its name is not given out', () => {
  assert.throws(() => manifestsOf([artifact('Outpost.AppImage', 'linux', 'x64')], RELEASE), /does not carry the version 1\.2\.0/);
});

test('what machines make one after the other comes to the same text, and a new version begins anew', () => {
  const of = (file: string, version = '1.2.0') =>
    manifestsOf([artifact(file, 'win32', 'x64')], { ...RELEASE, version }).get('latest.yml') ?? assert.fail();
  const x64 = of('Outpost-1.2.0-win32-x64.exe');
  const arm64 = of('Outpost-1.2.0-win32-arm64.exe');
  assert.equal(ymlOf(merged(x64, arm64)), ymlOf(merged(arm64, x64)));
  assert.deepEqual(urls(merged(merged(x64, arm64), x64)), urls(merged(x64, arm64)), 'made again, it replaces itself');
  assert.deepEqual(urls(merged(x64, of('Outpost-1.3.0-win32-x64.exe', '1.3.0'))), ['Outpost-1.3.0-win32-x64.exe']);
});

test('the text is YAML that electron-updater reads, whatever the notes hold', () => {
  for (const notes of ['plain', 'two\nlines: "quoted" # no comment', "- a list?\n---\n'x' \\ \u2028 ✓ <b>", '']) {
    const [one] = manifestsOf([artifact('Outpost-1.2.0-linux-x64.AppImage', 'linux', 'x64')], {
      ...RELEASE,
      notes,
      stagingPercentage: 20,
    }).values();
    const yml = ymlOf(one ?? assert.fail());
    const folderless = { name: 'latest-linux.yml', yml, signature: signatureOf('latest-linux.yml', yml, PAIR.key) };
    assert.deepEqual(readManifest(folderless, PAIR.known), one);
  }
});

const results = (folder: string, ...made: [file: string, platform: string, arch: string][]): ForgeMakeResult[] =>
  made.map(([file, platform, arch]) => {
    const path = join(folder, file);
    writeFileSync(path, `bytes of ${file}`);
    return { artifacts: [path], packageJSON: { version: '1.2.0' }, platform: platform as 'linux', arch: arch as 'x64' };
  });

function keyFile(t: TestContext, pair: KeyPair = PAIR): string {
  const file = join(temporaryFolder(t), 'release.pem');
  writeFileSync(file, pair.key.export({ type: 'pkcs8', format: 'pem' }));
  return file;
}

test('after making, a feed lies there: installers, manifests and signatures the program believes', async (t) => {
  const made = temporaryFolder(t);
  const folder = join(temporaryFolder(t), 'feed');
  const publishing = { folder, keyFile: keyFile(t), known: PAIR.known, channel: 'latest', notes: 'New.', now: RELEASE.at };
  const first = results(made, ['Outpost-1.2.0-win32-x64.exe', 'win32', 'x64'], ['Outpost-1.2.0-linux-x64.AppImage', 'linux', 'x64']);
  await publish(first, publishing);
  // Another machine comes later, with the same folder.
  await publish(results(made, ['Outpost-1.2.0-win32-arm64.exe', 'win32', 'arm64']), { ...publishing, now: RELEASE.at + 1 });
  assert.deepEqual(readdirSync(folder).sort(), [
    'Outpost-1.2.0-linux-x64.AppImage',
    'Outpost-1.2.0-win32-arm64.exe',
    'Outpost-1.2.0-win32-x64.exe',
    'latest-linux.yml',
    'latest-linux.yml.sig',
    'latest.yml',
    'latest.yml.sig',
  ]);
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  const manifest = readManifest({ name: 'latest.yml', yml: text('latest.yml'), signature: text('latest.yml.sig') }, PAIR.known);
  assert.deepEqual([urls(manifest), manifest.issued], [['Outpost-1.2.0-win32-arm64.exe', 'Outpost-1.2.0-win32-x64.exe'], RELEASE.at + 1]);
  for (const { url, sha512, size } of manifest.files) {
    const bytes = readFileSync(join(folder, url));
    assert.deepEqual([sha512, size], [createHash('sha512').update(bytes).digest('base64'), bytes.length]);
  }
});

test('what was changed in the feed since is not signed again', async (t) => {
  const made = temporaryFolder(t);
  const folder = join(made, 'feed');
  const publishing = { folder, keyFile: keyFile(t), known: PAIR.known, channel: 'latest', now: RELEASE.at };
  await publish(results(made, ['Outpost-1.2.0-win32-x64.exe', 'win32', 'x64']), publishing);
  const file = join(folder, 'latest.yml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/size: \d+/, 'size: 1'));
  await assert.rejects(publish(results(made, ['Outpost-1.2.0-win32-arm64.exe', 'win32', 'arm64']), publishing), /not signed by the key/);
});

test('without a key there is no feed; with a strange one, a bad channel or a bad share there is a sentence', async (t) => {
  const made = temporaryFolder(t);
  const folder = join(made, 'feed');
  const publishing = { folder, keyFile: undefined, known: PAIR.known, channel: 'latest', now: RELEASE.at };
  const one = results(made, ['Outpost-1.2.0-win32-x64.exe', 'win32', 'x64']);
  assert.deepEqual(await publish(one, publishing), []);
  assert.equal(existsSync(folder), false);
  await assert.rejects(publish(one, { ...publishing, keyFile: keyFile(t, keyPair()) }), /not the one whose public half/);
  await assert.rejects(publish(one, { ...publishing, keyFile: keyFile(t), known: undefined }), /not the one whose public half/);
  await assert.rejects(publish(one, { ...publishing, keyFile: keyFile(t), channel: 'nightly' }), /latest, beta/);
  await assert.rejects(publish(one, { ...publishing, keyFile: keyFile(t), stagingPercentage: Number('half') }), /stagingPercentage/);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  assert.throws(() => releaseKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), PAIR.known), /Ed25519/);
});

test('the key that releases are known by is none yet, or one that can sign', () => {
  if (RELEASE_KEY !== undefined) assert.equal(createPublicKey(RELEASE_KEY).asymmetricKeyType, 'ed25519');
});

test('only binaries of the machine that is packaged for stay, and a missing one stops it', (t) => {
  const folder = temporaryFolder(t);
  const place = (path: string) => {
    mkdirSync(join(folder, 'node_modules', path, '..'), { recursive: true });
    writeFileSync(join(folder, 'node_modules', path), '');
  };
  for (const target of ['linux-x64', 'linux-arm64', 'linuxmusl-x64', 'win32-x64', 'darwin-arm64'])
    place(`better-sqlite3/prebuilds/${target}.node`);
  assert.throws(() => keepBinariesOf(folder, 'win32', 'x64'), /no binary of @node-rs\/argon2 for win32-x64/);
  for (const target of ['linux-x64', 'linux-arm64', 'linuxmusl-x64', 'win32-x64', 'darwin-arm64'])
    place(`better-sqlite3/prebuilds/${target}.node`);
  place('@node-rs/argon2-win32-x64-msvc/argon2.win32-x64-msvc.node');
  const serial = '@serialport/bindings-cpp/prebuilds';
  for (const file of ['win32-x64/@serialport+bindings-cpp.node', 'linux-x64/@serialport+bindings-cpp.glibc.node'])
    place(`${serial}/${file}`);
  const kept = [
    '@node-rs/argon2-win32-x64-msvc/argon2.win32-x64-msvc.node',
    `${serial}/win32-x64/@serialport+bindings-cpp.node`,
    'better-sqlite3/prebuilds/win32-x64.node',
  ];
  assert.deepEqual(keepBinariesOf(folder, 'win32', 'x64'), kept);
  assert.deepEqual(readdirSync(join(folder, 'node_modules/better-sqlite3/prebuilds')), ['win32-x64.node']);
  for (const [file, platform, arch] of [
    ['argon2.linux-x64-gnu.node', 'linux', 'x64'],
    ['x/darwin-arm64.node', 'darwin', 'arm64'],
    ['prebuilds/darwin-x64+arm64/a.node', 'darwin', 'arm64'],
    ['prebuilds/darwin-x64+arm64/a.node', 'darwin', 'x64'],
    ['prebuilds/linux-x64/a.glibc.node', 'linux', 'x64'],
  ] as const)
    assert.equal(isFor(file, platform, arch), true, file);
  for (const file of ['linuxmusl-x64.node', 'argon2.linux-x64-musl.node', 'linux-x64x.node', 'linux-arm64.node', 'linux-x64/a.musl.node'])
    assert.equal(isFor(file, 'linux', 'x64'), false, file);
});

test('what a bundle loads is followed through the lock file, the nested before the shared', () => {
  const lock: Lock = {
    packages: {
      'node_modules/a': { dependencies: { b: '1', '@s/c': '1' }, optionalDependencies: { none: '1' } },
      'node_modules/a/node_modules/b': { dependencies: { d: '1' } },
      'node_modules/b': {},
      'node_modules/d': { dependencies: { a: '1' } },
      'node_modules/@s/c': {},
      'node_modules/other': {},
    },
  };
  const modules = modulesOf(lock, ['a']);
  assert.deepEqual([...modules].sort(), ['node_modules/@s/c', 'node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/d']);
  const out = leavesOut(modules);
  for (const kept of [
    '',
    '/dist',
    '/dist/main/x.js',
    '/node_modules',
    '/node_modules/@s',
    '/node_modules/a/node_modules',
    '/node_modules/a/node_modules/b/i.js',
  ])
    assert.equal(out(kept), false, kept);
  for (const left of [
    '/main',
    '/.git',
    '/out',
    '/dist/other',
    '/dist/main/x.js.map',
    '/node_modules/b',
    '/node_modules/a/node_modules/z',
    '/node_modules/a/node_modules/z/i.js',
    '/node_modules/other',
    '/node_modules/ab',
    '/.env',
  ])
    assert.equal(out(left), true, left);
  assert.throws(() => modulesOf(lock, ['missing']), /load missing/);
  assert.throws(() => modulesOf({ packages: { 'node_modules/a': { dependencies: { gone: '1' } } } }, ['a']), /needs gone/);
});

test('electron-builder is asked for what electron-updater knows, under names with version and machine, and publishes nothing', () => {
  const config = builderConfig('1.2.0', 'linux', 'x64', '45.4.1', '/out') as Record<string, unknown>;
  assert.match(String(config.artifactName), /^Outpost-1\.2\.0-linux-x64\.\$\{ext\}$/);
  assert.deepEqual([config.publish, config.npmRebuild], [null, false]);
  assert.deepEqual(config.protocols, [{ name: 'Outpost', schemes: ['outpost'] }]);
  assert.match(JSON.stringify(config.linux), /"executableName":"outpost","icon":"[^"]+icon\.png"/);
  const line = (platform: string, arch: string) => builderArguments('/out/Outpost', platform, arch, 'c.json').join(' ');
  assert.match(line('linux', 'x64'), /--prepackaged \/out\/Outpost .*--linux AppImage --x64 --publish never$/);
  // A package of Debian only where it is said who gives it out.
  const publisher = { homepage: 'https://example.org/', maintainer: 'Ada <ada@example.org>' };
  assert.match(builderArguments('/out/Outpost', 'linux', 'x64', 'c.json', publisher).join(' '), /--linux AppImage deb --x64/);
  assert.match(line('win32', 'arm64'), /--win nsis --arm64 --publish never$/);
  assert.match(line('darwin', 'arm64'), /--prepackaged \/out\/Outpost\/Outpost\.app .*--mac zip dmg --arm64 --publish never$/);
});
