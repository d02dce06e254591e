// Another page in the same browser wants to use the station: it gets nothing, and nothing happens.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { assertNoComplaints, goTo, signIn, sitDown } from './driver.ts';
import { program } from './program.ts';
import { startStation } from './station.ts';

test('a page of another origin can neither call the station nor open its sockets, though the cookie is there', async (t) => {
  const station = await startStation(t);
  const ada = await sitDown(t);
  await signIn(ada, station.url);
  const evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<h1>Hello</h1>'));
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  t.after(() => evil.close());
  const foreign = await ada.context.newPage();
  // The same site for a browser: only the port differs, and ports share cookies.
  await foreign.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
  const { call } = await program(station.url);
  const before = (await call('people.listAudit', { limit: 500 })).entries as unknown as unknown[];

  const outcome = await foreign.evaluate(async (url) => {
    const tried: Record<string, string> = {};
    const attempt = async (name: string, work: () => Promise<string>) => {
      tried[name] = await work().catch((error: Error) => `failed: ${error.name}`);
    };
    const body = JSON.stringify({ name: 'Taken over' });
    await attempt('json', async () =>
      String(
        (
          await fetch(`${url}/api/people/update-me`, {
            method: 'POST',
            credentials: 'include',
            headers: { 'content-type': 'application/json' },
            body,
          })
        ).status,
      ),
    );
    // What a form could send: no preflight asks first.
    await attempt(
      'plain',
      async () =>
        (
          await fetch(`${url}/api/people/update-me`, {
            method: 'POST',
            credentials: 'include',
            mode: 'no-cors',
            headers: { 'content-type': 'text/plain' },
            body,
          })
        ).type,
    );
    for (const path of ['calls', 'channel'])
      await attempt(
        path,
        () =>
          new Promise<string>((resolve) => {
            const socket = new WebSocket(`${url.replace('http', 'ws')}/api/${path}?contract=0.1`);
            socket.onopen = () => resolve('open');
            socket.onerror = () => resolve('refused');
          }),
      );
    await attempt(
      'frame',
      () =>
        new Promise<string>((resolve) => {
          const frame = document.createElement('iframe');
          frame.src = url;
          frame.onload = () => {
            try {
              resolve(frame.contentDocument === null ? 'opaque' : `readable: ${frame.contentDocument.title}`);
            } catch {
              resolve('opaque');
            }
          };
          document.body.append(frame);
        }),
    );
    return tried;
  }, station.url);
  assert.deepEqual(outcome, {
    json: 'failed: TypeError',
    plain: 'failed: TypeError',
    calls: 'refused',
    channel: 'refused',
    frame: 'opaque',
  });
  const after = (await call('people.listAudit', { limit: 500 })).entries as unknown as unknown[];
  assert.equal(after.length, before.length, 'nothing was changed or even tried in her name');
  const me = (await (await program(station.url)).call('people.me', {})) as unknown as { person: { name: string } };
  assert.equal(me.person.name, 'Ada Admin');
});

test('over plain HTTP on the network the page works, and says on every screen that it is not encrypted', async (t) => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((net) => net?.family === 'IPv4' && !net.internal)?.address;
  if (address === undefined) return t.skip('this machine has no address beyond loopback');
  const station = await startStation(t, { args: ['--host', address, '--insecure-http'] });
  const ada = await sitDown(t);
  const { page } = ada;
  await page.goto(station.url);
  await page.getByText('This connection is not encrypted').waitFor();
  await signIn(ada, station.url);
  assert.equal(await page.evaluate(() => window.isSecureContext), false);
  await page.getByText('This connection is not encrypted').waitFor();
  await goTo(page, 'Site');
  await page.getByRole('button', { name: 'Add a building' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Hall A');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Actions for Hall A' }).waitFor();
  assertNoComplaints(ada);
});

test('over the network a certificate of the station’s own serves, and its fingerprint is said', async (t) => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((net) => net?.family === 'IPv4' && !net.internal)?.address;
  if (address === undefined) return t.skip('this machine has no address beyond loopback');
  const station = await startStation(t, { args: ['--host', address] });
  assert.match(station.url, /^https:/);
  assert.match(station.log(), /"fingerprint":"([0-9A-F]{2}:){31}[0-9A-F]{2}"/);
  const ada = await sitDown(t);
  await signIn(ada, station.url);
  const [cookie] = await ada.context.cookies();
  assert.match(cookie?.name ?? '', /^__Host-outpost-/);
  assert.deepEqual([cookie?.secure, cookie?.httpOnly, cookie?.sameSite], [true, true, 'Strict']);
  await ada.page.getByText('Connected', { exact: true }).waitFor();
  assertNoComplaints(ada);
});
