// How many links of one kind a session may have, over sockets and ports, for the channel and for calls.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { TOO_MANY_LINKS } from '../contract/channel.ts';
import { CONTRACT } from '../contract/version.ts';
import { MAX_LINKS, portLink } from './links.ts';
import { onBothLinks } from './testing/links.ts';
import { memoryReader, socketReader } from './testing/reader.ts';
import { CONSOLE, openTestStation } from './testing/station.ts';
import { serve } from './testing/wires.ts';
import { buildWorld, CAST } from './testing/world.ts';

onBothLinks(
  'of more links than a session may have the next is closed; another session is not concerned, and there is room when one is closed',
  () => ({}),
  async ({ station, dial }) => {
    const readers = await Promise.all(Array.from({ length: MAX_LINKS }, () => dial()));
    for (const reader of readers) await reader.hello;
    const over = await dial();
    const code = await over.closed;
    // A port is closed and knows no code.
    assert.ok(code === TOO_MANY_LINKS || code === 0, String(code));
    assert.equal((await (await dial(CAST.viewer.token)).open('people.me', {}).next()).type, 'values');
    assert.equal(station.channel.count().connections, MAX_LINKS + 1);
    for (const reader of readers) assert.equal((await reader.open('people.me', {}).next()).type, 'values');

    readers[0]?.end();
    while (station.channel.count().connections > MAX_LINKS) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await (await dial()).open('people.me', {}).next()).type, 'values');
    await (await dial()).closed;
  },
);

test('links for calls are counted as well, by themselves; the words say what to do', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  const sockets: WebSocket[] = [];
  t.after(() => sockets.forEach((socket) => void socket.terminate()));
  const { url } = await serve(t, station);
  const dial = async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/calls?contract=${CONTRACT}`, {
      headers: { authorization: `Bearer ${CAST.viewer.token}` },
    });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'open');
    return socket;
  };
  for (let n = 0; n < MAX_LINKS; n++) await dial();
  const [code, reason] = (await once(await dial(), 'close')) as [number, Buffer];
  assert.equal(code, TOO_MANY_LINKS);
  assert.match(reason.toString(), /close some, or sign in anew/);
  assert.equal((await (await socketReader(t, url, CAST.viewer.token)).open('people.me', {}).next()).type, 'values');
});

test('what comes without a session of its own is not counted here: the host of the window does', async (t) => {
  const station = await openTestStation(t);
  await buildWorld(station);
  for (let n = 0; n < MAX_LINKS + 1; n++) memoryReader(station, undefined);
  assert.equal(station.channel.count().connections, MAX_LINKS + 1);
  const { port1, port2 } = new MessageChannel();
  t.after(() => port2.close());
  const link = portLink(port1);
  station.calls.attach(link, { token: undefined, origin: CONSOLE });
  assert.ok(link.isOpen());
});
