// A tool of somebody else's inside the window: a page of its own with a partition of its own, pinned to one origin. It lies above our
// page whatever ours draws, so a menu over it asks for it to step aside. Where it stands is told in the page's own measures.
import type { BrowserWindow, WebContentsView } from 'electron';
import { pin } from './guard.ts';
import type { Rectangle } from './windowState.ts';

export type EmbeddedState = { at: string; loading: boolean; failed: string | undefined };
export type EmbeddedView = {
  open(address: string): void;
  /** In pixels of our page, as a box of it is measured. */
  setBounds(box: Rectangle): void;
  /** Something of ours is to be seen above it. Counted: two menus are two reasons. */
  occlude(): () => void;
  onState(listener: (state: EmbeddedState) => void): void;
  close(): void;
};

export type EmbeddedOptions = {
  window: Pick<BrowserWindow, 'contentView' | 'getContentBounds' | 'webContents'>;
  /** A view made for this partition, without a preload, in a sandbox: main.ts makes it, so that this file can be read without Electron. */
  make(partition: string): WebContentsView;
  /** One per tool and station: nothing of it is shared with our page or another tool. */
  partition: string;
  /** Where it may go, and nowhere else. */
  origin: string;
};

export const EMBEDDED_PREFERENCES = { sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false } as const;
const PARTITION = /^persist:tool-[a-z0-9-]{1,80}$/;

export function openEmbeddedView({ window, make, partition, origin }: EmbeddedOptions): EmbeddedView {
  // The partition of our own page has our handler and our permissions: nothing foreign may ever stand in it.
  if (!PARTITION.test(partition)) throw new Error(`“${partition}” is not a partition of a tool`);
  if (!isOriginOfTool(origin)) throw new Error(`“${origin}” is not an origin of a tool`);
  const view = make(partition);
  const { webContents } = view;
  const listeners: ((state: EmbeddedState) => void)[] = [];
  let failed: string | undefined;
  let reasons = 0;
  let closed = false;
  let box: Rectangle = { x: 0, y: 0, width: 0, height: 0 };

  const tell = () => {
    for (const listener of listeners) listener({ at: webContents.getURL(), loading: webContents.isLoading(), failed });
  };
  const place = () => {
    view.setBounds(onWindow(box, window.webContents.getZoomFactor(), window.getContentBounds()));
    view.setVisible(reasons === 0 && box.width > 0 && box.height > 0);
  };

  pin(webContents, (address) => isWithin(address, origin));
  webContents.on('did-start-loading', () => {
    failed = undefined;
    tell();
  });
  webContents.on('did-stop-loading', tell);
  webContents.on('did-fail-load', (_, code, words, __, isMainFrame) => {
    // −3: given up for another page.
    if (!isMainFrame || code === -3) return;
    failed = words;
    tell();
  });
  webContents.on('render-process-gone', (_, { reason }) => {
    failed = reason;
    tell();
  });
  view.setVisible(false);
  window.contentView.addChildView(view);

  return {
    open(address) {
      if (closed || !isWithin(address, origin)) return;
      // What fails says so by an event.
      void webContents.loadURL(address).catch(() => {});
    },
    setBounds(next) {
      box = next;
      if (!closed) place();
    },
    occlude() {
      reasons += 1;
      if (!closed) place();
      let over = false;
      return () => {
        if (over) return;
        over = true;
        reasons -= 1;
        if (!closed) place();
      };
    },
    onState: (listener) => void listeners.push(listener),
    close() {
      if (closed) return;
      closed = true;
      listeners.length = 0;
      window.contentView.removeChildView(view);
      webContents.close();
    },
  };
}

/** A tool is a web page of some host; none of ours, no file, nobody's name in front. */
function isOriginOfTool(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === origin;
}

export function isWithin(address: string, origin: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.origin === origin && url.username === '' && url.password === '';
}

/** Rounded inwards and cut to the window: it must cover nothing beside its box. */
export function onWindow(box: Rectangle, zoom: number, content: { width: number; height: number }): Rectangle {
  const sides = [box.x, box.y, box.width, box.height];
  if (!sides.every(Number.isFinite)) return { x: 0, y: 0, width: 0, height: 0 };
  const left = Math.max(0, Math.ceil(box.x * zoom));
  const top = Math.max(0, Math.ceil(box.y * zoom));
  const right = Math.min(content.width, Math.floor((box.x + box.width) * zoom));
  const bottom = Math.min(content.height, Math.floor((box.y + box.height) * zoom));
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}
