// Where there is a tray. The rest of it is walked through in main.shell.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveElectron } from '../../testing/electron/hook.ts';

giveElectron({ nativeImage: {}, Tray: class {} });
const { hasTray } = await import('./tray.ts');

test('a tray is where the desktop is known to show one', () => {
  assert.equal(hasTray('win32', {}), true);
  assert.equal(hasTray('darwin', {}), true);
  for (const desktop of ['KDE', 'XFCE', 'X-Cinnamon', 'ubuntu:GNOME'])
    assert.equal(hasTray('linux', { XDG_CURRENT_DESKTOP: desktop }), true, desktop);
  for (const desktop of ['GNOME', 'sway', '', 'notkde']) assert.equal(hasTray('linux', { XDG_CURRENT_DESKTOP: desktop }), false, desktop);
  assert.equal(hasTray('linux', {}), false);
});
