// Where the window may go, and what may be opened outside of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOurs, outside } from './navigation.ts';

test('the window goes to its own pages', () => {
  for (const address of ['outpost://app', 'outpost://app/', 'outpost://app/outpost/nordwerk/works-1/plant?x=1#link=abc'])
    assert.equal(isOurs(address), true, address);
});

test('the window goes nowhere else', () => {
  for (const address of [
    'https://app/',
    'http://outpost.example/',
    'file:///etc/passwd',
    'outpost://other/',
    'outpost://app.example/',
    'outpost://app:80/',
    'outpost://app@other/',
    'outpost://user:word@app/',
    'outpost:app',
    'outposts://app/',
    'data:text/html,<h1>',
    'javascript:alert(1)',
    'about:blank',
    'blob:outpost://app/1',
    'not an address',
    '',
  ])
    assert.equal(isOurs(address), false, address);
});

test('web pages and mail are opened outside, as they were understood and not as they were written', () => {
  assert.equal(outside('https://example.org/a b?q=“x”'), 'https://example.org/a%20b?q=%E2%80%9Cx%E2%80%9D');
  assert.equal(outside('HTTP://EXAMPLE.org'), 'http://example.org/');
  assert.equal(outside('mailto:ada@example.org'), 'mailto:ada@example.org');
  assert.equal(outside('https:\\\\example.org\\..\\x'), 'https://example.org/x');
});

test('nothing that could start a program or show a file is opened outside', () => {
  for (const address of [
    'file:///bin/sh',
    'smb://server/share',
    'javascript:alert(1)',
    'ms-msdt:/id',
    'vscode://x',
    'outpost://app/',
    'data:text/html,x',
    '\\\\server\\share',
    `https://example.org/${'a'.repeat(2_000)}`,
    '',
  ])
    assert.equal(outside(address), undefined, address);
});
