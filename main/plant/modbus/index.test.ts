// The three drivers as the rest of the plant meets them: what they take, who shares a line, and who owns it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { openPorts } from '../bus/ports.ts';
import { type Sample, systemClock } from '../driver.ts';
import { register } from '../registers.ts';
import { modbusRtu, modbusRtuOverTcp, modbusTcp } from './index.ts';
import { mbapFrame } from './mbap.ts';
import { answer } from './pdu.ts';

test('connections that mean one line say the same', () => {
  const tcp = (connection: unknown) => modbusTcp.line(modbusTcp.connection.parse(connection));
  assert.equal(tcp({ host: 'Gateway.local' }), tcp({ host: 'gateway.local', port: 502 }));
  assert.notEqual(tcp({ host: 'gateway.local' }), tcp({ host: 'gateway.local', port: 503 }));
  // One socket cannot carry both, whoever owns it.
  assert.equal(
    modbusRtuOverTcp.line(modbusRtuOverTcp.connection.parse({ host: 'gateway.local', port: 502 })),
    tcp({ host: 'gateway.local' }),
  );
  const rtu = (port: unknown) => modbusRtu.line(modbusRtu.connection.parse({ port }));
  assert.equal(rtu({ path: '/dev/ttyUSB0' }), 'serial /dev/ttyUSB0');
  assert.equal(rtu({ vendorId: '0403', productId: '6001', serialNumber: 'A1' }), 'serial 0403:6001 no. A1');
});

test('what cannot be is refused with the place and the reason', () => {
  const wrong = (
    schema: { safeParse(input: unknown): { error?: { issues: { path: PropertyKey[]; message: string }[] } } },
    input: unknown,
  ) => schema.safeParse(input).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  assert.match(wrong(modbusTcp.connection, { host: '', port: 70_000 }).join('; '), /host: .*; port: /);
  assert.match(wrong(modbusTcp.connection, { host: 'a', speed: 1 }).join(), /speed/);
  assert.match(wrong(modbusTcp.device, { unit: 256 }).join(), /unit: /);
  assert.match(wrong(modbusTcp.device, { timeoutMs: 1 }).join(), /timeoutMs: /);
  assert.match(wrong(modbusRtu.connection, { port: { path: '/dev/ttyS0' }, baudRate: 100 }).join(), /baudRate: /);
});

test('one line is opened once, and free when it is closed', async () => {
  const ports = openPorts();
  const connection = modbusTcp.connection.parse({ host: '127.0.0.1', port: 1 });
  const line = modbusTcp.open(connection, { clock: systemClock, ports });
  assert.throws(
    () => modbusRtuOverTcp.open(modbusRtuOverTcp.connection.parse(connection), { clock: systemClock, ports }),
    /in use by modbus-tcp/,
  );
  await line.close();
  await modbusTcp.open(connection, { clock: systemClock, ports }).close();
});

test('over a real socket: polled, cut off, and polled again', async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (frame) => {
      const pdu = answer(frame.subarray(7), { read: (_table, address) => address, write: () => true });
      socket.write(mbapFrame(frame.readUInt16BE(0), frame[6] as number, pdu));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const line = modbusTcp.open(modbusTcp.connection.parse({ host: '127.0.0.1', port }), { clock: systemClock, ports: openPorts() });
  t.after(() => line.close());
  const waiting: ((samples: readonly Sample[]) => void)[] = [];
  line.subscribe((samples) => waiting.shift()?.(samples));
  const news = () => new Promise<readonly Sample[]>((resolve) => waiting.push(resolve));
  const first = news();
  line.configure(
    [{ id: 'd', settings: modbusTcp.device.parse({}) }],
    [{ id: 't', device: 'd', address: register.parse({ table: 'input', address: 77, type: 'uint16' }), scan: 20 }],
  );
  assert.equal((await first)[0]?.value, 77);
  // Whoever is connected is cut off; the next connection is made by itself.
  const connectedAgain = once(server, 'connection');
  for (const socket of sockets) socket.resetAndDestroy();
  await connectedAgain;
  assert.deepEqual(await line.peek('d', { table: 'holding', address: 5, count: 2 }), [5, 6]);
  assert.equal(line.devices()[0]?.state, 'up');
});
