// The contract as functions, and messages of one moment as one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientOver, gathering } from './calls.ts';
import { contract, procedures } from './index.ts';

test('every declared procedure is a function that asks under its full name, and nothing else is there', async () => {
  const asked: string[] = [];
  const client = clientOver(async (procedure, input) => {
    asked.push(procedure);
    return input;
  }) as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
  for (const [area, functions] of Object.entries(client))
    for (const [name, ask] of Object.entries(functions)) assert.deepEqual(await ask({ area, name }), { area, name });
  assert.deepEqual(asked, [...procedures.keys()]);
  assert.equal(client.people?.nothing, undefined);
  assert.deepEqual(Object.keys(client), Object.keys(contract));
});

test('what comes up in one moment leaves as one list, in order; alone, a message leaves as it is', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ maxLength: 40_000, minLength: 1 }), { maxLength: 12 }), { maxLength: 6 }), (moments) => {
      const posted: string[] = [];
      let later: (() => void)[] = [];
      const say = gathering(
        (message) => posted.push(message),
        (work) => later.push(work),
      );
      for (const moment of moments) {
        const before = posted.length;
        for (const value of moment) say(JSON.stringify(value));
        for (const work of later.splice(0)) work();
        const sent = posted.slice(before).flatMap((message) => JSON.parse(message) as string | string[]);
        assert.deepEqual(sent, moment);
        if (moment.length === 1) assert.equal(posted.at(-1), JSON.stringify(moment[0]));
        for (const message of posted) assert.ok(message.length < 1024 * 1024);
      }
      later = [];
    }),
    { numRuns: 50 },
  );
});
