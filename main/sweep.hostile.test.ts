// Whatever is sent instead of an input, on every wire: it is refused as such, never as a mistake of ours, and nothing else is touched.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { z } from 'zod';
import { encodeFrame, encodeJson, FRAME, MAX_READER_FRAME } from '../contract/channel.ts';
import { postgresFor, sqliteFor } from './testing/databases.ts';
import { declaredProcedures, declaredStreams } from './testing/declared.ts';
import { type Hostile, hostileFields, hostileWholes, NEVER_A_STRING } from './testing/hostile.ts';
import { openMailServer } from './testing/mailServer.ts';
import { mendWorld } from './testing/mend.ts';
import { portReader, type Reader, socketReader } from './testing/reader.ts';
import { openTestStation, type TestStation } from './testing/station.ts';
import { memoryWire, openWires, serve, type Wire } from './testing/wires.ts';
import { buildWorld, CAST } from './testing/world.ts';

const { token } = CAST.platformAdmin;

const prototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
const isAsItWas = (station: TestStation) => {
  assert.equal(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), prototype);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.doesNotMatch(station.logged(), /"event":"failed"/);
};

const accepts = (schema: z.ZodType, text: string) => schema.safeParse(JSON.parse(text)).success;

async function openStation(t: TestContext, database = sqliteFor(t)) {
  const mailbox = await openMailServer(t);
  const station = await openTestStation(t, { database, settings: { port: 0 } });
  await buildWorld(station);
  const mend = () => mendWorld(station, mailbox.port);
  await mend();
  return { station, mend };
}

/** A wire may also refuse by size: REST says so, a WebSocket is closed. */
function mayRefuseWith({ name }: Wire, text: string | undefined): string[] {
  const large = (text?.length ?? 0) >= 1024 * 1024 - 200;
  if (large && name === 'rest') return ['invalid', 'tooLarge'];
  return large && name === 'socket' ? ['invalid', 'closed'] : ['invalid'];
}

test('no wire accepts anything else in place of a whole input', async (t) => {
  const { station, mend } = await openStation(t);
  for (const wire of await openWires(t, station))
    for (const { name, meta, inputSchema } of declaredProcedures) {
      for (const { what, text } of hostileWholes(meta.example as object)) {
        assert.equal(accepts(inputSchema, text), false, `${name} takes ${what}`);
        const { outcome } = await wire.call(name, text, token);
        assert.ok(mayRefuseWith(wire, text).includes(outcome), `${name} with ${what} over ${wire.name}: ${outcome}`);
      }
      // Where nothing is asked for, a program may send no body at all; everywhere else it says at least {}.
      if (wire.name === 'rest' && accepts(inputSchema, '{}')) continue;
      assert.equal((await wire.call(name, undefined, token)).outcome, 'invalid', `${name} with nothing over ${wire.name}`);
    }
  await mend();
  isAsItWas(station);
});

test('no wire fails over anything in place of any field', async (t) => {
  const { station, mend } = await openStation(t);
  const wires = await openWires(t, station);
  await tryFields(wires, mend);
  isAsItWas(station);
  for (const wire of wires) assert.equal((await wire.call('people.me', '{}', token)).outcome, 'ok');
});

test('nor does PostgreSQL, which refuses what SQLite keeps', async (t) => {
  const { station, mend } = await openStation(t, await postgresFor(t));
  await tryFields([memoryWire(station)], mend);
  isAsItWas(station);
});

async function tryFields(wires: Wire[], mend: () => Promise<void>): Promise<void> {
  for (const { name, meta, inputSchema } of declaredProcedures)
    for (const { what, text, field } of hostileFields(meta.example as object)) {
      const accepted = accepts(inputSchema, text);
      if (NEVER_A_STRING.includes(what)) assert.equal(accepted, false, `${name} takes ${what} as ${field}`);
      for (const wire of wires) {
        const { outcome, message } = await wire.call(name, text, token);
        const where = `${name} with ${what} as ${field} over ${wire.name}: ${outcome} ${message}`;
        if (accepted) assert.notEqual(outcome, 'internal', where);
        else assert.ok(mayRefuseWith(wire, text).includes(outcome), where);
        if (outcome === 'ok' && meta.kind === 'command') await mend();
      }
    }
}

test('what is no JSON at all is refused over REST, and ends a port or a WebSocket and nothing else', async (t) => {
  const { station } = await openStation(t);
  const [, port, socket, rest] = (await openWires(t, station)) as [Wire, Wire, Wire, Wire];
  for (const broken of ['{', '{"a":', 'nul', '\u0000', '{"a":1}}', 'undefined', 'NaN']) {
    assert.equal((await rest.call('people.updateMe', broken, token)).outcome, 'invalid', broken);
    assert.equal((await port.call('people.updateMe', broken, token)).outcome, 'closed', broken);
    assert.equal((await socket.call('people.updateMe', broken, token)).outcome, 'closed', broken);
    for (const wire of [port, socket, rest]) assert.equal((await wire.call('people.me', '{}', token)).outcome, 'ok');
  }
  isAsItWas(station);
});

// ---- streams

/** An open frame around any text at all. */
const opening = (id: number, name: string, input: string) =>
  encodeFrame(FRAME.open, id, new Uint8Array(Buffer.from(`{"stream":${JSON.stringify(name)},"input":${input}}`)));

async function refusalOf(reader: Reader, name: string, { text }: Pick<Hostile, 'text'>): Promise<string | undefined> {
  // Asked for under a number of its own, then once more with the text: the first is only there to hear the answer.
  const stream = reader.open('watch.nothing', {});
  await stream.next();
  reader.send(opening(stream.id, name, text));
  const said = await stream.next();
  if (said.type !== 'end') stream.close();
  return said.type === 'end' ? (said.end.code ?? 'ok') : 'ok';
}

test('no stream opens for, or fails over, anything in place of its input', async (t) => {
  const { station } = await openStation(t);
  const { url } = await serve(t, station);
  for (const reader of [portReader(t, station, token), await socketReader(t, url, token)])
    for (const { name, example, input } of declaredStreams)
      for (const hostile of [...hostileWholes(example as object), ...hostileFields(example as object)]) {
        // Larger than a reader may send: that ends the connection, see streams.frames.test.ts.
        if (hostile.text.length > MAX_READER_FRAME - 200) continue;
        const accepted = accepts(input, hostile.text);
        if (hostile.field === undefined) assert.equal(accepted, false);
        if (accepted) continue;
        assert.equal(await refusalOf(reader, name, hostile), 'invalid', `${name} with ${hostile.what} as ${hostile.field}`);
      }
  isAsItWas(station);
});

test('a stream is opened as agreed or not at all', async (t) => {
  const { station } = await openStation(t);
  const reader = portReader(t, station, token);
  const wrong: unknown[] = [
    null,
    [],
    'people.me',
    {},
    { stream: 5, input: {} },
    { stream: 'people.me', input: {}, extra: 1 },
    { stream: 'x'.repeat(81), input: {} },
    ...[-1, 0, 1023, 1.5, 4 * 1024 * 1024 + 1, '5', null, 1e308].map((window) => ({ stream: 'people.me', input: {}, window })),
    ...[5, null, '\0', 'é', '\ud800', 'x'.repeat(201)].map((cursor) => ({ stream: 'people.audit', input: {}, cursor })),
    ...[5, null, 'x'.repeat(129)].map((other) => ({ stream: 'people.me', input: {}, token: other })),
  ];
  for (const request of wrong) {
    const stream = reader.open('watch.nothing', {});
    await stream.next();
    reader.send(encodeJson(FRAME.open, stream.id, request));
    const said = await stream.next();
    assert.deepEqual([said.type, said.type === 'end' && said.end.code], ['end', 'invalid'], JSON.stringify(request));
  }
  for (const [name, cursor] of [
    ['people.audit', 'no cursor'],
    ['people.audit', `${'0'.repeat(36)}.x`],
    ['watch.logFile', '-1'],
    ['watch.logFile', '1.5'],
    ['watch.logFile', 'end'],
  ] as const) {
    const said = await reader.open(name, {}, { cursor }).next();
    assert.deepEqual([said.type, said.type === 'end' && said.end.code], ['end', 'invalid'], `${name} from ${cursor}`);
  }
  isAsItWas(station);
});
