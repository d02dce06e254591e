// Modbus TCP: readings a second, one in flight, beside a bare socket that sends the same bytes to the same server and looks at none that come back.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { openPorts } from '../main/plant/bus/ports.ts';
import { systemClock } from '../main/plant/driver.ts';
import { modbusTcp } from '../main/plant/modbus/index.ts';
import type { ModbusLine } from '../main/plant/modbus/line.ts';
import { mbapFrame } from '../main/plant/modbus/mbap.ts';
import { encodeRequest } from '../main/plant/modbus/pdu.ts';
import { register } from '../main/plant/registers.ts';
import { type Bench, bestOfEach, figure, perSecond } from './figure.ts';

const ROUNDS = 4;
const READINGS = 20_000;
const REGISTERS = 124;
const FLOATS = REGISTERS / 2;
const REPLY_BYTES = 9 + REGISTERS * 2;
const range = { table: 'holding', address: 0, count: REGISTERS } as const;

export const bench: Bench = async () => {
  const worker = new Worker(new URL('./plant-modbus.server.ts', import.meta.url), { workerData: { registers: REGISTERS } });
  const [port] = (await once(worker, 'message')) as [number];
  const line = modbusTcp.open(modbusTcp.connection.parse({ host: '127.0.0.1', port }), { clock: systemClock, ports: openPorts() });
  const tags = Array.from({ length: FLOATS }, (_, n) => ({
    id: `t${n}`,
    device: 'd',
    address: register.parse({ table: 'holding', address: n * 2, type: 'float32' }),
  }));
  line.configure([{ id: 'd', settings: modbusTcp.device.parse({}) }], tags);
  const names = tags.map(({ id }) => id);

  const [ours, bare] = await bestOfEach(
    ROUNDS,
    () => readings(line),
    () => bareReadings(port),
  );
  const [decoded, again] = await bestOfEach(
    ROUNDS,
    () => perSecond(READINGS / 4, 1, () => line.read(names)),
    () => bareReadings(port),
  );
  await line.close();
  await worker.terminate();
  return [
    figure('plant-modbus', `readings of ${REGISTERS} registers, one in flight`, ours, '/s', 'bare socket, same server', bare),
    figure('plant-modbus', `readings of ${FLOATS} tags, decoded and told`, decoded, '/s', 'bare socket, same server', again),
    figure('plant-modbus', 'tags decoded and told', decoded * FLOATS, 'tags/s', 'aim', 100_000),
  ];
};

const readings = (line: ModbusLine) => perSecond(READINGS, 1, () => line.peek('d', range));

async function bareReadings(port: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const request = mbapFrame(1, 1, encodeRequest({ function: 3, address: 0, count: REGISTERS }));
  const started = performance.now();
  await new Promise<void>((resolve) => {
    let left = READINGS;
    let bytes = 0;
    socket.on('data', (heard) => {
      bytes += heard.length;
      if (bytes < REPLY_BYTES) return;
      bytes -= REPLY_BYTES;
      if (--left === 0) resolve();
      else socket.write(request);
    });
    socket.write(request);
  });
  const rate = READINGS / ((performance.now() - started) / 1000);
  socket.destroy();
  return rate;
}
