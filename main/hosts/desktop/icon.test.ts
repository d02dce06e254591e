// The sign in the tray.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { trayIcon } from './icon.ts';

/** The pixels of one of our own files: red, green, blue, how much. */
function pixels(file: Buffer): { size: number; at(x: number, y: number): number[] } {
  assert.equal(file.subarray(1, 4).toString('latin1'), 'PNG');
  const size = file.readUInt32BE(16);
  const at = file.indexOf('IDAT');
  const rows = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  assert.equal(rows.length, size * (1 + 4 * size));
  return { size, at: (x, y) => [...rows.subarray(y * (1 + 4 * size) + 1 + 4 * x, y * (1 + 4 * size) + 5 + 4 * x)] };
}

test('the sign is drawn in the size that is asked for, on nothing', () => {
  for (const size of [16, 24, 32, 64]) {
    const { size: made, at } = pixels(trayIcon(size, 'running', false));
    assert.equal(made, size);
    assert.deepEqual(at(0, 0)[3], 0);
    assert.deepEqual(at(size / 2, size / 2), [43, 138, 172, 255]);
  }
});

test('a station that is down, and something unread, are seen', () => {
  const centre = (mood: 'running' | 'again' | 'dead') =>
    pixels(trayIcon(32, mood, false))
      .at(16, 16)
      .join();
  assert.equal(new Set([centre('running'), centre('again'), centre('dead')]).size, 3);
  assert.deepEqual(pixels(trayIcon(32, 'running', true)).at(25, 7), [240, 140, 0, 255]);
  assert.notDeepEqual(pixels(trayIcon(32, 'running', false)).at(25, 7), [240, 140, 0, 255]);
});
