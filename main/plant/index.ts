// plant: devices, their tags, and what they say.
import type { Area, Station } from '../area.ts';
import { configProcedures } from './config/procedures.ts';
import { drivers } from './drivers.ts';
import { runPlant } from './running/index.ts';
import { valueProcedures, valueStream } from './values.ts';

export { entities } from './entities.ts';

export function open(station: Station): Area<'plant'> {
  const running = runPlant(station, drivers);
  return {
    procedures: { ...configProcedures(station, drivers, running), ...valueProcedures(station, running) },
    streams: { values: (input, call) => valueStream(station, running, call, input.tags) },
    health: async () => running.checks(),
    stop: () => running.stop(),
  };
}
