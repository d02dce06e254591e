// Devices and tags are brought in whole or not at all, by their own ids, tried first, and come out as they went in.
import assert from 'node:assert/strict';
import { EXAMPLE } from '../../../contract/examples.ts';
import type { PlantDocument } from '../../../contract/plant.ts';
import { onBoth } from '../../testing/databases.ts';
import { as, openWorld } from '../../testing/people.ts';
import type { TestStation } from '../../testing/station.ts';
import { OTHER } from '../../testing/world.ts';

const register = { table: 'holding', address: 100, type: 'float32', byteOrder: 'big', wordOrder: 'big' } as const;
const PUMP = {
  id: 'pump-1',
  name: 'Pump 1',
  driver: 'modbus-tcp',
  connection: { host: '127.0.0.1', port: 1502 },
  unit: 1,
  place: 'hall-a',
  enabled: false,
  tags: [
    {
      id: 'pump-1.flow',
      name: 'Flow',
      register,
      scale: { factor: 0.1, offset: -3 },
      scan: '1s',
      unit: 'm³/h',
      limits: { min: 0, max: 80 },
    },
    { id: 'pump-1.state', name: 'State', register: { ...register, address: 110, type: 'uint16' }, scan: '5s', labels: { '0': 'off' } },
  ],
} satisfies PlantDocument['devices'][number];

const importing = (station: TestStation, document: unknown, dryRun = false) =>
  as(station, 'siteManager').plant.importConfig({ site: EXAMPLE.site, document: document as PlantDocument, dryRun });
const exported = async (station: TestStation) => (await as(station, 'siteManager').plant.exportConfig({ site: EXAMPLE.site })).document;
const without = (document: PlantDocument, id: string): PlantDocument => ({ devices: document.devices.filter((one) => one.id !== id) });
/** Of everything that was there before. */
const OF_THE_WORLD = EXAMPLE.device;

onBoth('what is brought in comes out the same; brought in again it changes nothing', async (source) => {
  const station = await openWorld(source);
  const first = await importing(station, { devices: [PUMP] });
  assert.deepEqual([first.done, first.unchanged], [true, 0]);
  assert.deepEqual(
    first.differences.map(({ kind, id, change }) => [kind, id, change]),
    [
      ['device', 'pump-1', 'added'],
      ['tag', 'pump-1.flow', 'added'],
      ['tag', 'pump-1.state', 'added'],
    ],
  );
  const document = await exported(station);
  assert.deepEqual(without(document, OF_THE_WORLD), { devices: [PUMP] });
  const again = await importing(station, document);
  assert.deepEqual([again.done, again.differences], [true, []]);
});

onBoth('a trial says what would change and changes nothing; the act then does just that', async (source) => {
  const station = await openWorld(source);
  await importing(station, { devices: [PUMP] });
  const before = await exported(station);
  const changed = {
    ...PUMP,
    name: 'Feed pump',
    tags: [
      { ...PUMP.tags[0], unit: 'l/s' },
      { id: 'pump-1.new', register: { ...register, address: 120 } },
    ],
  };
  const tried = await importing(station, { devices: [changed] }, true);
  assert.equal(tried.done, false);
  assert.deepEqual(await exported(station), before);
  const { differences } = await importing(station, { devices: [changed] });
  assert.deepEqual(differences, tried.differences);
  assert.deepEqual(
    differences.map(({ id, change, fields }) => [id, change, change === 'added' ? [] : fields]),
    [
      ['pump-1', 'changed', [{ field: 'name', before: 'Pump 1', after: 'Feed pump' }]],
      ['pump-1.flow', 'changed', [{ field: 'unit', before: 'm³/h', after: 'l/s' }]],
      ['pump-1.new', 'added', []],
    ],
  );
  // What a document does not name stays.
  const [pump] = without(await exported(station), OF_THE_WORLD).devices;
  assert.deepEqual(
    pump?.tags.map(({ id }) => id),
    ['pump-1.flow', 'pump-1.new', 'pump-1.state'],
  );
});

onBoth('one wrong line, and nothing of the whole document is there; each is named', async (source) => {
  const station = await openWorld(source);
  const before = await exported(station);
  const wrong = {
    devices: [
      PUMP,
      { ...PUMP, id: 'pump-2', tags: [{ id: 'x', register: { ...register, address: 65_535 } }] },
      { ...PUMP, id: 'pump-3', place: 'nowhere', tags: [] },
    ],
  };
  for (const dryRun of [true, false])
    await assert.rejects(importing(station, wrong, dryRun), ({ code, message, data }) => {
      assert.equal(code, 'invalid');
      assert.match(message, /^Nothing was changed: devices\.1\.tags\.0\.register \(x\) ends at 65536, beyond 65535, and 1 more\.$/);
      assert.deepEqual(
        data.issues.map(({ path, id }: { path: string; id: string }) => [path, id]),
        [
          ['devices.1.tags.0.register', 'x'],
          ['devices.2.place', 'pump-3'],
        ],
      );
      return true;
    });
  assert.deepEqual(await exported(station), before);
});

onBoth(
  'a removed device that comes back under its id is itself again; a tag whose values mean something else has a new epoch',
  async (source) => {
    const station = await openWorld(source);
    await importing(station, { devices: [PUMP] });
    const rows = () =>
      station.store.read
        .selectFrom('tags')
        .select(['id', 'key', 'epoch', 'deletedAt'])
        .where('key', 'like', 'pump-1%')
        .orderBy('key')
        .execute();
    const [flow, state] = await rows();
    const { plant } = as(station, 'siteManager');
    await plant.removeDevice({ site: EXAMPLE.site, device: 'pump-1' });
    assert.deepEqual(without(await exported(station), OF_THE_WORLD), { devices: [] });
    await assert.rejects(plant.removeDevice({ site: EXAMPLE.site, device: 'pump-1' }), { code: 'notFound' });

    const back = await importing(station, {
      devices: [{ ...PUMP, tags: [{ ...PUMP.tags[0], scale: { factor: 1, offset: 0 } }, PUMP.tags[1]] }],
    });
    assert.deepEqual(new Set(back.differences.map(({ change }) => change)), new Set(['restored']));
    const [flowAgain, stateAgain] = await rows();
    assert.deepEqual([flowAgain?.id, stateAgain?.id], [flow?.id, state?.id]);
    assert.deepEqual([flowAgain?.epoch, stateAgain?.epoch], [2, 1]);
    // A name is no change of meaning.
    await importing(station, { devices: [{ ...PUMP, tags: [{ ...PUMP.tags[0], name: 'Other', scale: { factor: 1, offset: 0 } }] }] });
    assert.equal((await rows())[0]?.epoch, 2);
  },
);

onBoth('tags are listed by device, by word and page by page', async (source) => {
  const station = await openWorld(source);
  const tags = Array.from({ length: 25 }, (_, n) => ({
    id: `t-${String(n).padStart(2, '0')}`,
    name: n === 7 ? 'Öldruck 100%_' : `Tag ${n}`,
    register: { ...register, address: n * 2 },
  }));
  await importing(station, { devices: [{ ...PUMP, tags }] });
  const { plant } = as(station, 'viewer');
  const read: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page: Awaited<ReturnType<typeof plant.listTags>> = await plant.listTags({
      site: EXAMPLE.site,
      device: 'pump-1',
      limit: 10,
      ...(after && { after }),
    });
    read.push(...page.tags.map(({ id }) => id));
    after = page.next;
  }
  assert.deepEqual(
    read,
    tags.map(({ id }) => id),
  );
  const found = async (search: string) => (await plant.listTags({ site: EXAMPLE.site, search })).tags.map(({ id }) => id);
  assert.deepEqual(await found('T-07'), ['t-07']);
  for (const word of ['Öldruck', '100%_', 'druck']) assert.deepEqual(await found(word), ['t-07'], word);
  assert.deepEqual(await found('0%0'), []);
  await assert.rejects(plant.listTags({ site: EXAMPLE.site, device: 'nothing' }), { code: 'notFound' });
});

onBoth('two sites know devices by the same ids, and each sees its own', async (source) => {
  const station = await openWorld(source);
  const { plant } = as(station, 'platformAdmin');
  const { place: _, ...pump } = PUMP;
  for (const site of [EXAMPLE.site, OTHER.site]) await plant.importConfig({ site, document: { devices: [pump] }, dryRun: false });
  await plant.removeDevice({ site: OTHER.site, device: 'pump-1' });
  assert.deepEqual((await plant.listDevices({ site: OTHER.site })).devices, []);
  assert.deepEqual(
    (await plant.listDevices({ site: EXAMPLE.site })).devices.map(({ id, tags }) => [id, tags]),
    [
      [EXAMPLE.device, 1],
      ['pump-1', 2],
    ],
  );
  // It holds two sites: which one is meant has to be said.
  await assert.rejects(plant.listDevices({}), { code: 'invalid', message: /several sites/ });
});
