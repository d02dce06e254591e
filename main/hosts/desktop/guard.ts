// Puts the policies to work: on every page there will ever be, and on the session all of them share. Denied unless allowed.
import type { App, Session, WebContents } from 'electron';
import { AGAIN, isOurs, outside } from './navigation.ts';
import { isPermitted } from './permissions.ts';

export type Acts = {
  /** The system's browser or mail program. */
  openOutside(address: string): void;
  /** The button of the waiting page. */
  startAgain(): void;
};

export function guardPages(app: App, acts: Acts): void {
  app.on('web-contents-created', (_, contents) => guardPage(contents, acts));
}

function guardPage(contents: WebContents, { openOutside, startAgain }: Acts): void {
  contents.on('will-navigate', (details) => {
    if (details.url === AGAIN) startAgain();
    if (details.url === AGAIN || !isOurs(details.url)) details.preventDefault();
  });
  contents.on('will-redirect', (details) => {
    if (!isOurs(details.url)) details.preventDefault();
  });
  contents.on('will-frame-navigate', (details) => {
    if (!details.isMainFrame || !isOurs(details.url)) details.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const address = outside(url);
    if (address !== undefined) openOutside(address);
    return { action: 'deny' };
  });
}

export function guardSession(session: Session): void {
  // Without handlers of one's own Electron grants nearly everything.
  session.setPermissionRequestHandler((_, permission, answer, { requestingUrl, isMainFrame }) =>
    answer(isPermitted({ permission, by: requestingUrl, isMainFrame })),
  );
  session.setPermissionCheckHandler((_, permission, origin, { isMainFrame }) => isPermitted({ permission, by: origin, isMainFrame }));
  session.setDevicePermissionHandler(() => false);
}
