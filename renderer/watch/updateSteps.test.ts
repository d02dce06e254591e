import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentOf, stepsOf } from './updateSteps.ts';

const offered = { version: '1.1.0', notes: '', issuedAt: 1 };

test('each state of an update offers what can be done in it, and no more', () => {
  assert.deepEqual(stepsOf({ kind: 'off', why: 'noKey' }), []);
  assert.deepEqual(stepsOf({ kind: 'idle' }), ['check']);
  assert.deepEqual(stepsOf({ kind: 'checking' }), []);
  assert.deepEqual(stepsOf({ kind: 'current', at: 1 }), ['check']);
  assert.deepEqual(stepsOf({ kind: 'available', offered }), ['download', 'check']);
  assert.deepEqual(stepsOf({ kind: 'downloading', offered, received: 1, of: 2 }), ['cancel']);
  assert.deepEqual(stepsOf({ kind: 'ready', offered, atNextLaunch: false }), ['installNow', 'installLater']);
  assert.deepEqual(stepsOf({ kind: 'ready', offered, atNextLaunch: true }), ['installNow', 'installNotLater']);
  assert.deepEqual(stepsOf({ kind: 'installing', offered }), []);
  assert.deepEqual(stepsOf({ kind: 'failed', trouble: 'stalled', offered }), ['check']);
});

test('a download is told in whole percents, also before its first byte', () => {
  assert.deepEqual(
    [percentOf({ received: 0, of: 0 }), percentOf({ received: 199, of: 200 }), percentOf({ received: 2, of: 2 })],
    [0, 99, 100],
  );
});
