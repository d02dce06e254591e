// Which passphrases are refused, why, and that no ordinary one is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EXAMPLE } from '../../contract/examples.ts';
import { onBoth, sqliteFor } from '../testing/databases.ts';
import { as, bearing, openWorld } from '../testing/people.ts';
import { openTestStation } from '../testing/station.ts';
import { PASSWORD } from '../testing/world.ts';
import { commonWords } from './commonWords.ts';
import { weakness } from './passphrase.ts';

const KNOWN = { person: ['Zoë Lindqvist', 'z.lindqvist@example.org'], place: ['Südwerk GmbH', 'Pumping station North'] };
const word = fc.constantFrom(...commonWords());
const ending = fc.constantFrom('', '1', '123', '1234', '12345', '!', '!!', '123!', '2024', '2026!', '_1', '007', '99', '1985', '00', '#1');
const capitals = fc.constantFrom(
  (text: string) => text,
  (text: string) => text.toUpperCase(),
  (text: string) => text.replace(/^./, (c) => c.toUpperCase()),
  (text: string) => text.replaceAll('a', '@').replaceAll('o', '0').replaceAll('e', '3').replaceAll('s', '$'),
);

test('a word that is tried first is refused, with whatever usual ending and in whatever capitals', () => {
  assert.ok(commonWords().size > 2_500);
  fc.assert(
    fc.property(word, ending, capitals, (base, end, write) => assert.notEqual(weakness(write(base) + end, KNOWN), undefined)),
    { numRuns: 1_000 },
  );
  assert.notEqual(weakness('f0rmula12026!', KNOWN), undefined, 'a word with a digit of its own, and another one written as a digit');
});

test('one’s own names and those of the place are refused, joined and ended as one likes', () => {
  const own = fc.constantFrom('zoe', 'Zoë', 'lindqvist', 'z.lindqvist', 'z.lindqvist@example.org');
  const place = fc.constantFrom('Südwerk', 'sudwerk', 'Suedwerk', 'GmbH', 'pumping', 'north', 'Pumping station North');
  const joint = fc.constantFrom('', '.', '-', ' ');
  for (const [names, why] of [
    [own, /your own name/],
    [place, /name of this station/],
  ] as const)
    fc.assert(
      fc.property(names, joint, names, ending, (a, j, b, end) =>
        assert.notEqual(weakness(`${a}${j}${b}${end}`, KNOWN), undefined, `${a}${j}${b}${end} ${why}`),
      ),
    );
  assert.match(weakness('ZoeLindqvist85', KNOWN) ?? '', /your own name/);
  assert.match(weakness('Suedwerk-2026!', KNOWN) ?? '', /name of this station/);
  assert.equal(weakness('ZoeLindqvist85', { person: [], place: [] }), undefined, 'for somebody else it is just letters');
});

test('what lies side by side, and what is repeated, is refused at any length', () => {
  for (const row of [
    '1234567890',
    '9876543210',
    'qwertyuiop',
    'poiuztrewq',
    'asdfghjkl;',
    '1qaz2wsx3edc',
    '1q2w3e4r5t',
    'abcdefghij',
    'azertyuiop',
  ])
    assert.match(weakness(row, KNOWN) ?? '', /follow each other/, row);
  const piece = fc.string({ minLength: 1, maxLength: 3 }).filter((text) => text.trim() === text);
  fc.assert(
    fc.property(piece, fc.integer({ min: 10, max: 250 }), (text, length) =>
      assert.notEqual(weakness(text.repeat(length).slice(0, length), KNOWN), undefined),
    ),
  );
});

test('letters that nobody has put in a row are good, and so are four words', () => {
  // Consonants alone hold no word, and none of these lie beside each other.
  const letter = fc.constantFrom(...'bdgjkmpqvxz');
  const odd = fc.array(letter, { minLength: 14, maxLength: 60 }).filter((all) => new Set(all).size > 8);
  fc.assert(fc.property(odd, (letters) => assert.equal(weakness(letters.join(''), KNOWN), undefined, letters.join(''))));
  const unlike = fc.uniqueArray(fc.constantFrom('kettle', 'harbour', 'violet', 'ladder', 'pebble', 'mustard', 'cabin', 'engine', 'quilt'), {
    minLength: 4,
    maxLength: 6,
  });
  fc.assert(fc.property(unlike, fc.constantFrom(' ', '-', ''), (words, j) => assert.equal(weakness(words.join(j), KNOWN), undefined)));
  for (const good of [
    PASSWORD,
    'another long phrase',
    'the new phrase',
    'somebody else’s',
    'a few words are easy to keep',
    'Drei Würfel, ein Fahrrad',
  ])
    assert.equal(weakness(good, KNOWN), undefined, good);
  assert.equal(weakness('the new phrase', { person: ['The Viewer'], place: [] }), undefined, 'a small word is nobody’s name');
  assert.notEqual(weakness('correct horse battery staple', KNOWN), undefined, 'famous');
});

test('the sentence says why and what to do, and nothing of the passphrase', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 10, maxLength: 300, unit: 'binary' }), (text) => {
      const why = weakness(text, KNOWN);
      if (why === undefined) return;
      assert.match(why, /^This .*\. Put four or more words together that have nothing to do with each other\.$/);
      assert.ok(!why.includes(text));
    }),
  );
});

onBoth('a change of password refuses what is easily guessed, and the old one goes on counting', async (database) => {
  const station = await openWorld(database);
  const { people } = as(station, 'viewer');
  for (const password of ['Password2026!', 'nordwerk-2026', 'Works 1 works', 'viewer.viewer1', 'Outpost12345'])
    await assert.rejects(people.changePassword({ current: PASSWORD, password }), ({ code, message, data }) => {
      assert.deepEqual([code, data], ['invalid', { issues: [{ path: '', message }] }], password);
      return true;
    });
  await people.changePassword({ current: PASSWORD, password: 'seven odd kettles sing' });
  await bearing(station, undefined).people.signIn({ email: 'viewer@example.org', password: 'seven odd kettles sing' });
});

test('so does a person who was led in by a link, and a set-up: nothing of it is made', async (t) => {
  const station = await openWorld(sqliteFor(t));
  const { link } = await as(station, 'organisationAdmin').people.createSignInLink({
    organisation: EXAMPLE.organisation,
    person: EXAMPLE.viewer,
  });
  const { token } = await bearing(station, undefined).people.signInByLink({ secret: link });
  await assert.rejects(bearing(station, token).people.changePassword({ password: 'qwertyuiop' }), { code: 'invalid' });

  const empty = await openTestStation(t, {});
  const setUp = { organisation: 'Ostwerk', site: 'Works 1', admin: { email: 'otto@example.org', name: 'Otto', password: 'Ostwerk2026' } };
  await assert.rejects(bearing(empty, undefined).people.setUp(setUp), { code: 'invalid', message: /name of this station/ });
  await assert.rejects(empty.people.firstStart.fromConsole(setUp), { code: 'invalid' });
  assert.equal((await bearing(empty, undefined).people.setUpState({})).needed, true);
});
