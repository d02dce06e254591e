// Entry of the station's own process behind the desktop window. Imports no electron: its line to the window's process is given
// to it as process.parentPort.
import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ args: process.argv.slice(2), options: { data: { type: 'string' }, demo: { type: 'boolean' } } });
enableCompileCache();
const { runStation } = await import('./runStation.ts');
await runStation(process.parentPort, values.data ?? '', values.demo ?? false);
