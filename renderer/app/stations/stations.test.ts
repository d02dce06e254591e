// What the chooser makes of what people type, and its port to the window's own process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { portLink } from '../links.ts';
import { addressTyped, fingerprintRows, namedFor, openDesk } from './stations.ts';

test('the scheme may be left out, and nothing else is guessed', () => {
  assert.equal(addressTyped(' 192.168.1.20:8480 '), 'https://192.168.1.20:8480');
  assert.equal(addressTyped('http://localhost'), 'http://localhost');
  assert.equal(addressTyped('HTTPS://a'), 'HTTPS://a');
  assert.equal(addressTyped('javascript:alert(1)'), 'https://javascript:alert(1)');
});

test('a fingerprint is shown in four rows of eight', () => {
  const whole = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, '0').toUpperCase()).join(':');
  const rows = fingerprintRows(whole);
  assert.deepEqual([rows.length, rows[0]], [4, '00:01:02:03:04:05:06:07']);
  assert.equal(rows.join(':'), whole);
});

test('what is kept for one station is not that of another', () => {
  assert.equal(namedFor(undefined, 'outpost.token'), 'outpost.token');
  assert.notEqual(namedFor('https://a', 'outpost.token'), namedFor('https://b', 'outpost.token'));
});

test('each answer finds its question; found ones come unasked; a port that ends refuses what waits', async () => {
  const { port1, port2 } = new MessageChannel();
  const desk = openDesk(async () => portLink(port2 as never));
  const asked: { id: number; ask: string }[] = [];
  port1.on('message', (message: string) => asked.push(JSON.parse(message)));
  const until = async (count: number) => {
    while (asked.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const list = desk.list();
  const look = desk.look('https://a').catch((error: { code: string }) => error.code);
  await until(2);
  port1.postMessage(JSON.stringify({ id: asked[1]?.id, refused: { code: 'invalid', message: 'no' } }));
  port1.postMessage(JSON.stringify({ id: asked[0]?.id, answer: [] }));
  assert.deepEqual([await list, await look], [[], 'invalid']);
  const found = new Promise((resolve) => void desk.find(resolve).catch(() => {}));
  await until(3);
  port1.postMessage(JSON.stringify({ found: { address: 'https://a', name: 'A', begins: 'AB' } }));
  assert.deepEqual(await found, { address: 'https://a', name: 'A', begins: 'AB' });
  const waiting = desk.list().catch((error: { code: string }) => error.code);
  await until(4);
  port1.close();
  assert.equal(await waiting, 'unavailable');
});
