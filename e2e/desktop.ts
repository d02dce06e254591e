// npm run e2e:desktop: the walk through the window with the real Electron, for a machine that has its binary and a display.
// Ends with 0 when it went well, 1 when not, 3 where there is nothing to run it with.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import { electronFolder, findElectron, hasDisplay } from '../main/hosts/edge/window.ts';
import { walkThroughWindow } from './windowWalk.ts';

const DESKTOP = fileURLToPath(new URL('../dist/main/desktop.js', import.meta.url));
const NOTHING_TO_RUN = 3;

const binary = findElectron(electronFolder(), process.env);
const missing =
  binary === undefined
    ? 'Electron’s binary is not on this machine: fetch it with “node node_modules/electron/install.js”, or name one with OUTPOST_ELECTRON.'
    : hasDisplay(process.platform, process.env)
      ? undefined
      : 'There is no display here for a window: run this where there is one, or under a virtual one (xvfb-run).';
if (binary === undefined || missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exit(NOTHING_TO_RUN);
}

const data = mkdtempSync(join(tmpdir(), 'outpost-desktop-'));
const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env as Record<string, string>;
const app = await _electron.launch({ executablePath: binary, args: [DESKTOP, '--data', data], env });
try {
  const page = await app.firstWindow();
  page.setDefaultTimeout(20_000);
  await page.waitForURL('outpost://app/');
  await walkThroughWindow({
    page,
    // The second start hands the link over; what it would do is the same event.
    openLink: (link) => app.evaluate(({ app: main }, given) => void main.emit('second-instance', {}, ['outpost', given], ''), link),
    killStation: () =>
      void app.evaluate(({ app: main }) => {
        const { pid } = main.getAppMetrics().find(({ name, serviceName }) => [name, serviceName].includes('Outpost station')) ?? {};
        if (pid === undefined) throw new Error('no process is named “Outpost station”');
        process.kill(pid, 'SIGKILL');
      }),
  });
  process.stdout.write('The walk through the real window went well.\n');
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  // Somebody at the tray would be asked; here nothing runs any more.
  await app.evaluate(({ app: main }) => main.quit()).catch(() => {});
  await app.close().catch(() => {});
  rmSync(data, { recursive: true, force: true });
}
