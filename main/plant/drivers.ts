// Every way to speak to devices, by the name it has in a document. One more is a folder of its own and its line here.
import type { Driver } from './driver.ts';
import { modbusRtu, modbusRtuOverTcp, modbusTcp } from './modbus/index.ts';

/** What stands in a document has gone through the driver's own schemas before the driver sees it. */
export type AnyDriver = Driver<unknown, unknown, unknown, unknown>;

export const drivers: ReadonlyMap<string, AnyDriver> = new Map(
  [modbusTcp, modbusRtu, modbusRtuOverTcp].map((one) => [one.name, one as unknown as AnyDriver]),
);
