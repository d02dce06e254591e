// The main process of Electron as a strict double, for what the desktop host uses of it, and the hand that plays the rest:
// the page, the person before it, and whoever means ill.
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type * as electron from 'electron';
import type {
  App,
  BrowserWindowConstructorOptions,
  BrowserWindow as BrowserWindowType,
  CustomScheme,
  DownloadItem,
  MessagePortMain,
  Protocol,
  Rectangle,
  SaveDialogOptions,
  Session,
  Shell,
  UtilityProcess,
  WebContents,
  WebFrameMain,
} from 'electron';
import { openPage, type Page } from './page.ts';
import { ChannelMain, give } from './ports.ts';
import { electronShell } from './shell.ts';
import { prevented, refuse, strict } from './strict.ts';
import { forkUtility } from './utility.ts';

type Handler = (...args: unknown[]) => unknown;
type Answer = (request: Request) => Response | Promise<Response>;
export type FrameFacts = { origin: string; url?: string; parent?: WebFrameMain | null; gone?: boolean };
type SentUnasked = { channel: string; message: unknown };
export type Sent = { channel: string; message: unknown; ports: MessagePortMain[] };

export function electronWorld(isPackaged = false) {
  const app = new EventEmitter();
  const ipc = new EventEmitter();
  const schemes: CustomScheme[] = [];
  const answers = new Map<string, Answer>();
  const windows: WindowInHand[] = [];
  const forked: UtilityProcess[] = [];
  const openedOutside: string[] = [];
  const protocols: string[] = [];
  const handlers = new Map<'request' | 'check' | 'device', Handler>();
  const paths = new Map([['userData', '/nowhere']]);
  const changes = new EventEmitter().setMaxListeners(0);
  const { promise: whenReady, resolve: beReady } = Promise.withResolvers<void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let ready = false;
  let sandboxed = false;

  const needsReady = (what: string) => ready || refuse(`${what} before Electron is ready`);
  const needsNotReady = (what: string) => ready && refuse(`${what} after Electron is ready`);
  const shellParts = electronShell(needsReady, needsNotReady);
  const badge = { count: 0 };
  let quitting = false;

  type AboutApp = 'getName' | 'getPath' | 'getVersion' | 'isPackaged' | 'setAsDefaultProtocolClient' | 'setName' | 'setPath';
  type LifeOfApp = 'quit' | 'releaseSingleInstanceLock' | 'requestSingleInstanceLock' | 'whenReady';
  const appMembers: Pick<App, AboutApp | LifeOfApp | 'enableSandbox' | 'setBadgeCount'> & { dock: App['dock'] } = {
    dock: undefined,
    isPackaged,
    getName: () => 'Outpost',
    getVersion: () => '1.0.0',
    setAsDefaultProtocolClient: (scheme) => protocols.push(scheme) > 0,
    releaseSingleInstanceLock() {},
    enableSandbox() {
      needsNotReady('enableSandbox');
      sandboxed = true;
    },
    getPath: (name) => paths.get(name) ?? refuse(`the path ${name} is not modelled`),
    setName() {},
    setPath(name, path) {
      if (!paths.has(name) || !existsSync(path)) refuse(`the path ${name} cannot be ${path}`);
      paths.set(name, path);
    },
    setBadgeCount(count = 0) {
      needsReady('setBadgeCount');
      badge.count = count;
      changes.emit('any');
      return true;
    },
    requestSingleInstanceLock: () => true,
    whenReady: () => whenReady,
    // As Electron does it: asked first, then every window, then once more, and any of them may say no.
    quit() {
      setImmediate(() => {
        if (prevented('Event', {}, (event) => app.emit('before-quit', event))) return;
        quitting = true;
        for (const window of [...windows]) window.close();
        if (windows.length > 0) quitting = false;
        else if (!prevented('Event', {}, (event) => app.emit('will-quit', event))) end();
      });
    },
  };
  const protocol: Pick<Protocol, 'handle' | 'registerSchemesAsPrivileged'> = {
    registerSchemesAsPrivileged(more) {
      needsNotReady('registerSchemesAsPrivileged');
      if (schemes.length > 0) refuse('registerSchemesAsPrivileged can be called only once');
      schemes.push(...structuredClone(more));
    },
    handle(scheme, answer) {
      needsReady('protocol.handle');
      if (answers.has(scheme)) refuse(`${scheme} is handled already`);
      answers.set(scheme, answer as Answer);
    },
  };
  const sessionEvents = new EventEmitter();
  const session: Pick<Session, 'setDevicePermissionHandler' | 'setPermissionCheckHandler' | 'setPermissionRequestHandler'> = {
    setPermissionRequestHandler: (handler) => void handlers.set('request', handler as Handler),
    setPermissionCheckHandler: (handler) => void handlers.set('check', handler as Handler),
    setDevicePermissionHandler: (handler) => void handlers.set('device', handler as Handler),
  };
  const shell: Pick<Shell, 'openExternal'> = {
    async openExternal(address) {
      openedOutside.push(address);
    },
  };
  const ipcMain = {
    on(channel: string, listener: Handler) {
      if (ipc.listenerCount(channel) > 0) refuse(`${channel} has a listener already`);
      ipc.on(channel, listener);
    },
  };

  /** Sends as a frame would; the real one of a page or one made up. */
  function sendFrom(frame: WebFrameMain | null, channel: string, ...args: unknown[]): void {
    const event = strict('IpcMainEvent', { senderFrame: frame, processId: 1, frameId: 1 });
    const copied = structuredClone(args);
    setImmediate(() => ipc.emit(channel, event, ...copied));
  }

  /** A frame; `sent` keeps what is posted to it. */
  function frame({ origin, url = `${origin}/`, parent = null, gone = false }: FrameFacts, deliver: (sent: Sent) => void): WebFrameMain {
    const members = {
      origin,
      url,
      parent,
      detached: gone,
      isDestroyed: () => gone,
      postMessage(channel: string, message: unknown, ports: MessagePortMain[] = []) {
        if (gone) refuse('this frame is gone');
        deliver({ channel, message: structuredClone(message), ports });
      },
    } satisfies Partial<WebFrameMain>;
    return strict('WebFrameMain', members) as unknown as WebFrameMain;
  }

  /** A window with everything a test does to it. */
  class WindowInHand {
    readonly options: BrowserWindowConstructorOptions;
    readonly events = new EventEmitter();
    readonly contents = new EventEmitter();
    address = '';
    html = '';
    headers = new Headers();
    page: Page | undefined;
    frame: WebFrameMain | undefined;
    focused = 0;
    visible = false;
    isLookedAt = true;
    minimized = false;
    maximized = false;
    fullScreen = false;
    bounds: Rectangle;
    zoom = 1;
    crashed = 0;
    /** What the page was sent without a question of its own. */
    readonly sent: SentUnasked[] = [];
    private readonly hearers = new Set<(sent: SentUnasked) => void>();
    openHandler: Parameters<WebContents['setWindowOpenHandler']>[0] = () => refuse('no window-open handler');
    private asked = '';
    private shown = false;

    constructor(options: BrowserWindowConstructorOptions) {
      this.options = options;
      const { x = 0, y = 0, width = 800, height = 600 } = options;
      this.bounds = { x, y, width, height };
    }

    async load(address: string): Promise<void> {
      const url = new URL(address);
      const answer = answers.get(url.protocol.slice(0, -1)) ?? refuse(`nobody answers for ${address}`);
      this.asked = address;
      this.contents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false, url: address });
      const response = await answer(new Request(address.split('#', 1)[0] as string));
      const html = await response.text();
      if (this.asked !== address) throw new Error('ERR_ABORTED');
      this.address = address;
      this.html = html;
      this.headers = response.headers;
      const origin = `${url.protocol}//${url.host}`;
      const made = frame({ origin, url: address }, ({ channel, message, ports }) =>
        this.frame === made ? this.page?.receive(channel, message, ports.map(give)) : undefined,
      );
      this.frame = made;
      this.page = openPage(this.options.webPreferences?.preload as string, origin, (channel, args) => sendFrom(made, channel, ...args));
      if (!this.shown) this.events.emit('ready-to-show');
      this.shown = true;
      this.contents.emit('did-finish-load');
      changes.emit('any');
    }

    keepSent(sent: SentUnasked): void {
      this.sent.push(sent);
      for (const hear of this.hearers) hear(sent);
    }

    onSent(hear: (sent: SentUnasked) => void): () => void {
      this.hearers.add(hear);
      return () => void this.hearers.delete(hear);
    }

    /** A page or a person wants to go there. True where it was allowed; then the page is loaded. */
    async navigate(address: string, isMainFrame = true): Promise<boolean> {
      const facts = { url: address, isMainFrame, isSameDocument: false };
      const denied = (name: string) => prevented('Event', facts, (event) => this.contents.emit(name, event));
      if (denied('will-frame-navigate') || (isMainFrame && denied('will-navigate'))) return false;
      if (isMainFrame) await this.load(address);
      return true;
    }

    redirect = (address: string) =>
      !prevented('Event', { url: address, isMainFrame: true }, (event) => this.contents.emit('will-redirect', event));
    attachWebview = () => !prevented('Event', {}, (event) => this.contents.emit('will-attach-webview', event, {}, {}));

    /** A person, or the end of the program, wants it closed. True where it was. */
    close(): boolean {
      if (prevented('Event', {}, (event) => this.events.emit('close', event))) return false;
      windows.splice(windows.indexOf(this), 1);
      this.events.emit('closed');
      // At a quit nobody is told of the last one.
      if (windows.length === 0 && !quitting) app.emit('window-all-closed');
      return true;
    }

    /** Its page breaks, as after a kill of its process. */
    breakPage(reason: string): void {
      this.page = undefined;
      this.contents.emit('render-process-gone', {}, { reason, exitCode: 11 });
    }
  }

  class BrowserWindow {
    constructor(options: BrowserWindowConstructorOptions = {}) {
      needsReady('a window');
      const hand = new WindowInHand(options);
      windows.push(hand);
      const contents = Object.assign(hand.contents, {
        send: (channel: string, message?: unknown) => {
          hand.keepSent({ channel, message: structuredClone(message) });
          hand.page?.receive(channel, structuredClone(message), []);
        },
        setWindowOpenHandler(handler: WindowInHand['openHandler']) {
          hand.openHandler = handler;
        },
        getURL: () => hand.address,
        reload: () => void hand.load(hand.address),
        setZoomFactor(factor: number) {
          hand.zoom = factor;
        },
        forcefullyCrashRenderer() {
          hand.crashed += 1;
          hand.breakPage('killed');
        },
      } satisfies Partial<WebContents>);
      const webContents = strict('WebContents', contents);
      app.emit('web-contents-created', {}, webContents);
      const members = {
        webContents: webContents as unknown as WebContents,
        show() {
          hand.visible = true;
        },
        hide() {
          hand.visible = false;
        },
        focus() {
          hand.focused += 1;
        },
        close: () => void hand.close(),
        restore() {
          hand.minimized = false;
        },
        maximize() {
          hand.maximized = true;
          hand.visible = true;
        },
        setFullScreen(full: boolean) {
          hand.fullScreen = full;
          setImmediate(() => hand.events.emit(full ? 'enter-full-screen' : 'leave-full-screen'));
        },
        isMinimized: () => hand.minimized,
        isMaximized: () => hand.maximized,
        isFullScreen: () => hand.fullScreen,
        isVisible: () => hand.visible,
        isFocused: () => hand.isLookedAt,
        getNormalBounds: () => ({ ...hand.bounds }),
        loadURL: (address: string) => hand.load(address),
      } satisfies Partial<BrowserWindowType>;
      // biome-ignore lint/correctness/noConstructorReturn: a strict window is what `new` must give.
      return strict('BrowserWindow', Object.assign(hand.events, members));
    }
  }

  const modules = {
    app: strict('app', Object.assign(app, appMembers)),
    autoUpdater: strict('autoUpdater', new EventEmitter()),
    ...shellParts.modules,
    BrowserWindow,
    ipcMain: strict('ipcMain', ipcMain),
    MessageChannelMain: ChannelMain,
    protocol: strict('protocol', protocol),
    session: strict('session', { defaultSession: strict('Session', Object.assign(sessionEvents, session)) }),
    shell: strict('shell', shell),
    net: strict('net', { fetch }),
    utilityProcess: strict('utilityProcess', {
      fork(entry: string, args?: string[], options?: Parameters<typeof forkUtility>[2]) {
        needsReady('utilityProcess.fork');
        const child = forkUtility(entry, args, options);
        forked.push(child);
        changes.emit('any');
        return child;
      },
    }),
  } satisfies { [Name in keyof typeof electron]?: unknown };

  return {
    modules,
    schemes,
    windows,
    forked,
    openedOutside,
    protocols,
    frame,
    sendFrom,
    ended,
    isSandboxed: () => sandboxed,
    paths,
    badge,
    /** As the menu's “Quit” does it. */
    askToQuit: appMembers.quit,
    shell: shellParts,
    /** Anything else the system tells the program. */
    tellApp: (event: string, ...args: unknown[]) => app.emit(event, ...args),
    /** A file is handed out by a page. Undefined where that was denied, else what the dialog begins with. */
    download(chain: string[], name: string): string | undefined {
      let path: string | undefined;
      const members = {
        getURLChain: () => chain,
        getFilename: () => name,
        setSaveDialogOptions: ({ defaultPath }: SaveDialogOptions) => {
          path = defaultPath;
        },
      };
      const item = strict('DownloadItem', members satisfies { [Name in keyof DownloadItem]?: unknown });
      const denied = prevented('Event', {}, (event) => sessionEvents.emit('will-download', event, item));
      return denied ? undefined : path;
    },
    async becomeReady(): Promise<void> {
      ready = true;
      beReady();
      await whenReady;
    },
    /** Settles when it holds; looked at again whenever a page was loaded or a process forked. */
    async until(holds: () => boolean): Promise<void> {
      while (!holds())
        await new Promise<void>((resolve) => {
          changes.once('any', resolve);
          shellParts.changes.once('any', resolve);
        });
    },
    fetch: async (address: string, init?: RequestInit) =>
      (answers.get(new URL(address).protocol.slice(0, -1)) ?? refuse(`nobody answers for ${address}`))(new Request(address, init)),
    request: (permission: string, details: object) => new Promise((answer) => handlers.get('request')?.(null, permission, answer, details)),
    check: (permission: string, origin: string, details: object) => handlers.get('check')?.(null, permission, origin, details),
    device: () => handlers.get('device')?.(),
    secondInstance: (args: string[] = []) => app.emit('second-instance', {}, args, ''),
  };
}

export type ElectronWorld = ReturnType<typeof electronWorld>;
