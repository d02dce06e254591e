// The screens as the window is served them.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../testing/databases.ts';
import { fileWithin, screensAnswer } from './assets.ts';

const PAGE = '<html><meta nonce="%NONCE%"><script nonce="%NONCE%" src="/assets/a.js"></script></html>';

/** Screens in a folder, and beside it a file that is nobody's business. */
function screens(t: TestContext): string {
  const folder = join(temporaryFolder(t), 'renderer');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'assets', 'a.js'), 'let a;');
  writeFileSync(join(folder, 'assets', 'a.woff2'), 'font');
  writeFileSync(join(folder, 'assets', 'a.exe'), 'program');
  writeFileSync(join(folder, '..', 'secret.json'), '{}');
  return folder;
}

const get = (folder: string, url: string, method = 'GET') => screensAnswer({ method, url }, folder);

test('the page comes with a policy and a nonce that is another one each time', async (t) => {
  const folder = screens(t);
  const nonces = new Set<string>();
  for (const url of ['outpost://app/', 'outpost://app', 'outpost://app/outpost/nordwerk/works-1/plant?x=1']) {
    const answer = await get(folder, url);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const html = await answer.text();
    const [, nonce = ''] = /<meta nonce="([A-Za-z0-9+/=]{24})">/.exec(html) ?? [];
    assert.equal(html, PAGE.replaceAll('%NONCE%', nonce));
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'; script-src 'self';/);
    assert.ok(answer.headers.get('content-security-policy')?.includes(`'nonce-${nonce}'`));
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 3);
});

test('a file comes with its own type, and may not be taken for another', async (t) => {
  const folder = screens(t);
  for (const [name, type] of [
    ['a.js', 'text/javascript; charset=utf-8'],
    ['a.woff2', 'font/woff2'],
  ]) {
    const answer = await get(folder, `outpost://app/assets/${name}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), type);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  }
  assert.equal(await (await get(folder, 'outpost://app/assets/a.js')).text(), 'let a;');
});

test('a missing file, a folder, and a file of a kind that is never built are not found', async (t) => {
  const folder = screens(t);
  for (const path of ['assets/b.js', 'assets/', 'assets', 'assets/a.exe', 'assets/a.js/b.js', 'index.html', `${'a'.repeat(300)}.js`]) {
    const { status, headers } = await get(folder, `outpost://app/${path}`);
    // A word without an ending is an address of the screens.
    assert.equal(status, path === 'assets' ? 200 : 404, path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  }
});

test('no path leads out of the folder', async (t) => {
  const folder = screens(t);
  for (const path of [
    '../secret.json',
    'assets/../../secret.json',
    '..%2fsecret.json',
    '%2e%2e/secret.json',
    '%2e%2e%2fsecret.json',
    'assets/%2e%2e%2f%2e%2e%2fsecret.json',
    '..%5csecret.json',
    '/../secret.json',
    '%2f..%2fsecret.json',
    `${encodeURIComponent(join(folder, '..', 'secret.json'))}`,
    '..%00/secret.json',
    '%ff%fe.json',
    '%.json',
  ]) {
    const answer = await get(folder, `outpost://app/${path}`);
    assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
    assert.notEqual(await answer.text(), '{}', path);
  }
  assert.equal(fileWithin(folder, '/../secret.json'), undefined);
  assert.equal(fileWithin(folder, '/'), undefined);
  assert.equal(fileWithin(folder, '/assets/a.js'), join(folder, 'assets', 'a.js'));
});

test('another host is refused, and so is everything but reading', async (t) => {
  const folder = screens(t);
  for (const url of ['outpost://other/', 'outpost://app.example/', 'outpost://app:1/', 'outpost://me@app/', 'https://app/', 'file:///'])
    assert.equal((await get(folder, url)).status, 403, url);
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])
    assert.equal((await get(folder, 'outpost://app/', method)).status, 405, method);
});

test('without built screens the window is told how to get them', async (t) => {
  const answer = await get(temporaryFolder(t), 'outpost://app/');
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /npm run build/);
});
