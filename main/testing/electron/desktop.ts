// The built desktop program, started under the double as Electron would start it. Once a process: its modules live only once.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { CONTRACT } from '../../../contract/version.ts';
import { giveElectron } from './hook.ts';
import type { Page } from './page.ts';
import { type ElectronWorld, electronWorld } from './world.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main/desktop.js', import.meta.url));
export const PRELOAD = fileURLToPath(new URL('../../../dist/preload/index.cjs', import.meta.url));

export type Desktop = ElectronWorld & {
  /** Closes the window and waits until the program has ended. */
  quit(): Promise<void>;
};

/** `resources` is the folder beside a packaged program; without it, it is a working copy. */
export async function startDesktop(t: Pick<TestContext, 'after'>, data: string, args: string[] = [], resources?: string): Promise<Desktop> {
  for (const built of [MAIN, PRELOAD]) if (!existsSync(built)) throw new Error(`${built} is missing: run “npm run build” first`);
  const world = electronWorld(resources !== undefined);
  for (const name of ['appData', 'crashDumps', 'downloads']) world.paths.set(name, join(data, 'elsewhere', name));
  giveElectron(world.modules);
  process.argv = [process.execPath, ...(resources === undefined ? [MAIN] : []), '--data', data, ...args];
  if (resources === undefined) Object.defineProperty(process, 'defaultApp', { value: true });
  else Object.defineProperty(process, 'resourcesPath', { value: resources });
  await import(pathToFileURL(MAIN).href);
  await world.becomeReady();
  await world.until(() => world.windows.some(({ address }) => address !== ''));
  const quit = async () => {
    for (const window of [...world.windows]) window.close();
    // Where there is a tray they are only hidden by that.
    if (world.windows.length > 0) world.askToQuit();
    await world.ended;
  };
  t.after(quit);
  return { ...world, quit };
}

export type Dialled = { port: MessagePort | undefined; refused?: string; code?: number };
let dials = 0;

/** Asks for a port as the screens do. */
export function dial(page: Page | undefined, kind: string, contract: string = CONTRACT): Promise<Dialled> {
  const id = `test-${++dials}`;
  const door = page?.exposed.outpost;
  if (page === undefined || door?.dial === undefined) throw new Error('this page has no door to its station');
  const answered = new Promise<Dialled>((resolve) => {
    const stop = page.listen(({ data, ports: [port] }) => {
      const { outpostPort, ...answer } = data as { outpostPort: string };
      if (outpostPort !== id) return;
      stop();
      resolve({ port, ...answer });
    });
  });
  door.dial(kind, id, contract);
  return answered;
}
