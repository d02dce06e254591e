// A line with devices: readings by plan and in one piece, lessons, writes and what became of them, configuration. In virtual time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptedLine } from '../../testing/plant/scriptedLine.ts';
import { virtualClock } from '../../testing/plant/virtualClock.ts';
import type { Sample, WriteOutcome } from '../driver.ts';
import { LIMITS } from '../planner.ts';
import { type Register, register, type Value } from '../registers.ts';
import { openModbusLine } from './line.ts';
import { mbapFrame } from './mbap.ts';
import { answer } from './pdu.ts';
import { tcpWire } from './wire.ts';

const HEADER = 7;

function opened() {
  const clock = virtualClock();
  const far = scriptedLine(clock);
  const words = new Map<string, number>();
  /** What the device does not know, and what it does to a frame instead of answering. */
  const device = { holes: new Set<number>(), functions: new Set<number>(), silent: false, deaf: new Set<number>(), frozen: false };
  far.onFrame = (frame) => {
    const [unit, code] = [frame[HEADER - 1] as number, frame[HEADER] as number];
    const said = device.functions.has(code)
      ? Uint8Array.of(code | 0x80, 1)
      : answer(frame.subarray(HEADER), {
          read: (table, address) => (device.holes.has(address) ? undefined : (words.get(`${table} ${address}`) ?? 0)),
          write: (table, address, value) => {
            if (!device.frozen) words.set(`${table} ${address}`, value);
            return true;
          },
        });
    if (device.silent || device.deaf.has(code)) return;
    clock.after(2, () => far.say(mbapFrame(((frame[0] as number) << 8) | (frame[1] as number), unit, said)));
  };
  const line = openModbusLine({
    name: 'tcp test',
    wire: tcpWire(1),
    dial: far.dial,
    clock,
    settings: { gapMs: 0, quietMs: 0, reconnects: true, connectTimeoutMs: 1_000 },
    speed: undefined,
    release: () => {},
  });
  const pieces: string[][] = [];
  const samples: Sample[] = [];
  line.subscribe((news) => {
    pieces.push(news.map(({ tag }) => tag));
    samples.push(...news);
  });
  const settings = { unit: 1, timeoutMs: 100, limits: LIMITS, writesSingly: true };
  type Given = Partial<Register> & { scan?: number; scale?: { factor: number; offset: number } };
  const configure = (tags: Record<string, Given>, more: Partial<typeof settings> = {}) =>
    line.configure(
      [{ id: 'd', settings: { ...settings, ...more } }],
      Object.entries(tags).map(([id, { scan, scale, ...rest }]) => ({
        id,
        device: 'd',
        address: register.parse({ table: 'holding', type: 'uint16', ...rest }),
        scan,
        scale,
      })),
    );
  const requests = () => far.sent.map((frame) => `${frame[HEADER]}:${((frame[8] as number) << 8) | (frame[9] as number)}+${frame[11]}`);
  async function write(tag: string, value: Value): Promise<WriteOutcome> {
    let outcome: WriteOutcome | undefined;
    void line.write(tag, value).then((done) => {
      outcome = done;
    });
    await clock.run(1_000);
    assert.ok(outcome, 'a write comes to an end');
    return outcome;
  }
  return { clock, far, line, words, device, pieces, samples, configure, requests, write };
}

test('tags are read at their pace, those of one request in one piece, with the time they were said', async () => {
  const { clock, words, line, pieces, samples, configure } = opened();
  words.set('holding 0', 215);
  words.set('holding 1', 0x4248);
  configure({
    t: { address: 0, scan: 1_000, scale: { factor: 0.1, offset: 0 } },
    f: { address: 1, type: 'float32', scan: 1_000 },
    slow: { address: 900, scan: 5_000 },
  });
  await clock.run(10_500);
  assert.deepEqual(
    pieces.filter((piece) => piece.length === 2),
    Array(11).fill(['t', 'f']),
  );
  assert.equal(pieces.filter(([first]) => first === 'slow').length, 3);
  assert.deepEqual(
    samples.find(({ tag }) => tag === 't'),
    { tag: 't', time: 1_800_000_000_002, value: 21.5, quality: 'good' },
  );
  assert.deepEqual(line.image.get('f')?.value, 50);
  assert.equal(line.image.get('t')?.time, 1_800_000_010_002);
});

test('whoever looks while a piece is handed over sees all of it', async () => {
  const { clock, words, line, configure } = opened();
  configure({ a: { address: 0, scan: 100 }, b: { address: 1, scan: 100 } });
  const seen: boolean[] = [];
  line.subscribe(() =>
    seen.push(line.image.get('a')?.value === line.image.get('b')?.value && line.image.get('a')?.time === line.image.get('b')?.time),
  );
  for (let n = 0; n < 10; n++) {
    words.set('holding 0', n).set('holding 1', n);
    await clock.run(100);
  }
  assert.equal(seen.length >= 10 && seen.every(Boolean), true);
});

test('a clock that is set changes the times of the samples, and not the pace', async () => {
  const { clock, samples, configure } = opened();
  configure({ a: { address: 0, scan: 1_000 } });
  await clock.run(2_500);
  clock.set(1_000_000_000_000);
  await clock.run(3_000);
  assert.equal(samples.length, 6);
  assert.ok((samples.at(-1)?.time ?? 0) < 1_000_000_010_000);
});

test('what the device cannot mean is said so, and harms no neighbour', async () => {
  const { clock, words, line, configure } = opened();
  words.set('holding 0', 0x12a4).set('holding 1', 7).set('holding 2', 0x7fc0);
  configure({
    bcd: { address: 0, type: 'bcd16', scan: 100 },
    ok: { address: 1, scan: 100 },
    nan: { address: 2, type: 'float32', scan: 100 },
  });
  await clock.run(50);
  const told = [...line.image.values()].map(({ tag, value, quality, reason }) => [tag, value, quality, reason]);
  assert.deepEqual(told, [
    ['bcd', null, 'bad', '0x12a4 is not binary-coded decimal'],
    ['ok', 7, 'good', undefined],
    ['nan', Number.NaN, 'uncertain', 'the device gives no finite number'],
  ]);
});

test('a silent device makes its tags bad once, and good again when it speaks', async () => {
  const { clock, line, device, samples, configure } = opened();
  configure({ a: { address: 0, scan: 200 }, far: { address: 500, scan: 60_000 } });
  await clock.run(60_050);
  samples.length = 0;
  device.silent = true;
  await clock.run(5_000);
  assert.deepEqual(
    samples.map(({ tag, quality, reason }) => [tag, quality, reason]),
    [
      ['a', 'bad', 'no reply in time'],
      ['far', 'bad', 'no reply in time'],
    ],
  );
  assert.deepEqual([line.devices()[0]?.state, line.devices()[0]?.reason], ['down', 'no reply in time']);
  device.silent = false;
  await clock.run(65_000);
  assert.deepEqual(
    ['a', 'far'].map((tag) => line.image.get(tag)?.quality),
    ['good', 'good'],
  );
  assert.deepEqual([line.devices()[0]?.state, line.devices()[0]?.consecutiveFailures], ['up', 0]);
});

test('what is not there is learned after two refusals, and asked for seldom; a hole in between is read around', async () => {
  const { clock, line, device, requests, configure } = opened();
  device.holes.add(3).add(8);
  configure({ a: { address: 0, scan: 100 }, gone: { address: 3, scan: 100 }, b: { address: 4, scan: 100 }, c: { address: 10, scan: 100 } });
  await clock.run(3_000);
  const settled = requests().length;
  await clock.run(100);
  assert.deepEqual(requests().slice(settled).toSorted(), ['3:0+1', '3:10+1', '3:4+1']);
  assert.deepEqual(
    ['a', 'b', 'c', 'gone'].map((tag) => line.image.get(tag)?.quality),
    ['good', 'good', 'good', 'bad'],
  );
  assert.equal(line.image.get('gone')?.reason, 'exception 2 (illegal data address)');
  assert.equal(line.devices()[0]?.state, 'up');
  device.holes.clear();
  await clock.run(1_300_000);
  assert.equal(line.image.get('gone')?.quality, 'good', 'found when it came to be');
});

test('what was learned can be kept and given back', async () => {
  const first = opened();
  first.device.holes.add(1);
  const tags = { a: { address: 0, scan: 100 }, gone: { address: 1, scan: 100 } };
  first.configure(tags);
  await first.clock.run(2_000);
  const learned = JSON.parse(JSON.stringify(first.line.learned('d')));
  const second = opened();
  second.device.holes.add(1);
  second.configure(tags, { learned } as object);
  await second.clock.run(99);
  assert.deepEqual(second.requests(), ['3:0+1', '3:1+1']);
});

test('one refusal alone teaches nothing', async () => {
  const { clock, device, requests, configure } = opened();
  configure({ a: { address: 0, scan: 100 }, b: { address: 1, scan: 100 } });
  device.holes.add(1);
  await clock.run(50);
  device.holes.clear();
  await clock.run(500);
  assert.deepEqual(new Set(requests()), new Set(['3:0+2']));
});

test('a line that cannot keep up leaves readings out, counts them, and heaps nothing up', async () => {
  const { clock, line, configure } = opened();
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`t${n}`, { address: n * 100, scan: 100 }]));
  configure(many);
  await clock.run(10_000);
  const { queued, planned, utilisation } = line.health();
  assert.ok(queued <= 100);
  assert.equal(planned?.verdict, 'overcommitted');
  assert.ok(utilisation > 0.95 && utilisation <= 1);
  assert.ok((line.devices()[0]?.overruns ?? 0) > 1_000);
});

test('a write is confirmed by what the device says afterwards', async () => {
  const { words, line, configure, write, requests } = opened();
  configure({
    t: { address: 5, scale: { factor: 0.1, offset: 0 } },
    f: { address: 6, type: 'float32' },
    c: { table: 'coil', address: 1, type: 'bool' },
  });
  const outcome = await write('t', 21.5);
  assert.equal(outcome.outcome, 'confirmed');
  assert.equal(words.get('holding 5'), 215);
  assert.equal(line.image.get('t')?.value, 21.5);
  assert.equal((await write('f', 1.5)).outcome, 'confirmed');
  assert.equal((await write('c', true)).outcome, 'confirmed');
  assert.deepEqual(
    requests().map((one) => one.split(':')[0]),
    ['6', '3', '16', '3', '5', '1'],
  );
});

test('a write that did not take, that was refused, that was lost: each is told as what it is', async () => {
  const { words, device, configure, write, far } = opened();
  configure({ t: { address: 5 }, i: { table: 'input', address: 5 } });
  assert.deepEqual(await write('i', 1), { outcome: 'refused', message: 'what lies in table input can only be read' });
  assert.match(((await write('t', 70_000)) as { message: string }).message, /70000 does not fit a uint16/);
  assert.match(((await write('none', 1)) as { message: string }).message, /no tag “none”/);
  assert.equal(far.sent.length, 0, 'nothing of that was sent');
  device.frozen = true;
  const frozen = await write('t', 9);
  assert.deepEqual([frozen.outcome, 'message' in frozen && frozen.message], ['failed', 'the device holds 0']);
  device.frozen = false;
  device.functions.add(6);
  assert.deepEqual(await write('t', 9), { outcome: 'failed', message: 'exception 1 (illegal function)' });
  device.functions.clear();
  device.deaf.add(6);
  assert.equal((await write('t', 11)).outcome, 'confirmed', 'its answer was lost, and it says that it holds it');
  assert.equal(words.get('holding 5'), 11);
  device.silent = true;
  assert.deepEqual(await write('t', 12), { outcome: 'unknown', message: 'no answer: no reply in time' });
  far.dials.push({ refuse: 'nothing listens there' });
  const unsent = await write('t', 13);
  assert.deepEqual([unsent.outcome, 'message' in unsent && unsent.message], ['failed', 'not sent: nothing listens there']);
});

test('bits are set where the device cannot mask, without losing one of another', async () => {
  const { words, device, configure, line, clock } = opened();
  device.functions.add(22);
  words.set('holding 5', 0xf000);
  const bits = Object.fromEntries(Array.from({ length: 8 }, (_, bit) => [`b${bit}`, { address: 5, type: 'bit' as const, bit }]));
  configure(bits);
  const all = Promise.all(Object.keys(bits).map((tag) => line.write(tag, true)));
  await clock.run(1_000);
  assert.deepEqual(
    (await all).map(({ outcome }) => outcome),
    Array(8).fill('confirmed'),
  );
  assert.equal(words.get('holding 5'), 0xf0ff);
});

test('a new configuration is taken whole or not at all, and what stays goes on at its pace', async () => {
  const { clock, line, pieces, configure } = opened();
  configure({ a: { address: 0, scan: 1_000 }, b: { address: 1, scan: 1_000 } });
  await clock.run(1_500);
  const wrong = line.configure(
    [
      { id: 'd', settings: { unit: 1, timeoutMs: 100, limits: { ...LIMITS, registers: 1 }, writesSingly: true } },
      { id: 'd', settings: { unit: 2, timeoutMs: 100, limits: LIMITS, writesSingly: true } },
    ],
    [
      { id: 'a', device: 'd', address: register.parse({ table: 'holding', address: 0, type: 'uint16' }), scan: Number.NaN },
      { id: 'a', device: 'x', address: register.parse({ table: 'holding', address: 0, type: 'uint16' }) },
    ],
  );
  assert.deepEqual(
    wrong.map(({ message }) => message),
    ['is there twice', 'cannot be read every NaN ms', 'is there twice', 'there is no device “x” on this line'],
  );
  assert.deepEqual(
    configure({ w: { address: 0, type: 'uint32' } }, { limits: { ...LIMITS, registers: 1 } }).map(({ message }) => message),
    ['needs 2 registers at once, the device gives 1'],
  );
  await clock.run(1_000);
  assert.deepEqual(pieces, Array(3).fill(['a', 'b']));
  assert.deepEqual(configure({ a: { address: 0, scan: 1_000 }, c: { address: 1, scan: 1_000 } }), []);
  await clock.run(400);
  assert.equal(pieces.length, 3, 'the beat is the old one');
  await clock.run(200);
  assert.deepEqual(pieces.slice(3), [['a', 'c']]);
  assert.deepEqual([...line.image.keys()], ['a', 'c']);
});

test('after closing nothing is asked and nothing is told', async () => {
  const { clock, far, line, pieces, configure } = opened();
  configure({ a: { address: 0, scan: 100 } });
  await clock.run(250);
  await line.close();
  const [sent, told] = [far.sent.length, pieces.length];
  await clock.run(5_000);
  assert.deepEqual([far.sent.length, pieces.length], [sent, told]);
  assert.equal((await line.read(['a']))[0]?.reason, 'the line was closed');
  assert.equal(line.health().state, 'closed');
});
