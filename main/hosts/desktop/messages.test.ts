// What the page says to its window, read name by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTold } from './messages.ts';

test('what pages of ours tell is read, and nothing comes along with it', () => {
  assert.deepEqual(readTold([{ told: 'shown', inside: true, more: 1 }]), { told: 'shown', inside: true });
  assert.deepEqual(readTold([{ told: 'unread', count: 7 }]), { told: 'unread', count: 7 });
  const notice = { told: 'notice', title: 'Backup is finished', text: '12 MB', at: 'plant/01920c5e' };
  assert.deepEqual(readTold([notice]), notice);
  assert.deepEqual(readTold([{ ...notice, at: '' }]), { ...notice, at: '' });
});

test('nothing else is', () => {
  const notice = { told: 'notice', title: 'x', text: '', at: '' };
  for (const sent of [
    [],
    [undefined],
    [null],
    ['shown'],
    [['shown']],
    [{ told: 'shown' }],
    [{ told: 'shown', inside: 1 }],
    [{ told: 'shown', inside: true }, 1],
    [{ told: 'unread', count: '7' }],
    [{ told: 'unread', count: 10_000 }],
    [{ told: 'unread', count: -1 }],
    [{ ...notice, title: 'x'.repeat(201) }],
    [{ ...notice, text: 'x'.repeat(501) }],
    [{ ...notice, text: undefined }],
    [{ ...notice, at: '/' }],
    [{ ...notice, at: 'plant/' }],
    [{ ...notice, at: '..' }],
    [{ ...notice, at: 'a?b' }],
    [{ ...notice, at: 'a#link=b' }],
    [{ ...notice, at: '//example.org' }],
    [{ told: 'toString' }],
  ])
    assert.equal(readTold(sent), undefined, JSON.stringify(sent).slice(0, 80));
});
