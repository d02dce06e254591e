// The station's streams over both links: what comes first, what comes when something changes, and how one goes on after a cut.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EXAMPLE } from '../contract/examples.ts';
import { station as itself, type Tx } from './store/index.ts';
import { onBothLinks } from './testing/links.ts';
import { isA, type OpenStream } from './testing/reader.ts';
import { CONSOLE, seededRandom, type TestStation } from './testing/station.ts';
import { CAST } from './testing/world.ts';
import { tell } from './watch/notices.ts';

const admin = { token: CAST.platformAdmin.token, origin: CONSOLE };

onBothLinks(
  'a connection begins with the contract’s version, the station and its time',
  () => ({}),
  async ({ station, dial }) => {
    const hello = await (await dial()).hello;
    assert.deepEqual(hello, { contract: '0.1', station: { id: station.store.stationId, name: 'Outpost' }, time: station.clock() });
  },
);

// ---- the real streams

onBothLinks(
  'places come as they are, then as they change, then as they go',
  () => ({}),
  async ({ station, dial }) => {
    const { people } = station.client(admin);
    const stream = (await dial()).open('people.places', { site: EXAMPLE.site });
    const first = isA(await stream.next(), 'values').values;
    assert.equal(first.reset, true);
    assert.deepEqual(first.set?.map(([, place]) => (place as { name: string }).name).sort(), ['Hall A', 'Heating']);

    await people.updatePlace({ place: EXAMPLE.system, name: 'District heating' });
    const changed = isA(await stream.next(), 'values').values;
    assert.deepEqual(
      changed.set?.map(([key, place]) => [key, (place as { name: string }).name]),
      [[EXAMPLE.system, 'District heating']],
    );
    assert.equal(changed.reset, undefined);

    await people.removePlace({ place: EXAMPLE.building });
    const gone = new Set<string>();
    while (gone.size < 2) for (const key of isA(await stream.next(), 'values').values.gone ?? []) gone.add(key);
    assert.deepEqual(gone, new Set([EXAMPLE.building, EXAMPLE.system]));
  },
);

onBothLinks(
  'the audit and one’s notices come as they are written',
  () => ({}),
  async ({ station, dial }) => {
    const { people } = station.client(admin);
    const reader = await dial();
    const audit = reader.open('people.audit', { organisation: EXAMPLE.organisation });
    const notices = reader.open('watch.notices', {});
    await notices.next(); // the one the world begins with
    await people.updatePlace({ place: EXAMPLE.system, name: 'District heating' });
    const [[, entry]] = isA(await audit.next(), 'values').values.items as [[string, { action: string; changes: unknown[] }]];
    assert.deepEqual([entry.action, entry.changes.length], ['people.updatePlace', 1]);
    await station.store.change(itself('test'), (tx) => tell(tx, EXAMPLE.admin, 'test', { title: 'Ä' }));
    const [[, notice]] = isA(await notices.next(), 'values').values.items as [[string, { kind: string; data: object }]];
    assert.deepEqual([notice.kind, notice.data], ['test', { title: 'Ä' }]);
  },
);

onBothLinks(
  'the log is read as a file up to its end, and from where one stopped',
  () => ({}),
  async ({ station, dial }) => {
    const { log } = station.station;
    for (let n = 0; n < 3_000; n++) log.info({ n }, 'a line of the log');
    await written(station);
    const whole = await readToEnd((await dial()).open('watch.logFile', {}));
    assert.match(whole.toString(), /"n":2999/);
    const from = await readToEnd((await dial()).open('watch.logFile', {}, { cursor: '1000' }));
    assert.equal(Buffer.compare(from, whole.subarray(1000)), 0);
  },
);

onBothLinks(
  'the live log brings each line as it is written',
  () => ({}),
  async ({ station, dial }) => {
    const stream = (await dial()).open('watch.liveLog', {});
    let heard = '';
    for (let n = 0; !heard.includes('"n":3'); n++) {
      station.station.log.info({ n }, 'live');
      await new Promise((resolve) => setImmediate(resolve));
      heard = Buffer.concat(stream.said.map((said) => isA(said, 'bytes').bytes)).toString();
    }
    const lines = heard
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { n: number });
    for (const [index, { n }] of lines.slice(1).entries()) assert.equal(n, (lines[index] as { n: number }).n + 1);
  },
);

onBothLinks(
  'vitals come in numbers',
  () => ({}),
  async ({ dial }) => {
    const stream = (await dial()).open('watch.vitals', {});
    const keys = new Set<string>();
    while (keys.size < 5)
      for (const [key, , last] of isA(await stream.next(), 'values').values.rows) {
        assert.ok(Number.isFinite(last));
        keys.add(key);
      }
    assert.deepEqual(keys, new Set(['processor', 'memory', 'delay', 'connections', 'streams']));
  },
);

/** The log is written behind one's back: waits until its last line is in the file. */
async function written({ station }: TestStation): Promise<void> {
  station.log.info('the last line');
  const file = () => readFileSync(`${station.folder.logs}/outpost.log`, 'utf8');
  while (!file().includes('the last line')) await new Promise((resolve) => setImmediate(resolve));
}

async function readToEnd(stream: OpenStream): Promise<Buffer> {
  await stream.until(({ type }) => type === 'end');
  return Buffer.concat(stream.said.flatMap((said) => (said.type === 'bytes' ? [said.bytes] : [])));
}

// ---- cuts

const PERSON = EXAMPLE.admin;
const NOTICES = 600;
const CUTS = 25;

onBothLinks(
  'events are complete and in order over many cuts of the connection: none left out, none twice',
  () => ({}),
  async ({ station, dial }) => {
    const random = seededRandom('cuts');
    const dice = (sides: number) => Buffer.from(random(4)).readUInt32BE() % sides;
    const heard: string[] = [];
    let cursor: string | undefined;
    let cuts = 0;

    const writing = (async () => {
      for (let n = 0; n < NOTICES; n += 5)
        await Promise.all(Array.from({ length: 5 }, (_, i) => change(station, (tx) => tell(tx, PERSON, 'test', { n: String(n + i) }))));
    })();
    while (heard.length < NOTICES + 1) {
      const reader = await dial();
      const stream = reader.open('watch.notices', {}, { window: 1_024, ...(cursor !== undefined && { cursor }) });
      // Reads a few frames, then the line is cut, whatever is on its way.
      const frames = cuts < CUTS ? 1 + dice(4) : Number.POSITIVE_INFINITY;
      for (let frame = 0; frame < frames && heard.length < NOTICES + 1; frame++) {
        for (const [at, notice] of isA(await stream.next(), 'values').values.items) {
          cursor = at;
          heard.push((notice as { data: { n?: string } }).data.n ?? 'first');
        }
      }
      reader.end();
      cuts += 1;
    }
    await writing;
    assert.ok(cuts > CUTS, `${cuts} cuts`);
    assert.deepEqual(heard, ['first', ...Array.from({ length: NOTICES }, (_, n) => String(n))]);
  },
);

const change = ({ store }: TestStation, work: (tx: Tx) => Promise<void>) => store.change(itself('test'), work);

onBothLinks(
  'a file is whole though the connection is cut again and again: each reading goes on at its offset',
  () => ({}),
  async ({ station, dial }) => {
    for (let n = 0; n < 4_000; n++) station.station.log.info({ n }, 'a line of the log');
    await written(station);
    const file = readFileSync(`${station.station.folder.logs}/outpost.log`);
    const parts: Uint8Array[] = [];
    let cursor = 0;
    let cuts = 0;
    for (let ended = false; !ended; cuts++) {
      const reader = await dial();
      const stream = reader.open('watch.logFile', {}, { cursor: String(cursor), window: 16_384 });
      for (let frame = 0; frame < 2 && !ended; frame++) {
        const said = await stream.next();
        if (said.type === 'end') {
          assert.deepEqual(said.end, {});
          ended = true;
        } else {
          const { offset, bytes } = isA(said, 'bytes');
          assert.equal(offset, cursor);
          parts.push(bytes);
          cursor += bytes.length;
        }
      }
      reader.end();
    }
    assert.ok(cuts > 5, `${cuts} cuts`);
    // The station logs on while it is read: what was there at the beginning must be there.
    assert.equal(Buffer.compare(Buffer.concat(parts).subarray(0, file.length), file), 0);
  },
);
