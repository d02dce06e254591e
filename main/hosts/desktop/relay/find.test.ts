// Stations on the network: one that announces itself is found by another process, and what strangers say is read with care.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import type { FoundStation } from '../../../../contract/relay.ts';
import { temporaryFolder } from '../../../testing/databases.ts';
import { setUpFile, start } from '../../../testing/edge.ts';
import { recordsOf } from '../../edge/announce.ts';
import { findStations, foundIn } from './find.ts';

const OWN = { id: '0123456789ab', name: 'Boiler house', port: 8480, at: undefined, addresses: ['192.0.2.9'], begins: 'AB:CD:EF:01' };
const SENDER = '192.0.2.7';
type Records = Parameters<typeof foundIn>[0];
const said = (changes: object = {}): Records => recordsOf({ ...OWN, ...changes }, 120) as Records;

test('what a station announces is an address, a name, and how its fingerprint begins', () => {
  assert.deepEqual(foundIn(said(), SENDER), [{ address: 'https://192.0.2.7:8480', name: 'Boiler house', begins: 'AB:CD:EF:01' }]);
  assert.equal(foundIn(said({ at: '192.0.2.20' }), SENDER)[0]?.address, 'https://192.0.2.20:8480');
  assert.deepEqual(foundIn(recordsOf(OWN, 0) as Records, SENDER), [], 'taken back');
});

test('what strangers write into it leads nowhere else', () => {
  for (const changes of [{ begins: '' }, { begins: '<b>' }, { port: 0 }, { port: 70_000 }])
    assert.deepEqual(foundIn(said(changes), SENDER), []);
  assert.equal(foundIn(said({ at: 'evil.example' }), SENDER)[0]?.address, 'https://192.0.2.7:8480');
  assert.equal(foundIn(said({ at: '192.0.2.20:1/@x' }), SENDER)[0]?.address, 'https://192.0.2.7:8480');
  assert.equal(foundIn(said({ name: `a\u202e\n${'x'.repeat(200)}` }), SENDER)[0]?.name.length, 60);
  const [, pointer] = said();
  assert.deepEqual(foundIn([pointer as Records[number]], SENDER), []);
  assert.deepEqual(foundIn([], SENDER), []);
});

test('an edge that announces itself is found by another process, and one that does not is not', { timeout: 60_000 }, async (t) => {
  const host = Object.values(networkInterfaces())
    .flat()
    .find((net) => net?.family === 'IPv4' && !net.internal)?.address;
  if (host === undefined) return t.skip('this machine has no address beyond loopback');
  const setUp = ['--setup', setUpFile(temporaryFolder(t))];
  const quiet = start(t, ['--host', host, '--name', 'Quiet', ...setUp]);
  await quiet.url;
  const loud = start(t, ['--host', host, '--name', 'Loud', '--announce', ...setUp]);
  const address = await loud.url;
  const heard: FoundStation[] = [];
  const found = Promise.withResolvers<FoundStation>();
  const stop = findStations((one) => {
    heard.push(one);
    if (one.address === address) found.resolve(one);
  }, found.reject);
  t.after(stop);
  const fingerprint = /"fingerprint":"([0-9A-F:]{95})"/.exec(loud.lines.join('\n'))?.[1] ?? '';
  assert.deepEqual(await found.promise, { address, name: 'Loud', begins: fingerprint.slice(0, 11) });
  const silent = await quiet.url;
  assert.ok(heard.every((one) => one.address !== silent));
  assert.equal(await loud.stop(), 0, 'it takes it back and ends in order');
});

test('where nobody can reach it over TLS a station says that it is not announced, and works', async (t) => {
  const { url, lines, stop } = start(t, ['--announce']);
  await url;
  await stop();
  assert.ok(lines.some((line) => line.includes('notAnnounced')));
});
