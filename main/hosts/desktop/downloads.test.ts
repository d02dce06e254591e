// Which files leave the page, and under which names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHandedOut, nameFor } from './downloads.ts';

test('what the page has put together itself may be kept', () => {
  assert.equal(isHandedOut(['blob:outpost://app/0a1b']), true);
  for (const chain of [
    [],
    ['https://example.org/x.exe'],
    ['outpost://app/assets/index.js'],
    ['blob:https://example.org/1'],
    ['blob:outpost://app.example/1'],
    ['data:text/plain,x'],
    ['blob:outpost://app/1', 'https://example.org/x.exe'],
  ])
    assert.equal(isHandedOut(chain), false, String(chain));
});

test('a name is the last part of a path, of letters a file system takes', () => {
  for (const [suggested, name] of [
    ['audit.csv', 'audit.csv'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\x.dll', 'x.dll'],
    ['.bashrc', 'bashrc'],
    ['a\0b\n.txt', 'ab.txt'],
    ['report\u202efdp.exe', 'reportfdp.exe'],
    ['<con>', 'outpost-file'],
    ['NUL.csv', 'outpost-file'],
    ['...', 'outpost-file'],
    ['', 'outpost-file'],
    ['Prüfung 1.pdf', 'Prüfung 1.pdf'],
  ])
    assert.equal(nameFor(suggested as string), name, suggested);
  assert.ok(nameFor('x'.repeat(10_000)).length <= 120);
});
