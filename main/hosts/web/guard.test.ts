// Who may talk to a listener at all: the name it was called by, the page that asks, the cookie it carries, where it comes from.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { EXAMPLE } from '../../../contract/examples.ts';
import { CONTRACT } from '../../../contract/version.ts';
import { networks } from '../../store/networks.ts';
import type { StationSettings } from '../../store/settings.ts';
import { openTestStation } from '../../testing/station.ts';
import { ask, bytes, codeOf, post, withToken } from '../../testing/web.ts';
import { dialled, serve } from '../../testing/wires.ts';
import { buildWorld, CAST, PASSWORD } from '../../testing/world.ts';
import { cookieName, type GuardOptions, isFromHere, isLoopback, readHead } from './guard.ts';

const { token } = CAST.platformAdmin;
const EMAIL = 'ada@example.org';
const GUARD: GuardOptions = {
  secure: false,
  beyondLoopback: false,
  allowedHosts: [],
  stationId: '',
  isTrustedProxy: () => false,
  forwardedHeader: undefined,
};

async function open(t: TestContext, settings: Partial<StationSettings> = {}) {
  const station = await openTestStation(t, { settings: { port: 0, ...settings } });
  await buildWorld(station);
  const { url } = await serve(t, station);
  const port = new URL(url).port;
  const name = async () =>
    (JSON.parse((await post(url, 'people.me', {}, withToken(token))).text) as { person: { name: string } }).person.name;
  return { station, url, port, name };
}

/** What a page may try, with the session of the administrator in hand; gives how each was answered. */
async function attempts(url: string, headers: Record<string, string>): Promise<number[]> {
  const socket = async (path: string) => {
    const opened = await dialled(url, path, token, { headers });
    if (typeof opened === 'number') return opened;
    opened.terminate();
    return 101;
  };
  return [
    (await post(url, 'people.updateMe', { name: 'Taken Over' }, { ...withToken(token), ...headers })).status,
    (await post(url, 'people.setUpState', {}, headers)).status,
    await socket('/api/calls'),
    await socket('/api/channel'),
  ];
}
const REFUSED = (status: number) => [status, status, status, status];
const ADMITTED = [200, 200, 101, 101];

// ---- names

test('called by a name that somebody else made point here, the station answers nothing and does nothing', async (t) => {
  const { url, port, name } = await open(t);
  const before = await name();
  const names = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'localhost.',
    'localhost@evil.example',
    'evil.example#localhost',
    'evil.example/localhost',
    'localhost localhost',
    'localhost,evil.example',
    `localhost:${port}:${port}`,
    '0.0.0.0',
    '192.0.2.1',
    '[::2]',
  ];
  for (const host of names) {
    assert.deepEqual(await attempts(url, { host }), REFUSED(421), host);
    for (const path of ['/', '/healthz', '/metrics', '/api/docs', '/api/openapi.json', '/assets/x.js'])
      assert.equal((await ask(url, path, { headers: { host } })).status, 421, `${path} as ${host}`);
  }
  assert.match(await bytes(url, 'GET /healthz HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 421 /);
  assert.equal(await name(), before);
});

test('no domain of the world is taken for this machine', async (t) => {
  const { url } = await open(t);
  await fc.assert(
    fc.asyncProperty(fc.domain(), fc.nat(65_535), async (domain, port) => {
      const { status } = await ask(url, '/healthz', { headers: { host: `${domain}:${port}` } });
      assert.equal(status, 421);
    }),
  );
});

test('this machine’s own names are known, on whatever port a tunnel ends', async (t) => {
  const { url, port } = await open(t);
  for (const host of ['localhost', 'LocalHost', 'tool.localhost', '127.0.0.1', '127.3.2.1', '[::1]'])
    for (const end of [`:${port}`, ':1', '']) assert.deepEqual(await attempts(url, { host: host + end }), ADMITTED, host + end);
});

test('beyond loopback the machine is known by its name and its addresses, and by no other', async (t) => {
  const { url } = await open(t, { host: '0.0.0.0', insecureHttp: true });
  const own = hostname();
  for (const host of [own, own.toUpperCase(), `${own}.local`, '127.0.0.1']) assert.deepEqual(await attempts(url, { host }), ADMITTED, host);
  for (const host of [`${own}.evil.example`, 'evil.example', '198.51.100.7'])
    assert.deepEqual(await attempts(url, { host }), REFUSED(421), host);
});

// ---- origins

test('a page of any other origin gets nothing, on no wire, and nothing is done', async (t) => {
  const { url, port, name } = await open(t);
  const before = await name();
  const host = `127.0.0.1:${port}`;
  for (const origin of [
    'null',
    'http://evil.example',
    `https://${host}`,
    `http://127.0.0.1:${Number(port) - 1}`,
    'http://127.0.0.1',
    `http://localhost:${port}`,
    `http://127.0.0.2:${port}`,
    `http://${host}.evil.example`,
    `http://${host}/`,
    `http://evil.example@${host}`,
    `http://${host}, http://${host}`,
    `http://evil.example, http://${host}`,
    'file://',
    '',
  ])
    assert.deepEqual(await attempts(url, { host, origin }), REFUSED(403), origin);
  for (const site of ['cross-site', 'same-site', 'anything'])
    assert.deepEqual(await attempts(url, { host, 'sec-fetch-site': site }), REFUSED(403), site);
  assert.equal(await name(), before);

  assert.deepEqual(await attempts(url, { host, origin: `http://${host}` }), ADMITTED);
  assert.deepEqual(await attempts(url, { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }), ADMITTED);
  assert.deepEqual(await attempts(url, { host, 'sec-fetch-site': 'none' }), ADMITTED);
});

test('a link on another page leads to the screens and to nothing that answers in data', async (t) => {
  const { url } = await open(t);
  const headers = { 'sec-fetch-site': 'cross-site' };
  // 503: the screens are not built in this folder, and that is said to whoever comes by the link.
  for (const path of ['/', '/people', '/?x=1']) assert.equal((await ask(url, path, { headers })).status, 503, path);
  for (const path of ['/api/openapi.json', '/api/docs', '/api/', '/metrics', '/metrics?x=1'])
    assert.equal((await ask(url, path, { headers })).status, 403, path);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])
    assert.equal((await ask(url, '/', { method, headers })).status, 403, method);
});

test('names and origins from the settings are taken as a browser writes them, and only those', async (t) => {
  const { url } = await open(t, { allowedHosts: ['Plant.Example', 'https://desk.example:8443/', 'http://old.example:80'] });
  for (const [host, origin] of [
    ['plant.example', 'https://plant.example'],
    ['desk.example:8443', 'https://desk.example:8443'],
    ['old.example', 'http://old.example'],
  ] as const)
    assert.deepEqual(await attempts(url, { host, origin }), ADMITTED, origin);
  for (const [host, origin] of [
    ['plant.example', 'http://evil.example'],
    ['plant.example', 'https://plant.example:444'],
    ['plant.example', 'https://x.plant.example'],
    ['desk.example:8443', 'https://desk.example'],
    ['old.example', 'https://old.example'],
  ] as const)
    assert.deepEqual(await attempts(url, { host, origin }), REFUSED(403), origin);
  assert.deepEqual(await attempts(url, { host: 'x.plant.example' }), REFUSED(421));
});

// ---- the cookie

async function signIn(url: string, headers: Record<string, string> = {}) {
  const { text, headers: answered } = await post(
    url,
    'people.signIn',
    { email: EMAIL, password: PASSWORD },
    { 'outpost-session': 'cookie', ...headers },
  );
  const [header] = answered['set-cookie'] as string[];
  const [pair, ...attributes] = (header as string).split('; ');
  return { pair: pair as string, attributes, answer: JSON.parse(text) as unknown };
}

test('a browser’s session is a cookie that no script reads and no other site sends', async (t) => {
  const { url, station, port } = await open(t);
  const { pair, attributes, answer } = await signIn(url);
  assert.deepEqual(answer, { token: '' }, 'the page itself never sees the token');
  assert.match(pair, new RegExp(`^__Host-outpost-${station.store.stationId.slice(-12)}=[A-Za-z0-9_-]{43}$`));
  assert.deepEqual(new Set(attributes), new Set(['Path=/', 'HttpOnly', 'SameSite=Strict', 'Max-Age=34560000', 'Secure']));
  const own = { cookie: pair, origin: `http://127.0.0.1:${port}` };
  assert.equal((await post(url, 'people.me', {}, own)).status, 200);
  const out = await post(url, 'people.signOut', {}, own);
  assert.match((out.headers['set-cookie'] as string[])[0] as string, /=; Path=\/; .*Max-Age=0/);
  assert.equal((await post(url, 'people.me', {}, own)).status, 401);
});

test('the cookie counts only from a page that is certainly ours', async (t) => {
  const { url, port } = await open(t);
  const { pair } = await signIn(url);
  const me = async (headers: Record<string, string | string[]>) => (await post(url, 'people.me', {}, headers)).status;
  const origin = `http://127.0.0.1:${port}`;
  assert.equal(await me({ cookie: pair }), 401);
  assert.equal(await me({ cookie: pair, 'sec-fetch-site': 'none' }), 401);
  assert.equal(await me({ cookie: pair, origin: 'http://evil.example' }), 403);
  assert.equal(await me({ cookie: pair, origin }), 200);
  assert.equal(await me({ cookie: pair, 'sec-fetch-site': 'same-origin' }), 200);
  assert.equal(await me({ cookie: `theme=dark; ${pair}; x`, origin }), 200);
  // A wrong token is not made good by a cookie beside it.
  assert.equal(await me({ cookie: pair, origin, ...withToken('not-a-token-of-this-station') }), 401);

  for (const path of ['/api/calls', '/api/channel']) {
    assert.equal(await dialled(url, path, undefined, { headers: { cookie: pair } }), 401);
    const socket = await dialled(url, path, undefined, { headers: { cookie: pair, origin } });
    assert.ok(typeof socket !== 'number', path);
    socket.terminate();
  }
});

test('what one sees as somebody else has a cookie of its own, which counts only where it is asked for; one’s own stays', async (t) => {
  const { url, port } = await open(t);
  const { pair } = await signIn(url);
  const origin = `http://127.0.0.1:${port}`;
  const own = { cookie: pair, origin };
  const seen = await post(url, 'people.seeAs', { person: EXAMPLE.viewer }, { ...own, 'outpost-session': 'cookie' });
  assert.equal(seen.status, 200, seen.text);
  assert.deepEqual(Object.keys(JSON.parse(seen.text)), ['token', 'until']);
  assert.equal(JSON.parse(seen.text).token, '', 'no script reads it');
  const [header] = seen.headers['set-cookie'] as string[];
  assert.match(header as string, /^__Host-outpost-view-[0-9a-f]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const [view] = (header as string).split(';') as [string];
  const both = { cookie: `${pair}; ${view}`, origin };
  const who = async (headers: Record<string, string>) => {
    const said = await post(url, 'people.me', {}, headers);
    return said.status === 200 ? (JSON.parse(said.text) as { person: { id: string } }).person.id : said.status;
  };
  assert.equal(await who(both), EXAMPLE.admin);
  assert.equal(await who({ ...both, 'outpost-view': 'yes' }), EXAMPLE.viewer);
  // A page that says so never gets its own session by mistake.
  assert.equal(await who({ ...own, 'outpost-view': 'yes' }), 401);
  assert.equal(await who({ cookie: `${both.cookie}; ${view}`, origin, 'outpost-view': 'yes' }), 400);
  for (const path of ['/api/calls', '/api/channel']) {
    assert.equal(await dialled(url, path, undefined, { headers: own, query: `contract=${CONTRACT}&view=yes` }), 401);
    const socket = await dialled(url, path, undefined, { headers: both, query: `contract=${CONTRACT}&view=yes` });
    assert.notEqual(typeof socket, 'number');
    if (typeof socket !== 'number') socket.terminate();
  }
  const end = await post(url, 'people.endSeeAs', {}, { ...both, 'outpost-view': 'yes' });
  assert.match((end.headers['set-cookie'] as string[])[0] as string, /^__Host-outpost-view-\w+=; .*Max-Age=0/);
  assert.equal(await who({ ...both, 'outpost-view': 'yes' }), 401);
  assert.equal(await who(both), EXAMPLE.admin);
});

test('a cookie sent twice is refused, whichever of the two is right; one that is none opens nothing', async (t) => {
  const { url, station, port } = await open(t);
  const { pair } = await signIn(url);
  const origin = `http://127.0.0.1:${port}`;
  const name = pair.slice(0, pair.indexOf('='));
  for (const cookie of [`${pair}; ${pair}`, `${name}=tossed; ${pair}`, `${pair};${name}=`, [pair, `${name}=tossed`]]) {
    const said = await post(url, 'people.me', {}, { cookie, origin });
    assert.deepEqual([said.status, codeOf(said)], [400, 'invalid'], String(cookie));
    const headers = { cookie: [cookie].flat().join('; '), origin };
    assert.equal(await dialled(url, '/api/calls', undefined, { headers }), 400);
  }
  // Not one letter of it is guessed: neither name nor value, neither case nor quotes.
  const { stationId } = station.store;
  for (const cookie of [
    pair.replace('__Host-', ''),
    pair.replace(stationId.slice(-12), '000000000000'),
    pair.toLowerCase(),
    pair.replace('=', '="').concat('"'),
    pair.slice(0, -1),
    `${name}=`,
    name,
    '=; ;;=',
  ])
    assert.equal((await post(url, 'people.me', {}, { cookie, origin })).status, 401, cookie);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme-ascii' }), async (value) => {
      const { status } = await post(url, 'people.me', {}, { cookie: `${name}=${value}`, origin });
      assert.ok(status === 401 || (status === 400 && value.includes(name)), `${status} for ${value}`);
    }),
  );
  assert.doesNotMatch(station.logged(), /"event":"failed"/);
});

test('behind a proxy the cookie is as strict as on the machine itself, unless that proxy speaks plain HTTP', async (t) => {
  const { url, station } = await open(t, { allowedHosts: ['plant.example', 'http://old.example'] });
  const plain = `outpost-${station.store.stationId.slice(-12)}`;
  for (const [host, origin, strict] of [
    ['plant.example', 'https://plant.example', true],
    ['old.example', 'http://old.example', false],
  ] as const) {
    const { pair, attributes } = await signIn(url, { host, origin });
    assert.equal(pair.split('=')[0], strict ? `__Host-${plain}` : plain);
    assert.equal(attributes.includes('Secure'), strict);
    assert.equal((await post(url, 'people.me', {}, { host, origin, cookie: pair })).status, 200);
  }
  const network = { ...GUARD, beyondLoopback: true, allowedHosts: ['plant.example'], stationId: station.store.stationId };
  const head = { proxied: false, headers: { host: 'plant.example' } };
  // Over plain HTTP a browser would drop a strict one.
  assert.equal(cookieName(network, { ...head, secure: false }), plain);
  assert.equal(cookieName(network, { ...head, secure: true }), `__Host-${plain}`);
});

// ---- from here, or from elsewhere

test('loopback is a whole address, not the beginning of one', () => {
  for (const address of ['::1', '127.0.0.1', '127.255.255.254', '::ffff:127.0.0.1']) assert.ok(isLoopback(address), address);
  for (const address of ['::12', '::1:2', '127.evil.example', '127.0.0.1.evil.example', '::ffff:192.0.2.1', '192.0.2.127', '0.0.0.0', ''])
    assert.ok(!isLoopback(address), address);
});

test('who comes through a proxy on this machine is not taken for somebody who sits at it', () => {
  const headers = { host: 'localhost:8480' };
  const isHere = (peer: string, headers: Record<string, string>, options = GUARD) =>
    isFromHere(readHead(options, { method: 'POST', peer, headers }));
  assert.ok(isHere('127.0.0.1', headers));
  assert.ok(isHere('::ffff:127.0.0.1', headers));
  assert.ok(!isHere('192.0.2.7', headers));
  for (const told of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])
    assert.ok(!isHere('127.0.0.1', { ...headers, [told]: '127.0.0.1' }), told);
  // One that tells nothing at all still passes on the name it was called by.
  assert.ok(!isHere('127.0.0.1', { host: 'plant.example' }));
  // Nor does one that is known and believed need to tell anything.
  assert.ok(!isHere('127.0.0.1', headers, { ...GUARD, isTrustedProxy: networks(['127.0.0.1']) }));
});

test('from another machine the first set-up needs the code that was printed where the station was started', async (t) => {
  const station = await openTestStation(t, { settings: { port: 0, allowedHosts: ['plant.example'] } });
  const { url } = await serve(t, station);
  const input = { organisation: 'Nordwerk', site: 'Works 1', admin: { email: EMAIL, name: 'Ada', password: PASSWORD } };
  const { code } = station.people.firstStart;
  const state = async (headers: Record<string, string>) => JSON.parse((await post(url, 'people.setUpState', {}, headers)).text) as unknown;
  assert.deepEqual(await state({}), { needed: true, codeNeeded: false });
  const proxied: Record<string, string> = { 'x-forwarded-for': '192.0.2.7' };
  for (const headers of [proxied, { host: 'plant.example' }]) {
    assert.deepEqual(await state(headers), { needed: true, codeNeeded: true });
    for (const given of [undefined, '', code.slice(1), `${code}x`, 'aaaaaaaaaa', '\u00e9'.repeat(5)]) {
      const said = await post(url, 'people.setUp', { ...input, ...(given !== undefined && { code: given }) }, headers);
      assert.equal(codeOf(said), 'forbidden', given);
    }
  }
  assert.deepEqual(await state({}), { needed: true, codeNeeded: false }, 'nothing was half set up');
  // As somebody types it who reads it from a screen.
  assert.equal((await post(url, 'people.setUp', { ...input, code: ` ${code.toUpperCase()} ` }, proxied)).status, 200);
  assert.deepEqual(await state(proxied), { needed: false, codeNeeded: false });
  assert.equal(codeOf(await post(url, 'people.setUp', { ...input, code }, proxied)), 'conflict');

  // Whoever sits at the machine could read it there, and is not asked.
  const other = await openTestStation(t, { settings: { port: 0 } });
  assert.equal((await post((await serve(t, other)).url, 'people.setUp', input)).status, 200);
});
