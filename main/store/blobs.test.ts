// Blobs: under the name of their content, whole or absent.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { openBlobs } from './blobs.ts';

const bytes = (seed: number, length = 1_000) => dice(seed).bytes(length);
const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

function open(t: TestContext) {
  const folder = join(temporaryFolder(t), 'blobs');
  mkdirSync(folder);
  return { folder, blobs: openBlobs(folder), fileOf: (hash: string) => join(folder, hash.slice(0, 2), hash) };
}

test('what is put is got again, from nothing to a megabyte, under its SHA-256', async (t) => {
  const { blobs, fileOf } = open(t);
  for (const length of [0, 1, 1_000, 1 << 20]) {
    const content = bytes(length, length);
    const hash = await blobs.put(content);
    assert.equal(hash, sha256(content));
    assert.ok(Buffer.compare((await blobs.get(hash)) ?? Buffer.alloc(1), content) === 0);
    assert.equal(statSync(fileOf(hash)).mode & 0o777, 0o600);
  }
});

test('the same content is one file, however often and at once it is put', async (t) => {
  const { blobs, folder } = open(t);
  const hashes = await Promise.all(Array.from({ length: 10 }, () => blobs.put(bytes(1))));
  assert.equal(new Set(hashes).size, 1);
  assert.deepEqual(readdirSync(join(folder, (hashes[0] as string).slice(0, 2))), [hashes[0]]);
});

test('what nobody put is not there', async (t) => {
  const { blobs } = open(t);
  assert.equal(await blobs.get('0'.repeat(64)), undefined);
});

test('a name that is no hash names nothing, wherever it points', async (t) => {
  const { blobs, folder } = open(t);
  writeFileSync(join(folder, '..', 'secret'), 'x');
  for (const name of ['', 'x', '../secret', '../../etc/passwd', 'A'.repeat(64), `${'0'.repeat(63)}\n`, `${'0'.repeat(62)}/x`])
    assert.equal(await blobs.get(name), undefined, JSON.stringify(name));
});

const DAMAGES: [what: string, harm: (file: string) => void][] = [
  ['was changed', (file) => writeFileSync(file, bytes(2))],
  ['was cut short', (file) => truncateSync(file, 500)],
  ['was emptied', (file) => truncateSync(file, 0)],
  ['was lengthened', (file) => truncateSync(file, 2_000)],
];
for (const [what, harm] of DAMAGES)
  test(`a blob that ${what} on the disk is not given out, and is mended by putting it again`, async (t) => {
    const { blobs, fileOf } = open(t);
    const hash = await blobs.put(bytes(1));
    harm(fileOf(hash));
    assert.equal(await blobs.get(hash), undefined);
    assert.equal(await blobs.put(bytes(1)), hash);
    assert.ok(Buffer.compare((await blobs.get(hash)) as Uint8Array, bytes(1)) === 0);
  });

test('a blob that cannot be written is not there, and nothing is left of the try', async (t) => {
  const { blobs, folder, fileOf } = open(t);
  const hash = sha256(bytes(1));
  // A folder stands where the file belongs: the last step, putting it in place, fails.
  mkdirSync(join(fileOf(hash), 'in the way'), { recursive: true });
  await assert.rejects(blobs.put(bytes(1)));
  assert.deepEqual(readdirSync(join(folder, hash.slice(0, 2))), [hash]);
  rmSync(fileOf(hash), { recursive: true });
  assert.equal(await blobs.put(bytes(1)), hash);
});

test('half of a blob, as a kill leaves it, is no blob', async (t) => {
  const { blobs, folder, fileOf } = open(t);
  const hash = sha256(bytes(1));
  mkdirSync(join(folder, hash.slice(0, 2)));
  writeFileSync(`${fileOf(hash)}.0123456789ab.part`, bytes(1).subarray(0, 100));
  assert.equal(await blobs.get(hash), undefined);
  assert.ok(!existsSync(fileOf(hash)));
  await blobs.put(bytes(1));
  assert.ok(await blobs.get(hash));
});

test('a disk that fails is told apart from a blob that is missing', async (t) => {
  const { blobs, fileOf } = open(t);
  const hash = sha256(bytes(1));
  mkdirSync(fileOf(hash), { recursive: true });
  await assert.rejects(blobs.get(hash), { code: 'EISDIR' });
});
