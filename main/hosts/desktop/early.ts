// What must be said to Electron before it is ready, once.
import { app, crashReporter, protocol } from 'electron';
import { type Crashes, isCrash, sweepDumps } from './crashes.ts';
import { SCHEME } from './navigation.ts';
import { APP_ID, TEXTS } from './texts.ts';

/** `station` is the service name of the process that says more of its own end than Electron does. */
export function beforeReady(crashes: Crashes, station: string): void {
  // A terminal that is closed takes our output with it, and must not take the window.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  process.on('uncaughtExceptionMonitor', (error) => crashes.add('the window’s process', error.message, error.stack));
  app.on('child-process-gone', (_, { type, reason, exitCode, serviceName = '' }) => {
    if (isCrash(reason) && serviceName !== station) crashes.add(`${type} ${serviceName}`.trim(), `${reason}, ${exitCode}`);
  });
  // Dumps stay on this machine: there is nowhere they could be sent to.
  crashReporter.start({ productName: TEXTS.product, uploadToServer: false });
  sweepDumps(app.getPath('crashDumps'));
  // The one its installer gives to the shortcuts: without it Windows shows no notification.
  if (process.platform === 'win32') app.setAppUserModelId(APP_ID);
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
  app.enableSandbox();
}
