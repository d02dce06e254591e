// A queue before slow work: how many run at once, who comes next, and that a failure keeps nobody waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openQueue } from './queue.ts';

test('never more than so many run, each as soon as there is a place, in the order they came, whatever becomes of those before', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ turns: fc.nat(6), fails: fc.boolean(), later: fc.boolean() }), { maxLength: 30 }),
      async (atOnce, works) => {
        const queue = openQueue(atOnce);
        const begun: number[] = [];
        let running = 0;

        const all = [];
        for (const [n, { turns, fails, later }] of works.entries()) {
          if (later) await Promise.resolve();

          all.push(
            queue(async () => {
              begun.push(n);
              running += 1;
              assert.ok(running <= atOnce, `${running} at once`);
              for (let turn = 0; turn < turns; turn++) await Promise.resolve();
              running -= 1;

              if (fails) throw new Error(`${n} failed`);
              return n;
            }),
          );
        }
        const answers = await Promise.allSettled(all);
        assert.deepEqual(begun, [...works.keys()]);
        for (const [n, answer] of answers.entries())
          if (works[n]?.fails) assert.equal(answer.status === 'rejected' && answer.reason.message, `${n} failed`);
          else assert.deepEqual(answer, { status: 'fulfilled', value: n });
        assert.equal(running, 0);
      },
    ),
  ));

test('as many as may run do so at the same time', async () => {
  const queue = openQueue(3);
  let running = 0;
  const full = Promise.withResolvers<void>();
  const work = () => {
    running += 1;
    if (running === 3) full.resolve();
    return full.promise;
  };
  await Promise.all([queue(work), queue(work), queue(work)]);
});
