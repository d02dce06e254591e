// npm start: the demo plant in a window where there is Electron, else in the browser behind a one-time link.
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { start } = await import('./show.ts');
await start(process.argv.slice(2));
