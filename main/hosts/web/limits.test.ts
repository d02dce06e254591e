// What a request may cost the station: without a session not even its body, with one so much and so often, and never a failure.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { addressOf } from '../../../contract/procedure.ts';
import { CONTRACT } from '../../../contract/version.ts';
import { declaredProcedures } from '../../testing/declared.ts';
import { openTestStation } from '../../testing/station.ts';
import { ask, bytes, codeOf, post, withToken } from '../../testing/web.ts';
import { dialled, serve } from '../../testing/wires.ts';
import { buildWorld, CAST, EXPIRED_TOKEN, PASSWORD } from '../../testing/world.ts';

const { token } = CAST.platformAdmin;
const MEBIBYTE = 1024 * 1024;
const EMAIL = 'ada@example.org';

async function open(t: TestContext) {
  const station = await openTestStation(t, { settings: { port: 0 } });
  await buildWorld(station);
  const { url } = await serve(t, station);
  return { station, url };
}

type Begun = { request: ClientRequest; answer: Promise<{ status: number; code: string }> };

/** Sends the head of a call and the beginning of its body, and no end of it. */
function begin(t: TestContext, url: string, path: string, headers: Record<string, string>, body: string): Begun {
  const request = httpRequest(`${url}${path}`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  t.after(() => request.destroy());
  const answer = once(request, 'response').then(async ([response]) => {
    const { statusCode = 0 } = response as IncomingMessage;
    return { status: statusCode, code: (JSON.parse(await text(response)) as { code: string }).code };
  });
  request.on('error', () => {});
  request.write(body);
  return { request, answer };
}

test('without a session no procedure but the public ones waits for a body, or for the truth in it', async (t) => {
  const { url } = await open(t);
  const secured = declaredProcedures.filter(({ meta }) => !('session' in meta.needs) || meta.needs.session).map(({ name }) => name);
  assert.ok(secured.length > 30);
  for (const name of [...secured, 'people.doesNotExist', 'nothing.atAll']) {
    for (const headers of [{}, withToken(EXPIRED_TOKEN), withToken('x'.repeat(43)), { authorization: 'Basic YTpi' }]) {
      const endless = await begin(t, url, `/api/${addressOf(name)}`, headers, '{"a":').answer;
      assert.deepEqual(endless, { status: 401, code: 'unauthenticated' }, name);
    }
    // Announced beyond every limit, or no JSON at all: who has no session is told only that.
    const huge = await begin(t, url, `/api/${addressOf(name)}`, { 'content-length': String(1e12) }, '{').answer;
    assert.deepEqual(huge, { status: 401, code: 'unauthenticated' }, name);
    const broken = await ask(url, `/api/${addressOf(name)}`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: '{' });
    assert.equal(codeOf(broken), 'unauthenticated', name);
  }
});

test('a page of another version is told so before its body is read, and before it is asked to sign in', async (t) => {
  const { url } = await open(t);
  const [major = 0, minor = 0] = CONTRACT.split('.').map(Number);
  for (const version of [
    `${major}.${minor + 1}`,
    `${major}.${minor - 2}`,
    `${major + 1}.${minor}`,
    '9999.0',
    `${CONTRACT}.0`,
    '',
    'latest',
  ]) {
    const path = '/api/people/me';
    const said = await begin(t, url, path, { 'outpost-contract': version }, '{').answer;
    assert.deepEqual(said, { status: 426, code: 'unsupported' }, version);
    assert.equal((await begin(t, url, path, { 'outpost-contract': version, ...withToken(token) }, '{').answer).status, 426);
  }
  for (const version of [CONTRACT, `${major}.${minor - 1}`])
    assert.equal((await post(url, 'people.me', {}, { 'outpost-contract': version, ...withToken(token) })).status, 200);
});

test('a body of one mebibyte is read; one byte more is refused, announced or not, and the next request is not touched', async (t) => {
  const { url } = await open(t);
  const whole = (length: number) => `{"email":"${'x'.repeat(length - 26)}","password":""}`;
  assert.equal(whole(MEBIBYTE).length, MEBIBYTE);
  const send = (body: string) => ask(url, '/api/people/sign-in', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal(codeOf(await send(whole(MEBIBYTE))), 'invalid');
  const larger = await send(whole(MEBIBYTE + 1));
  assert.deepEqual([larger.status, codeOf(larger)], [413, 'tooLarge']);
  for (const [procedure, headers] of [
    ['people.signIn', {}],
    ['people.updateMe', withToken(token)],
  ] as const) {
    // Announced: refused before it comes. Not announced: refused as soon as it is too large, though it never ends.
    const path = `/api/${addressOf(procedure)}`;
    assert.equal((await begin(t, url, path, { 'content-length': String(MEBIBYTE + 1), ...headers }, '{').answer).status, 413);
    assert.equal((await begin(t, url, path, headers, 'x'.repeat(MEBIBYTE + 1)).answer).status, 413);
  }
  assert.equal((await post(url, 'people.me', {}, withToken(token))).status, 200);
});

test('a session ends when its time is over, on every wire', async (t) => {
  const { url, station } = await open(t);
  const { token: fresh } = JSON.parse((await post(url, 'people.signIn', { email: EMAIL, password: PASSWORD })).text) as { token: string };
  const me = async () => (await post(url, 'people.me', {}, withToken(fresh))).status;
  const socket = async (path: string) => {
    const opened = await dialled(url, path, fresh);
    if (typeof opened === 'number') return opened;
    opened.terminate();
    return 101;
  };
  const all = async () => [await me(), await socket('/api/calls'), await socket('/api/channel')];
  const { session } = JSON.parse((await post(url, 'people.me', {}, withToken(fresh))).text) as { session: { expiresAt: number } };
  // Used once in a while: it would end by itself otherwise.
  for (let days = 6; days < 30; days += 6) {
    station.clock.advance(6 * 86_400_000);
    assert.equal(await me(), 200);
  }
  station.clock.set(session.expiresAt - 1);
  assert.deepEqual(await all(), [200, 101, 101]);
  station.clock.set(JSON.parse((await post(url, 'people.me', {}, withToken(fresh))).text).session.expiresAt);
  assert.deepEqual(await all(), [401, 401, 401]);
});

test('who guesses a password is told how long to wait, waits that long, and no longer', async (t) => {
  const { url, station } = await open(t);
  const tryWith = (password: string, email = EMAIL) => post(url, 'people.signIn', { email, password });
  let wrong = await tryWith('wrong 0');
  for (let n = 1; codeOf(wrong) === 'unauthenticated'; n++) {
    assert.ok(n < 20, 'one may guess on and on');
    wrong = await tryWith(`wrong ${n}`);
  }
  assert.deepEqual([wrong.status, codeOf(wrong)], [429, 'tooMany']);
  const { message, data } = JSON.parse(wrong.text) as { message: string; data: { retryAfterMs: number } };
  assert.ok(data.retryAfterMs > 0);
  const seconds = Math.ceil(data.retryAfterMs / 1000);
  assert.equal(wrong.headers['retry-after'], String(seconds));
  assert.match(message, new RegExp(`\\b${seconds} s\\b`));
  // The right one gets no other answer: nothing is learnt by going on.
  assert.equal(codeOf(await tryWith(PASSWORD)), 'tooMany');
  assert.equal(codeOf(await tryWith(PASSWORD, 'viewer@example.org')), 'ok', 'nobody else waits');
  station.clock.advance(data.retryAfterMs - 1);
  assert.equal(codeOf(await tryWith(PASSWORD)), 'tooMany');
  station.clock.advance(1);
  assert.equal(codeOf(await tryWith(PASSWORD)), 'ok');
});

test('whoever sends more than thousands of requests a minute is told when to come back', async (t) => {
  const { url } = await open(t);
  const said = await bytes(
    url,
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(6_000) +
      'POST /api/people/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  );
  const statuses = [...said.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
  const answered = statuses.indexOf('429');
  // Those that come in one packet are counted before any of them is answered: so the bound is reached a packet early.
  assert.ok(statuses.length === 6_001 && answered > 3_000 && answered <= 6_000, `${answered} of ${statuses.length} were answered`);
  assert.deepEqual(new Set(statuses.slice(0, answered)), new Set(['200']));
  assert.deepEqual(new Set(statuses.slice(answered)), new Set(['429']));
  const last = said.slice(said.lastIndexOf('HTTP/1.1'));
  assert.match(last, /\r\nretry-after: [1-9]\d?\r\n/);
  const { code, message, data } = JSON.parse(last.slice(last.indexOf('\r\n\r\n') + 4)) as {
    code: string;
    message: string;
    data: { retryAfterMs: number };
  };
  assert.equal(code, 'tooMany');
  assert.match(message, /Try again in \d+ seconds|Try again in 1 minute/);
  assert.ok(data.retryAfterMs > 0 && data.retryAfterMs <= 60_000);
});

test('whatever stands where an address stands is refused or found, never a failure', async (t) => {
  const { url, station } = await open(t);
  const { host } = new URL(url);
  const piece = fc.oneof(
    fc.constantFrom(
      '/',
      '//',
      '/api',
      '/api/',
      '/people',
      '/me',
      '..',
      '.',
      '%',
      '%2e',
      '%ff',
      '%00',
      '?',
      '#',
      '@',
      '[',
      ']',
      ':',
      '\\',
      ';',
      '*',
    ),
    fc.constantFrom('http://', 'https://', 'ws://', 'localhost', 'assets', '__proto__', 'constructor'),
    fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'HEAD', 'CONNECT', 'TRACE', 'FROB'),
      fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
      async (method, target) => {
        const said = await bytes(url, `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1] ?? 0);
        // CONNECT is answered by ending the connection. 503: the screens are not built here.
        assert.ok(status < 500 || status === 503, `${method} ${target}: ${said}`);
        assert.ok(status !== 0 || method === 'CONNECT', `${method} ${target} got no answer`);
      },
    ),
    { numRuns: 400 },
  );
  assert.doesNotMatch(station.logged(), /"event":"failed"/);
});

test('what is no request at all is refused in the same shape, and its cause is said', async (t) => {
  const { url } = await open(t);
  const shape = (said: string) => JSON.parse(said.slice(said.indexOf('\r\n\r\n') + 4)) as { code: string; message: string; data: object };
  for (const garbage of [
    'hello\r\n\r\n',
    '\x16\x03\x01\x00\xa5\x01',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n',
  ]) {
    const said = await bytes(url, garbage);
    assert.match(said, /^HTTP\/1\.1 400 /, JSON.stringify(garbage));
    assert.equal(shape(said).code, 'invalid');
  }
  // Other programs on the same machine may have left their cookies: ports share them.
  const crowded = await bytes(url, `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${'x=1; '.repeat(5_000)}\r\n\r\n`);
  assert.match(crowded, /^HTTP\/1\.1 413 /);
  assert.match(shape(crowded).message, /cookies/);
});

test('a program that offers HTTP/2 gets its answer over HTTP/1, and not a socket', async (t) => {
  const { url } = await open(t);
  const { host } = new URL(url);
  const offer = (line: string, body: string) =>
    `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  assert.match(await bytes(url, offer('GET /healthz', '')), /^HTTP\/1\.1 200 /);
  assert.match(await bytes(url, offer('POST /api/people/set-up-state', '{}')), /"needed":false/);
});

test('a reader that goes away in the middle of its request, or of its answer, is nobody’s failure', async (t) => {
  const { url, station } = await open(t);
  const { port } = new URL(url);
  const sent = [
    'POST /api/people/me HTTP/1.1\r\nHost: localhost\r\n',
    `POST /api/people/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"email"`,
    'GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `GET /api/calls?contract=0.1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${token}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  ];
  for (const head of sent) {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.resetAndDestroy();
    await once(socket, 'close');
  }
  assert.equal((await post(url, 'people.me', {}, withToken(token))).status, 200);
  assert.doesNotMatch(station.logged(), /"event":"(failed|upgrade)"/);
});
