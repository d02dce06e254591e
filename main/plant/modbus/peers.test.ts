// Other people's slaves, over TCP, serial lines and serial frames in TCP: what we read is what they hold, what we write is what they say they hold.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { PEER_SIZE, PEER_UNIT, type Peer, type PeerName, peerMissing, ptyMissing, ptyPair, startPeer } from '../../testing/plant/peers.ts';
import { openPorts } from '../bus/ports.ts';
import { type Driver, systemClock } from '../driver.ts';
import { decode, encode, ownBits, type Register, register, TABLES, TYPES, type Value, width } from '../registers.ts';
import { modbusRtu, modbusRtuOverTcp, modbusTcp } from './index.ts';
import type { ModbusDevice, ModbusLine, ModbusRange } from './line.ts';

type Way = { name: string; peer: PeerName; missing: () => string | false; open(t: TestContext): Promise<{ peer: Peer; line: ModbusLine }> };

function opened<C>(t: TestContext, driver: Driver<C, ModbusDevice, Register, ModbusRange>, connection: unknown): ModbusLine {
  const line = driver.open(driver.connection.parse(connection), { clock: systemClock, ports: openPorts() });
  t.after(() => line.close());
  return line;
}

const overTcp = (name: PeerName): Way => ({
  name: `${name} over TCP`,
  peer: name,
  missing: () => peerMissing(name),
  async open(t) {
    const peer = await startPeer(t, name, 'tcp');
    return { peer, line: opened(t, modbusTcp, { host: '127.0.0.1', port: peer.port }) };
  },
});
const serially = (name: PeerName): Way => ({
  name: `${name} on a serial line`,
  peer: name,
  missing: () => peerMissing(name) || ptyMissing(),
  async open(t) {
    const [near, far] = await ptyPair(t);
    const peer = await startPeer(t, name, 'rtu', far);
    return { peer, line: opened(t, modbusRtu, { port: { path: near }, baudRate: 19_200, parity: 'none' }) };
  },
});
const WAYS: Way[] = [
  overTcp('pymodbus'),
  {
    name: 'pymodbus with serial frames over TCP',
    peer: 'pymodbus',
    missing: () => peerMissing('pymodbus'),
    async open(t) {
      const peer = await startPeer(t, 'pymodbus', 'rtu-tcp');
      return { peer, line: opened(t, modbusRtuOverTcp, { host: '127.0.0.1', port: peer.port }) };
    },
  },
  serially('pymodbus'),
  overTcp('libmodbus'),
  serially('libmodbus'),
];

const onEachWay = (name: string, work: (t: TestContext, line: ModbusLine, peer: Peer, way: Way) => Promise<void>) => {
  for (const way of WAYS)
    test(`${way.name}: ${name}`, { skip: way.missing() }, async (t) => {
      const { peer, line } = await way.open(t);
      await work(t, line, peer, way);
    });
};

const device = { id: 'd', settings: modbusTcp.device.parse({ unit: PEER_UNIT, timeoutMs: 5_000 }) };
const configured = (line: ModbusLine, registers: Register[]) =>
  assert.deepEqual(
    line.configure(
      [device],
      registers.map((address, n) => ({ id: `t${n}`, device: 'd', address })),
    ),
    [],
  );
const names = (registers: Register[]) => registers.map((_, n) => `t${n}`);
const good = (samples: readonly { value: unknown; quality: string; reason?: string }[]) =>
  samples.map(({ value, quality, reason }) => {
    assert.equal(quality, 'good', reason);
    return value;
  });

const ORDERS = (['big', 'little'] as const).flatMap((byteOrder) =>
  (['big', 'little'] as const).map((wordOrder) => ({ byteOrder, wordOrder })),
);
const EXAMPLES: Record<(typeof TYPES)[number], Value> = {
  bool: true,
  bit: true,
  uint8: 200,
  int8: -100,
  uint16: 54_321,
  int16: -12_345,
  uint32: 4_000_000_000,
  int32: -2_000_000_000,
  uint64: 2n ** 63n + 12_345n,
  int64: -(2n ** 62n) - 1n,
  float32: 0.5,
  float64: 1 / 3,
  bcd16: 9_876,
  bcd32: 98_765_432,
  string: 'Ä boiler',
};

/** Every type in every order, one after the other. */
function everything(table: 'input' | 'holding'): Register[] {
  let address = 3;
  return TYPES.flatMap((type) => ORDERS.map((orders) => ({ type, ...orders }))).map((settings) => {
    const { type } = settings;
    const one = register.parse({
      table,
      address,
      ...settings,
      ...(type === 'bit' && { bit: 11 }),
      ...(type === 'string' && { length: 9 }),
    });
    address += width(one);
    return one;
  });
}

test('pymodbus over TCP: every value it packed itself is read as it was meant', { skip: peerMissing('pymodbus') }, async (t) => {
  const { peer, line } = await (WAYS[0] as Way).open(t);
  for (const table of ['holding', 'input'] as const) {
    const registers = peer.values.map(({ value, ...settings }) => register.parse({ table, ...settings }));
    configured(line, registers);
    const values = good(await line.read(names(registers)));
    assert.deepEqual(
      values.map(String),
      peer.values.map(({ value }) => value),
    );
  }
});

onEachWay('every table, type and order is read as the peer holds it', async (_t, line, peer) => {
  for (const table of ['input', 'holding'] as const) {
    const registers = everything(table);
    for (const one of registers) await peer.sets(table, one.address, encode(one, EXAMPLES[one.type]));
    configured(line, registers);
    assert.deepEqual(
      good(await line.read(names(registers))),
      registers.map(({ type }) => EXAMPLES[type]),
    );
  }
  for (const table of ['coil', 'discrete'] as const) {
    const bits = Array.from({ length: PEER_SIZE }, (_, n) => (n * 7) % 5 < 2);
    await peer.sets(table, 0, bits.map(Number));
    const registers = bits.map((_, address) => register.parse({ table, address, type: 'bool' }));
    configured(line, registers);
    assert.deepEqual(good(await line.read(names(registers))), bits);
  }
});

onEachWay('what is written is what the peer says it holds, and what lies beside it stays', async (_t, line, peer) => {
  const registers = everything('holding').filter(({ byteOrder, wordOrder, type }) => byteOrder === wordOrder || type === 'uint32');
  await peer.sets('holding', 0, Array(PEER_SIZE).fill(0x5aa5));
  configured(line, registers);
  for (const [n, one] of registers.entries()) {
    const outcome = await line.write(`t${n}`, EXAMPLES[one.type]);
    assert.equal(outcome.outcome, 'confirmed', inspect([one, outcome]));
    const words = await peer.holds('holding', one.address, width(one));
    assert.equal(decode(one, words), EXAMPLES[one.type]);
    const own = ownBits(one);
    if (own !== undefined) assert.equal((words[0] as number) & ~own, 0x5aa5 & ~own, `${one.type}: the other bits of its register`);
  }
  const taken = new Set(registers.flatMap((one) => Array.from({ length: width(one) }, (_, n) => one.address + n)));
  (await peer.holds('holding', 0, PEER_SIZE)).forEach((word, address) => {
    if (!taken.has(address)) assert.equal(word, 0x5aa5, `${address} was nobody's to write`);
  });
  const coil = register.parse({ table: 'coil', address: 17, type: 'bool' });
  configured(line, [coil]);
  for (const value of [true, false]) {
    assert.equal((await line.write('t0', value)).outcome, 'confirmed');
    assert.deepEqual(await peer.holds('coil', 17, 1), [Number(value)]);
  }
});

onEachWay('a technician sees and sets anything, and hears what the device refuses', async (_t, line, peer) => {
  configured(line, []);
  for (const table of TABLES) {
    const values = table === 'coil' || table === 'discrete' ? [1, 0, 1] : [1, 65_535, 3];
    await peer.sets(table, 30, values);
    assert.deepEqual(await line.peek('d', { table, address: 30, count: 3 }), values);
  }
  await line.poke('d', { table: 'holding', address: 40, count: 2 }, [7, 8]);
  assert.deepEqual(await peer.holds('holding', 40, 2), [7, 8]);
  await line.poke('d', { table: 'coil', address: 40, count: 9 }, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  assert.deepEqual(await peer.holds('coil', 40, 9), [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  await assert.rejects(line.peek('d', { table: 'holding', address: 60_000, count: 1 }), /exception 2 \(illegal data address\)/);
  await assert.rejects(line.peek('d', { table: 'holding', address: 0, count: 126 }), /1 to 125 at a time/);
  await assert.rejects(line.poke('d', { table: 'input', address: 0, count: 1 }, [1]), /can only be read/);
  await assert.rejects(line.poke('d', { table: 'holding', address: 0, count: 1 }, [65_536]), /65536 is not a whole number/);
});
