// plant: devices, their tags, and what they say.
import type { Area, Station } from '../area.ts';
import type { Drivers } from './config/check.ts';
import { configProcedures } from './config/procedures.ts';
import { modbusTcp } from './modbus/rules.ts';

export { entities } from './entities.ts';

/** Every way to speak to devices, by the name it has in a document. */
const drivers: Drivers = new Map([['modbus-tcp', modbusTcp]]);

export function open(station: Station): Area<'plant'> {
  return {
    procedures: configProcedures(station, drivers),
    streams: {},
    health: async () => [],
    stop: async () => {},
  };
}
