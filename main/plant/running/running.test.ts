// From a real slave to the answer: what it holds is read, as old as it is; lost with it, back with it, and kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { EXAMPLE } from '../../../contract/examples.ts';
import type { CurrentValue, PlantDocument } from '../../../contract/plant.ts';
import { sqliteFor } from '../../testing/databases.ts';
import { as, openWorld } from '../../testing/people.ts';
import { PEER_UNIT, peerMissing, startPeer } from '../../testing/plant/peers.ts';
import { isA, memoryReader } from '../../testing/reader.ts';
import { wallClock } from '../../testing/station.ts';
import { CAST } from '../../testing/world.ts';

const missing = peerMissing('pymodbus');
const site = EXAMPLE.site;
const now = () => Date.now();

const document = (port: number, more: object = {}): PlantDocument => ({
  devices: [
    {
      id: 'slave',
      driver: 'modbus-tcp',
      connection: { host: '127.0.0.1', port },
      unit: PEER_UNIT,
      enabled: true,
      tags: [
        { id: 'level', register: { table: 'holding', address: 300, type: 'uint16' }, scale: { factor: 0.1, offset: 0 }, scan: '100ms' },
        { id: 'count', register: { table: 'holding', address: 304, type: 'uint64' }, scan: '100ms' },
      ],
      ...more,
    },
  ],
});

/** Asks until it is so; a device answers when it does. */
async function until<T>(ask: () => Promise<T>, so: (given: T) => boolean): Promise<T> {
  for (let n = 0; ; n++) {
    const given = await ask();
    if (so(given)) return given;
    assert.ok(n < 400, `never so: ${JSON.stringify(given)}`);
    await pause(25);
  }
}

test('what a slave holds is read, watched and kept; without it the value says so, and comes back with it', { skip: missing }, async (t) => {
  const slave = await startPeer(t, 'pymodbus', 'tcp');
  const station = await openWorld(sqliteFor(t), { clock: wallClock() });
  await slave.sets('holding', 300, [123]);
  // 2⁶⁰ + 1: no number holds it.
  await slave.sets('holding', 304, [0x1000, 0, 0, 1]);
  const { plant } = as(station, 'siteManager');
  const begin = now();
  await plant.importConfig({ site, document: document(slave.port), dryRun: false });
  const read = () => as(station, 'viewer').plant.readCurrent({ site, tags: ['level', 'count'] });
  const isGood = (values: CurrentValue[]) => values.every(({ quality }) => quality === 'good');

  const [level, count] = await until(read, isGood);
  assert.deepEqual([level?.value, count?.value], [12.3, String(2n ** 60n + 1n)]);
  assert.ok((level?.time ?? 0) >= begin && (level?.time ?? 0) <= now());

  // However lively the line is, what is older than three readings is not called good.
  station.clock.advance(60_000);
  assert.deepEqual((await read()).map(({ value, quality, reason }) => [value, quality, reason])[0], [12.3, 'uncertain', 'stale']);
  station.clock.advance(-60_000);

  const stream = memoryReader(station, CAST.viewer.token).open('plant.values', { site, tags: ['level'] });
  await slave.sets('holding', 300, [456]);
  await stream.until((said) => said.type === 'values' && JSON.stringify(isA(said, 'values').values).includes('45.6'));

  const { devices } = await plant.listDevices({ site });
  assert.equal(devices.find(({ id }) => id === 'slave')?.health.state, 'up');
  await plant.importConfig({ site, document: document(slave.port, { unit: PEER_UNIT, enabled: false }), dryRun: false });
  // Out of use it is not asked: what was read goes, nothing pretends to be fresh.
  await until(read, (values) => values.every(({ quality }) => quality === 'bad'));
  await plant.importConfig({ site, document: document(slave.port), dryRun: false });
  await until(read, isGood);

  const history = () => plant.readHistory({ site, tag: 'level', from: begin - 1_000, to: now() + 1_000, width: 100 });
  const { points } = await until(history, (given) => given.points.length > 0);
  const values = points.flatMap(([, least, greatest]) => [least, greatest]);
  assert.ok(values.includes(12.3) && values.includes(45.6), JSON.stringify(points));
});

test('nobody there: the value is bad and says why, and the device is told as down', async (t) => {
  const station = await openWorld(sqliteFor(t), { clock: wallClock() });
  const { plant } = as(station, 'siteManager');
  await plant.importConfig({ site, document: document(1), dryRun: false });
  const [level] = await until(
    () => plant.readCurrent({ site, tags: ['level'] }),
    ([one]) => one?.reason !== 'not read yet',
  );
  assert.deepEqual([level?.value, level?.quality], [null, 'bad']);
  assert.match(level?.reason ?? '', /^nothing listens at 127\.0\.0\.1:1$/);
  const ask = async () => (await plant.listDevices({ site })).devices.find(({ id }) => id === 'slave')?.health;
  const health = await until(ask, (given) => given?.state === 'down');
  assert.equal(health?.reason, 'nothing listens at 127.0.0.1:1');
});

test('a tag that is not there is named', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const { plant } = as(station, 'viewer');
  await assert.rejects(plant.readCurrent({ site, tags: [EXAMPLE.tag, 'nothing'] }), {
    code: 'notFound',
    message: 'There is no tag “nothing” at this site.',
  });
  await assert.rejects(plant.readHistory({ site, tag: 'nothing', from: 0, to: 1, width: 1 }), { code: 'notFound' });
  await assert.rejects(plant.readHistory({ site, tag: EXAMPLE.tag, from: 1, to: 1, width: 1 }), { code: 'invalid' });
  assert.deepEqual(await plant.readCurrent({ site, tags: [EXAMPLE.tag] }), [
    { tag: EXAMPLE.tag, time: null, value: null, quality: 'bad', reason: 'not read yet' },
  ]);
});
