// The edge ended in the middle of its work, in order and by force: whatever it said was done is there when it comes again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { type EdgeRun, organisationsOf, type Program, runEdge, setUpFile, signedIn } from '../../testing/edge.ts';
import { post, withToken } from '../../testing/web.ts';
import { asker, dialled } from '../../testing/wires.ts';

const PATIENCE = { timeout: 120_000 };
const CLIENTS = 20;

type Told = { asked: Set<string>; done: Set<string>; refused: Set<string> };

const start = (t: TestContext, folder: string): EdgeRun =>
  runEdge(t, ['--data', join(folder, 'station'), '--port', '0', '--setup', setUpFile(folder)]);

type Create = (input: string) => Promise<{ outcome: string; body: unknown }>;

/** Half of them by REST, half over a WebSocket of their own. */
async function clientOf(t: TestContext, url: string, { token }: Program, n: number): Promise<Create> {
  if (n % 2 === 0)
    return async (input) => {
      const { status, text } = await post(url, 'people.createOrganisation', JSON.parse(input), withToken(token));
      return { outcome: status === 200 ? 'ok' : 'refused', body: JSON.parse(text) };
    };
  const socket = await dialled(url, '/api/calls', token);
  assert.ok(typeof socket !== 'number');
  t.after(() => socket.terminate());
  const one = asker((message) => socket.send(message));
  socket.on('message', (message) => one.hear(message.toString()));
  socket.on('close', () => one.close());
  return (input) => (one.open ? one.ask('people.createOrganisation', input) : Promise.resolve({ outcome: 'closed', body: undefined }));
}

/**
 * All write as fast as they can until nobody answers any more; `enough` is called once so many were answered.
 * Every name is written once, and what became of it is kept.
 */
async function writeUntilTheEnd(t: TestContext, url: string, ada: Program, told: Told, answers: number, enough: () => void): Promise<void> {
  let answered = 0;
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => clientOf(t, url, ada, n)));
  const round = told.asked.size;
  await Promise.all(
    clients.map(async (create, client) => {
      for (let n = 0; ; n++) {
        const name = `Plant ${round}-${client}-${n}`;
        told.asked.add(name);
        // A connection that was cut in the middle says nothing: neither that it was done nor that it was not.
        const { outcome } = await create(JSON.stringify({ name })).catch(() => ({ outcome: 'closed' }));
        if (outcome === 'closed') return;
        told[outcome === 'ok' ? 'done' : 'refused'].add(name);
        if (outcome !== 'ok') return;
        answered += 1;
        if (answered === answers) enough();
      }
    }),
  );
}

async function assertTrue(ada: Program, told: Told): Promise<void> {
  const names = await organisationsOf(ada);
  const present = new Set(names);
  assert.equal(present.size, names.length, 'nothing is there twice');
  for (const name of told.done) assert.ok(present.has(name), `${name} was acknowledged and is lost`);
  for (const name of told.refused) assert.ok(!present.has(name), `${name} was refused and is there`);
  present.delete('Nordwerk');
  for (const name of present) assert.ok(told.asked.has(name), `${name} was never asked for`);
  assert.deepEqual((await ada.call('people.verifyAudit')).fault, null);
  // Each of them whole: the record, what is logged of it and its line in the audit.
  const { entries } = await ada.call<{ entries: { action: string; outcome: string }[] }>('people.listAudit', { limit: 500 });
  const made = entries.filter(({ action, outcome }) => action === 'people.createOrganisation' && outcome === 'done');
  if (entries.length < 500) assert.equal(made.length, present.size);
  const { task } = await ada.call<{ task: string }>('watch.checkIntegrity');
  for (;;) {
    const { tasks } = await ada.call<{ tasks: { id: string; state: string; message: string }[] }>('watch.listTasks');
    const check = tasks.find(({ id }) => id === task);
    if (check?.state === 'done') return;
    assert.match(String(check?.state), /waiting|running/, check?.message);
  }
}

const nothing = (): Told => ({ asked: new Set(), done: new Set(), refused: new Set() });

test('SIGTERM while twenty write as fast as they can: it ends with 0, and all that was acknowledged is there', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const told = nothing();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
    const run = start(t, folder);
    const url = await run.url;
    await writeUntilTheEnd(t, url, await signedIn(url), told, 150, () => run.kill(signal));
    // Later than in five seconds, it would have ended itself with 1.
    assert.equal(await run.ended, 0, run.complaints());
    assert.doesNotMatch(run.lines.join('\n'), /"level":"(error|warn)"/);
  }
  assert.ok(told.done.size >= 450);
  const again = start(t, folder);
  await assertTrue(await signedIn(await again.url), told);
});

test('kill −9 while twenty write as fast as they can, again and again: all that was acknowledged is there', PATIENCE, async (t) => {
  const folder = temporaryFolder(t);
  const told = nothing();
  for (const answers of [1, 60, 17, 140, 33]) {
    const run = start(t, folder);
    const url = await run.url;
    const ada = await signedIn(url);
    await assertTrue(ada, told);
    await writeUntilTheEnd(t, url, ada, told, answers, () => run.kill('SIGKILL'));
    assert.equal(await run.ended, 'SIGKILL');
  }
  const again = start(t, folder);
  await assertTrue(await signedIn(await again.url), told);
  assert.equal(await again.stop(), 0);
});
