// Opening at login.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { atLogin, autostartEntry } from './atLogin.ts';

const NONE = { getLoginItemSettings: () => assert.fail('not on Linux'), setLoginItemSettings: () => assert.fail('not on Linux') };

test('on Linux it is a file of the desktop’s, made and taken away', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'autostart', 'outpost.desktop');
  const login = atLogin('linux', NONE, folder, ['/opt/outpost/outpost', '--data', '/srv/my data']);
  assert.equal(login?.isSet(), false);
  login?.set(true);
  assert.equal(login?.isSet(), true);
  assert.match(readFileSync(file, 'utf8'), /^Exec="\/opt\/outpost\/outpost" "--data" "\/srv\/my data" "--hidden"$/m);
  // One for another data folder is not ours: choosing it again replaces it.
  writeFileSync(file, autostartEntry(['/elsewhere']));
  assert.equal(login?.isSet(), false);
  login?.set(false);
  login?.set(false);
  assert.equal(existsSync(file), false);
});

test('nothing in a path becomes a command', () => {
  assert.match(autostartEntry(['/a"b$HOME`id`\\c%d\nExec=evil']), /^Exec="\/a\\\\"b\\\\\$HOME\\\\`id\\\\`\\\\\\\\c%%dExec=evil"$/m);
  assert.equal(
    autostartEntry(['x\ny'])
      .split('\n')
      .filter((line) => line.startsWith('Exec=')).length,
    1,
  );
});

test('elsewhere the system’s own switch is asked and set, for this command', () => {
  const told: unknown[] = [];
  const app = {
    getLoginItemSettings: (item: unknown) => {
      told.push(item);
      return { openAtLogin: true } as never;
    },
    setLoginItemSettings: (item: unknown) => void told.push(item),
  };
  const login = atLogin('win32', app, '', ['C:\\outpost.exe', '--data', 'D:\\x']);
  assert.equal(login?.isSet(), true);
  login?.set(false);
  const item = { path: 'C:\\outpost.exe', args: ['--data', 'D:\\x', '--hidden'] };
  assert.deepEqual(told, [item, { ...item, openAtLogin: false }]);
  assert.equal(atLogin('freebsd', app, '', ['x']), undefined);
});
