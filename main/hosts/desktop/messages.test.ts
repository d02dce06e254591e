// What the page says to its window, read name by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDial, readTold } from './messages.ts';

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

const TOKEN = 'a-token-of-a-session-there';

test('a port is asked for by name, at one’s own station or at another one', () => {
  assert.deepEqual(readDial(['calls', 'calls-1', '0.1']), { kind: 'calls', id: 'calls-1', contract: '0.1' });
  assert.deepEqual(readDial(['stations', 's-1', '0.1']), { kind: 'stations', id: 's-1', contract: '0.1' });
  const to = { station: 'https://plant.example', token: TOKEN };
  assert.deepEqual(readDial(['channel', 'c-1', '0.1', { ...to, more: 1 }]), { kind: 'channel', id: 'c-1', contract: '0.1', to });
  assert.deepEqual(readDial(['door', 'd-1', '0.1', { station: to.station }])?.to, { station: to.station });
});

test('no other port is', () => {
  const to = { station: 'https://plant.example' };
  for (const sent of [
    ['door', 'd-1', '0.1'],
    ['stations', 's-1', '0.1', to],
    ['calls', 'c-1', '0.1', undefined],
    ['calls', 'c-1', '0.1', null],
    ['calls', 'c-1', '0.1', 'https://plant.example'],
    ['calls', 'c-1', '0.1', {}],
    ['calls', 'c-1', '0.1', { station: '' }],
    ['calls', 'c-1', '0.1', { station: 'x'.repeat(301) }],
    ['calls', 'c-1', '0.1', { ...to, token: '' }],
    ['calls', 'c-1', '0.1', { ...to, token: `${TOKEN}\r\nhost: x` }],
    ['calls', 'c-1', '0.1', { ...to, token: 7 }],
    ['calls', 'c-1', '0.1', to, to],
    ['relay', 'r-1', '0.1', to],
  ])
    assert.equal(readDial(sent), undefined, JSON.stringify(sent));
});
