// The menus as data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MenuItemConstructorOptions } from 'electron';
import { readDeepLink } from './deepLink.ts';
import { applicationMenu, dockMenu, jumpList, KEYS_OF_THE_SCREENS, type MenuActs, trayMenu, trayWords } from './menu.ts';

function recording() {
  const done: unknown[] = [];
  const acts = new Proxy({} as MenuActs, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        void done.push([name, ...args.filter((arg) => arg !== undefined && typeof arg !== 'object')]),
  });
  return { done, acts };
}
const itemsOf = (template: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
  template.flatMap((item) => [item, ...itemsOf((item.submenu as MenuItemConstructorOptions[] | undefined) ?? [])]);
const press = (items: MenuItemConstructorOptions[], label: string, more: object = {}) =>
  items.find((item) => item.label === label)?.click?.({ ...more } as never, undefined, {} as never);

test('every item does something: an act of ours, or a role of the system’s', () => {
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const items = itemsOf(applicationMenu({ platform, openAtLogin: false }, recording().acts));
    const idle = items.filter(({ type, role, click, submenu }) => type !== 'separator' && !role && !click && !submenu);
    assert.deepEqual(idle, [], platform);
  }
});

test('no key is given twice, and none that the screens listen to', () => {
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const keys = itemsOf(applicationMenu({ platform, openAtLogin: true }, recording().acts)).flatMap(
      ({ accelerator }) => accelerator ?? [],
    );
    assert.ok(keys.length >= 9);
    assert.deepEqual(
      keys.filter((key, at) => keys.indexOf(key) !== at || KEYS_OF_THE_SCREENS.includes(key)),
      [],
      platform,
    );
  }
});

test('what is pressed is done', () => {
  const { done, acts } = recording();
  const items = itemsOf(applicationMenu({ platform: 'linux', openAtLogin: false }, acts));
  for (const label of [
    'Larger',
    'Smaller',
    'Usual size',
    'Load the screens again',
    'Save diagnostics…',
    'Quit Outpost',
    'Close the window',
  ])
    press(items, label);
  press(items, 'Open when I log in', { checked: true });
  assert.deepEqual(done, [
    ['zoom', 1],
    ['zoom', -1],
    ['zoom', 0],
    ['reload'],
    ['saveDiagnostics'],
    ['quit'],
    ['closeWindow'],
    ['setOpenAtLogin', true],
  ]);
});

test('what a system does not have is not in its menu', () => {
  const labels = itemsOf(applicationMenu({ platform: 'freebsd', openAtLogin: undefined }, recording().acts)).map(({ label }) => label);
  assert.equal(labels.includes('Open when I log in'), false);
});

test('the tray says how the station is, and what is new', () => {
  const { acts, done } = recording();
  const [state, ...items] = trayMenu('again', 2, acts);
  assert.deepEqual(state, { label: 'The station stopped and is starting again', enabled: false });
  press(items, '2 new notices');
  press(items, 'Show Outpost');
  press(items, 'Health');
  press(items, 'Quit Outpost');
  assert.deepEqual(done, [['show'], ['show'], ['go', 'health'], ['quit']]);
  assert.equal(trayWords('running', 0), 'Outpost · The station is running');
  assert.equal(trayWords('running', 1), 'Outpost · The station is running · 1 new notice');
});

test('the jump list leads where the dock does, by links that are read again', () => {
  const { acts, done } = recording();
  for (const item of dockMenu(acts)) press([item], item.label as string);
  const links = jumpList('C:\\Outpost\\outpost.exe', ['--data', 'C:\\My data\\']).flatMap(({ items = [] }) => items);
  assert.deepEqual(
    links.map(({ args = '' }) => ['go', readDeepLink(args.split(' ').at(-1) as string)?.page]),
    done,
  );
  assert.equal(links[0]?.args, '"--data" "C:\\My data\\\\" outpost://open/-/plant');
});
