// Behind a proxy that is believed: where a request came from, how the browser sent it, who sits there. And what nobody else can say.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { networks } from '../../store/networks.ts';
import type { StationSettings } from '../../store/settings.ts';
import { HEADER, noNginx, openNginx, PROXY } from '../../testing/nginx.ts';
import { lastAudited } from '../../testing/people.ts';
import { openTestStation } from '../../testing/station.ts';
import { ask, bytes, codeOf, post, type Said, withToken } from '../../testing/web.ts';
import { dialled, serve } from '../../testing/wires.ts';
import { buildWorld, CAST, PASSWORD } from '../../testing/world.ts';
import { type GuardOptions, originOf, readHead } from './guard.ts';

const EMAIL = 'viewer@example.org';
const BELIEVED = { trustedProxies: [PROXY], forwardedHeader: HEADER };
const HERE = '127.0.0.1';

async function open(t: TestContext, settings: Partial<StationSettings> = BELIEVED) {
  const station = await openTestStation(t, { settings: { port: 0, ...settings } });
  await buildWorld(station);
  const { url } = await serve(t, station);
  return { station, url };
}
type Answer = {
  token: string;
  methods: { method: string; as: string | null }[];
  sessions: { current: boolean; from: string }[];
  person: { email: string };
};
const body = ({ text, status }: Said): Answer => {
  assert.equal(status, 200, text);
  return JSON.parse(text) as Answer;
};
const methodsOf = (said: Said) => body(said).methods.map(({ method, as }) => as ?? method);
const whoIs = async (url: string, token: string) => body(await post(url, 'people.me', {}, withToken(token))).person.email;

// ---- by the head alone

const GUARD: GuardOptions = {
  secure: false,
  beyondLoopback: false,
  allowedHosts: [],
  stationId: '',
  isTrustedProxy: networks(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']),
  forwardedHeader: HEADER,
};
const sourceOf = (peer: string, chain?: string) =>
  readHead(GUARD, { method: 'GET', peer, headers: chain === undefined ? {} : { 'x-forwarded-for': chain } }).address;

test('the source is the last address in the chain that no proxy of ours has', () => {
  for (const [peer, chain, source] of [
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['::ffff:127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['fd00::3', '2001:DB8:0::7', '2001:db8::7'],
    ['127.0.0.1', '192.0.2.7, 10.0.0.3', '192.0.2.7'],
    ['127.0.0.1', '192.0.2.7,10.0.0.3,fd00::9', '192.0.2.7'],
    ['127.0.0.1', '198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['127.0.0.1', '198.51.100.1, 127.0.0.1, 192.0.2.7, 10.0.0.3', '192.0.2.7'],
    ['127.0.0.1', '::ffff:192.0.2.7', '192.0.2.7'],
    ['127.0.0.1', '192.0.2.7:4711', '192.0.2.7'],
    ['127.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['127.0.0.1', '[2001:db8::7]', '2001:db8::7'],
    ['127.0.0.1', 'fe80::1%eth0', 'fe80::1'],
    ['127.0.0.1', '192.0.2.7, unknown', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.7, unknown, 10.0.0.3', '10.0.0.3'],
    ['127.0.0.1', '192.0.2.7, ', '127.0.0.1'],
    ['127.0.0.1', '10.0.0.4, 10.0.0.3', '10.0.0.4'],
    // From anybody else the chain is only words.
    ['192.0.2.9', '198.51.100.1', '192.0.2.9'],
    ['192.0.2.9', '127.0.0.1', '192.0.2.9'],
    ['2001:db8::7', '127.0.0.1', '2001:db8::7'],
  ] as const)
    assert.equal(sourceOf(peer, chain), source, `${peer} with ${chain}`);
});

test('whatever a stranger puts before it, the proxy’s own word counts', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), (made, address) => {
      fc.pre(!GUARD.isTrustedProxy(address));
      assert.equal(sourceOf('127.0.0.1', `${made}, ${address}`), address);
      assert.equal(sourceOf('192.0.2.9', `${made}, ${address}`), '192.0.2.9');
    }),
  );
});

test('the name counts from a trusted proxy alone, and nobody who comes by one sits at this machine', () => {
  const headers = { host: 'localhost:8480', [HEADER.toLowerCase()]: EMAIL };
  const from = (peer: string, options = GUARD) => originOf(options, readHead(options, { method: 'POST', peer, headers }));
  assert.deepEqual([from('127.0.0.1').named, from('127.0.0.1').local], [EMAIL, false]);
  assert.deepEqual([from('192.0.2.9').named, from('192.0.2.9').local], [undefined, false]);
  const nobody = { ...GUARD, isTrustedProxy: networks([]) };
  assert.deepEqual([from('127.0.0.1', nobody).named, from('127.0.0.1', nobody).local], [undefined, true]);
  const off = { ...GUARD, forwardedHeader: undefined };
  assert.deepEqual([from('127.0.0.1', off).named, from('127.0.0.1', off).local], [undefined, false]);
});

// ---- over a connection

test('a name that comes from an address that is not trusted is not even looked at', async (t) => {
  const { url, station } = await open(t);
  for (const headers of [
    { [HEADER]: EMAIL },
    { [HEADER]: EMAIL, 'x-forwarded-for': PROXY },
    { [HEADER]: EMAIL, forwarded: `for=${PROXY}` },
  ]) {
    assert.deepEqual(methodsOf(await post(url, 'people.signInMethods', {}, headers)), ['local']);
    assert.equal(codeOf(await post(url, 'people.signInForwarded', {}, headers)), 'unauthenticated');
  }
  const { from } = await lastAudited(station);
  assert.equal(from, HERE, 'the chain of a stranger is not believed either');
  assert.deepEqual(methodsOf(await post(url, 'people.signInMethods', {}, { [HEADER]: EMAIL }, PROXY)), ['local', EMAIL]);
});

test('without either of the two settings nobody comes in that way', async (t) => {
  for (const settings of [{ trustedProxies: [PROXY] }, { forwardedHeader: HEADER }]) {
    const { url } = await open(t, settings);
    assert.deepEqual(methodsOf(await post(url, 'people.signInMethods', {}, { [HEADER]: EMAIL }, PROXY)), ['local']);
    assert.equal(codeOf(await post(url, 'people.signInForwarded', {}, { [HEADER]: EMAIL }, PROXY)), 'unauthenticated');
  }
});

test('a name that is sent twice, or holds anything else, opens nothing', async (t) => {
  const { url, station } = await open(t);
  for (const value of [
    [EMAIL, EMAIL],
    [EMAIL, 'ada@example.org'],
    ['', EMAIL],
    `${EMAIL},`,
    `${EMAIL} ada@example.org`,
    'ada',
    '\u00e9'.repeat(40),
  ]) {
    const headers = { [HEADER]: value };
    assert.deepEqual(methodsOf(await post(url, 'people.signInMethods', {}, headers, PROXY)), ['local'], String(value));
    assert.equal(codeOf(await post(url, 'people.signInForwarded', {}, headers, PROXY)), 'unauthenticated', String(value));
  }
  // In two ways of writing it is the same header still.
  const twice = { [HEADER]: EMAIL, [HEADER.toUpperCase()]: 'ada@example.org' };
  const raw = Object.entries(twice).map(([name, value]) => `${name}: ${value}\r\n`);
  const host = new URL(url).host;
  const request = `POST /api/people/sign-in-forwarded HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${raw.join('')}Content-Length: 0\r\n\r\n`;
  assert.match(await bytes(url, request), /^HTTP\/1\.1 401 /);
  // Longer than any name, and longer than any head.
  const long = await post(url, 'people.signInForwarded', {}, { [HEADER]: `${'a'.repeat(15_000)}@example.org` }, PROXY);
  assert.equal(codeOf(long), 'unauthenticated');
  assert.equal((await post(url, 'people.signInForwarded', {}, { [HEADER]: `${'a'.repeat(20_000)}@example.org` }, PROXY)).status, 413);
  assert.doesNotMatch(station.logged(), /"event":"failed"/);
});

test('a page elsewhere cannot have a browser sign in by its proxy', async (t) => {
  const { url } = await open(t);
  for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[])
    assert.equal((await post(url, 'people.signInForwarded', {}, { ...headers, [HEADER]: EMAIL }, PROXY)).status, 403);
});

test('what the browser speaks is told by a proxy that is believed, and decides over page and cookie', async (t) => {
  const { url } = await open(t, { ...BELIEVED, allowedHosts: ['plant.example'] });
  const host = 'plant.example:8443';
  const from = (origin: string, proto: string, peer: string) =>
    post(
      url,
      'people.signInForwarded',
      {},
      { host, origin, [HEADER]: EMAIL, 'x-forwarded-proto': proto, 'outpost-session': 'cookie' },
      peer,
    );
  const good = await from(`https://${host}`, 'https', PROXY);
  assert.equal(good.status, 200, good.text);
  assert.match(String(good.headers['set-cookie']), /^__Host-.*; Secure$/);
  const plain = await from(`http://${host}`, 'http', PROXY);
  assert.match(String(plain.headers['set-cookie']), /^outpost-/);
  assert.doesNotMatch(String(plain.headers['set-cookie']), /Secure/);
  assert.equal((await from(`https://${host}`, 'http', PROXY)).status, 403);
  assert.equal((await from(`https://${host}`, 'https, http', PROXY)).status, 403);
  assert.equal((await from(`https://${host}`, 'https', HERE)).status, 403);
  // The name the browser used is that of the request itself, whatever else says another.
  const named = await post(url, 'people.signInMethods', {}, { host: 'evil.example', 'x-forwarded-host': host }, PROXY);
  assert.equal(named.status, 421);
});

test('tries are counted by who stands behind the proxy: one of them slows down no other', async (t) => {
  const { url } = await open(t);
  const guess = (source: string, password: string) =>
    post(url, 'people.signIn', { email: EMAIL, password }, { 'x-forwarded-for': source }, PROXY);
  const codes: string[] = [];
  for (let n = 0; n < 4; n++) codes.push(codeOf(await guess('192.0.2.7', 'a wrong password')));
  assert.deepEqual(codes, ['unauthenticated', 'unauthenticated', 'unauthenticated', 'tooMany']);
  assert.equal(codeOf(await guess('192.0.2.8', PASSWORD)), 'ok');
  assert.equal(codeOf(await guess('192.0.2.7', PASSWORD)), 'tooMany');
});

test('over IPv6 the same is believed of the same', async (t) => {
  const { url } = await open(t, { host: '::1', trustedProxies: ['0:0:0:0:0:0:0:1/128'], forwardedHeader: HEADER });
  const { token } = body(await post(url, 'people.signInForwarded', {}, { [HEADER]: EMAIL, 'x-forwarded-for': '2001:DB8::0:7' }));
  const { sessions } = body(await post(url, 'people.listSessions', {}, withToken(token)));
  assert.equal(sessions.find(({ current }) => current)?.from, '2001:db8::7');
});

// ---- through nginx

const throughNginx = { skip: noNginx };

test('through nginx: whom it names comes in, and audit and sessions see where they sit', throughNginx, async (t) => {
  const { url, station } = await open(t);
  const nginx = await openNginx(t, url);
  const cookie = 'desk=viewer';
  assert.deepEqual(methodsOf(await post(nginx.url, 'people.signInMethods', {}, { cookie })), ['local', EMAIL]);
  assert.deepEqual(methodsOf(await post(nginx.url, 'people.signInMethods', {})), ['local']);

  const { token } = body(await post(nginx.url, 'people.signInForwarded', {}, { cookie }, '127.0.0.9'));
  assert.equal(await whoIs(nginx.url, token), EMAIL);
  const { sessions } = body(await post(nginx.url, 'people.listSessions', {}, withToken(token)));
  assert.equal(sessions.find(({ current }) => current)?.from, '127.0.0.9');
  assert.equal((await lastAudited(station)).from, '127.0.0.9');
  assert.equal(codeOf(await post(nginx.url, 'people.signInForwarded', {}, { cookie: 'desk=unknown' })), 'unauthenticated');
  // Whoever comes by a proxy is nobody at the machine, though every address is one of it.
  assert.equal((await ask(nginx.url, '/metrics')).status, 403);
});

test('through nginx: what somebody says of themselves is neither name nor source', throughNginx, async (t) => {
  const { url, station } = await open(t);
  const nginx = await openNginx(t, url);
  const lie = { [HEADER]: 'ada@example.org', 'x-forwarded-for': '6.6.6.6, 127.0.0.2', cookie: 'desk=viewer' };
  const { token } = body(await post(nginx.url, 'people.signInForwarded', {}, lie));
  assert.equal(await whoIs(nginx.url, token), EMAIL);
  assert.equal((await lastAudited(station)).from, HERE);
  for (const value of ['ada@example.org', ['ada@example.org', EMAIL]]) {
    const alone = { [HEADER]: value };
    assert.deepEqual(methodsOf(await post(nginx.url, 'people.signInMethods', {}, alone)), ['local']);
    assert.equal(codeOf(await post(nginx.url, 'people.signInForwarded', {}, alone)), 'unauthenticated');
  }
  // Smuggled in by the value of another one, in the hope that somebody splits there.
  const host = new URL(nginx.url).host;
  const smuggled = await bytes(
    nginx.url,
    `POST /api/people/sign-in-forwarded HTTP/1.1\r\nHost: ${host}\r\nX: y\n${HEADER}: ada@example.org\r\nX_Forwarded_Email: ada@example.org\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
  assert.match(smuggled, /^HTTP\/1\.1 40[01] /);
});

test('through nginx: both sockets open for a session, and the name alone opens neither', throughNginx, async (t) => {
  const { url } = await open(t);
  const nginx = await openNginx(t, url);
  const cookie = 'desk=viewer';
  const { token } = body(await post(nginx.url, 'people.signInForwarded', {}, { cookie }));
  for (const path of ['/api/calls', '/api/channel']) {
    assert.equal(await dialled(nginx.url, path, undefined, { headers: { cookie } }), 401, path);
    const origin = nginx.url;
    assert.equal(await dialled(nginx.url, path, token, { headers: { cookie, origin: 'http://evil.example' } }), 403, path);
    const socket = await dialled(nginx.url, path, token, { headers: { cookie, origin } });
    assert.ok(typeof socket !== 'number', path);
    socket.terminate();
  }
});

test('a socket does not carry the name of whom the proxy let it be opened by', async (t) => {
  const { url, station } = await open(t, { ...BELIEVED, trustedProxies: [HERE] });
  const said: string[] = [];
  const answered = Promise.withResolvers<void>();
  const socket = await dialled(url, '/api/calls', CAST.viewer.token, {
    headers: { [HEADER]: EMAIL, 'x-forwarded-for': '192.0.2.7' },
    hear(message) {
      said.push(message.toString());
      answered.resolve();
    },
  });
  assert.ok(typeof socket !== 'number');
  socket.send(JSON.stringify({ id: 1, call: 'people.signInMethods', input: {} }));
  await answered.promise;
  assert.deepEqual(JSON.parse(said[0] ?? ''), { id: 1, answer: { methods: [{ method: 'local', as: null }] } });
  socket.terminate();
  assert.doesNotMatch(station.logged(), /"event":"failed"/);
});
