// The bus: who goes first, whose reply it is, what happens to a line after a failure, and how a silent device is left in peace. In virtual time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptedLine } from '../../testing/plant/scriptedLine.ts';
import { virtualClock } from '../../testing/plant/virtualClock.ts';
import { mbapFrame } from '../modbus/mbap.ts';
import { answer, type Image, type ModbusReply } from '../modbus/pdu.ts';
import { rtuFrame } from '../modbus/rtu.ts';
import { type Addressed, rtuWire, tcpWire } from '../modbus/wire.ts';
import { Bus, type BusSettings, type Outcome, type Priority } from './bus.ts';
import { openTrace } from './trace.ts';

const TIMEOUT_MS = 100;
const FIRST_ID = 500;
/** A register holds its own address. */
const IMAGE: Image = { read: (_table, address) => (address < 1_000 ? address : undefined), write: () => true };

function opened(kind: 'tcp' | 'rtu', more: Partial<BusSettings> = {}) {
  const clock = virtualClock();
  const line = scriptedLine(clock);
  const serial = kind === 'rtu';
  const trace = openTrace();
  const bus = new Bus<Addressed, ModbusReply>(serial ? rtuWire(0) : tcpWire(FIRST_ID), line.dial, clock, trace, {
    gapMs: serial ? 2 : 0,
    quietMs: serial ? 50 : 0,
    reconnects: !serial,
    connectTimeoutMs: 1_000,
    ...more,
  });
  const unitOf = (frame: Uint8Array) => frame[serial ? 0 : 6] as number;
  const pduOf = (frame: Uint8Array) => (serial ? frame.subarray(1, -2) : frame.subarray(7));
  const wrap = (frame: Uint8Array, pdu: Uint8Array) =>
    serial ? rtuFrame(unitOf(frame), pdu) : mbapFrame(((frame[0] as number) << 8) | (frame[1] as number), unitOf(frame), pdu);
  const replyTo = (frame: Uint8Array) => wrap(frame, answer(pduOf(frame), IMAGE));
  const refusal = (frame: Uint8Array, code: number) => wrap(frame, Uint8Array.of((pduOf(frame)[0] as number) | 0x80, code));
  /** Asks and remembers what came of it. */
  const outcomes: string[] = [];
  function ask(unit: number, address: number, { priority = 'normal', count = 1 }: { priority?: Priority; count?: number } = {}) {
    const name = `${unit}:${address}`;
    void bus
      .ask({ unit, request: { function: 3, address, count } }, { device: `${unit}`, priority, timeoutMs: TIMEOUT_MS })
      .then((outcome) => outcomes.push(`${name} ${inWords(outcome)}`));
  }
  const asked = () =>
    line.sent.map((frame) => `${unitOf(frame)}:${((pduOf(frame)[1] as number) << 8) | (pduOf(frame)[2] as number)}+${pduOf(frame)[4]}`);
  const answers = (delayMs = 1, of: (frame: Uint8Array) => boolean = () => true) => {
    line.onFrame = (frame) => void (of(frame) && clock.after(delayMs, () => line.say(replyTo(frame))));
  };
  return { clock, line, bus, trace, outcomes, ask, asked, answers, replyTo, refusal, unitOf };
}

function inWords(outcome: Outcome<ModbusReply>): string {
  if (!outcome.ok) return outcome.failure;
  return outcome.reply.is === 'words'
    ? outcome.reply.words.join()
    : outcome.reply.is === 'exception'
      ? `exception ${outcome.reply.code}`
      : 'done';
}

test('one request is in flight, and what is urgent goes first', async () => {
  const { clock, line, outcomes, ask, asked, replyTo } = opened('tcp');
  ask(1, 10);
  ask(1, 11, { priority: 'background' });
  ask(1, 12);
  ask(1, 13, { priority: 'readback' });
  ask(1, 14, { priority: 'operator' });
  ask(1, 15, { priority: 'operator' });
  await clock.run(10);
  assert.equal(line.sent.length, 1, 'nothing is sent before the first is answered');
  for (let n = 0; n < 6; n++) {
    assert.equal(line.sent.length, n + 1);
    line.say(replyTo(line.sent[n] as Uint8Array));
    await clock.run(1);
  }
  assert.deepEqual(asked(), ['1:14+1', '1:15+1', '1:13+1', '1:10+1', '1:12+1', '1:11+1']);
  assert.deepEqual(outcomes, ['1:14 14', '1:15 15', '1:13 13', '1:10 10', '1:12 12', '1:11 11']);
});

test('TCP: after a time-out the connection is a new one, and what the old one says is not heard', async () => {
  const { clock, line, bus, outcomes, ask, answers, replyTo } = opened('tcp');
  ask(1, 10);
  await clock.run(TIMEOUT_MS + 1);
  assert.deepEqual([line.closes, outcomes], [1, ['1:10 timeout']]);
  answers();
  ask(1, 11);
  await clock.run(5);
  assert.equal(line.connects, 2);
  line.say(replyTo(line.sent[0] as Uint8Array));
  ask(1, 12);
  await clock.run(5);
  assert.deepEqual(outcomes.slice(1), ['1:11 11', '1:12 12']);
  assert.equal(bus.state().strays, 1, 'the late reply was seen, and not taken');
});

test('TCP: what cannot be this reply costs this request, and no other', async () => {
  const wrongs: [string, (good: Uint8Array) => Uint8Array][] = [
    ['protocol', (good) => good.with(3, 1)],
    ['length too small', (good) => good.with(5, 2)],
    ['length too large', (good) => good.with(4, 2)],
    ['another length', (good) => good.with(5, 6)],
    ['unit', (good) => good.with(6, 9)],
    ['function', (good) => good.with(7, 4)],
    ['byte count', (good) => good.with(8, 4)],
    ['a reply cut short with another behind it', (good) => Buffer.concat([good.subarray(0, -1), good])],
  ];
  for (const [name, wrong] of wrongs) {
    const { clock, line, outcomes, ask, answers, replyTo } = opened('tcp');
    line.onFrame = (frame) => {
      answers();
      line.say(wrong(replyTo(frame)));
    };
    ask(1, 10);
    ask(2, 11);
    await clock.run(TIMEOUT_MS * 3);
    assert.deepEqual(outcomes.toSorted(), ['1:10 garbled', '2:11 11'], name);
  }
});

test('TCP: a frame with another id is passed over, whole or in pieces', async () => {
  const { clock, line, outcomes, ask, replyTo } = opened('tcp');
  line.onFrame = (frame) => {
    const other = mbapFrame(FIRST_ID - 3, 1, Uint8Array.of(3, 2, 0xde, 0xad));
    const all = Buffer.concat([other, other, replyTo(frame)]);
    for (let n = 0; n < all.length; n += 4) line.say(all.subarray(n, n + 4));
  };
  ask(1, 10);
  await clock.run(5);
  assert.deepEqual(outcomes, ['1:10 10']);
});

test('serial: a late reply is not given to the next request of its shape', async () => {
  const { clock, line, bus, outcomes, ask, asked, answers, replyTo } = opened('rtu');
  ask(1, 10);
  await clock.run(TIMEOUT_MS + 1);
  assert.deepEqual([outcomes, line.closes, line.flushes], [['1:10 timeout'], 0, 1]);
  ask(1, 20);
  await clock.run(40);
  assert.equal(line.sent.length, 1, 'the line is kept quiet');
  await clock.run(20);
  assert.deepEqual(asked().slice(1), ['1:20+2'], 'asked in another shape');
  line.say(replyTo(line.sent[0] as Uint8Array)); // the late one
  await clock.run(1);
  assert.deepEqual(outcomes.slice(1), []);
  answers();
  line.say(replyTo(line.sent[1] as Uint8Array));
  await clock.run(10);
  assert.deepEqual(asked().slice(2), ['1:20+1']);
  assert.deepEqual(outcomes.slice(1), ['1:20 20']);
  ask(1, 30);
  await clock.run(10);
  assert.equal(line.sent.length, 4, 'and then all is as before');
  assert.equal(bus.state().strays, 1);
});

test('serial: another unit is asked as ever, while one that failed may still be late', async () => {
  const { clock, line, outcomes, ask, answers, replyTo, unitOf } = opened('rtu');
  answers(1, (frame) => unitOf(frame) === 2);
  ask(1, 10);
  await clock.run(TIMEOUT_MS + 55);
  line.onFrame = (frame) => {
    line.say(replyTo(line.sent[0] as Uint8Array));
    line.say(replyTo(frame));
  };
  ask(2, 20);
  await clock.run(10);
  assert.deepEqual(outcomes, ['1:10 timeout', '2:20 20']);
});

test('serial: a refusal that may be of an earlier request is believed of none', async () => {
  const { clock, line, outcomes, ask, asked, answers, refusal } = opened('rtu');
  ask(1, 10, { count: 4 });
  await clock.run(TIMEOUT_MS + 60);
  line.onFrame = (frame) => line.say(refusal(frame, 2));
  ask(1, 20, { count: 6 });
  await clock.run(5);
  assert.deepEqual(outcomes, ['1:10 timeout', '1:20 garbled']);
  answers();
  ask(1, 30, { count: 6 });
  await clock.run(100);
  assert.deepEqual(outcomes.slice(2), ['1:30 30,31,32,33,34,35']);
  assert.deepEqual(asked().slice(2), ['1:30+1', '1:30+6']);
});

test('serial: where a device refuses the probe too, the next one is by another function', async () => {
  const { clock, line, outcomes, ask, answers, refusal } = opened('rtu');
  ask(1, 10);
  await clock.run(TIMEOUT_MS + 60);
  line.onFrame = (frame) => line.say(refusal(frame, 2));
  ask(1, 10);
  await clock.run(60);
  assert.deepEqual(outcomes, ['1:10 timeout', '1:10 garbled']);
  answers();
  ask(1, 10);
  await clock.run(20);
  assert.deepEqual(
    line.sent.map((frame) => frame[1]),
    [3, 3, 4, 3],
  );
  assert.deepEqual(outcomes.slice(2), ['1:10 10']);
});

test('serial: noise before a reply, its own request as an echo, and a frame inside another', async () => {
  const { clock, line, outcomes, ask, replyTo } = opened('rtu');
  const inner = rtuFrame(1, Uint8Array.of(3, 2, 0xde, 0xad));
  const outer = rtuFrame(2, Uint8Array.of(3, inner.length, ...inner));
  for (const before of [Uint8Array.of(0), Uint8Array.of(1, 3, 2), Uint8Array.of(1, 3), outer]) {
    line.onFrame = (frame) => {
      line.say(Buffer.concat([before, frame]));
      line.say(replyTo(frame));
    };
    ask(1, 10);
    await clock.run(120);
  }
  assert.deepEqual(outcomes, ['1:10 10', '1:10 10', '1:10 10', '1:10 10']);
});

test('serial: bytes that nobody asked for are let pass, but not for ever', async () => {
  const { clock, line, outcomes, ask, answers } = opened('rtu');
  answers();
  ask(1, 1);
  await clock.run(10);
  line.say(Uint8Array.of(1, 3, 2, 0));
  ask(1, 2);
  await clock.run(30);
  line.say(Uint8Array.of(7));
  await clock.run(30);
  assert.deepEqual(outcomes, ['1:1 1'], 'each of them prolongs the silence that is waited for');
  await clock.run(40);
  assert.deepEqual(outcomes, ['1:1 1', '1:2 2']);
  const babble = (left: number) => {
    line.say(Uint8Array.of(0x55));
    if (left > 0) clock.after(5, () => babble(left - 1));
  };
  babble(1_000);
  ask(1, 3);
  await clock.run(3_000);
  assert.deepEqual(outcomes.slice(2), ['1:3 3']);
});

test('serial: a port behind which all is silent is opened anew, as if it had been pulled out', async () => {
  const { clock, line, outcomes, ask, answers } = opened('rtu');
  for (const unit of [1, 2, 3]) {
    ask(unit, 1);
    await clock.run(TIMEOUT_MS + 60);
  }
  assert.equal(line.closes, 1);
  answers();
  ask(4, 1);
  await clock.run(60);
  assert.deepEqual([line.connects, outcomes.at(-1)], [2, '4:1 1']);
});

test('a device that is silent three times is asked now and then by one probe, until it answers', async () => {
  const { clock, line, bus, outcomes, ask, answers } = opened('tcp');
  for (const address of [1, 2, 3]) {
    ask(1, address);
    await clock.run(TIMEOUT_MS + 1);
  }
  assert.equal(bus.device('1')?.state, 'down');
  const before = line.sent.length;
  for (const address of [4, 5]) ask(1, address);
  await clock.run(1);
  assert.deepEqual(outcomes.slice(3), ['1:4 down', '1:5 down']);
  assert.equal(line.sent.length, before);
  await clock.run(1_000);
  for (const address of [6, 7]) ask(1, address);
  await clock.run(TIMEOUT_MS + 1);
  assert.equal(line.sent.length, before + 1, 'one probe');
  assert.deepEqual(outcomes.slice(5), ['1:7 down', '1:6 timeout']);
  await clock.run(1_500);
  assert.ok(bus.rests('1'), 'the pause grows');
  await clock.run(600);
  answers();
  ask(1, 8);
  await clock.run(10);
  assert.equal(bus.device('1')?.state, 'up');
  assert.deepEqual(outcomes.slice(7), ['1:8 8']);
});

test('a person may always try', async () => {
  const { clock, outcomes, ask, answers } = opened('tcp');
  for (const address of [1, 2, 3]) {
    ask(1, address);
    await clock.run(TIMEOUT_MS + 1);
  }
  await clock.run(300);
  answers();
  ask(1, 4, { priority: 'operator' });
  await clock.run(10);
  assert.deepEqual(outcomes.slice(3), ['1:4 4']);
});

test('what waits for a device that is given up does not wait on', async () => {
  const { clock, outcomes, ask } = opened('tcp');
  for (let address = 1; address <= 10; address++) ask(1, address);
  await clock.run(TIMEOUT_MS * 3 + 10);
  const count = (what: string) => outcomes.filter((one) => one.endsWith(what)).length;
  assert.deepEqual([count('timeout'), count('down')], [3, 7]);
});

test('a refusal is an answer; a gateway that cannot reach the device is none', async () => {
  const { clock, line, bus, outcomes, ask, refusal } = opened('tcp');
  line.onFrame = (frame) => line.say(refusal(frame, 4));
  for (let n = 0; n < 5; n++) {
    ask(1, n);
    await clock.run(5);
  }
  assert.equal(bus.device('1')?.state, 'up');
  line.onFrame = (frame) => line.say(refusal(frame, 11));
  for (let n = 0; n < 4; n++) {
    ask(1, n);
    await clock.run(5);
  }
  assert.equal(bus.device('1')?.state, 'down');
  assert.deepEqual(outcomes.slice(-2), ['1:2 exception 11', '1:3 down']);
});

test('the probes of a dead device take no more than their share of a shared line', async () => {
  const { clock, line, bus, ask, answers, unitOf } = opened('rtu');
  answers(1, (frame) => unitOf(frame) === 2);
  ask(2, 1);
  await clock.run(200);
  const times: number[] = [];
  const { onFrame } = line;
  line.onFrame = (frame) => {
    if (unitOf(frame) === 1) times.push(clock.monotonic());
    onFrame(frame);
  };
  for (let n = 0; n < 6_000; n++) {
    ask(1, 1);
    ask(2, 1);
    await clock.run(100);
  }
  const toDead = line.sent.filter((frame) => unitOf(frame) === 1).length;
  assert.ok(toDead >= 3 + 9 && toDead <= 3 + 20, `${toDead} requests to a dead device in ten minutes`);
  const pause = (times[3] as number) - (times[2] as number);
  assert.ok(pause >= 40 * (TIMEOUT_MS + 50), `the first pause is ${pause} ms`);
  assert.ok((bus.device('1')?.timeouts ?? 0) * (TIMEOUT_MS + 50) < 0.01 * 600_000);
});

test('where nothing listens the answer is at once, and it is tried again, later and later', async () => {
  const { clock, line, bus, outcomes, ask, answers } = opened('tcp');
  line.dials.push(...Array(4).fill({ refuse: 'nothing listens there' }));
  answers();
  for (let n = 0; n < 100; n++) {
    ask(1, n);
    await clock.run(50);
  }
  assert.equal(line.connects, 5);
  assert.equal(bus.state().state, 'open');
  assert.equal(outcomes[0], '1:0 noLine');
  assert.equal(outcomes.at(-1), '1:99 99');
  assert.equal(outcomes.length, 100);
});

test('a connection that does not come to be is given up', async () => {
  const { clock, line, outcomes, ask } = opened('tcp');
  line.dials.push('hang');
  ask(1, 1);
  await clock.run(999);
  assert.deepEqual(outcomes, []);
  await clock.run(2);
  assert.deepEqual(outcomes, ['1:1 noLine']);
});

test('a connection that ends takes the request in flight with it, at once', async () => {
  const { clock, line, outcomes, ask, answers } = opened('tcp');
  ask(1, 1);
  ask(1, 2);
  await clock.run(5);
  line.cut('reset by the other end');
  answers();
  await clock.run(5);
  assert.deepEqual(outcomes, ['1:1 cut', '1:2 2']);
  assert.equal(line.connects, 2);
});

test('an end that accepts and closes, again and again, is not dialled in a circle', async () => {
  const { clock, line, ask } = opened('tcp');
  line.onFrame = () => line.cut('closed by the other end');
  for (let n = 0; n < 1_000; n++) {
    ask(n % 20, 1);
    await clock.run(10);
  }
  assert.ok(line.connects < 20, `${line.connects} connections in ten seconds`);
});

test('who floods without being asked is hung up on', async () => {
  const { clock, line, bus, outcomes, ask, answers } = opened('tcp');
  answers();
  ask(1, 1);
  await clock.run(5);
  for (let n = 0; n < 50; n++) line.say(new Uint8Array(100));
  assert.equal(line.closes, 1);
  ask(1, 2);
  await clock.run(5);
  assert.deepEqual(outcomes, ['1:1 1', '1:2 2']);
  assert.equal(bus.state().connects, 2);
});

test('what is sent to all is not waited for, but nothing follows it at once', async () => {
  const { clock, line, bus, outcomes, ask, answers } = opened('rtu');
  answers();
  let done = '';
  void bus
    .ask({ unit: 0, request: { function: 6, address: 1, word: 1 } }, { device: '0', priority: 'operator', timeoutMs: TIMEOUT_MS })
    .then((outcome) => {
      done = inWords(outcome);
    });
  ask(1, 5);
  await clock.run(50);
  assert.equal(done, 'done');
  assert.equal(line.sent.length, 1);
  line.onFrame = () => {};
  await clock.run(60);
  assert.equal(line.sent.length, 2);
  assert.deepEqual(outcomes, []);
});

test('closing answers everybody, and nothing is sent after it', async () => {
  const { clock, line, bus, outcomes, ask } = opened('tcp');
  for (let n = 0; n < 3; n++) ask(1, n);
  await clock.run(5);
  bus.close();
  ask(1, 9);
  await clock.run(1_000);
  assert.deepEqual(outcomes.toSorted(), ['1:0 closed', '1:1 closed', '1:2 closed', '1:9 closed']);
  assert.deepEqual([line.sent.length, line.closes], [1, 1]);
});

test('the trace tells in words what went over the line, and forgets what is long ago', async () => {
  const { clock, trace, ask, answers } = opened('tcp');
  answers();
  ask(1, 10, { count: 2 });
  await clock.run(5);
  assert.deepEqual(
    trace.frames().map(({ direction, hex, meaning }) => [direction, hex, meaning]),
    [
      ['note', '', 'connected'],
      ['sent', '01 f5 00 00 00 06 01 03 00 0a 00 02', 'unit 1: read holding registers 10+2'],
      ['received', '01 f5 00 00 00 07 01 03 04 00 0a 00 0b', 'unit 1: 10 11'],
    ],
  );
  for (let n = 0; n < 500; n++) {
    ask(1, n);
    await clock.run(2);
  }
  assert.equal(trace.frames().length, 200);
  assert.match(trace.frames().at(-1)?.meaning ?? '', /unit 1: 499/);
});
