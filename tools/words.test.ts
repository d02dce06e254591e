// What the station writes into its audit has words on the screen that shows it: every act, and every kind of thing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERMISSIONS } from '../contract/permissions.ts';
import { sharedEntities } from '../main/site.ts';
import { declaredProcedures, declaredStreams } from '../main/testing/declared.ts';
import { texts } from '../renderer/people/texts.ts';

/** Nobody is refused these, whoever they are: they leave no row. */
const withoutSession = (needs: object) => 'session' in needs && needs.session === false;

test('every act and every refusal the audit may name is said in plain words', () => {
  const acts = [
    ...declaredProcedures.filter(({ meta }) => meta.kind === 'command' || !withoutSession(meta.needs)).map(({ name }) => name),
    ...declaredStreams.map(({ name }) => name),
    // by the station itself, and at its console
    ...['people.consoleLink', 'people.mailLink', 'people.importOrganisation', 'watch.nightlyBackup', 'watch.notice'],
  ];
  assert.deepEqual(
    acts.filter((name) => !Object.hasOwn(texts.action, name)),
    [],
  );
  assert.deepEqual(
    Object.keys(texts.action).filter((name) => !acts.includes(name)),
    [],
    'and none that nobody does any more',
  );
});

test('every kind of record has its word', () => {
  assert.deepEqual(Object.keys(texts.thing).sort(), sharedEntities.map(({ name }) => name).sort());
});

test('every permission is said in plain words', () => {
  for (const permission of Object.keys(PERMISSIONS)) assert.match(texts.may[permission as keyof typeof PERMISSIONS], /^may /, permission);
});
