// One's own account: name, picture and choices.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { dice } from '../testing/dice.ts';
import { as, lastAudited, openWorld } from '../testing/people.ts';
import { memoryReader } from '../testing/reader.ts';
import type { TestStation } from '../testing/station.ts';
import { type Actor, CAST } from '../testing/world.ts';

type Type = 'image/png' | 'image/jpeg' | 'image/webp';
const STARTS: Record<Type, Buffer> = {
  'image/png': Buffer.from('89504e470d0a1a0a', 'hex'),
  'image/jpeg': Buffer.from('ffd8ffe0', 'hex'),
  'image/webp': Buffer.from('524946460000000057454250', 'hex'),
};
const types = Object.keys(STARTS) as Type[];
const LARGEST = 256 * 1024;

const filled = (start: Buffer, length: number) => Buffer.concat([start, dice(length).bytes(length - start.length)]);
const set = (station: TestStation, type: Type, bytes: Uint8Array, who: Actor = 'viewer') =>
  as(station, who).people.setPicture({ picture: { type, data: Buffer.from(bytes).toString('base64') } });
const pictureOf = async (station: TestStation, person: string = EXAMPLE.viewer, by: Actor = 'operator') =>
  (await as(station, by).people.picture({ person })).picture;

onBoth('a picture of each kind comes back as it was set, to oneself and to colleagues', async (database) => {
  const station = await openWorld(database);
  const marks = new Set<string | null>();
  for (const type of types) {
    const bytes = filled(STARTS[type], 5_000);
    await set(station, type, bytes);
    const expected = { type, data: bytes.toString('base64') };
    assert.deepEqual(await pictureOf(station), expected);
    assert.deepEqual(await pictureOf(station, EXAMPLE.viewer, 'viewer'), expected);
    marks.add((await as(station, 'viewer').people.me({})).person.picture);
  }
  assert.equal(marks.size, 3, 'what tells a picture changes with it');
  await as(station, 'viewer').people.setPicture({ picture: null });
  assert.equal(await pictureOf(station), null);
  assert.equal((await as(station, 'viewer').people.me({})).person.picture, null);
});

test('what a picture is, is seen by what it begins with: anything else is refused whatever it says it is', async (t) => {
  const station = await openWorld(sqliteFor(t));
  await set(station, 'image/png', filled(STARTS['image/png'], 100));
  const before = await pictureOf(station);
  const never: Record<string, Buffer> = {
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    html: Buffer.from('<!doctype html><script>alert(1)</script>'),
    gif: Buffer.from('GIF89a\u0001\u0000\u0001\u0000'),
    nothing: Buffer.alloc(0),
    'half a beginning': STARTS['image/png'].subarray(0, 3),
    'a sound, in the same box as a picture': Buffer.from('524946460000000057415645', 'hex'),
    'a picture behind a page': Buffer.concat([Buffer.from('<html>'), STARTS['image/png']]),
  };
  for (const claimed of types) {
    for (const [what, bytes] of Object.entries(never)) await assert.rejects(set(station, claimed, bytes), { code: 'invalid' }, what);
    for (const other of types)
      if (other !== claimed) await assert.rejects(set(station, claimed, filled(STARTS[other], 100)), { code: 'invalid' });
  }
  for (const type of ['image/svg+xml', 'text/html', 'image/gif'])
    await assert.rejects(set(station, type as Type, STARTS['image/png']), { code: 'invalid' });
  assert.deepEqual(await pictureOf(station), before);
});

test('a picture may have 256 KiB and not a byte more', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const largest = filled(STARTS['image/jpeg'], LARGEST);
  await set(station, 'image/jpeg', largest);
  await assert.rejects(set(station, 'image/jpeg', filled(STARTS['image/jpeg'], LARGEST + 1)), { code: 'tooLarge' });
  await assert.rejects(set(station, 'image/jpeg', filled(STARTS['image/jpeg'], LARGEST * 2)), { code: 'invalid' });
  assert.deepEqual(await pictureOf(station), { type: 'image/jpeg', data: largest.toString('base64') });
});

test('two people may have the same picture: removing one leaves the other', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const bytes = filled(STARTS['image/png'], 2_000);
  await set(station, 'image/png', bytes);
  await set(station, 'image/png', bytes, 'operator');
  await as(station, 'viewer').people.setPicture({ picture: null });
  assert.equal(await pictureOf(station), null);
  assert.deepEqual(await pictureOf(station, CAST.operator.id, 'viewer'), { type: 'image/png', data: bytes.toString('base64') });
});

test('a picture that is damaged on the disk is none', async (t) => {
  const station = await openWorld(sqliteFor(t));
  await set(station, 'image/png', filled(STARTS['image/png'], 2_000));
  const hash = (await as(station, 'viewer').people.me({})).person.picture as string;
  const folder = join(station.station.folder.blobs, hash.slice(0, 2));
  assert.deepEqual(readdirSync(folder), [hash]);
  const bytes = readFileSync(join(folder, hash));
  bytes.writeUInt8(bytes.readUInt8(1_000) ^ 1, 1_000);
  writeFileSync(join(folder, hash), bytes);
  assert.equal(await pictureOf(station), null);
});

onBoth('a name is told to everybody who may know the person, and what it was stays in the audit', async (database) => {
  const station = await openWorld(database);
  await as(station, 'viewer').people.updateMe({ name: '  Vera V.  ' });
  const entry = await lastAudited(station);
  assert.deepEqual(
    [entry.action, entry.actor, entry.changes],
    [
      'people.updateMe',
      { id: EXAMPLE.viewer, name: 'Vera V.' },
      [{ entity: 'person', id: EXAMPLE.viewer, field: 'name', before: 'The viewer', after: 'Vera V.' }],
    ],
  );
  const { people } = await as(station, 'siteManager').people.listSitePeople({ site: EXAMPLE.site });
  assert.equal(people.find(({ id }) => id === EXAMPLE.viewer)?.name, 'Vera V.');
});

onBoth('a choice follows its person to their other screens, and is nobody else’s', async (database) => {
  const station = await openWorld(database);
  const stream = memoryReader(station, CAST.viewer.token).open('people.me', {});
  await stream.next();
  const shows = (theme: string) =>
    stream.until((said) => said.type === 'values' && JSON.stringify(said.values.set).includes(`"theme":"${theme}"`));
  await as(station, 'viewer').people.setPreference({ name: 'theme', value: 'dark' });
  await shows('dark');
  // Two screens at the same time, before either knows of the other.
  await Promise.all(['light', 'wall'].map((value) => as(station, 'viewer').people.setPreference({ name: 'mode', value })));
  await as(station, 'viewer').people.setPreference({ name: 'theme', value: 'light' });
  await shows('light');
  await as(station, 'viewer').people.setPreference({ name: 'rows', value: 50 });
  await as(station, 'viewer').people.setPreference({ name: 'sound', value: false });
  const { preferences } = await as(station, 'viewer').people.me({});
  assert.deepEqual(preferences, { theme: 'light', mode: 'wall', rows: 50, sound: false });
  assert.deepEqual((await as(station, 'operator').people.me({})).preferences, {});
});
