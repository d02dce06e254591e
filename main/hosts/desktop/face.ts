// What of the program is seen beside its window: menus, tray, badge, jump list. Drawn anew when the station or the notices change.
import { app, type BrowserWindow, Menu, nativeImage } from 'electron';
import type { AtLogin } from './atLogin.ts';
import { trayIcon } from './icon.ts';
import { applicationMenu, dockMenu, jumpList, type MenuActs, type StationMood, trayMenu, trayWords } from './menu.ts';
import { TEXTS } from './texts.ts';
import { hasTray, openTray } from './tray.ts';

export type FaceOptions = {
  acts: Omit<MenuActs, 'setOpenAtLogin'>;
  login: AtLogin | undefined;
  /** Starts this program as it was started now. */
  command: readonly [string, ...string[]];
  window(): BrowserWindow | undefined;
};

export function openFace({ acts: given, login, command: [program, ...args], window }: FaceOptions) {
  const { platform } = process;
  const acts: MenuActs = { ...given, setOpenAtLogin: (open) => login?.set(open) };
  let mood: StationMood = 'starting';
  let unread = 0;

  Menu.setApplicationMenu(Menu.buildFromTemplate(applicationMenu({ platform, openAtLogin: login?.isSet() }, acts)));
  app.dock?.setMenu(Menu.buildFromTemplate(dockMenu(acts)));
  if (platform === 'win32') app.setJumpList(jumpList(program, args));

  const face = () => ({
    mood,
    unread,
    words: trayWords(mood, unread),
    menu: Menu.buildFromTemplate(trayMenu(mood, unread, acts)),
  });
  const tray = hasTray(platform, process.env) ? openTray(face(), acts.show) : undefined;

  return {
    /** The window may be closed, and is found again. */
    hasTray: tray !== undefined,
    mood(next: StationMood): void {
      mood = next;
      tray?.show(face());
    },
    unread(next: number): void {
      if (next === unread) return;
      unread = next;
      tray?.show(face());
      // Windows has no number on an icon, but a picture in its corner.
      if (platform === 'win32')
        window()?.setOverlayIcon(next > 0 ? nativeImage.createFromBuffer(trayIcon(16, mood, true)) : null, TEXTS.unread(next));
      else app.setBadgeCount(next);
    },
  };
}
