// Ports: found by what they are, owned by one, given back, and open again after they were pulled out.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPtyPair, ptyMissing, ptyPair } from '../../testing/plant/peers.ts';
import { openPorts, Taken } from './ports.ts';
import { findPort, linuxPorts, listPorts, serialDial } from './serial.ts';

test('a port has one owner, until it gives it back', () => {
  const ports = openPorts();
  const release = ports.claim('/dev/ttyUSB0', 'boiler');
  assert.throws(
    () => ports.claim('/dev/ttyUSB0', 'pumps'),
    (error) => error instanceof Taken && error.message === '/dev/ttyUSB0 is in use by boiler',
  );
  release();
  ports.claim('/dev/ttyUSB0', 'pumps');
  release(); // giving back twice takes nothing from the next
  assert.equal(ports.owner('/dev/ttyUSB0'), 'pumps');
});

test('an adapter is found by vendor, product and serial number, whatever it is called today', () => {
  const present = [
    { path: '/dev/ttyS0' },
    { path: '/dev/ttyUSB0', vendorId: '0403', productId: '6001', serialNumber: 'A1' },
    { path: '/dev/ttyUSB1', vendorId: '0403', productId: '6001', serialNumber: 'B2' },
    { path: '/dev/ttyUSB2', vendorId: '1A86', productId: '7523' },
  ];
  assert.equal(findPort({ vendorId: '0403', productId: '6001', serialNumber: 'B2' }, present), '/dev/ttyUSB1');
  assert.equal(findPort({ vendorId: '1a86', productId: '7523' }, present), '/dev/ttyUSB2');
  assert.equal(findPort({ path: '/dev/ttyS7' }, present), '/dev/ttyS7');
  assert.throws(
    () => findPort({ vendorId: '0403', productId: '6001' }, present),
    /2 adapters are 0403:6001: \/dev\/ttyUSB0, \/dev\/ttyUSB1. Give the serial number/,
  );
  assert.throws(
    () => findPort({ vendorId: '0403', productId: '6001', serialNumber: 'C3' }, present),
    /no adapter 0403:6001 no. C3 is plugged in/,
  );
});

test('the ports of Linux are read from the kernel, with what is known of their adapters', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'outpost-sys-'));
  t.after(() => rmSync(root, { recursive: true }));
  const usb = join(root, 'devices/usb1/1-1');
  mkdirSync(join(usb, '1-1:1.0/ttyUSB3'), { recursive: true });
  mkdirSync(join(root, 'devices/serial0'), { recursive: true });
  for (const [name, text] of [
    ['idVendor', '0403\n'],
    ['idProduct', '6001\n'],
    ['serial', 'FT1\n'],
  ])
    writeFileSync(join(usb, name as string), text as string);
  for (const [name, target] of [
    ['ttyUSB3', join(usb, '1-1:1.0/ttyUSB3')],
    ['ttyS0', join(root, 'devices/serial0')],
    ['ttyS1', join(root, 'devices/serial0')],
    ['tty1', undefined],
  ] as const) {
    mkdirSync(join(root, 'class', name), { recursive: true });
    if (target) symlinkSync(target, join(root, 'class', name, 'device'));
  }
  writeFileSync(join(root, 'class/ttyS0/type'), '4\n');
  writeFileSync(join(root, 'class/ttyS1/type'), '0\n');
  assert.deepEqual(linuxPorts(join(root, 'class'), '/dev'), [
    { path: '/dev/ttyS0' },
    { path: '/dev/ttyUSB3', vendorId: '0403', productId: '6001', serialNumber: 'FT1' },
  ]);
  assert.deepEqual(linuxPorts(join(root, 'nothing')), []);
});

test('asking for the ports of this machine ends with a list', async () => {
  assert.ok(Array.isArray(await listPorts()));
});

const settings = (path: string) => ({ port: { path }, baudRate: 19_200, dataBits: 8, parity: 'none', stopBits: 1 }) as const;
const deaf = { data: () => {}, closed: () => {} };

test('one port under two names is one port; closed, it is free', { skip: ptyMissing() }, async (t) => {
  const [near] = await ptyPair(t);
  const other = `${near}-too`;
  symlinkSync(near, other);
  const ports = openPorts();
  const open = (path: string) => serialDial(settings(path), ports, 'first')(deaf, new AbortController().signal);
  const connection = await open(near);
  await assert.rejects(open(other), /is in use by first/);
  connection.close();
  // Closing takes a moment; until then the port is still in use.
  for (;;) {
    const again = await open(other).catch((error) => error);
    if (!(again instanceof Error)) return again.close();
    assert.ok(again instanceof Taken, again);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('a port that is pulled out is told of, and opened again when it is there again', { skip: ptyMissing() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-plug-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const place = join(folder, 'port');
  const ports = openPorts();
  const dial = serialDial(settings(place), ports, 'line');
  const signal = new AbortController().signal;
  await assert.rejects(dial(deaf, signal), /No such file/);
  for (let times = 0; times < 2; times++) {
    const { ends, unplug } = await openPtyPair();
    symlinkSync(ends[0], place);
    const gone = Promise.withResolvers<string>();
    const arrived = Promise.withResolvers<Uint8Array>();
    const connection = await dial({ data: arrived.resolve, closed: gone.resolve }, signal);
    const other = await serialDial(settings(ends[1]), openPorts(), 'far')(deaf, signal);
    other.write(Uint8Array.of(1, 2, 3));
    assert.deepEqual([...(await arrived.promise)].slice(0, 1), [1]);
    rmSync(place);
    await unplug();
    // Some systems tell of it only when the port is next used.
    connection.write(Uint8Array.of(4));
    assert.notEqual(await gone.promise, '');
  }
});
