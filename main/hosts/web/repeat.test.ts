// A command sent again under its opId, because its answer was lost or for safety: carried out once, on whatever wire and whenever it comes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { addressOf } from '../../../contract/procedure.ts';
import { type DeclaredProcedure, declaredProcedures } from '../../testing/declared.ts';
import { openMailServer } from '../../testing/mailServer.ts';
import { mendWorld } from '../../testing/mend.ts';
import { openTestStation, type TestStation } from '../../testing/station.ts';
import { type Answer, openWires, serve, type Wire } from '../../testing/wires.ts';
import { buildWorld, CAST } from '../../testing/world.ts';

const { token } = CAST.platformAdmin;
const OP = '00000000-0000-7000-8000-00000000c0de';
const OTHER_OP = '00000000-0000-7000-8000-00000000c0df';

const takesOpId = ({ meta, inputSchema }: DeclaredProcedure) => inputSchema.safeParse({ ...(meta.example as object), opId: OP }).success;
const repeatable = declaredProcedures.filter(takesOpId);

async function open(t: TestContext, mailPort: number): Promise<{ station: TestStation; wires: Wire[]; url: string }> {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  await mendWorld(station, mailPort);
  return { station, wires: await openWires(t, station), url: (await serve(t, station)).url };
}

/** What a command leaves behind. */
async function traces({ store }: TestStation, action: string) {
  const count = async (sql: string, params: string[] = []) => (await store.database.reader.all<{ n: number }>(sql, params))[0]?.n;
  return {
    // Notices follow upon it, in their own time.
    operations: await count(`select count(*) as "n" from "op" where "entity" <> 'notice'`),
    audited: await count(`select count(*) as "n" from "audit" where "action" = ? and "outcome" = 'done'`, [action]),
    tasks: await count('select count(*) as "n" from "task"'),
  };
}

const ask = (wire: Wire, name: string, opId: string, as: string = token) => {
  const declared = declaredProcedures.find((one) => one.name === name);
  return wire.call(name, JSON.stringify({ ...(declared?.meta.example as object), opId }), as);
};

/** The secret in it is handed out once, to one of them. */
const withoutLink = ({ body }: Answer) => ({ ...(body as object), link: undefined });

test('every command that changes what is recorded may be repeated', () => {
  const commands = declaredProcedures.filter(({ meta }) => meta.kind === 'command');
  // These concern only the session they come by, or hand out a secret that is kept nowhere.
  const others = commands.filter((one) => !takesOpId(one)).map(({ name }) => name);
  assert.deepEqual(others.sort(), [
    'people.beginSecondFactor',
    'people.changePassword',
    'people.confirmSecondFactor',
    'people.confirmSession',
    'people.createKey',
    'people.createSignInLink',
    'people.endSeeAs',
    'people.forgetDevices',
    'people.importPeople',
    'people.mailLinksAgain',
    'people.mailSignInLink',
    'people.removeSecondFactor',
    'people.renewRecoveryCodes',
    'people.resetSecondFactor',
    'people.revokeSession',
    'people.seeAs',
    'people.setUp',
    'people.signIn',
    'people.signInByKey',
    'people.signInByLink',
    'people.signInForwarded',
    'people.signOut',
    'watch.sendTestMail',
  ]);
});

test('sent many times at once over every wire, a command leaves what it leaves when sent once', async (t) => {
  const { port } = await openMailServer(t);
  for (const { name, outputSchema } of repeatable) {
    const alone = await open(t, port);
    assert.equal((await ask(alone.wires[0] as Wire, name, OP)).outcome, 'ok', name);
    const wanted = await traces(alone.station, name);
    await alone.station.stop();

    const { station, wires } = await open(t, port);
    const answers = await Promise.all([...wires, ...wires, ...wires].map((wire) => ask(wire, name, OP)));
    assert.deepEqual(await traces(station, name), wanted, name);
    // And once more, when all is done.
    for (const wire of wires) answers.push(await ask(wire, name, OP));
    assert.deepEqual(await traces(station, name), wanted, `${name}, again later`);
    const [first] = answers as [Answer];
    for (const answer of answers) {
      assert.equal(answer.outcome, 'ok', `${name}: ${answer.message}`);
      assert.ok(outputSchema.safeParse(answer.body).success, `${name} answers ${JSON.stringify(answer.body)}`);
      assert.deepEqual(withoutLink(answer), withoutLink(first), name);
    }
    assert.ok(answers.filter(({ body }) => typeof (body as { link?: string }).link === 'string').length <= 1, name);
    await station.stop();
  }
});

test('another word is another command', async (t) => {
  const { wires } = await open(t, 0);
  const made = await Promise.all([OP, OTHER_OP].flatMap((opId) => wires.map((wire) => ask(wire, 'people.createOrganisation', opId))));
  assert.equal(new Set(made.map(({ body }) => (body as { organisation: string }).organisation)).size, 2);
});

test('the word of somebody else, or of another command, is refused and tells nothing', async (t) => {
  const { wires, station } = await open(t, 0);
  for (const wire of wires) assert.equal((await ask(wire, 'people.updateOrganisation', OP)).outcome, 'ok');
  const before = await traces(station, 'people.updateOrganisation');
  for (const wire of wires) {
    const theirs = await ask(wire, 'people.updateOrganisation', OP, CAST.organisationAdmin.token);
    assert.deepEqual([theirs.outcome, theirs.body], ['conflict', undefined], wire.name);
    assert.equal((await ask(wire, 'people.updateSite', OP)).outcome, 'conflict', wire.name);
    // Who may not do it at all hears that, and not that somebody did.
    assert.equal((await ask(wire, 'people.updateOrganisation', OP, CAST.viewer.token)).outcome, 'forbidden', wire.name);
  }
  assert.deepEqual(await traces(station, 'people.updateOrganisation'), before);
});

test('what was refused was not carried out, and may be tried again under the same word', async (t) => {
  const { wires } = await open(t, 0);
  const create = (wire: Wire, name: string) =>
    wire.call('people.createOrganisation', JSON.stringify({ name, key: 'nordwerk', opId: OP }), token);
  for (const outcome of await Promise.all(wires.map((wire) => create(wire, 'Nordwerk')))) assert.equal(outcome.outcome, 'conflict');
  const other = await Promise.all(
    wires.map((wire) => wire.call('people.createOrganisation', JSON.stringify({ name: 'West', key: 'west', opId: OP }), token)),
  );
  assert.deepEqual(new Set(other.map(({ outcome }) => outcome)), new Set(['ok']));
  assert.equal(new Set(other.map(({ body }) => JSON.stringify(body))).size, 1);
});

test('a connection that is lost before the answer leaves a command that may be repeated: it is there once', async (t) => {
  const { url, wires, station } = await open(t, 0);
  const { port } = new URL(url);
  for (let n = 0; n < 20; n++) {
    const opId = `00000000-0000-7000-8000-0000000c${n.toString(16).padStart(4, '0')}`;
    const body = JSON.stringify({ name: `Plant ${n}`, opId });
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const head = `POST /api/${addressOf('people.createOrganisation')} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(head + body, () => resolve()));
    socket.resetAndDestroy();
    const again = await Promise.all(wires.map((wire) => wire.call('people.createOrganisation', body, token)));
    for (const { outcome } of again) assert.equal(outcome, 'ok');
  }
  const rows = await station.store.database.reader.all<{ name: string; n: number }>(
    `select "name", count(*) as "n" from "organisations" where "name" like 'Plant %' group by "name"`,
  );
  assert.deepEqual([rows.length, rows.every(({ n }) => n === 1)], [20, true]);
});
