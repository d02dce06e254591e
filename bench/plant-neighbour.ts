// One dead device on a line that has no time to spare: what its neighbours lose, beside the same line without it.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { openPorts } from '../main/plant/bus/ports.ts';
import type { Dial } from '../main/plant/bus/wire.ts';
import { type Clock, systemClock } from '../main/plant/driver.ts';
import { modbusRtuOverTcp } from '../main/plant/modbus/index.ts';
import { type ModbusLine, openModbusLine } from '../main/plant/modbus/line.ts';
import { answer } from '../main/plant/modbus/pdu.ts';
import { rtuFrame } from '../main/plant/modbus/rtu.ts';
import { rtuWire } from '../main/plant/modbus/wire.ts';
import { LIMITS, silenceMs } from '../main/plant/planner.ts';
import { register } from '../main/plant/registers.ts';
import { virtualClock } from '../main/testing/plant/virtualClock.ts';
import { type Bench, figure } from './figure.ts';

const NEIGHBOURS = 9;
const DEAD = 99;
const REGISTERS = 10;
const PERIOD_MS = 100;
const SERIAL = { baudRate: 9_600, bits: 11, turnaroundMs: 20, timeoutMs: 300, minutes: 10 };
const GATEWAY = { turnaroundMs: 5, timeoutMs: 200, seconds: 12, settleMs: 3_000 };

export const bench: Bench = async () => {
  const [serial, serialAlone] = [await overSerial(true), await overSerial(false)];
  const [gateway, gatewayAlone] = [await overGateway(true), await overGateway(false)];
  return [
    figure(
      'plant-neighbour',
      `serial line, ${SERIAL.minutes} virtual minutes from its death on`,
      serial,
      'readings',
      'the same without it',
      serialAlone,
    ),
    figure(
      'plant-neighbour',
      `gateway, real sockets, ${GATEWAY.seconds} s once it is known as dead`,
      gateway,
      'readings',
      'the same without it',
      gatewayAlone,
    ),
  ];
};

const units = (withDead: boolean) => [...(withDead ? [DEAD] : []), ...Array.from({ length: NEIGHBOURS }, (_, n) => n + 1)];

/** Each wants more than the line can carry, so that whatever the dead one takes is taken from the others. */
function configure(line: ModbusLine, withDead: boolean, timeoutMs: number): void {
  const settings = { timeoutMs, limits: LIMITS, writesSingly: true };
  line.configure(
    units(withDead).map((unit) => ({ id: `d${unit}`, settings: { unit, ...settings } })),
    units(withDead).flatMap((unit) =>
      Array.from({ length: REGISTERS }, (_, n) => ({
        id: `d${unit}.t${n}`,
        device: `d${unit}`,
        address: register.parse({ table: 'holding', address: n, type: 'uint16' }),
        scan: PERIOD_MS,
      })),
    ),
  );
}

/** Good pieces that came of the neighbours, from now on. */
function counted(line: ModbusLine): () => number {
  let count = 0;
  line.subscribe((samples) => {
    if (samples[0]?.quality === 'good') count++;
  });
  return () => count;
}

const replyTo = (frame: Uint8Array) => rtuFrame(frame[0] as number, answer(frame.subarray(1, -2), { read: () => 1, write: () => true }));

async function overSerial(withDead: boolean): Promise<number> {
  const clock = virtualClock();
  const { baudRate, bits, turnaroundMs, timeoutMs, minutes } = SERIAL;
  const characterMs = (bits * 1000) / baudRate;
  const line = openModbusLine({
    name: 'serial',
    wire: rtuWire(characterMs),
    dial: memoryDial(clock, (bytes) => bytes * characterMs, turnaroundMs),
    clock,
    settings: { gapMs: silenceMs(baudRate, bits), quietMs: 50, reconnects: false, connectTimeoutMs: 1_000 },
    speed: { kind: 'serial', baudRate, bitsPerCharacter: bits, turnaroundMs },
    release: () => {},
  });
  const count = counted(line);
  configure(line, withDead, timeoutMs);
  await clock.run(minutes * 60_000);
  await line.close();
  return count();
}

/** Devices that answer after the time their bytes take on the line. */
const memoryDial =
  (clock: Clock, travelMs: (bytes: number) => number, turnaroundMs: number): Dial =>
  async (events) => ({
    write(frame) {
      if (frame[0] === DEAD) return;
      const reply = replyTo(frame);
      clock.after(travelMs(frame.length + reply.length) + turnaroundMs, () => events.data(reply));
    },
    flush: () => {},
    close: () => {},
  });

async function overGateway(withDead: boolean): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (frame) => {
      if (frame[0] !== DEAD) setTimeout(() => socket.writable && socket.write(replyTo(frame)), GATEWAY.turnaroundMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = modbusRtuOverTcp.connection.parse({ host: '127.0.0.1', port });
  const line = modbusRtuOverTcp.open(connection, { clock: systemClock, ports: openPorts() });
  configure(line, withDead, GATEWAY.timeoutMs);
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(GATEWAY.settleMs);
  const count = counted(line);
  await wait(GATEWAY.seconds * 1_000);
  const found = count();
  await line.close();
  server.close();
  return found;
}
