// A serial port as a line. A USB adapter is known by what it is, not by the name it happened to get: pulled out and put back, it is found again.
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ports } from './ports.ts';
import type { Dial } from './wire.ts';

export type Usb = { vendorId: string; productId: string; serialNumber?: string | undefined };
export type PortInfo = { path: string } & Partial<Usb>;
export type SerialSettings = {
  port: { path: string } | Usb;
  baudRate: number;
  dataBits: 7 | 8;
  parity: 'none' | 'even' | 'odd';
  stopBits: 1 | 2;
};

export const bitsPerCharacter = ({ dataBits, parity, stopBits }: SerialSettings): number =>
  1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits;

/** The ports of this machine. On Linux read from the kernel: the library asks a program that not every machine has, and dies without it. */
export async function listPorts(): Promise<PortInfo[]> {
  if (process.platform === 'linux') return linuxPorts();
  const { SerialPort } = await import('serialport');
  return (await SerialPort.list()).map(({ path, vendorId, productId, serialNumber }) => ({
    path,
    ...(vendorId !== undefined && { vendorId: vendorId.toLowerCase() }),
    ...(productId !== undefined && { productId: productId.toLowerCase() }),
    ...(serialNumber !== undefined && { serialNumber }),
  }));
}

export function linuxPorts(sys = '/sys/class/tty', dev = '/dev'): PortInfo[] {
  const found: PortInfo[] = [];
  for (const name of names(sys)) {
    let place: string;
    try {
      place = realpathSync(join(sys, name, 'device'));
    } catch {
      continue; // a console, or a terminal: nothing is behind it
    }
    // A built-in port that is not there has no driver of its own.
    if (/^ttyS\d+$/.test(name) && text(join(sys, name, 'type')) === '0') continue;
    found.push({ path: join(dev, name), ...usbAbove(place) });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function usbAbove(place: string): Partial<Usb> {
  for (let folder = place; folder.length > 1; folder = dirname(folder)) {
    const vendorId = text(join(folder, 'idVendor'));
    const productId = text(join(folder, 'idProduct'));
    if (vendorId === undefined || productId === undefined) continue;
    const serialNumber = text(join(folder, 'serial'));
    return { vendorId, productId, ...(serialNumber !== undefined && { serialNumber }) };
  }
  return {};
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The path of the one port that is meant; throws in words where there is none, or more than one. */
export function findPort(wanted: SerialSettings['port'], present: readonly PortInfo[]): string {
  if ('path' in wanted) return wanted.path;
  const same = (a: string | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();
  const fits = present.filter(
    (one) =>
      same(one.vendorId, wanted.vendorId) &&
      same(one.productId, wanted.productId) &&
      (wanted.serialNumber === undefined || one.serialNumber === wanted.serialNumber),
  );
  const name = describePort(wanted);
  if (fits.length > 1)
    throw new Error(`${fits.length} adapters are ${name}: ${fits.map(({ path }) => path).join(', ')}. Give the serial number.`);
  if (fits.length === 0) throw new Error(`no adapter ${name} is plugged in`);
  return (fits[0] as PortInfo).path;
}

export const describePort = (port: SerialSettings['port']): string =>
  'path' in port ? port.path : `${port.vendorId}:${port.productId}${port.serialNumber === undefined ? '' : ` no. ${port.serialNumber}`}`;

/** Two names of one port are one port. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function serialDial(settings: SerialSettings, ports: Ports, owner: string): Dial {
  return async (events, giveUp) => {
    const path = findPort(settings.port, 'path' in settings.port ? [] : await listPorts());
    const { SerialPort } = await import('serialport');
    const release = ports.claim(realPath(path), owner);
    const { baudRate, dataBits, parity, stopBits } = settings;
    const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, autoOpen: false });
    let over = false;
    const end = (why: string | undefined) => {
      if (over) return;
      over = true;
      // The handle is given back also where the device behind it is gone, or it could not be opened again.
      if (port.isOpen) port.close(() => release());
      else release();
      if (why !== undefined) events.closed(why);
    };
    await new Promise<void>((resolve, reject) =>
      port.open((error) => {
        if (!error) return resolve();
        release();
        reject(error);
      }),
    );
    giveUp.addEventListener('abort', () => end(undefined), { once: true });
    port.on('data', (bytes: Buffer) => {
      if (!over) events.data(bytes);
    });
    port.on('error', (error) => end(error.message));
    port.on('close', () => end('the port was unplugged'));
    if (giveUp.aborted) end(undefined);
    return {
      write: (bytes) =>
        void port.write(bytes, (error) => {
          if (error) end(error.message);
        }),
      flush: () =>
        port.flush((error) => {
          if (error) end(error.message);
        }),
      close: () => end(undefined),
    };
  };
}
