import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel, Reader } from './channel.ts';
import { applyState, LiveStore } from './liveStore.ts';

test('a snapshot replaces, changes add, what is gone goes', () => {
  const first = applyState<number>(undefined, {
    reset: true,
    set: [
      ['a', 1],
      ['b', 2],
    ],
  });
  const second = applyState<number>(first, {
    set: [
      ['b', 3],
      ['c', 4],
    ],
    gone: ['a'],
  });
  assert.deepEqual(
    [...second],
    [
      ['b', 3],
      ['c', 4],
    ],
  );
  assert.deepEqual([...applyState<number>(second, { reset: true, set: [['z', 9]] })], [['z', 9]]);
  assert.deepEqual([...first.keys()], ['a', 'b'], 'what a screen holds is not changed under it');
});

test('a stream is opened once however many look, and closed when the last one looks away', () => {
  const opened: string[] = [];
  const readers: Reader[] = [];
  const channel = {
    read(stream: string, _: unknown, reader: Reader) {
      opened.push(stream);
      readers.push(reader);
      return () => opened.push(`closed ${stream}`);
    },
  } as unknown as Channel;
  const live = new LiveStore(channel);
  let told = 0;
  const stopFirst = live.watch('watch.tasks', {}, () => told++);
  const stopSecond = live.watch('watch.tasks', {}, () => told++);
  live.watch('people.places', { site: 'x' }, () => {});
  assert.deepEqual(opened, ['watch.tasks', 'people.places']);
  readers[0]?.state?.({ reset: true, set: [['1', 'one']] });
  assert.equal(told, 2);
  assert.equal(live.now('watch.tasks', {}).values?.get('1'), 'one');
  assert.equal(live.now('people.places', { site: 'y' }).values, undefined);
  stopFirst();
  assert.equal(opened.length, 2);
  stopSecond();
  assert.deepEqual(opened.at(-1), 'closed watch.tasks');
  assert.equal(live.now('watch.tasks', {}).values, undefined);
});
