// The parts of Electron around the window, for what the desktop host uses of them: menus, tray, notifications, dialogs, keyring, power.
// What a person would see is kept for a test to look at, and what they would press is pressed by it.
import { EventEmitter } from 'node:events';
import type {
  CrashReporter,
  Dialog,
  Display,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  NativeImage,
  NotificationConstructorOptions,
  SafeStorage,
  SaveDialogOptions,
  Screen,
} from 'electron';
import { refuse, strict } from './strict.ts';

type Handler = (...args: unknown[]) => unknown;
export type MenuInHand = { template: MenuItemConstructorOptions[] };
export type Asked = { kind: 'message' | 'save'; options: MessageBoxOptions | SaveDialogOptions };

export function electronShell(needsReady: (what: string) => void, needsNotReady: (what: string) => void) {
  const menus = new WeakMap<object, MenuInHand>();
  const seen = {
    menu: undefined as MenuInHand | undefined,
    trays: [] as TrayInHand[],
    notifications: [] as NotificationInHand[],
    asked: [] as Asked[],
    crashReporter: undefined as object | undefined,
  };
  /** How the person answers a dialog: a button's number, a file's path; nothing: they let it stand. */
  const answers = { message: [] as number[], save: [] as (string | undefined)[] };
  const keyring = { backend: 'gnome_libsecret' as ReturnType<SafeStorage['getSelectedStorageBackend']>, there: true, secret: 'first' };
  const displays: Pick<Display, 'id' | 'workArea'>[] = [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }];
  const changes = new EventEmitter().setMaxListeners(0);

  const Menu = strict('Menu', {
    buildFromTemplate(template: MenuItemConstructorOptions[]) {
      checkTemplate(template);
      const menu = strict('Menu', {});
      menus.set(menu, { template });
      return menu;
    },
    setApplicationMenu(menu: object | null) {
      seen.menu = menu === null ? undefined : menuOf(menu);
    },
  });
  const menuOf = (menu: object) => menus.get(menu) ?? refuse('this is no menu');

  class TrayInHand {
    readonly events = new EventEmitter();
    words = '';
    menu: MenuInHand | undefined;
    images = 0;
  }
  class Tray {
    constructor(image: NativeImage) {
      needsReady('a tray');
      if (image.isEmpty()) refuse('a tray without a picture cannot be seen');
      const hand = new TrayInHand();
      seen.trays.push(hand);
      const members = {
        setImage(next: NativeImage) {
          if (next.isEmpty()) refuse('a tray without a picture cannot be seen');
          hand.images += 1;
        },
        setToolTip(words: string) {
          hand.words = words;
        },
        setContextMenu(menu: object) {
          hand.menu = menuOf(menu);
        },
      };
      // biome-ignore lint/correctness/noConstructorReturn: a strict tray is what `new` must give.
      return strict('Tray', Object.assign(hand.events, members)) as unknown as Tray;
    }
  }

  class NotificationInHand {
    readonly events = new EventEmitter();
    readonly options: NotificationConstructorOptions;
    shown = false;
    constructor(options: NotificationConstructorOptions) {
      this.options = options;
    }
    click = () => this.events.emit('click', {});
  }
  class Notification {
    static isSupported = () => true;
    constructor(options: NotificationConstructorOptions = {}) {
      needsReady('a notification');
      const hand = new NotificationInHand(structuredClone(options));
      seen.notifications.push(hand);
      const show = () => {
        hand.shown = true;
        changes.emit('any');
      };
      // biome-ignore lint/correctness/noConstructorReturn: a strict notification is what `new` must give.
      return strict('Notification', Object.assign(hand.events, { show })) as unknown as Notification;
    }
  }

  /** With or without the window it belongs to. */
  const optionsOf = <O>(args: unknown[]) => args.at(-1) as O;
  const dialog = {
    async showMessageBox(...args: unknown[]) {
      needsReady('a dialog');
      const options = optionsOf<MessageBoxOptions>(args);
      const { signal, ...rest } = options;
      seen.asked.push({ kind: 'message', options: structuredClone(rest) });
      changes.emit('any');
      const response = answers.message.shift();
      if (response !== undefined) return { response, checkboxChecked: false };
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
      return { response: options.cancelId ?? 0, checkboxChecked: false };
    },
    async showSaveDialog(...args: unknown[]) {
      seen.asked.push({ kind: 'save', options: structuredClone(optionsOf<SaveDialogOptions>(args)) });
      const filePath = answers.save.shift();
      changes.emit('any');
      return { canceled: filePath === undefined, filePath: filePath ?? '' };
    },
  } satisfies { [Name in keyof Dialog]?: unknown };

  const safeStorage: Pick<
    SafeStorage,
    'decryptStringAsync' | 'encryptStringAsync' | 'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable'
  > = {
    async isAsyncEncryptionAvailable() {
      needsReady('safeStorage');
      return keyring.there;
    },
    getSelectedStorageBackend: () => keyring.backend,
    async encryptStringAsync(text) {
      needsReady('safeStorage');
      return Buffer.from(JSON.stringify([keyring.secret, Buffer.from(text).toString('hex')]));
    },
    async decryptStringAsync(sealed) {
      needsReady('safeStorage');
      if (!Buffer.isBuffer(sealed)) refuse('safeStorage takes a Buffer');
      const [secret, text] = JSON.parse(sealed.toString('utf8')) as [string, string];
      if (secret !== keyring.secret) throw new Error('Error while decrypting the ciphertext');
      return { result: Buffer.from(text, 'hex').toString('utf8'), shouldReEncrypt: false };
    },
  };

  const crashReporter: Pick<CrashReporter, 'start'> = {
    start(options) {
      needsNotReady('crashReporter.start');
      if (seen.crashReporter !== undefined) refuse('crashReporter.start is called twice');
      if (options.uploadToServer !== false && options.submitURL === undefined) refuse('crashReporter: submitURL is missing');
      seen.crashReporter = structuredClone(options);
    },
  };
  const screen = {
    getPrimaryDisplay() {
      needsReady('screen');
      return displays[0] as Display;
    },
    getAllDisplays: () => displays as Display[],
  } satisfies { [Name in keyof Screen]?: unknown };

  const powerMonitor = new EventEmitter();
  return {
    seen,
    answers,
    keyring,
    displays,
    changes,
    power: (event: 'suspend' | 'resume' | 'shutdown') => powerMonitor.emit(event, {}),
    menuOf,
    modules: {
      Menu,
      Tray,
      Notification,
      nativeImage: strict('nativeImage', { createFromBuffer: imageOf }),
      dialog: strict('dialog', dialog),
      safeStorage: strict('safeStorage', safeStorage),
      crashReporter: strict('crashReporter', crashReporter),
      screen: strict('screen', screen),
      powerMonitor: strict('powerMonitor', powerMonitor),
    },
  };
}

/** A PNG of ours: what is none gives an empty picture, as Electron's does. */
function imageOf(buffer: Buffer): NativeImage {
  const isPng = (one: Buffer | undefined) => one?.subarray(1, 4).toString('latin1') === 'PNG';
  const members = {
    isEmpty: () => !isPng(buffer),
    addRepresentation({ buffer: more }: { buffer?: Buffer }) {
      if (!isPng(more)) refuse('a representation that is no picture');
    },
  } satisfies { [Name in keyof NativeImage]?: unknown };
  return strict('NativeImage', members) as unknown as NativeImage;
}

/** What Electron throws at: an item that is nothing, a separator with words. */
function checkTemplate(template: readonly MenuItemConstructorOptions[]): void {
  for (const { type, role, label, submenu } of template) {
    if (type !== 'separator' && label === undefined && role === undefined) refuse('a menu item without words or role');
    if (Array.isArray(submenu)) checkTemplate(submenu);
  }
}

/** Presses an item by its words, as a person finds it. */
export function press({ template }: MenuInHand, label: string, checked?: boolean): void {
  const items = (all: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    all.flatMap((item) => [item, ...items((item.submenu as MenuItemConstructorOptions[] | undefined) ?? [])]);
  const item = items(template).find((one) => one.label === label && one.visible !== false) ?? refuse(`no item “${label}”`);
  if (item.enabled === false || item.click === undefined) refuse(`“${label}” cannot be pressed`);
  (item.click as Handler)({ checked: checked ?? item.checked });
}
