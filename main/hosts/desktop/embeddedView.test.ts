// A tool inside the window: where it may go, where it stands, and when it steps aside.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { App, WebContents, WebContentsView } from 'electron';
import fc from 'fast-check';
import { prevented, strict } from '../../testing/electron/strict.ts';
import { type EmbeddedState, isWithin, onWindow, openEmbeddedView } from './embeddedView.ts';
import { guardPages } from './guard.ts';
import type { Rectangle } from './windowState.ts';

const ORIGIN = 'http://job-1.outpost.localhost:8480';

/** A view and a window as far as an embedded tool uses them, guarded like every page of the program. */
function underTest() {
  const app = new EventEmitter();
  const outside: string[] = [];
  guardPages(app as unknown as App, {
    openOutside: (address) => void outside.push(address),
    startAgain: () => assert.fail('not by a tool'),
  });
  const loaded: string[] = [];
  const seen = { bounds: undefined as Rectangle | undefined, visible: true, inside: false, closed: false, zoom: 1, partition: '' };
  let open: (details: { url: string }) => unknown = () => assert.fail('no handler');
  const contents = new EventEmitter();
  const webContents = strict(
    'WebContents',
    Object.assign(contents, {
      loadURL: async (address: string) => void loaded.push(address),
      getURL: () => loaded.at(-1) ?? '',
      isLoading: () => false,
      close: () => {
        seen.closed = true;
      },
      setWindowOpenHandler: (handler: typeof open) => {
        open = handler;
      },
    } satisfies { [Name in keyof WebContents]?: unknown }),
  );
  const view = strict('WebContentsView', {
    webContents,
    setBounds: (bounds: Rectangle) => {
      seen.bounds = bounds;
    },
    setVisible: (visible: boolean) => {
      seen.visible = visible;
    },
  } satisfies { [Name in keyof WebContentsView]?: unknown });
  const window = {
    contentView: {
      addChildView: () => {
        seen.inside = true;
      },
      removeChildView: () => {
        seen.inside = false;
      },
    },
    getContentBounds: () => ({ x: 50, y: 60, width: 1000, height: 700 }),
    webContents: { getZoomFactor: () => seen.zoom },
  };
  const make = (partition: string) => {
    seen.partition = partition;
    app.emit('web-contents-created', {}, webContents);
    return view as unknown as WebContentsView;
  };
  const tool = (more: object = {}) =>
    openEmbeddedView({ window: window as never, make, partition: 'persist:tool-job-1', origin: ORIGIN, ...more });
  const may = (name: string, url: string, isMainFrame = true) =>
    !prevented('Event', { url, isMainFrame }, (event) => contents.emit(name, event));
  return { tool, loaded, seen, contents, outside, may, openWindow: (url: string) => open({ url }) };
}

test('a tool is opened at its origin, in its own partition, and nowhere else', () => {
  const { tool, loaded, seen, may, outside, openWindow } = underTest();
  const view = tool();
  assert.equal(seen.partition, 'persist:tool-job-1');
  view.open(`${ORIGIN}/lab?token=x`);
  const elsewhere = [
    'outpost://app/',
    'outpost://app/waiting/again',
    'file:///etc/passwd',
    'https://job-1.outpost.localhost:8480/',
    'http://job-2.outpost.localhost:8480/',
    'http://job-1.outpost.localhost:8481/',
    'http://user@job-1.outpost.localhost:8480/',
    'javascript:alert(1)',
    'data:text/html,x',
    'about:blank',
    '',
  ];
  for (const address of elsewhere) {
    view.open(address);
    for (const name of ['will-navigate', 'will-redirect', 'will-frame-navigate'])
      assert.equal(may(name, address), false, `${name} ${address}`);
  }
  for (const name of ['will-navigate', 'will-redirect', 'will-frame-navigate']) assert.equal(may(name, `${ORIGIN}/tree`), true, name);
  assert.equal(may('will-frame-navigate', `${ORIGIN}/frame`, false), true, 'a tool may have frames of its own');
  assert.deepEqual(loaded, [`${ORIGIN}/lab?token=x`]);
  assert.deepEqual(openWindow('https://example.org/'), { action: 'deny' });
  assert.deepEqual(openWindow('file:///bin/sh'), { action: 'deny' });
  assert.deepEqual(outside, ['https://example.org/']);
});

test('our own partition and our own pages are no tool’s', () => {
  for (const partition of ['', 'persist:', 'tool-1', 'persist:tool-', 'persist:tool-../x', 'persist:tool-A'])
    assert.throws(() => underTest().tool({ partition }), /not a partition/, partition);
  for (const origin of ['outpost://app', 'file://', 'https://example.org/path', 'https://user@example.org', 'null', ''])
    assert.throws(() => underTest().tool({ origin }), /not an origin/, origin);
});

test('it stands where the page says, in the page’s own measures, and not before', () => {
  const { tool, seen } = underTest();
  const view = tool();
  assert.deepEqual([seen.inside, seen.visible], [true, false]);
  view.setBounds({ x: 10.4, y: 20, width: 300, height: 200.9 });
  assert.deepEqual(seen.bounds, { x: 11, y: 20, width: 299, height: 200 });
  assert.equal(seen.visible, true);
  seen.zoom = 1.5;
  view.setBounds({ x: 10, y: 20, width: 900, height: 600 });
  assert.deepEqual(seen.bounds, { x: 15, y: 30, width: 985, height: 670 }, 'no further than the window');
  view.setBounds({ x: 0, y: 0, width: 0, height: 0 });
  assert.equal(seen.visible, false);
});

test('it steps aside while anything of ours is above it, however often that is said', () => {
  const { tool, seen } = underTest();
  const view = tool();
  view.setBounds({ x: 0, y: 0, width: 100, height: 100 });
  const menu = view.occlude();
  const dialog = view.occlude();
  assert.equal(seen.visible, false);
  menu();
  menu();
  assert.equal(seen.visible, false, 'the dialog is still there');
  dialog();
  assert.equal(seen.visible, true);
});

test('what becomes of it is told; once closed it does nothing more', () => {
  const { tool, seen, contents, loaded } = underTest();
  const view = tool();
  const told: EmbeddedState[] = [];
  view.onState((state) => void told.push(state));
  view.open(`${ORIGIN}/`);
  contents.emit('did-fail-load', {}, -3, 'ERR_ABORTED', '', true);
  contents.emit('did-fail-load', {}, -102, 'ERR_CONNECTION_REFUSED', '', false);
  assert.deepEqual(told, []);
  contents.emit('did-fail-load', {}, -102, 'ERR_CONNECTION_REFUSED', '', true);
  contents.emit('did-start-loading');
  contents.emit('render-process-gone', {}, { reason: 'oom' });
  assert.deepEqual(
    told.map(({ failed }) => failed),
    ['ERR_CONNECTION_REFUSED', undefined, 'oom'],
  );
  view.close();
  view.close();
  view.open(`${ORIGIN}/`);
  view.setBounds({ x: 0, y: 0, width: 100, height: 100 });
  view.occlude()();
  contents.emit('did-stop-loading');
  assert.deepEqual([seen.inside, seen.closed, seen.bounds, told.length, loaded.length], [false, true, undefined, 3, 1]);
});

test('whatever is measured, it stays within the window', () => {
  const any = fc.double({ min: -1e6, max: 1e6, noNaN: false });
  fc.assert(
    fc.property(fc.record({ x: any, y: any, width: any, height: any }), fc.constantFrom(0.5, 1, 1.1, 3), (box, zoom) => {
      const { x, y, width, height } = onWindow(box, zoom, { width: 1000, height: 700 });
      assert.ok(width >= 0 && height >= 0 && x >= 0 && y >= 0);
      assert.ok(width === 0 || x + width <= 1000);
      assert.ok(height === 0 || y + height <= 700);
    }),
  );
  assert.equal(isWithin('not an address', ORIGIN), false);
});
