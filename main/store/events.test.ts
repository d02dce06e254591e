// Facts within the process: who hears, in which order, and when one hears no more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events } from './events.ts';

const fail = (error: unknown) => assert.fail(error as Error);
type Fact = { event: 'rang'; times: number } | { event: 'stopped' };

test('everyone hears every fact in order, and `on` only its own kind', () => {
  const events = new Events<Fact>(fail);
  const all: string[] = [];
  const rings: number[] = [];
  events.subscribe((fact) => all.push(fact.event));
  events.on('rang', (fact) => rings.push(fact.times));
  events.publish([{ event: 'rang', times: 1 }, { event: 'stopped' }, { event: 'rang', times: 2 }]);
  assert.deepEqual(all, ['rang', 'stopped', 'rang']);
  assert.deepEqual(rings, [1, 2]);
});

test('whoever stopped listening hears no more, not even the fact that is just going round', () => {
  const events = new Events<Fact>(fail);
  const heard: string[] = [];
  const stops: (() => void)[] = [];
  stops.push(
    events.subscribe(() => {
      heard.push('first');
      for (const stop of stops) stop();
    }),
  );
  stops.push(events.subscribe(() => heard.push('second')));
  events.publish([{ event: 'stopped' }, { event: 'stopped' }]);
  assert.deepEqual(heard, ['first']);
  assert.equal(events.size, 0);
});

test('a listener that joins while a fact goes round hears from the next one on', () => {
  const events = new Events<Fact>(fail);
  const heard: number[] = [];
  let joined = false;
  events.on('rang', () => {
    if (joined) return;
    joined = true;
    events.on('rang', (fact) => heard.push(fact.times));
  });
  events.publish([
    { event: 'rang', times: 1 },
    { event: 'rang', times: 2 },
  ]);
  assert.deepEqual(heard, [2]);
});
