import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../main/testing/databases.ts';
import { icnsOf, icoOf, writeIcons } from './icons.ts';

/** Width and height of a PNG. */
function sizeOf(file: Buffer): number[] {
  assert.equal(file.subarray(1, 4).toString('latin1'), 'PNG');
  assert.equal(file.subarray(-8, -4).toString('latin1'), 'IEND', 'it is whole');
  return [file.readUInt32BE(16), file.readUInt32BE(20)];
}

test('the icon of Windows lists each size where it lies', () => {
  const sizes = [16, 48, 256];
  const file = icoOf(sizes);
  assert.deepEqual([file.readUInt16LE(0), file.readUInt16LE(2), file.readUInt16LE(4)], [0, 1, 3]);
  const entries = sizes.map((_, index) => file.subarray(6 + 16 * index, 22 + 16 * index));
  assert.deepEqual(
    entries.map((entry) => [entry[0], entry[1]]),
    [
      [16, 16],
      [48, 48],
      [0, 0],
    ],
  );
  for (const [index, entry] of entries.entries()) {
    const at = entry.readUInt32LE(12);
    assert.deepEqual(sizeOf(file.subarray(at, at + entry.readUInt32LE(8))), [sizes[index], sizes[index]]);
  }
});

test('the icon of macOS names each size, up to what its store of programs shows', () => {
  const file = icnsOf();
  assert.equal(file.readUInt32BE(4), file.length);
  const found: Record<string, number[]> = {};
  for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4))
    found[file.toString('latin1', at, at + 4)] = sizeOf(file.subarray(at + 8, at + file.readUInt32BE(at + 4)));
  assert.deepEqual(found, { ic07: [128, 128], ic08: [256, 256], ic09: [512, 512], ic10: [1024, 1024] });
});

test('all three are written where the packager looks', async (t) => {
  const path = join(temporaryFolder(t), 'icons', 'icon');
  await writeIcons(path);
  assert.deepEqual(sizeOf(readFileSync(`${path}.png`)), [512, 512]);
  assert.equal(readFileSync(`${path}.icns`).subarray(0, 4).toString('latin1'), 'icns');
  assert.equal(readFileSync(`${path}.ico`).readUInt16LE(2), 1);
});
