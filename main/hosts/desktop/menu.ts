// What stands in the menus, as data: the program's own, the tray's, the dock's and the jump list. Only what works is in them.
import type { JumpListCategory, MenuItemConstructorOptions } from 'electron';
import { TEXTS } from './texts.ts';

export type MenuActs = {
  show(): void;
  quit(): void;
  closeWindow(): void;
  reload(): void;
  zoom(step: -1 | 0 | 1): void;
  setOpenAtLogin(open: boolean): void;
  saveDiagnostics(): void;
  go(page: string): void;
};
export type StationMood = keyof typeof TEXTS.station;
/** `openAtLogin` is undefined where this system has no such thing. */
export type MenuState = { platform: NodeJS.Platform; openAtLogin: boolean | undefined };

const SEPARATOR = { type: 'separator' } as const;

/** Keys that the screens themselves listen to: a menu would take them away. */
export const KEYS_OF_THE_SCREENS = ['CommandOrControl+K', 'CommandOrControl+Shift+F', 'Backspace', 'Escape', '?'];

export function applicationMenu({ platform, openAtLogin }: MenuState, acts: MenuActs): MenuItemConstructorOptions[] {
  const words = TEXTS.menu;
  const mac = platform === 'darwin';
  const atLogin: MenuItemConstructorOptions[] =
    openAtLogin === undefined
      ? []
      : [
          { label: words.openAtLogin, type: 'checkbox', checked: openAtLogin, click: ({ checked }) => acts.setOpenAtLogin(checked) },
          SEPARATOR,
        ];
  return [
    {
      label: words.program,
      submenu: [
        { label: words.about, role: 'about' },
        SEPARATOR,
        ...atLogin,
        // Not by the system's role: on Windows that one shows no key.
        { label: words.quit, accelerator: 'CommandOrControl+Q', click: acts.quit },
      ],
    },
    {
      label: words.edit,
      submenu: [
        { label: words.undo, role: 'undo' },
        { label: words.redo, role: 'redo' },
        SEPARATOR,
        { label: words.cut, role: 'cut' },
        { label: words.copy, role: 'copy' },
        { label: words.paste, role: 'paste' },
        { label: words.selectAll, role: 'selectAll' },
      ],
    },
    {
      label: words.view,
      submenu: [
        { label: words.reload, accelerator: 'CommandOrControl+R', click: acts.reload },
        SEPARATOR,
        { label: words.zoomIn, accelerator: 'CommandOrControl+Plus', click: () => acts.zoom(1) },
        // The plus of most keyboards is above the equals sign.
        {
          label: words.zoomIn,
          accelerator: 'CommandOrControl+=',
          visible: false,
          acceleratorWorksWhenHidden: true,
          click: () => acts.zoom(1),
        },
        { label: words.zoomOut, accelerator: 'CommandOrControl+-', click: () => acts.zoom(-1) },
        { label: words.zoomReset, accelerator: 'CommandOrControl+0', click: () => acts.zoom(0) },
        SEPARATOR,
        { label: words.fullScreen, role: 'togglefullscreen', accelerator: mac ? 'Control+Command+F' : 'F11' },
        { label: words.developer, role: 'toggleDevTools', accelerator: mac ? 'Alt+Command+I' : 'Control+Shift+I' },
      ],
    },
    {
      label: words.window,
      submenu: [
        { label: words.minimize, role: 'minimize', accelerator: 'CommandOrControl+M' },
        { label: words.close, accelerator: 'CommandOrControl+W', click: acts.closeWindow },
      ],
    },
    { label: words.help, submenu: [{ label: words.diagnostics, click: acts.saveDiagnostics }] },
  ];
}

/** The first line says how the station is, and cannot be pressed. */
export function trayMenu(mood: StationMood, unread: number, acts: MenuActs): MenuItemConstructorOptions[] {
  return [
    { label: TEXTS.station[mood], enabled: false },
    ...(unread > 0 ? [{ label: TEXTS.unread(unread), click: acts.show }] : []),
    SEPARATOR,
    { label: TEXTS.menu.show, click: acts.show },
    ...dockMenu(acts),
    SEPARATOR,
    { label: TEXTS.menu.quit, click: acts.quit },
  ];
}

export const trayWords = (mood: StationMood, unread: number): string =>
  [TEXTS.product, TEXTS.station[mood], ...(unread > 0 ? [TEXTS.unread(unread)] : [])].join(' · ');

export const dockMenu = ({ go }: Pick<MenuActs, 'go'>): MenuItemConstructorOptions[] =>
  Object.entries(TEXTS.places).map(([page, label]) => ({ label, click: () => go(page) }));

/** Windows starts the program anew for each, which hands the link to the one that runs. */
export const jumpList = (program: string, args: readonly string[]): JumpListCategory[] => [
  {
    type: 'tasks',
    items: Object.entries(TEXTS.places).map(([page, title]) => ({
      type: 'task',
      program,
      args: [...args.map(quoted), `outpost://open/-/${page}`].join(' '),
      title,
      description: title,
    })),
  },
];

/** As Windows reads a command line: a backslash counts only before a quote. */
const quoted = (arg: string) => `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
