// Opening when somebody logs in: the system's own switch where it has one, a file of the desktop's on Linux.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { App } from 'electron';

/** Opens into the tray where there is one: nobody asked for a window yet. */
export const HIDDEN = '--hidden';

export type AtLogin = { isSet(): boolean; set(open: boolean): void };

/** Undefined where there is no such thing. `command` starts this program as it was started now. */
export function atLogin(
  platform: NodeJS.Platform,
  app: Pick<App, 'getLoginItemSettings' | 'setLoginItemSettings'>,
  configFolder: string,
  [program = '', ...args]: readonly string[],
): AtLogin | undefined {
  const item = { path: program, args: [...args, HIDDEN] };
  if (platform === 'win32' || platform === 'darwin')
    return {
      isSet: () => app.getLoginItemSettings(item).openAtLogin,
      set: (openAtLogin) => app.setLoginItemSettings({ ...item, openAtLogin }),
    };
  if (platform !== 'linux') return undefined;
  const file = join(configFolder, 'autostart', 'outpost.desktop');
  const entry = autostartEntry([program, ...item.args]);
  return {
    isSet: () => contents(file) === entry,
    set(open) {
      if (!open) return rmSync(file, { force: true });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, entry);
    },
  };
}

function contents(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Desktop Entry Specification: within quotes a backslash, a quote, a backtick and a dollar are escaped, and the backslash once more. */
export const autostartEntry = (command: readonly string[]): string =>
  `[Desktop Entry]\nType=Application\nName=Outpost\nExec=${command.map(quoted).join(' ')}\nX-GNOME-Autostart-enabled=true\n`;

const quoted = (arg: string) =>
  `"${arg
    .replace(/["`$\\]/g, '\\$&')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')
    .replace(/[\r\n]/g, '')}"`;
