// The screens and all else a browser may load: what each answer says of itself, and what a page may do.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CONTRACT } from '../../../contract/version.ts';
import type { StationSettings } from '../../store/settings.ts';
import { openTestStation } from '../../testing/station.ts';
import { ask, post, type Said, serveScreens, withToken } from '../../testing/web.ts';
import { buildWorld, CAST } from '../../testing/world.ts';
import { contentSecurityPolicy } from './csp.ts';

const { token } = CAST.platformAdmin;

async function open(t: TestContext, settings: Partial<StationSettings> = {}) {
  const station = await openTestStation(t, { settings: { port: 0, ...settings } });
  await buildWorld(station);
  return { station, ...(await serveScreens(t, station)) };
}

const policyOf = ({ headers }: Said): Record<string, string> =>
  Object.fromEntries(
    String(headers['content-security-policy'])
      .split('; ')
      .map((rule) => [rule.split(' ', 1)[0], rule.slice(rule.indexOf(' ') + 1)]),
  );

test('every page has a nonce of its own, which its tags carry and its policy names', async (t) => {
  const { url } = await open(t);
  const pages = await Promise.all(['/', '/people', '/no/such/screen', '/?x=1', '/', '/'].map((path) => ask(url, path)));
  const nonces = pages.map((page) => {
    assert.equal(page.status, 200);
    assert.equal(page.headers['cache-control'], 'no-store', 'a nonce is never shown twice');
    assert.doesNotMatch(page.text, /%NONCE%/);
    const tags = page.text.match(/<(script|link|style|meta property)\b[^>]*>/g) ?? [];
    const given = tags.map((tag) => /nonce="([^"]*)"/.exec(tag)?.[1] ?? assert.fail(`without a nonce: ${tag}`));
    assert.ok(given.length >= 3);
    const [nonce = '', ...others] = new Set(given);
    assert.deepEqual(others, []);
    assert.equal(Buffer.from(nonce, 'base64').length, 16);
    assert.equal(policyOf(page)['style-src'], `'self' 'nonce-${nonce}'`);
    return nonce;
  });
  assert.equal(new Set(nonces).size, nonces.length);
});

test('a page runs and loads what is the station’s own and nothing else', async (t) => {
  const { url } = await open(t);
  const page = await ask(url, '/');
  const policy = policyOf(page);
  assert.equal(policy['default-src'], "'none'");
  assert.equal(policy['script-src'], "'self'");
  for (const name of ['base-uri', 'form-action', 'frame-ancestors', 'style-src-attr']) assert.equal(policy[name], "'none'", name);
  for (const [name, sources] of Object.entries(policy)) {
    assert.doesNotMatch(sources, /unsafe|\*|https?:|(^| )data:.*script/, name);
    if (name !== 'img-src') assert.doesNotMatch(sources, /data:|blob:/, name);
  }
  // And that is all the page needs: no script or style in the text itself, everything from here.
  assert.doesNotMatch(page.text, /<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|style=/);
  for (const [, where = ''] of page.text.matchAll(/(?:src|href)="([^"]*)"/g)) {
    const { status, headers } = await ask(url, where);
    assert.match(where, /^\/assets\//);
    assert.equal(status, 200, where);
    assert.match(String(headers['cache-control']), /immutable/, where);
    assert.match(String(headers['content-type']), where.endsWith('.css') ? /^text\/css/ : /javascript/, where);
  }
  assert.match(page.text, new RegExp(`<html[^>]* data-contract="${CONTRACT}"[^>]* data-insecure="false"`));
});

test('more to connect to and to frame is named one by one', () => {
  const policy = contentSecurityPolicy('n', { connect: ['wss://a.example'], frames: ['https://b.example', 'https://c.example'] });
  assert.match(policy, /connect-src 'self' wss:\/\/a\.example;/);
  assert.match(policy, /frame-src https:\/\/b\.example https:\/\/c\.example;/);
  assert.doesNotMatch(contentSecurityPolicy('n'), /frame-src/);
});

test('whatever is answered, it says how it may be used', async (t) => {
  const { url } = await open(t);
  const me = { method: 'POST', headers: { 'content-type': 'application/json', ...withToken(token) } };
  const answers: [status: number, said: Said][] = [];
  for (const [status, path, asked] of [
    [200, '/', {}],
    [200, '/healthz', {}],
    [200, '/metrics', {}],
    [200, '/api/docs', {}],
    [200, '/api/docs.css', {}],
    [200, '/api/openapi.json', {}],
    [200, '/api/people/me', { ...me, body: '{}' }],
    [400, '/api/people/me', { ...me, body: '{' }],
    [401, '/api/people/me', { method: 'POST' }],
    [403, '/api/people/me', { ...me, headers: { origin: 'https://evil.example' } }],
    [404, '/assets/nothing.js', {}],
    [404, '/nothing.png', {}],
    [404, '/api/people/me', {}],
    [404, '/api/people/nothing', me],
    [404, '/', { method: 'PUT' }],
    [413, '/api/people/sign-in', { ...me, body: 'x'.repeat(1024 * 1024 + 1) }],
    [400, '/api/people/sign-in', { ...me, headers: { 'content-type': 'text/plain' }, body: '{}' }],
    [421, '/', { headers: { host: 'evil.example' } }],
    [426, '/api/people/me', { ...me, headers: { 'outpost-contract': '9.9' } }],
  ] as const)
    answers.push([status, await ask(url, path, asked)]);
  for (const [status, { headers, ...said }] of answers) {
    assert.equal(said.status, status, said.text);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.match(String(headers['content-security-policy']), /^default-src 'none';.*frame-ancestors 'none'$/);
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['strict-transport-security'], undefined, 'nobody is kept to TLS that is not there');
    assert.doesNotMatch(said.text, /node_modules|\.ts:\d/);
    if (status >= 400) assert.deepEqual(Object.keys(JSON.parse(said.text)), ['code', 'message', 'data']);
  }
});

test('what a person is told is never kept by anything on the way', async (t) => {
  const { url } = await open(t);
  for (const said of [
    await post(url, 'people.me', {}, withToken(token)),
    await post(url, 'people.me', {}),
    await post(url, 'people.signIn', { email: 'ada@example.org', password: 'wrong' }),
    await ask(url, '/healthz'),
  ])
    assert.equal(said.headers['cache-control'], 'no-store');
});

test('no path leads out of the folder of the screens', async (t) => {
  const { url, station } = await open(t);
  const secret = station.station.folder.path;
  for (const path of [
    '/assets/../index.html',
    '/assets/..%2findex.html',
    '/assets/%2e%2e/index.html',
    '/assets/..%5cindex.html',
    '/assets/....//index.html',
    `/assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..${secret}/site.db`,
    `/assets//${secret}/site.db`,
    '/assets/.built',
    '/assets/%00',
    '/assets/',
    '/assets',
  ]) {
    const { status, text } = await ask(url, path);
    assert.ok(status === 404 || status === 403 || status === 400 || text.startsWith('<!doctype html>'), `${path}: ${status}`);
    assert.doesNotMatch(text, /SQLite format|%NONCE%/, path);
  }
});

test('a page over plain HTTP on the network knows it, and asks for nothing that browsers refuse there', async (t) => {
  const { url } = await open(t, { host: '0.0.0.0', insecureHttp: true });
  const page = await ask(url, '/');
  assert.match(page.text, /<html[^>]* data-insecure="true"/);
  assert.equal(page.headers['cross-origin-opener-policy'], undefined);
  assert.equal(page.headers['strict-transport-security'], undefined);
});
