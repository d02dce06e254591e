// The sign beside the clock: the station works on when its window is closed, and the window comes back from here.
import { type Menu, nativeImage, Tray } from 'electron';
import { trayIcon } from './icon.ts';
import type { StationMood } from './menu.ts';

/** Desktops of Linux that show one. GNOME shows none by itself; Ubuntu adds it. */
const WITH_TRAY = /^(kde|xfce|mate|x-cinnamon|cinnamon|lxqt|lxde|unity|budgie(:gnome)?|deepin|ubuntu:gnome|pop:gnome)$/i;

export const hasTray = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv): boolean =>
  platform === 'win32' || platform === 'darwin' || (platform === 'linux' && WITH_TRAY.test(env.XDG_CURRENT_DESKTOP ?? ''));

export type TrayFace = { mood: StationMood; unread: number; words: string; menu: Menu };

/** Undefined where the system refuses one after all: the window must not be closed into nowhere then. */
export function openTray(face: TrayFace, onPress: () => void): { show(face: TrayFace): void } | undefined {
  try {
    const tray = new Tray(imageOf(face));
    tray.on('click', onPress);
    const show = (next: TrayFace) => {
      tray.setImage(imageOf(next));
      tray.setToolTip(next.words);
      tray.setContextMenu(next.menu);
    };
    show(face);
    return { show };
  } catch {
    return undefined;
  }
}

/** Two sizes in one: for displays of both kinds. */
function imageOf({ mood, unread }: TrayFace) {
  const image = nativeImage.createFromBuffer(trayIcon(16, mood, unread > 0));
  image.addRepresentation({ scaleFactor: 2, buffer: trayIcon(32, mood, unread > 0) });
  return image;
}
