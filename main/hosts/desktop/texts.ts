// The words of the window itself: its menus, its tray, its questions. The screens have their own.

/** What the systems know the program by, in its packages and at run time. */
export const APP_ID = 'io.outpost.desktop';

export const TEXTS = {
  product: 'Outpost',
  menu: {
    program: 'Outpost',
    edit: 'Edit',
    view: 'View',
    window: 'Window',
    help: 'Help',
    about: 'About Outpost',
    show: 'Show Outpost',
    openAtLogin: 'Open when I log in',
    quit: 'Quit Outpost',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select all',
    reload: 'Load the screens again',
    zoomIn: 'Larger',
    zoomOut: 'Smaller',
    zoomReset: 'Usual size',
    fullScreen: 'Full screen',
    developer: 'Developer tools',
    minimize: 'Minimize',
    close: 'Close the window',
    diagnostics: 'Save diagnostics…',
  },
  /** Pages one can go to without the window, by what stands in their address. */
  places: { plant: 'Plant', health: 'Health' },
  station: {
    starting: 'The station is starting',
    running: 'The station is running',
    again: 'The station stopped and is starting again',
    asleep: 'The station rests while this computer sleeps',
    dead: 'The station is not running',
  },
  unread: (count: number) => (count === 1 ? '1 new notice' : `${count} new notices`),
  quit: {
    running: (titles: readonly string[]) =>
      titles.length === 1
        ? `The station is at work: ${titles[0]}.`
        : `The station is at work on ${titles.length} tasks: ${titles.join(', ')}.`,
    detail: 'When you quit, it stops. What can be begun again goes on at the next start.',
    quit: 'Quit all the same',
    stay: 'Go on working',
  },
  hang: {
    message: 'The window does not answer.',
    detail: 'It may be busy. Loading the screens again loses what is typed and not saved; the station works on either way.',
    wait: 'Wait',
    reload: 'Load again',
  },
  diagnostics: {
    title: 'Save diagnostics',
    failed: 'The diagnostics could not be saved.',
  },
} as const;
