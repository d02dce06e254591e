// The lines that are open: one for all devices that share it, as the configuration has it.
import { isDeepStrictEqual } from 'node:util';
import type { Id } from '../../../contract/ids.ts';
import type { Logger } from '../../log.ts';
import { openPorts } from '../bus/ports.ts';
import { settingsOf } from '../config/check.ts';
import type { DeviceFields, TagFields } from '../config/document.ts';
import { type DeviceHealth, type Line, type LineHealth, type Sample, systemClock } from '../driver.ts';
import type { AnyDriver } from '../drivers.ts';

export type Configured = DeviceFields & { id: Id; tags: (TagFields & { id: Id; scanMs: number })[] };

type Open = { driver: string; connection: unknown; line: Line<unknown, unknown, unknown>; devices: Id[] };

export type Lines = {
  /** Opens, changes and closes lines until they are what is configured. What stays the same goes on undisturbed. */
  configure(devices: readonly Configured[]): Promise<void>;
  device(id: Id): DeviceHealth | { state: 'unknown'; reason: string } | undefined;
  health(): LineHealth[];
  close(): Promise<void>;
};

export function openLines(drivers: ReadonlyMap<string, AnyDriver>, log: Logger, hear: (samples: readonly Sample[]) => void): Lines {
  const ports = openPorts();
  const open = new Map<string, Open>();
  /** Devices that cannot be spoken to, and why. */
  const refused = new Map<Id, string>();

  async function close(name: string): Promise<void> {
    const one = open.get(name);
    open.delete(name);
    await one?.line.close();
  }

  function refuse(devices: readonly Configured[], reason: string): void {
    for (const { id } of devices) refused.set(id, reason);
    log.warn({ area: 'plant', event: 'deviceRefused', devices: devices.map(({ key }) => key), reason }, 'a device cannot be spoken to');
  }

  return {
    async configure(devices) {
      refused.clear();
      const wanted = new Map<string, { driver: AnyDriver; connection: unknown; devices: Configured[] }>();
      for (const device of devices) {
        const driver = drivers.get(device.driver);
        const connection = driver?.connection.safeParse(device.connection);
        // It was checked when it came in; another version of the program may have judged otherwise.
        if (driver === undefined || !connection?.success) {
          refuse([device], driver ? 'its connection is not understood' : `there is no driver “${device.driver}”`);
          continue;
        }
        const name = driver.line(connection.data);
        const shared = wanted.get(name);
        if (shared === undefined) wanted.set(name, { driver, connection: connection.data, devices: [device] });
        else if (shared.driver === driver && isDeepStrictEqual(shared.connection, connection.data)) shared.devices.push(device);
        else refuse([device], `${name} is configured otherwise by ${shared.devices[0]?.key}`);
      }
      for (const [name, one] of open) {
        const next = wanted.get(name);
        if (next?.driver.name !== one.driver || !isDeepStrictEqual(next.connection, one.connection)) await close(name);
      }
      for (const [name, { driver, connection, devices }] of wanted) {
        try {
          let one = open.get(name);
          if (one === undefined) {
            one = { driver: driver.name, connection, line: driver.open(connection, { clock: systemClock, ports }), devices: [] };
            one.line.subscribe(hear);
            open.set(name, one);
          }
          one.devices = devices.map(({ id }) => id);
          const problems = one.line.configure(
            devices.map((device) => ({ id: device.id, settings: driver.device.parse(settingsOf(device)) })),
            devices.flatMap((device) =>
              device.tags.map((tag) => ({
                id: tag.id,
                device: device.id,
                address: driver.address.parse(tag.register),
                scale: tag.scale ?? undefined,
                scan: tag.scanMs,
              })),
            ),
          );
          if (problems.length > 0) refuse(devices, problems.map(({ message }) => message).join('; '));
        } catch (error) {
          refuse(devices, (error as Error).message);
        }
      }
    },

    device(id) {
      const reason = refused.get(id);
      if (reason !== undefined) return { state: 'unknown', reason };
      for (const { line, devices } of open.values()) {
        if (!devices.includes(id)) continue;
        const said = line.devices().find(({ device }) => device === id);
        return said && { ...said, ...silenced(line.health()) };
      }
      return undefined;
    },

    health: () => [...open.values()].map(({ line }) => line.health()),

    close: async () => void (await Promise.all([...open.keys()].map(close))),
  };
}

/** A device behind a line that cannot be opened is not asked, and so never fails by itself: it is as its line is. */
function silenced({ state, reason }: LineHealth): Pick<DeviceHealth, 'state' | 'reason'> | undefined {
  if (reason === undefined) return undefined;
  if (state === 'waiting') return { state: 'down', reason };
  return state === 'connecting' ? { state: 'failing', reason } : undefined;
}
