// The desktop program: one window on the screens, and the station behind it as a process of its own. Read from top to bottom.
// Imports are static: what comes after a dynamic one may come after Electron is ready, which is too late for a scheme. Only the updater
// is loaded when it is wanted.
import { join } from 'node:path';
import { app, ipcMain, MessageChannelMain, powerMonitor, protocol, session, shell, utilityProcess } from 'electron';
import { WINDOW_IS_OPEN } from '../spoken.ts';
import { screensAnswer } from './assets.ts';
import { atLogin } from './atLogin.ts';
import { openCrashes } from './crashes.ts';
import { type DeepLink, deepLinkAmong, readDeepLink } from './deepLink.ts';
import { beforeReady } from './early.ts';
import { openFace } from './face.ts';
import { guardPages, guardSession } from './guard.ts';
import { openKeyring } from './keyring.ts';
import { askToQuit, openLeaving } from './leaving.ts';
import { DIAL, GO, HAPPENED, type Happened, isOurPage, LOST, PORT, readDial, readTold, TELL, type Told } from './messages.ts';
import { AGAIN, SCHEME, SCREENS, WAITING } from './navigation.ts';
import { openNotifications } from './notify.ts';
import { openPageLine } from './page.ts';
import { findPlaces } from './places.ts';
import { saveDiagnostics } from './saveDiagnostics.ts';
import { startMarks } from './startMarks.ts';
import { StationProcess } from './stationProcess.ts';
import { TEXTS } from './texts.ts';
import { openUpdates } from './update/life.ts';
import { vault } from './vault.ts';
import { type Waiting, waitingPage } from './waiting.ts';
import { openWindow, type ShellWindow } from './window.ts';

const SERVICE = 'Outpost station';
app.setName(TEXTS.product);
const places = findPlaces(app, import.meta.dirname);
const crashes = openCrashes(places.kept('crashes'), () => new Date());
const { reach, marks } = startMarks(
  () => performance.now(),
  (whole) => station.log({ event: 'desktopStarted', ...whole }, 'the window is up; milliseconds since the start'),
);
reach('main');

// ---- before Electron is ready

beforeReady(crashes, SERVICE);
guardPages(app, {
  openOutside: (address) => void shell.openExternal(address).catch(() => {}),
  startAgain() {
    if (waiting === undefined || waiting.for === 'start' || waiting.for === 'update') return;
    wait({ for: 'start' });
    face?.mood('starting');
    // Broken screens are no fault of the station.
    if (station.isRunning()) showScreens();
    else station.start();
  },
});

// ---- the window: on the screens, or on the page that waits for the station

let window: ShellWindow | undefined;
let face: ReturnType<typeof openFace> | undefined;
let waiting: Waiting | undefined = { for: 'start' };
const page = openPageLine(({ channel, message }) => window?.say(channel, message));
const notifications = openNotifications(() => performance.now());
const happened = (what: Happened) => page.say(HAPPENED, what);

function wait(next: Waiting): void {
  waiting = next;
  window?.load(WAITING);
}

function showScreens(link?: string): void {
  waiting = undefined;
  window?.load(link === undefined ? SCREENS : `${SCREENS}#link=${link}`);
}

function answer(request: Request): Promise<Response> | Response {
  const onWaiting = request.method === 'GET' && (request.url === WAITING || request.url === AGAIN);
  if (onWaiting && waiting !== undefined) return waitingPage(waiting);
  return screensAnswer(request, places.screens);
}

function go(link: DeepLink | undefined): void {
  window?.show();
  if (link !== undefined) page.say(GO, link);
}

function openTheWindow(): ShellWindow {
  return openWindow({
    preload: places.preload,
    file: places.kept('window'),
    hidden: places.hidden && face?.hasTray === true,
    crashes,
    onContent() {
      reach('firstContent');
      process.stdout.write(`${WINDOW_IS_OPEN} in its window.\n`);
    },
    onClose() {
      if (leaving.isAgreed()) return 'close';
      if (face?.hasTray) return 'hide';
      app.quit();
      return 'stay';
    },
    onNewPage: () => page.gone(),
    onBroken(mayLoadAgain) {
      page.gone();
      if (waiting !== undefined) return window?.load(WAITING);
      if (!mayLoadAgain) return wait({ for: 'broken', said: crashes.all().at(-1)?.how ?? '' });
      happened('screensAgain');
      window?.reload();
    },
  });
}

// ---- the station, and the page's ports to it

const station = new StationProcess({
  fork: () =>
    utilityProcess.fork(places.station, ['--data', places.data, ...(places.demo ? ['--demo'] : [])], {
      serviceName: SERVICE,
      stdio: ['ignore', 'inherit', 'pipe'],
    }),
  channel: () => new MessageChannelMain(),
  async key() {
    const { key, state, backend } = await openKeyring(join(places.data, 'secrets'), vault);
    if (state === 'locked' || state === 'changed' || state === 'damaged') happened('secretsAgain');
    return { key, keyring: `${state}, ${backend}` };
  },
  onReady(link) {
    reach('station');
    face?.mood('running');
    // Started again behind open screens: they have been told, and dial anew.
    if (waiting === undefined) happened('stationAgain');
    else showScreens(link);
  },
  onLost(said) {
    crashes.add('the station', 'ended at work', said);
    face?.mood('again');
    window?.say(LOST, undefined);
  },
  onLate(said) {
    // Screens that are open show what they knew last, and for how long: that is more than this page could.
    if (waiting !== undefined) wait({ for: 'lateStart', said });
  },
  onWish: (wish) => updates.grant(wish),
  onDead(said) {
    crashes.add('the station', 'could not be started', said);
    face?.mood('dead');
    wait({ for: 'help', said });
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

ipcMain.on(TELL, (event, ...sent) => {
  const said = isOurPage(event.senderFrame) ? readTold(sent) : undefined;
  if (said !== undefined) hear(said);
});

function hear(said: Told): void {
  if (said.told === 'unread') face?.unread(said.count);
  else if (said.told === 'shown') {
    reach('screens');
    page.listens();
    if (!said.inside) face?.unread(0);
  } else if (!window?.isLookedAt()) notifications.show(said, () => go(readDeepLink(`outpost://open/-/${said.at}`)));
}

// ---- updates: of the packaged program alone

const updates = openUpdates({
  load: app.isPackaged ? async () => (await import('./update/electron.ts')).openHere : undefined,
  app,
  data: places.data,
  memoryFile: places.kept('updates'),
  station,
  leaving: () => leaving,
  onInstall: () => wait({ for: 'update' }),
  startStation,
});

function startStation(): void {
  wait({ for: 'start' });
  station.start();
}

// ---- from start to end

const leaving = openLeaving(app, {
  busy: () => station.busy(),
  ask(titles) {
    window?.show();
    return askToQuit(titles);
  },
  stop: () => station.stop(),
  onAgreed: () => updates.close(),
});

function ready(): void {
  protocol.handle(SCHEME, answer);
  guardSession(session.defaultSession, app.getPath('downloads'));
  if (!updates.beginFirst()) station.start();
  face = openFace({
    acts: {
      show: () => go(undefined),
      quit: () => app.quit(),
      closeWindow: () => window?.close(),
      reload: () => window?.reload(),
      zoom: (step) => window?.zoom(step),
      saveDiagnostics: () => window && void saveDiagnostics({ window: window.window, data: places.data, crashes, marks }),
      go: (name) => go(readDeepLink(`outpost://open/-/${name}`)),
    },
    login: atLogin(process.platform, app, app.getPath('appData'), places.command),
    command: places.command,
    window: () => window?.window,
  });
  window = openTheWindow();
  reach('window');
  window.load(WAITING);
  const link = deepLinkAmong(process.argv);
  if (link !== undefined) page.say(GO, link);

  powerMonitor.on('suspend', () => {
    face?.mood('asleep');
    station.suspend();
  });
  powerMonitor.on('resume', () => {
    station.resume();
    face?.mood(station.isRunning() ? 'running' : 'starting');
    // What the screens hold is as old as the sleep: they dial anew, and read the station's clock with it.
    window?.say(LOST, undefined);
  });
  powerMonitor.on('shutdown', () => leaving.withoutAsking());
  window.window.on('session-end', () => leaving.withoutAsking());
}

if (app.requestSingleInstanceLock()) {
  // Installed, the system hands links to us; a working copy does not ask for that.
  if (app.isPackaged) app.setAsDefaultProtocolClient(SCHEME);
  app.on('second-instance', (_, args) => go(deepLinkAmong(args)));
  app.on('open-url', (event, address) => {
    event.preventDefault();
    const link = readDeepLink(address);
    if (link !== undefined) go(link);
  });
  app.on('activate', () => window?.show());
  app.on('window-all-closed', () => app.quit());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => leaving.now());
  app.whenReady().then(ready);
} else {
  process.stdout.write(`${WINDOW_IS_OPEN} already: its window comes to the front.\n`);
  app.quit();
}
