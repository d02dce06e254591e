// What a page may do that needs permission.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isPermitted } from './permissions.ts';

/** Every permission this version of Electron knows, from its own types. */
function everyPermission(): string[] {
  const types = readFileSync(new URL('../../../node_modules/electron/electron.d.ts', import.meta.url), 'utf8');
  const [, union = ''] = /setPermissionRequestHandler\(handler: \(\(webContents: WebContents, permission: ([^,]+),/.exec(types) ?? [];
  return union.split('|').map((name) => name.trim().slice(1, -1));
}

test('our own page may copy to the clipboard, and nothing else of all that Electron knows', () => {
  const known = everyPermission();
  assert.ok(known.length > 30 && known.includes('geolocation'), `only ${known.length} permissions were found in the types`);
  const allowed = known.filter((permission) => isPermitted({ permission, by: 'outpost://app/', isMainFrame: true }));
  assert.deepEqual(allowed, ['clipboard-sanitized-write']);
});

test('another page, a frame within ours and an unknown asker may not even do that', () => {
  const permission = 'clipboard-sanitized-write';
  assert.equal(isPermitted({ permission, by: 'https://example.org/', isMainFrame: true }), false);
  assert.equal(isPermitted({ permission, by: 'outpost://app/', isMainFrame: false }), false);
  assert.equal(isPermitted({ permission, by: undefined, isMainFrame: true }), false);
  assert.equal(isPermitted({ permission, by: '', isMainFrame: true }), false);
});
