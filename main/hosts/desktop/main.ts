// The desktop program: one window on the screens, and the station behind it as a process of its own. Read from top to bottom.
// Imports are static throughout: what comes after a dynamic one may come after Electron is ready, which is too late for a scheme.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { app, BrowserWindow, ipcMain, MessageChannelMain, protocol, session, shell, utilityProcess } from 'electron';
import { WINDOW_IS_OPEN } from '../spoken.ts';
import { screensAnswer } from './assets.ts';
import { guardPages, guardSession } from './guard.ts';
import { DIAL, isOurPage, LOST, PORT, readDial } from './messages.ts';
import { AGAIN, SCHEME, SCREENS, WAITING } from './navigation.ts';
import { StationProcess } from './stationProcess.ts';
import { noUpdates, type UpdateDesk } from './update/desk.ts';
import { type Waiting, waitingPage } from './waiting.ts';

// ---- where everything is: beside the bundle, and in the data folder

const dist = join(import.meta.dirname, '..');
const { values: given } = parseArgs({
  args: process.argv.slice(process.defaultApp ? 2 : 1),
  options: { data: { type: 'string' }, demo: { type: 'boolean' } },
  // Chromium's own switches stand beside ours.
  strict: false,
});
app.setName('Outpost');
const data = typeof given.data === 'string' ? given.data : join(app.getPath('userData'), 'station');
// What Chromium keeps lies beside what it belongs to. And as one program runs once in a profile, it runs once in a data folder.
const profile = join(data, 'window');
mkdirSync(profile, { recursive: true, mode: 0o700 });
app.setPath('userData', profile);

// ---- before Electron is ready

// A terminal that is closed takes our output with it, and must not take the window.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
]);
app.enableSandbox();
guardPages(app, {
  openOutside: (address) => void shell.openExternal(address).catch(() => {}),
  startAgain() {
    if (waiting === undefined || waiting.for === 'start') return;
    wait({ for: 'start' });
    station.start();
  },
});

// ---- the window: on the screens, or on the page that waits for the station

let window: BrowserWindow | undefined;
let waiting: Waiting | undefined = { for: 'start' };

function openWindow(): void {
  window = new BrowserWindow({
    width: 1360,
    height: 850,
    minWidth: 480,
    minHeight: 360,
    title: 'Outpost',
    show: false,
    webPreferences: {
      preload: join(dist, 'preload', 'index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
    },
  });
  window.once('ready-to-show', () => {
    window?.show();
    process.stdout.write(`${WINDOW_IS_OPEN} in its window.\n`);
  });
  window.on('closed', () => {
    window = undefined;
  });
  show(WAITING);
}

/** A page that is replaced before it has come says so by an error; the next one is on its way then. */
const show = (address: string) => void window?.loadURL(address).catch(() => {});

function wait(next: Waiting): void {
  waiting = next;
  show(WAITING);
}

function answer(request: Request): Promise<Response> | Response {
  const onWaiting = request.method === 'GET' && (request.url === WAITING || request.url === AGAIN);
  if (onWaiting && waiting !== undefined) return waitingPage(waiting);
  return screensAnswer(request, join(dist, 'renderer'));
}

// ---- the station, and the page's ports to it

const station = new StationProcess({
  fork: () =>
    utilityProcess.fork(join(dist, 'main', 'desktop-station.js'), ['--data', data, ...(given.demo ? ['--demo'] : [])], {
      serviceName: 'Outpost station',
      stdio: ['ignore', 'inherit', 'pipe'],
    }),
  channel: () => new MessageChannelMain(),
  onReady(link) {
    // Started again behind open screens: they have been told, and dial anew.
    if (waiting === undefined) return;
    waiting = undefined;
    show(link === undefined ? SCREENS : `${SCREENS}#link=${link}`);
  },
  onLost: () => window?.webContents.send(LOST),
  onLate(said) {
    // Screens that are open show what they knew last, and for how long: that is more than this page could.
    if (waiting !== undefined) wait({ for: 'lateStart', said });
  },
  onDead: (said) => wait({ for: 'help', said }),
  async onWish({ wish, step, busy }) {
    const answer = step === 'look' ? 'begun' : await updates.go(step, busy);
    return { granted: wish, state: updates.state(), answer };
  },
});

ipcMain.on(DIAL, async (event, ...sent) => {
  const frame = event.senderFrame;
  const request = readDial(sent);
  if (request === undefined || frame === null || !isOurPage(frame)) return;
  const answered = await station.dial(request);
  const port = 'port' in answered ? [answered.port] : [];
  if (frame.isDestroyed() || frame.detached) for (const left of port) left.close();
  else frame.postMessage(PORT, { id: request.id, ...('refused' in answered && answered) }, port);
});

// ---- updates: of the packaged program alone

let updates: UpdateDesk = noUpdates('notPackaged');

async function openUpdates(): Promise<void> {
  if (process.defaultApp) return;
  const { openHere } = await import('./update/electron.ts');
  updates = await openHere({
    data,
    async letGo() {
      await station.stop();
      // The new program starts before this one has ended, and must not take it for a second window.
      app.releaseSingleInstanceLock();
    },
    takeUp: () => station.start(),
  });
}

// ---- from start to end

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.whenReady().then(async () => {
    protocol.handle(SCHEME, answer);
    guardSession(session.defaultSession);
    // Updates that cannot be looked for are no reason not to start.
    await openUpdates().catch((error: Error) => process.stderr.write(`update: ${error.message}\n`));
    if (await updates.atLaunch().catch(() => false)) return;
    station.start();
    openWindow();
  });
  app.on('window-all-closed', () => app.quit());
  let stopped = false;
  app.on('will-quit', (event) => {
    updates.close();
    if (stopped) return;
    event.preventDefault();
    void station.stop().then(() => {
      stopped = true;
      app.quit();
    });
  });
} else {
  process.stdout.write(`${WINDOW_IS_OPEN} already: its window comes to the front.\n`);
  app.quit();
}
