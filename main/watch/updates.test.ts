// Whoever asks for an update stands in the audit before it begins; where the host offers none, nothing happens.
import assert from 'node:assert/strict';
import { onBoth } from '../testing/databases.ts';
import { as, lastAudited, openWorld } from '../testing/people.ts';

onBoth('a step towards a newer version is written down with whoever asked for it, before it is taken', async (source) => {
  const asked: string[] = [];
  const station = await openWorld(source, {
    updates: {
      state: async () => ({ kind: 'off', why: 'noKey' }),
      async go(step) {
        asked.push(`${step} after ${(await lastAudited(station)).action}`);
        return 'begun';
      },
    },
  });
  const { watch } = as(station, 'platformAdmin');
  assert.deepEqual(await watch.update({ step: 'check' }), { answer: 'begun' });
  assert.deepEqual(asked, ['check after watch.update']);
  const { actor, message } = await lastAudited(station);
  assert.deepEqual([actor?.name, message], ['Ada Admin', 'Asked for: check.']);
  await assert.rejects(as(station, 'organisationAdmin').watch.update({ step: 'check' }), { code: 'forbidden' });
  assert.equal(asked.length, 1);
});

onBoth('a host without updates says so, and leaves no row', async (source) => {
  const station = await openWorld(source);
  const before = await lastAudited(station).catch(() => undefined);
  assert.deepEqual(await as(station, 'platformAdmin').watch.update({ step: 'check' }), { answer: 'notReady' });
  assert.deepEqual(await lastAudited(station).catch(() => undefined), before);
});
