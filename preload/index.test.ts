// The preload as it is built: what it gives the page, what it asks of Electron, and whom it answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { PRELOAD } from '../main/testing/electron/desktop.ts';
import { openPage, type PageMessage } from '../main/testing/electron/page.ts';

function underTest(origin = 'outpost://app') {
  const sent: unknown[][] = [];
  const page = openPage(PRELOAD, origin, (channel, args) => void sent.push([channel, ...args]));
  const door = page.exposed.outpost ?? assert.fail('nothing is exposed');
  const nextMessage = () => new Promise<PageMessage>((resolve) => page.listen(resolve));
  return { page, door, sent, nextMessage };
}

test('the page gets one object with two functions', () => {
  const { page } = underTest();
  assert.deepEqual(
    Object.entries(page.exposed).map(([name, api]) => [name, Object.keys(api), Object.values(api).map((one) => typeof one)]),
    [['outpost', ['dial', 'tell'], ['function', 'function']]],
  );
});

test('what the page tells is one message to main, and gives nothing back; what cannot be copied does not cross', () => {
  const { door, sent } = underTest();
  assert.equal(door.tell?.({ told: 'unread', count: 2 }), undefined);
  assert.deepEqual(sent, [['outpost:tell', { told: 'unread', count: 2 }]]);
  assert.throws(() => door.tell?.({ told: 'unread', count: () => 2 }), { name: 'DataCloneError' });
  door.tell?.(JSON.parse('{"told":"unread","count":1,"__proto__":{"polluted":true}}'), 'more');
  assert.equal(({} as { polluted?: true }).polluted, undefined);
  assert.equal(sent.at(-1)?.length, 2, 'one value goes through, not a list of them');
});

test('a place to go to and what has happened are shown to the page, with nothing beside them', { timeout: 5_000 }, async () => {
  const { page, nextMessage } = underTest();
  const going = nextMessage();
  page.receive('outpost:go', { site: 'works-1', page: 'plant', more: 'x' }, []);
  assert.deepEqual((await going).data, { outpostGo: { site: 'works-1', page: 'plant' } });
  const happening = nextMessage();
  page.receive('outpost:happened', 'stationAgain', []);
  assert.deepEqual((await happening).data, { outpostHappened: 'stationAgain' });
});

test('a dial is one message to main, and gives the page nothing back', () => {
  const { door, sent } = underTest();
  assert.equal(door.dial?.('calls', 'calls-1', '0.1'), undefined);
  assert.deepEqual(sent, [['outpost:dial', 'calls', 'calls-1', '0.1']]);
  const to = { station: 'https://plant.example', token: 'one' };
  door.dial?.('door', 'door-1', '0.1', to);
  assert.deepEqual(sent.pop(), ['outpost:dial', 'door', 'door-1', '0.1', to]);
  // A function cannot cross, neither into the preload nor to main.
  assert.throws(() => door.dial?.(() => {}, 'calls-2', '0.1'), { name: 'DataCloneError' });
  assert.equal(sent.length, 1);
});

test('a port is handed on to the page with the name it was asked under', { timeout: 5_000 }, async () => {
  const { page, nextMessage } = underTest();
  const { port1, port2 } = new MessageChannel();
  const message = nextMessage();
  page.receive('outpost:port', { id: 'calls-1' }, [port1]);
  const { data, ports } = await message;
  assert.deepEqual(data, { outpostPort: 'calls-1' });
  const heard = new Promise((resolve) => port2.once('message', resolve));
  ports[0]?.postMessage('hello');
  assert.equal(await heard, 'hello');
  port2.close();
});

test('a refusal is handed on with its reason, and without a port', { timeout: 5_000 }, async () => {
  const { page, nextMessage } = underTest();
  const message = nextMessage();
  page.receive('outpost:port', { id: 'channel-2', refused: 'another version', code: 4426 }, []);
  assert.deepEqual(await message, { data: { outpostPort: 'channel-2', refused: 'another version', code: 4426 }, ports: [] });
});

test('the page is told when the station is lost', { timeout: 5_000 }, async () => {
  const { page, nextMessage } = underTest();
  const message = nextMessage();
  page.receive('outpost:lost', undefined, []);
  assert.deepEqual(await message, { data: { outpostLost: true }, ports: [] });
});

test('it is one small file that loads nothing but electron', () => {
  const built = readFileSync(PRELOAD, 'utf8');
  assert.deepEqual(
    [...built.matchAll(/\brequire\(([^)]*)\)/g)].map(([, name]) => name),
    ['"electron"'],
  );
  assert.equal(/\bimport\b\s*[({'"]/.test(built), false);
  assert.ok(readFileSync(new URL('./index.ts', import.meta.url), 'utf8').split('\n').length < 60);
});
