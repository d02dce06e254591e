// The window: opened where it was left, closed into the tray where there is one, loaded again when its page breaks.
import { BrowserWindow, dialog, screen } from 'electron';
import { again, type Crashes, isCrash } from './crashes.ts';
import { keep, readKept } from './kept.ts';
import { TEXTS } from './texts.ts';
import { placeOn, readWindowState, SMALLEST, zoomed } from './windowState.ts';

export type WindowOptions = {
  preload: string;
  /** Where its place and its zoom are kept. */
  file: string;
  /** Opens into the tray. */
  hidden: boolean;
  crashes: Crashes;
  /** The first page is drawn. */
  onContent(): void;
  /** Somebody wants it closed. */
  onClose(): 'close' | 'hide' | 'stay';
  /** Another page takes the place of the one that was there. */
  onNewPage(): void;
  /** Its page has broken, and may be loaded again, or has done so too often. */
  onBroken(mayLoadAgain: boolean): void;
};

export type ShellWindow = ReturnType<typeof openWindow>;

const SAVE_MS = 500;

export function openWindow(options: WindowOptions) {
  const { file, crashes } = options;
  const state = readWindowState(readKept(file));
  const window = new BrowserWindow({
    ...placeOn(areasNow(), state.bounds),
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    title: TEXTS.product,
    show: false,
    webPreferences: { preload: options.preload, sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false },
  });
  const { webContents } = window;
  let shown = false;

  function show(): void {
    if (!shown && state.maximized) window.maximize();
    if (!shown && state.fullScreen) window.setFullScreen(true);
    shown = true;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }
  window.once('ready-to-show', () => {
    if (!options.hidden) show();
    options.onContent();
  });

  // ---- its place

  let saving: NodeJS.Timeout | undefined;
  function save(): void {
    clearTimeout(saving);
    // A window that never was on the screen has no place of its own.
    if (shown)
      Object.assign(state, { bounds: window.getNormalBounds(), maximized: window.isMaximized(), fullScreen: window.isFullScreen() });
    keep(file, state);
  }
  const saveSoon = () => {
    clearTimeout(saving);
    saving = setTimeout(save, SAVE_MS);
  };
  window.on('resize', saveSoon);
  window.on('move', saveSoon);
  window.on('close', (event) => {
    save();
    const how = options.onClose();
    if (how === 'close') return;
    event.preventDefault();
    if (how === 'hide') hide();
  });
  window.on('closed', () => clearTimeout(saving));

  function hide(): void {
    if (window.isFullScreen()) {
      // Hidden as it is, a Mac would leave an empty screen behind.
      window.once('leave-full-screen', () => window.hide());
      window.setFullScreen(false);
    } else window.hide();
  }

  // ---- its page

  function zoom(step: -1 | 0 | 1): void {
    state.zoom = zoomed(state.zoom, step);
    webContents.setZoomFactor(state.zoom);
    saveSoon();
  }
  webContents.on('zoom-changed', (_, direction) => zoom(direction === 'in' ? 1 : -1));
  webContents.on('did-finish-load', () => webContents.setZoomFactor(state.zoom));
  webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) options.onNewPage();
  });

  /** By the person: that is no reason to give up on it. */
  let broughtDown = false;
  const mayLoadAgain = again(3, 60_000, () => performance.now());
  webContents.on('render-process-gone', (_, { reason, exitCode }) => {
    if (isCrash(reason)) crashes.add('the screens', `${reason}, ${exitCode}`);
    options.onBroken(broughtDown || mayLoadAgain());
    broughtDown = false;
  });

  let asking: AbortController | undefined;
  window.on('responsive', () => asking?.abort());
  window.on('unresponsive', async () => {
    if (asking !== undefined) return;
    crashes.add('the screens', 'do not answer');
    asking = new AbortController();
    const { message, detail, wait, reload } = TEXTS.hang;
    const { signal } = asking;
    const { response } = await dialog.showMessageBox(window, {
      type: 'warning',
      message,
      detail,
      buttons: [wait, reload],
      defaultId: 0,
      cancelId: 0,
      signal,
    });
    asking = undefined;
    // Hung as it is, it would not hear that it is to load again; what follows is as after a crash.
    broughtDown = response === 1;
    if (broughtDown) webContents.forcefullyCrashRenderer();
  });

  return {
    window,
    show,
    save,
    zoom,
    close: () => window.close(),
    isLookedAt: () => window.isFocused() && window.isVisible(),
    reload: () => webContents.reload(),
    /** A page that is replaced before it has come says so by an error; the next one is on its way then. */
    load: (address: string) => void window.loadURL(address).catch(() => {}),
    address: () => webContents.getURL(),
    say: (channel: string, message: unknown) => webContents.send(channel, message),
  };
}

function areasNow() {
  const first = screen.getPrimaryDisplay();
  return [first, ...screen.getAllDisplays().filter(({ id }) => id !== first.id)].map(({ workArea }) => workArea);
}
