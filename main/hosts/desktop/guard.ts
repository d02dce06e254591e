// Puts the policies to work: on every page there will ever be, and on the session all of them share. Denied unless allowed.
import { join } from 'node:path';
import type { App, Session, WebContents } from 'electron';
import { isHandedOut, nameFor } from './downloads.ts';
import { AGAIN, isOurs, outside } from './navigation.ts';
import { isPermitted } from './permissions.ts';

export type Acts = {
  /** The system's browser or mail program. */
  openOutside(address: string): void;
  /** The button of the waiting page. */
  startAgain(): void;
};

const pinned = new WeakMap<WebContents, (address: string) => boolean>();

/** Pages of an embedded tool go where the tool is, and not where ours are. */
export function pin(contents: WebContents, mayGo: (address: string) => boolean): void {
  pinned.set(contents, mayGo);
}

export function guardPages(app: App, acts: Acts): void {
  app.on('web-contents-created', (_, contents) => guardPage(contents, acts));
}

function guardPage(contents: WebContents, { openOutside, startAgain }: Acts): void {
  // Asked anew each time: a page is made before anybody can say whose it is.
  const mayGo = (address: string) => (pinned.get(contents) ?? isOurs)(address);
  contents.on('will-navigate', (details) => {
    const again = details.url === AGAIN && !pinned.has(contents);
    if (again) startAgain();
    if (again || !mayGo(details.url)) details.preventDefault();
  });
  contents.on('will-redirect', (details) => {
    if (!mayGo(details.url)) details.preventDefault();
  });
  contents.on('will-frame-navigate', (details) => {
    // Our own pages have no frames; a tool may have its own.
    if (!(details.isMainFrame || pinned.has(contents)) || !mayGo(details.url)) details.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const address = outside(url);
    if (address !== undefined) openOutside(address);
    return { action: 'deny' };
  });
}

/** `downloads` is the folder a dialog begins in. */
export function guardSession(session: Session, downloads: string): void {
  // Without handlers of one's own Electron grants nearly everything.
  session.setPermissionRequestHandler((_, permission, answer, { requestingUrl, isMainFrame }) =>
    answer(isPermitted({ permission, by: requestingUrl, isMainFrame })),
  );
  session.setPermissionCheckHandler((_, permission, origin, { isMainFrame }) => isPermitted({ permission, by: origin, isMainFrame }));
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event, item) => {
    if (!isHandedOut(item.getURLChain())) return event.preventDefault();
    // No path of ours: the person says where, or that they do not want it.
    item.setSaveDialogOptions({ defaultPath: join(downloads, nameFor(item.getFilename())) });
  });
}
