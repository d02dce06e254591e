// The desktop program as it is built, under a double of Electron, with the real station behind it as a real process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import type { WebFrameMain } from 'electron';
import { encodeFrame, FRAME } from '../../../contract/channel.ts';
import { CONTRACT } from '../../../contract/version.ts';
import { type Calls, openCalls } from '../../../renderer/app/calls.ts';
import { Channel } from '../../../renderer/app/channel.ts';
import { type Dial, portLink } from '../../../renderer/app/links.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { type Desktop, dial, PRELOAD, startDesktop } from '../../testing/electron/desktop.ts';
import type { Sent } from '../../testing/electron/world.ts';

// One program for all tests, as one process can start it only once; they follow each other as a day does.
const endings: (() => unknown)[] = [];
let desktop: Desktop;
before(async () => {
  const laterOn = { after: (end: () => unknown) => void endings.unshift(end) };
  desktop = await startDesktop(laterOn, temporaryFolder(laterOn as never));
  await desktop.until(() => theWindow().address === 'outpost://app/');
});
after(async () => {
  for (const end of endings) await end();
});

const theWindow = () => desktop.windows[0] ?? assert.fail('there is no window');
const theFrame = () => theWindow().frame ?? assert.fail('the window has no page');

/** What is closed here is closed at the station a moment later: a dial that comes too early is refused, as it should be. */
async function portTo(kind: string): Promise<MessagePort> {
  for (;;) {
    const { port } = await dial(theWindow().page, kind);
    if (port) return port;
  }
}
const linkOf: Dial = async (kind) => portLink((await portTo(kind)) as never);

/** A client of the screens, over the page's port, for as long as `work` takes. */
async function calling<T>(work: (station: Calls['station']) => Promise<T>, token?: string): Promise<T> {
  const link = await linkOf('calls', new AbortController().signal);
  const calls = openCalls(
    async () => link,
    () => token,
  );
  calls.start();
  await Promise.resolve();
  try {
    return await work(calls.station);
  } finally {
    calls.stop();
  }
}

let token = '';

test('the scheme is registered before Electron is ready, as one of the safe kind, and the sandbox is on for all', () => {
  assert.deepEqual(desktop.schemes, [
    { scheme: 'outpost', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
  assert.equal(desktop.isSandboxed(), true);
});

test('the window is isolated from its page, and its page is ours with our policy', () => {
  assert.deepEqual(theWindow().options.webPreferences, {
    preload: PRELOAD,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webviewTag: false,
  });
  assert.match(
    theWindow().headers.get('content-security-policy') ?? '',
    /^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-/,
  );
  assert.match(theWindow().html, /<script type="module" crossorigin src="\/assets\//);
});

test('the page is given two functions, and nothing of Electron’s', () => {
  const { exposed } = theWindow().page ?? assert.fail();
  assert.deepEqual(Object.keys(exposed), ['outpost']);
  assert.deepEqual(Object.keys(exposed.outpost ?? {}), ['dial', 'tell']);
});

test('the handler of the scheme answers for our own files alone', async () => {
  const [, script = ''] = /src="([^"]+)"/.exec(theWindow().html) ?? [];
  const status = async (address: string, init?: RequestInit) => (await desktop.fetch(address, init)).status;
  assert.equal(await status(`outpost://app${script}`), 200);
  assert.equal(await status(`outpost://app${script}`, { method: 'POST', body: 'x' }), 405);
  assert.equal(await status(`outpost://other${script}`), 403);
  assert.equal(await status('outpost://app/assets/none.js'), 404);
  assert.equal(await status('outpost://app/..%2fmain%2fdesktop.js'), 404);
  assert.equal(await status('outpost://app/%2e%2e/%2e%2e/package.json'), 404);
});

test('the window stays on its page, whoever wants to lead it away', async () => {
  const window = theWindow();
  for (const address of ['https://example.org/', 'file:///etc/passwd', 'outpost://other/', 'data:text/html,x', 'http://127.0.0.1:8480/']) {
    assert.equal(await window.navigate(address), false, address);
    assert.equal(await window.navigate(address, false), false, `a frame to ${address}`);
    assert.equal(window.redirect(address), false, `redirected to ${address}`);
  }
  assert.equal(await window.navigate('outpost://app/', false), false, 'no frames, not even of ours');
  // Nobody starts the station anew while it runs.
  assert.equal(await window.navigate('outpost://app/waiting/again'), false);
  assert.equal(desktop.forked.length, 1);
  assert.equal(window.attachWebview(), false);
  assert.equal(window.address, 'outpost://app/');
  assert.equal(await window.navigate('outpost://app/'), true, 'our own page may be loaded again');
});

test('no further window opens; web pages and mail go to the system, nothing else does', () => {
  const open = (url: string) => theWindow().openHandler({ url } as never);
  for (const url of [
    'https://example.org/a b',
    'mailto:ada@example.org',
    'file:///bin/sh',
    'outpost://app/',
    'javascript:alert(1)',
    'smb://x/y',
  ])
    assert.deepEqual(open(url), { action: 'deny' }, url);
  assert.deepEqual(desktop.openedOutside, ['https://example.org/a%20b', 'mailto:ada@example.org']);
});

test('permissions are denied when asked for and when checked, but for the one that is named', async () => {
  const ours = { requestingUrl: 'outpost://app/', isMainFrame: true };
  for (const permission of ['media', 'geolocation', 'notifications', 'serial', 'usb', 'openExternal', 'clipboard-read', 'unknown']) {
    assert.equal(await desktop.request(permission, ours), false, permission);
    assert.equal(desktop.check(permission, 'outpost://app/', ours), false, permission);
  }
  assert.equal(await desktop.request('clipboard-sanitized-write', ours), true);
  assert.equal(desktop.check('clipboard-sanitized-write', 'outpost://app/', ours), true);
  const elsewhere = { requestingUrl: 'https://example.org/', isMainFrame: true };
  assert.equal(await desktop.request('clipboard-sanitized-write', elsewhere), false);
  assert.equal(desktop.check('clipboard-sanitized-write', 'https://example.org', elsewhere), false);
  assert.equal(desktop.device(), false);
});

test('a question goes through preload and port to the real station and comes back', async () => {
  const state = await calling((station) => station.people.setUpState({}));
  // The window stands on the station’s own machine: no code is asked for.
  assert.deepEqual(state, { needed: true, codeNeeded: false });
});

test('whoever sits there sets the station up and signs in as anywhere: the port alone is nobody', async () => {
  await assert.rejects(
    calling((station) => station.people.me({})),
    { code: 'unauthenticated' },
  );
  const input = {
    organisation: 'Nordwerk',
    site: 'Works 1',
    timeZone: 'Europe/Berlin',
    admin: { name: 'Ada Admin', email: 'ada@example.org', password: 'a long enough phrase' },
  };
  ({ token } = await calling((station) => station.people.setUp(input)));
  const { person } = await calling((station) => station.people.me({}), token);
  assert.equal(person.name, 'Ada Admin');
});

test('a page that speaks another version is told so instead of given a port', async () => {
  for (const contract of ['0.3', '1.1', '9', '0.0.1']) {
    const { port, refused, code } = await dial(theWindow().page, 'calls', contract);
    assert.equal(port, undefined);
    assert.match(refused ?? '', /another version/);
    assert.equal(code, 4426);
  }
});

test('a port is given to the page itself: not to a frame in it, not to another page, not to one that is gone', async () => {
  const sent: Sent[] = [];
  const keep = (one: Sent) => void sent.push(one);
  const strangers: (WebFrameMain | null)[] = [
    desktop.frame({ origin: 'outpost://app', parent: theFrame() }, keep),
    desktop.frame({ origin: 'outpost://other' }, keep),
    desktop.frame({ origin: 'https://example.org', url: 'outpost://app/' }, keep),
    desktop.frame({ origin: 'null', url: 'outpost://app/' }, keep),
    desktop.frame({ origin: 'outpost://app.example' }, keep),
    desktop.frame({ origin: 'outpost://app', gone: true }, keep),
    null,
  ];
  for (const stranger of strangers) desktop.sendFrom(stranger, 'outpost:dial', 'calls', 'calls-1', CONTRACT);
  const { port } = await dial(theWindow().page, 'calls');
  assert.ok(port, 'the page itself got none');
  assert.deepEqual(sent, []);
  port.close();
});

test('ten thousand messages that nobody of ours would send change nothing', async () => {
  const shapes: unknown[][] = [
    [],
    ['calls'],
    ['calls', 'x'],
    ['calls', 'x', CONTRACT, 'more'],
    ['__proto__', 'x', CONTRACT],
    ['calls', 'X Y', CONTRACT],
    ['calls', 'x'.repeat(100_000), CONTRACT],
    ['calls', 'x', '0.1'.repeat(100_000)],
    [{ kind: 'calls', id: 'x', contract: CONTRACT }],
    [['calls'], ['x'], [CONTRACT]],
    ['calls', 7, CONTRACT],
    ['calls', null, undefined],
    [new Uint8Array(1_000), new Map(), new Date()],
  ];
  const before = desktop.forked.length;
  let answers = 0;
  const stop = theWindow().page?.listen(() => {
    answers += 1;
  });
  for (let n = 0; n < 10_000; n++) desktop.sendFrom(theFrame(), 'outpost:dial', ...(shapes[n % shapes.length] as unknown[]));
  assert.deepEqual(await calling((station) => station.people.setUpState({})), { needed: false, codeNeeded: false });
  assert.equal(answers, 1, 'only the one proper question was answered');
  assert.equal(desktop.forked.length, before);
  stop?.();
});

test('a page that asks for ports without end gets so many, and others again when it gives them back', { timeout: 10_000 }, async () => {
  const asked = await Promise.all(Array.from({ length: 100 }, () => dial(theWindow().page, 'channel')));
  const given = asked.flatMap(({ port }) => port ?? []);
  const refused = asked.filter(({ port }) => port === undefined);
  // Ports of the tests before may still be closing.
  assert.ok(given.length > 60 && given.length <= 64, `${given.length} were given`);
  assert.equal(given.length + refused.length, 100);
  assert.match(refused[0]?.refused ?? '', /more than 64 links/);
  for (const port of given) port.close();
  (await portTo('channel')).close();
});

test('a malformed or oversized message closes its own port, and no other', { timeout: 10_000 }, async () => {
  const bystander = await portTo('channel');
  const hostile: [string, unknown][] = [
    // A proper call but for its length.
    ['calls', `${' '.repeat(1024 * 1024)}{"id":1,"call":"people.setUpState","input":{}}`],
    ['calls', 'not json'],
    ['calls', { id: 1, call: 'people.setUpState', input: {} }],
    ['calls', '{"id":1,"call":"people.setUpState","more":1}'],
    ['calls', null],
    ['channel', 'text'],
    ['channel', new Uint8Array(3)],
    ['channel', encodeFrame(FRAME.open, 1, new Uint8Array(64 * 1024))],
    ['channel', encodeFrame(FRAME.hello, 0, new Uint8Array())],
    ['channel', { data: new Uint8Array(3) }],
    ['channel', undefined],
  ];
  for (const [kind, message] of hostile) {
    const port = await portTo(kind);
    const closed = once(port, 'close');
    port.start();
    port.postMessage(message);
    await closed;
  }
  const [hello] = (await once(bystander, 'message')) as [Uint8Array];
  assert.equal(hello[0], FRAME.hello);
  bystander.close();
});

test('a stream runs through the port; the station is killed under it, started again, and both go on', { timeout: 20_000 }, async (t) => {
  const rounds: unknown[] = [];
  const links: string[] = [];
  let told = () => {};
  const channel = new Channel({ dial: linkOf, token: () => token, onState: (state) => void links.push(state) });
  t.after(() => channel.stop());
  const nextRound = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  const first = nextRound();
  channel.read(
    'people.me',
    {},
    {
      state({ set: values = [] }) {
        rounds.push(...values.map(([, value]) => (value as { person: { name: string } }).person.name));
        told();
      },
    },
  );
  channel.start();
  await first;
  assert.deepEqual(rounds, ['Ada Admin']);

  const { page } = theWindow();
  const saidToPage: unknown[] = [];
  t.after(page?.listen(({ data }) => void saidToPage.push(data)));
  const second = nextRound();
  const { pid } = desktop.forked.at(-1) ?? assert.fail();
  process.kill(pid as number, 'SIGKILL');
  await second;
  assert.deepEqual(rounds, ['Ada Admin', 'Ada Admin']);
  assert.equal(links.filter((state) => state === 'open').length, 2);
  assert.equal(desktop.forked.length, 2);
  assert.notEqual(desktop.forked[1]?.pid, pid);
  assert.equal(theWindow().page, page, 'the screens stayed open');
  assert.deepEqual(saidToPage[0], { outpostLost: true }, 'the page was told to dial again');
  const { person } = await calling((station) => station.people.me({}), token);
  assert.equal(person.name, 'Ada Admin', 'the session outlived the process');
});

test('a second start brings the first window to the front', () => {
  const { focused } = theWindow();
  theWindow().minimized = true;
  desktop.secondInstance(['/usr/bin/outpost', '--data', '/elsewhere']);
  assert.equal(theWindow().focused, focused + 1);
  assert.equal(theWindow().minimized, false);
});

test('the program ends with its window, and ends its station in order', { timeout: 10_000 }, async () => {
  const child = desktop.forked.at(-1) ?? assert.fail();
  const ended = once(child, 'exit');
  await desktop.quit();
  assert.deepEqual(await ended, [0]);
  assert.equal(desktop.forked.length, 2);
});
