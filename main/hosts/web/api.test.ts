// The station as a program sees it: signing in by REST, the document of its procedures, health and metrics.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { errorStatus } from '../../../contract/errors.ts';
import { addressOf } from '../../../contract/procedure.ts';
import { CONTRACT } from '../../../contract/version.ts';
import { CLOSE } from '../../links.ts';
import type { StationSettings } from '../../store/settings.ts';
import { declaredProcedures } from '../../testing/declared.ts';
import { hostileWholes } from '../../testing/hostile.ts';
import { openTestStation } from '../../testing/station.ts';
import { ask, codeOf, post, withToken } from '../../testing/web.ts';
import { dialled, serve } from '../../testing/wires.ts';
import { buildWorld, CAST, PASSWORD } from '../../testing/world.ts';

const { token } = CAST.platformAdmin;

async function open(t: TestContext, settings: Partial<StationSettings> = {}) {
  const station = await openTestStation(t, { settings: { port: 0, ...settings } });
  await buildWorld(station);
  return { station, ...(await serve(t, station)) };
}

// ---- the document

type Media = { content: { 'application/json': { schema: z.core.JSONSchema.JSONSchema; example?: unknown } } };
type Operation = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security: object[];
  requestBody: Media;
  responses: Record<string, Media>;
};
type Document = {
  openapi: string;
  info: { version: string };
  servers: { url: string }[];
  components: { securitySchemes: Record<string, object>; schemas: { Refusal: z.core.JSONSchema.JSONSchema } };
  paths: Record<string, Record<string, Operation>>;
};

async function documentOf(url: string): Promise<Document> {
  const said = await ask(url, '/api/openapi.json');
  assert.equal(said.status, 200);
  assert.match(String(said.headers['content-type']), /^application\/json/);
  return JSON.parse(said.text) as Document;
}

const operationOf = (paths: Document['paths'], name: string): Operation =>
  paths[`/${addressOf(name)}`]?.post ?? assert.fail(`${name} is not in the document`);

const asSchema = (media: Media | undefined) => z.fromJSONSchema(media?.content['application/json'].schema ?? assert.fail('no schema'));

test('the document names every procedure, at its address, with who may call it', async (t) => {
  const { url, station } = await open(t);
  const { openapi, info, servers, components, paths } = await documentOf(url);
  assert.match(openapi, /^3\.1\.\d+$/);
  assert.equal(info.version, station.station.version);
  assert.deepEqual(servers, [{ url: '/api' }]);
  assert.deepEqual(Object.keys(paths).sort(), declaredProcedures.map(({ name }) => `/${addressOf(name)}`).sort());
  for (const { name, area, meta, route } of declaredProcedures) {
    const [[method, operation] = [], ...others] = Object.entries(paths[`/${addressOf(name)}`] ?? {});
    assert.deepEqual([method, others], ['post', []], name);
    assert.equal(operation?.operationId, name);
    assert.deepEqual(operation.tags, [area]);
    assert.equal(operation.summary, route.summary);
    const isPublic = 'session' in meta.needs && !meta.needs.session;
    assert.deepEqual(operation.security, isPublic ? [] : [{ session: [] }], name);
    if ('permission' in meta.needs) assert.match(operation.description, new RegExp(meta.needs.permission.replace('.', '\\.')));
  }
  assert.deepEqual(Object.keys(components.securitySchemes), ['session']);
  // Its own references lead somewhere.
  for (const [, ref = ''] of JSON.stringify(paths).matchAll(/"\$ref":"([^"]*)"/g)) assert.equal(ref, '#/components/schemas/Refusal');
});

test('by the document one may write every call: its example is accepted, and what the station refuses whole is not', async (t) => {
  const { url } = await open(t);
  const { paths } = await documentOf(url);
  for (const { name, meta } of declaredProcedures) {
    const { requestBody } = operationOf(paths, name);
    const schema = asSchema(requestBody);
    assert.deepEqual(requestBody.content['application/json'].example, meta.example);
    assert.ok(schema.safeParse(meta.example).success, name);
    for (const { what, text } of hostileWholes(meta.example as object))
      assert.equal(schema.safeParse(JSON.parse(text)).success, false, `${name} with ${what}`);
  }
});

test('every answer is what the document promises, and so is every refusal', async (t) => {
  const { url } = await open(t);
  const { paths, components } = await documentOf(url);
  const refusal = z.fromJSONSchema(components.schemas.Refusal);
  let answered = 0;
  for (const { name, meta } of declaredProcedures) {
    const { responses } = operationOf(paths, name);
    assert.deepEqual(responses.default?.content['application/json'].schema, { $ref: '#/components/schemas/Refusal' });
    const bad = await post(url, name, null, withToken(token));
    const body = JSON.parse(bad.text) as { code: keyof typeof errorStatus };
    assert.ok(refusal.safeParse(body).success, `${name}: ${bad.text}`);
    assert.equal(bad.status, errorStatus[body.code]);
    if (meta.kind !== 'question') continue;
    const said = await post(url, name, meta.example, withToken(token));
    if (said.status !== 200) continue;
    answered += 1;
    const checked = asSchema(responses['200']).safeParse(JSON.parse(said.text));
    assert.ok(checked.success, `${name}: ${checked.error?.message}`);
  }
  assert.ok(answered > 12, `${answered} questions were answered`);
});

test('the page about it shows every procedure, runs nothing, and loads nothing from elsewhere', async (t) => {
  const { url } = await open(t);
  const { text, status, headers } = await ask(url, '/api/docs');
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/html; charset=utf-8/);
  for (const { name, meta } of declaredProcedures) {
    assert.ok(text.includes(`<details id="${name}">`), name);
    assert.ok(text.includes(`POST /api/${addressOf(name)}`), name);
    const example = Object.values(meta.example as object).find((value) => typeof value === 'string' && /^[\w .-]+$/.test(value));
    if (example !== undefined) assert.ok(text.includes(example), `the example of ${name}`);
  }
  assert.doesNotMatch(text, /<script|<style|<iframe|<img|\son[a-z]+=|style=|javascript:/i);
  const links = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link as string);
  assert.deepEqual(links.sort(), ['/api/docs.css', '/api/openapi.json']);
  for (const link of links) assert.equal((await ask(url, link)).status, 200);
  assert.doesNotMatch((await ask(url, '/api/docs.css')).text, /url\(|@import/);
  assert.match(String(headers['content-security-policy']), /default-src 'none'; style-src 'self'/);
});

// ---- a program

test('a program signs in by REST and goes on with what it was given; anything else is not let in', async (t) => {
  const { url } = await open(t);
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const said = await ask(url, '/api/people/sign-in', { ...sent, body: JSON.stringify({ email: 'ada@example.org', password: PASSWORD }) });
  assert.equal(said.status, 200);
  assert.equal(said.headers['set-cookie'], undefined, 'a program keeps its token itself');
  const { token: mine, ...more } = JSON.parse(said.text) as { token: string };
  assert.deepEqual(more, {});
  const me = async (headers: Record<string, string>, body = '{}') =>
    ask(url, '/api/people/me', { ...sent, headers: { ...sent.headers, ...headers }, body });
  const { person } = JSON.parse((await me(withToken(mine))).text) as { person: { email: string } };
  assert.equal(person.email, 'ada@example.org');
  assert.equal((await me(withToken(mine), '')).status, 200, 'where nothing is asked for, nothing need be sent');
  assert.equal((await ask(url, '/api/people/me', { method: 'POST', headers: withToken(mine) })).status, 200);

  const wrong = [mine.slice(1), `${mine}x`, mine.toLowerCase(), [...mine].reverse().join(''), ''].map((one) => `Bearer ${one}`);
  for (const authorization of [...wrong, mine, `bearer ${mine}`, `Bearer  ${mine}`, `Basic ${mine}`, `Bearer ${mine}, Bearer ${mine}`])
    assert.equal(codeOf(await me({ authorization })), 'unauthenticated', authorization);

  assert.equal((await post(url, 'people.signOut', {}, withToken(mine))).status, 200);
  assert.equal(codeOf(await me(withToken(mine))), 'unauthenticated');
});

test('a wrong password and an unknown person get the same answer', async (t) => {
  const { url } = await open(t);
  const [known, unknown] = await Promise.all(
    ['ada@example.org', 'nobody-at-all@example.org'].map((email) => post(url, 'people.signIn', { email, password: 'wrong' })),
  );
  assert.equal(known?.status, 401);
  assert.deepEqual([known?.text, known?.status], [unknown?.text, unknown?.status]);
});

test('a screen of another version is told to load again, and one of this or the last is not', async (t) => {
  const { url } = await open(t);
  const [major = 0, minor = 0] = CONTRACT.split('.').map(Number);
  const closing = async (path: string, query: string) => {
    const socket = await dialled(url, path, token, { query });
    assert.ok(typeof socket !== 'number');
    // Whoever is welcome is not closed, and its first ping is answered.
    const pong = once(socket, 'pong').then(() => 'open');
    const closed = once(socket, 'close').then(([code, reason]) => `${code} ${reason}`);
    socket.ping();
    const outcome = await Promise.race([closed, pong]);
    socket.terminate();
    return outcome;
  };
  for (const path of ['/api/calls', '/api/channel']) {
    for (const version of [`${major}.${minor + 1}`, `${major}.${minor - 2}`, `${major + 1}.${minor}`, '', 'latest', '__proto__'])
      assert.match(await closing(path, `contract=${version}`), new RegExp(`^${CLOSE.contract} .*load it again`), version);
    assert.match(await closing(path, ''), new RegExp(`^${CLOSE.contract} `));
    for (const version of [CONTRACT, `${major}.${minor - 1}`]) assert.equal(await closing(path, `contract=${version}`), 'open', version);
  }
});

// ---- health and metrics

test('health says that all is well, and after damage that it is not, in a way every watchdog understands', async (t) => {
  const { url, station } = await open(t);
  const health = async () => {
    const { status, text } = await ask(url, '/healthz');
    return [status, JSON.parse(text)];
  };
  const { version } = station.station;
  assert.deepEqual(await health(), [200, { status: 'ok', version }]);
  station.store.database.onError(Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' }));
  assert.deepEqual(await health(), [503, { status: 'damaged', version }]);
  assert.match((await ask(url, '/metrics')).text, /^outpost_store_damaged 1$/m);
});

type Sample = { name: string; labels: Record<string, string>; value: number };

/** Prometheus’ text format, read as strictly as Prometheus does. */
function samplesOf(text: string): Sample[] {
  assert.ok(text.endsWith('\n'));
  const types = new Map<string, string>();
  const seen = new Set<string>();
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      if (line === '') return [];
      const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
      if (comment?.[1] === 'TYPE') {
        assert.match(comment[3] as string, /^(counter|gauge|histogram|summary|untyped)$/);
        assert.ok(!types.has(comment[2] as string), `two types for ${comment[2]}`);
        types.set(comment[2] as string, comment[3] as string);
      }
      if (comment) return [];
      const [, name = '', braces = '', value = ''] =
        /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*\})? ([Nn]a[Nn]|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
          line,
        ) ?? assert.fail(`no line of this format: ${line}`);
      assert.ok(!seen.has(name + braces), `twice: ${name}${braces}`);
      seen.add(name + braces);
      assert.ok(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, '')), `no type for ${name}`);
      const labels = Object.fromEntries([...braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]));
      return [{ name, labels, value: Number(value.replace('Inf', 'Infinity')) }];
    });
}

test('metrics are what Prometheus reads, and count what was called and how it ended', async (t) => {
  const { url } = await open(t);
  const read = async () => {
    const said = await ask(url, '/metrics');
    assert.match(String(said.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    return samplesOf(said.text);
  };
  const sampleOf = (samples: Sample[], name: string, labels: Record<string, string> = {}) =>
    samples.find((sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      ?.value ?? 0;
  const before = await read();
  for (let n = 0; n < 3; n++) await post(url, 'people.me', {}, withToken(token));
  for (let n = 0; n < 2; n++) await post(url, 'people.me', { no: 'such' }, withToken(token));
  // Names nobody declared share one row: whoever calls nonsense must not fill the memory with it.
  const calls = await dialled(url, '/api/calls', token);
  assert.ok(typeof calls !== 'number');
  for (const name of ['people.nothing', 'nothing.atAll', '__proto__.constructor']) {
    await post(url, name, {}, withToken(token));
    calls.send(JSON.stringify({ id: 1, call: name }));
    await once(calls, 'message');
  }
  calls.terminate();
  const socket = await dialled(url, '/api/channel', token);
  assert.ok(typeof socket !== 'number');
  const after = await read();
  const grown = (name: string, labels: Record<string, string>) => sampleOf(after, name, labels) - sampleOf(before, name, labels);
  assert.equal(grown('outpost_calls_total', { procedure: 'people.me', outcome: 'ok' }), 3);
  assert.equal(grown('outpost_calls_total', { procedure: 'people.me', outcome: 'invalid' }), 2);
  assert.equal(grown('outpost_call_seconds_count', {}), 8);
  const named = new Set(after.filter(({ name }) => name === 'outpost_calls_total').map(({ labels }) => labels.procedure));
  const declared = new Set([...declaredProcedures.map(({ name }) => name), 'unknown']);
  for (const name of named) assert.ok(declared.has(name as string), name);
  assert.equal(grown('outpost_calls_total', { procedure: 'unknown', outcome: 'notFound' }), 3);
  assert.deepEqual([sampleOf(before, 'outpost_connections'), sampleOf(after, 'outpost_connections')], [0, 1]);
  assert.ok(sampleOf(after, 'outpost_store_bytes') > 0);
  assert.equal(sampleOf(after, 'outpost_store_damaged'), 0);
  socket.terminate();
});

test('metrics are read on the machine itself, or with the token somebody chose, whatever it looks like', async (t) => {
  const { url } = await open(t);
  const elsewhere = { 'x-forwarded-for': '192.0.2.7' };
  assert.equal((await ask(url, '/metrics')).status, 200);
  for (const headers of [{}, withToken(token), { authorization: 'Bearer ' }, { authorization: 'Bearer undefined' }])
    assert.equal(codeOf(await ask(url, '/metrics', { headers: { ...elsewhere, ...headers } })), 'forbidden');

  const word = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(word, word, async (metricsToken, other) => {
      const station = await openTestStation(t, { settings: { port: 0, metricsToken } });
      const web = await serve(t, station);
      const read = async (given: string) =>
        (await ask(web.url, '/metrics', { headers: { ...elsewhere, authorization: `Bearer ${given}` } })).status;
      assert.equal(await read(metricsToken), 200);
      assert.equal(await read(other), other === metricsToken ? 200 : 403);
      assert.equal(await read(`${metricsToken}x`), 403);
      await web.close();
      await station.stop();
    }),
    { numRuns: 10 },
  );
});
