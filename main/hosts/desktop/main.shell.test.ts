// What is around the window: tray, menus, links, notices, sleep, crashes, diagnostics, the keyring. The built program under the double,
// the real station behind it. One program for all tests, as a process can start it only once; they follow each other as a day does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Calls, openCalls } from '../../../renderer/app/calls.ts';
import { portLink } from '../../../renderer/app/links.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { type Desktop, dial, startDesktop } from '../../testing/electron/desktop.ts';
import { press } from '../../testing/electron/shell.ts';
import { keep } from './kept.ts';

const endings: (() => unknown)[] = [];
let desktop: Desktop;
let data: string;
let token = '';
before(async () => {
  const laterOn = { after: (end: () => unknown) => void endings.unshift(end) };
  data = join(temporaryFolder(laterOn as never), 'station');
  process.env.XDG_CURRENT_DESKTOP = 'KDE';
  desktop = await startDesktop(laterOn, data, ['outpost://open/works-1/people']);
  await desktop.until(() => theWindow().address === 'outpost://app/');
});
after(async () => {
  for (const end of endings) await end();
});

const theWindow = () => desktop.windows[0] ?? assert.fail('there is no window');
const theTray = () => desktop.shell.seen.trays[0] ?? assert.fail('there is no tray');
const theMenu = () => desktop.shell.seen.menu ?? assert.fail('there is no menu');
const tell = (said: unknown) => theWindow().page?.exposed.outpost?.tell?.(said);
const turn = () => new Promise(setImmediate);
const sentOn = (channel: string) => theWindow().sent.flatMap((one) => (one.channel === channel ? [one.message] : []));
const log = () => readFileSync(join(data, 'logs', 'outpost.log'), 'utf8');

async function calling<T>(work: (station: Calls['station']) => Promise<T>): Promise<T> {
  const { port, refused } = await dial(theWindow().page, 'calls');
  assert.ok(port, refused);
  const calls = openCalls(
    async () => portLink(port as never),
    () => token || undefined,
  );
  calls.start();
  await turn();
  try {
    return await work(calls.station);
  } finally {
    calls.stop();
  }
}

test('the link the program was started with waits until the page has shown itself', async () => {
  assert.deepEqual(sentOn('outpost:go'), []);
  tell({ told: 'shown', inside: false });
  await turn();
  await turn();
  assert.deepEqual(sentOn('outpost:go'), [{ site: 'works-1', page: 'people' }]);
});

test('the steps of the start are in the log of the station, in their order', async () => {
  await calling((station) => station.people.setUpState({}));
  const line = log()
    .split('\n')
    .find((one) => one.includes('desktopStarted'));
  const { main, window, firstContent, station, screens } = JSON.parse(line ?? assert.fail('no line'));
  assert.ok(main <= window && window <= firstContent && firstContent <= station && station <= screens, line);
});

test('a link from a second start or from the system goes to the page, and what is none goes nowhere', async () => {
  const before = sentOn('outpost:go').length;
  const { focused } = theWindow();
  desktop.secondInstance(['/usr/bin/outpost', '--allow-file-access-from-files', 'outpost://open/works-1/plant']);
  const opened: string[] = [];
  desktop.tellApp('open-url', { preventDefault: () => void opened.push('ours') }, 'outpost://open/-/health');
  for (const hostile of [
    'outpost://open/../../x',
    'outpost://app/#link=x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'outpost://open/a/b?c',
  ]) {
    desktop.tellApp('open-url', { preventDefault: () => void opened.push('ours') }, hostile);
    desktop.secondInstance(['/usr/bin/outpost', hostile]);
  }
  assert.deepEqual(sentOn('outpost:go').slice(before), [
    { site: 'works-1', page: 'plant' },
    { site: '-', page: 'health' },
  ]);
  assert.equal(opened.length, 6);
  assert.equal(theWindow().focused, focused + 2 + 5, 'a second start brings the window to the front, whatever it was started with');
  assert.equal(theWindow().address, 'outpost://app/', 'nothing was loaded');
  assert.deepEqual(desktop.openedOutside, []);
});

test('closing the window leaves it in the tray, and it comes back from there where it was', () => {
  const window = theWindow();
  window.bounds = { x: 300, y: 200, width: 900, height: 700 };
  assert.equal(window.close(), false);
  assert.equal(window.visible, false);
  assert.deepEqual(JSON.parse(readFileSync(join(data, 'window', 'window.json'), 'utf8')).bounds, window.bounds);
  theTray().events.emit('click');
  assert.equal(window.visible, true);
  press(theMenu(), 'Close the window');
  assert.equal(window.visible, false);
  press(theTray().menu ?? assert.fail(), 'Show Outpost');
  assert.equal(window.visible, true);
});

test('zoom goes by keys and wheel, and is kept', () => {
  press(theMenu(), 'Larger');
  theWindow().contents.emit('zoom-changed', {}, 'in');
  assert.equal(theWindow().zoom, 1.25);
  theWindow().close();
  assert.equal(JSON.parse(readFileSync(join(data, 'window', 'window.json'), 'utf8')).zoom, 1.25);
  press(theMenu(), 'Usual size');
  assert.equal(theWindow().zoom, 1);
  press(theTray().menu ?? assert.fail(), 'Show Outpost');
});

test('opening at login is a file of this desktop’s', () => {
  press(theMenu(), 'Open when I log in', true);
  const file = join(desktop.paths.get('appData') as string, 'autostart', 'outpost.desktop');
  assert.match(readFileSync(file, 'utf8'), /--data.*--hidden/);
  press(theMenu(), 'Open when I log in', false);
  assert.equal(existsSync(file), false);
});

test('what is unread is a number on the program, and a line in its tray', async () => {
  tell({ told: 'unread', count: 3 });
  await desktop.until(() => desktop.badge.count === 3);
  assert.match(theTray().words, /3 new notices/);
  for (const count of [-1, 1.5, 1e9, '4', null, Number.NaN]) tell({ told: 'unread', count });
  tell({ told: 'shown', inside: false });
  await desktop.until(() => desktop.badge.count === 0);
});

test('a notice is shown by the system only while nobody looks, and its click leads to its place', async () => {
  const { notifications } = desktop.shell.seen;
  const notice = { told: 'notice', title: 'Backup is finished\u202e\n', text: 'x', at: 'health' };
  theWindow().isLookedAt = true;
  tell(notice);
  await turn();
  await turn();
  assert.equal(notifications.length, 0);
  theWindow().isLookedAt = false;
  tell(notice);
  await desktop.until(() => notifications.length === 1 && notifications[0]?.shown === true);
  assert.deepEqual(notifications[0]?.options, { title: 'Backup is finished', body: 'x' });
  theWindow().close();
  const before = sentOn('outpost:go').length;
  notifications[0]?.click();
  assert.equal(theWindow().visible, true);
  assert.deepEqual(sentOn('outpost:go').slice(before), [{ site: '-', page: 'health' }]);
});

test('a page that tells without end, or what nobody of ours would, moves little', async () => {
  const { notifications } = desktop.shell.seen;
  const hostile: unknown[] = [
    undefined,
    null,
    7,
    'shown',
    [],
    { told: 'go' },
    { told: '__proto__' },
    { told: 'notice', title: 'x'.repeat(201), text: '', at: '' },
    { told: 'notice', title: 'x', text: 'x'.repeat(1_000_000), at: '' },
    { told: 'notice', title: 'x', text: '', at: '../../x' },
    { told: 'notice', title: 'x', text: '', at: 'https://example.org/' },
    { told: 'notice', title: { toString: 'x' }, text: '', at: '' },
    JSON.parse('{"__proto__":{"told":"unread","count":9}}'),
    new Map([['told', 'shown']]),
  ];
  const before = notifications.length;
  for (let n = 0; n < 10_000; n++) tell(hostile[n % hostile.length]);
  for (let n = 0; n < 1_000; n++) tell({ told: 'notice', title: `notice ${n}`, text: '', at: '' });
  const strangers = [
    desktop.frame({ origin: 'https://example.org' }, () => {}),
    desktop.frame({ origin: 'outpost://app', parent: theWindow().frame ?? null }, () => {}),
    null,
  ];
  for (const stranger of strangers) desktop.sendFrom(stranger, 'outpost:tell', { told: 'unread', count: 77 });
  desktop.sendFrom(theWindow().frame ?? null, 'outpost:tell', { told: 'unread', count: 78 }, 'more');
  await turn();
  await turn();
  assert.ok(notifications.length - before <= 5, `${notifications.length - before} were shown`);
  assert.equal(desktop.badge.count, 0);
  assert.equal(Object.hasOwn(Object.prototype, 'told'), false);
});

test('files that the page hands out go where the person says; everything else is denied', () => {
  const downloads = desktop.paths.get('downloads') as string;
  assert.equal(desktop.download(['blob:outpost://app/1'], '../../audit.csv'), join(downloads, 'audit.csv'));
  assert.equal(desktop.download(['https://example.org/x.exe'], 'x.exe'), undefined);
  assert.equal(desktop.download(['outpost://app/assets/x.js'], 'x.js'), undefined);
});

test('before the computer sleeps the links are closed in order; after it pages dial anew', { timeout: 10_000 }, async () => {
  const { port } = await dial(theWindow().page, 'channel');
  assert.ok(port);
  const closed = once(port, 'close');
  port.start();
  desktop.shell.power('suspend');
  await closed;
  assert.match(theTray().words, /rests while this computer sleeps/);
  let answered = false;
  const asked = dial(theWindow().page, 'calls').then((given) => {
    answered = true;
    return given;
  });
  await turn();
  await turn();
  assert.equal(answered, false, 'no port is given to a station that sleeps');
  const lost = sentOn('outpost:lost').length;
  desktop.shell.power('resume');
  const { port: again } = await asked;
  again?.close();
  assert.equal(sentOn('outpost:lost').length, lost + 1);
  assert.match(theTray().words, /is running/);
  assert.match(log(), /"event":"suspend"[\s\S]*"event":"resume"/);
});

test('screens that break are loaded again and say so; again and again they are not', async () => {
  const window = theWindow();
  window.breakPage('crashed');
  await desktop.until(() => window.page !== undefined);
  assert.equal(window.address, 'outpost://app/');
  const told = () => sentOn('outpost:happened');
  assert.deepEqual(told(), [], 'not before the page listens');
  tell({ told: 'shown', inside: false });
  await turn();
  await turn();
  assert.deepEqual(told(), ['screensAgain']);
  for (const reason of ['oom', 'crashed']) {
    window.breakPage(reason);
    await desktop.until(() => window.page !== undefined);
  }
  window.breakPage('crashed');
  await desktop.until(() => window.html.includes('broke again and again'));
  await window.navigate('outpost://app/waiting/again');
  await desktop.until(() => window.address === 'outpost://app/');
  tell({ told: 'shown', inside: false });
});

test('a page that hangs is asked about once, and loaded again when the person says so', async () => {
  const { asked } = desktop.shell.seen;
  const window = theWindow();
  const before = asked.length;
  window.events.emit('unresponsive');
  window.events.emit('unresponsive');
  assert.equal(asked.length, before + 1);
  // It comes back by itself: the question goes.
  window.events.emit('responsive');
  await turn();
  assert.equal(window.crashed, 0);
  desktop.shell.answers.message.push(1);
  window.events.emit('unresponsive');
  await turn();
  assert.equal(window.crashed, 1);
  await desktop.until(() => window.page !== undefined && window.address === 'outpost://app/');
});

test('the station dies at work: the tray says so, and the page when it is there again', { timeout: 15_000 }, async () => {
  tell({ told: 'shown', inside: false });
  const { pid } = desktop.forked.at(-1) ?? assert.fail();
  const before = sentOn('outpost:happened').length;
  process.kill(pid as number, 'SIGKILL');
  await desktop.until(() => desktop.forked.length === 2);
  assert.match(theTray().words, /stopped and is starting again/);
  // A port is given as soon as it is there.
  (await dial(theWindow().page, 'calls')).port?.close();
  assert.match(theTray().words, /is running/);
  assert.deepEqual(sentOn('outpost:happened').slice(before).at(-1), 'stationAgain');
});

test('the key of the secrets is under the keyring; with another one they are entered again, and nothing else', {
  timeout: 20_000,
}, async () => {
  const admin = { name: 'Ada Admin', email: 'ada@example.org', password: 'a long enough phrase' };
  ({ token } = await calling((station) =>
    station.people.setUp({ organisation: 'Nordwerk', site: 'Works 1', timeZone: 'Europe/Berlin', admin }),
  ));
  const server = { host: '127.0.0.1', port: 9, security: 'none', user: 'outpost', from: 'outpost@example.org' } as const;
  await calling((station) => station.watch.setMailServer({ server, password: 'mail secret' }));
  const kept = JSON.parse(readFileSync(join(data, 'secrets', 'key.sealed'), 'utf8'));
  assert.equal(kept[0].backend, 'gnome_libsecret');
  assert.equal(existsSync(join(data, 'secrets', 'key')), false);
  assert.match(log(), /"event":"keyring","keyring":"new, gnome_libsecret"/);

  desktop.shell.keyring.secret = 'another';
  desktop.shell.keyring.backend = 'kwallet6';
  process.kill(desktop.forked.at(-1)?.pid as number, 'SIGKILL');
  await desktop.until(() => desktop.forked.length === 3);
  const before = sentOn('outpost:happened').length;
  const { person } = await calling((station) => station.people.me({}));
  assert.equal(person.name, 'Ada Admin');
  await calling((station) => station.watch.setMailServer({ server, password: 'entered again' }));
  assert.ok(sentOn('outpost:happened').slice(before).includes('secretsAgain'));
  assert.match(log(), /"keyring":"changed, kwallet6"/);
});

test('diagnostics are one file where the person says, with the crashes of today and without a secret', async () => {
  const file = join(data, 'diagnostics.json');
  keep(join(data, 'outpost.json'), { name: 'Works 1', metricsToken: 'deadbeefsecret' });
  press(theMenu(), 'Save diagnostics…');
  assert.equal(existsSync(file), false, 'not where the person has let it stand');
  desktop.shell.answers.save.push(file);
  press(theMenu(), 'Save diagnostics…');
  while (!existsSync(file) || !readFileSync(file, 'utf8').endsWith('}\n')) await turn();
  const text = readFileSync(file, 'utf8');
  const said = JSON.parse(text);
  assert.deepEqual([...new Set(said.crashes.map(({ what }: { what: string }) => what))].sort(), ['the screens', 'the station']);
  assert.equal(said.settings.name, 'Works 1');
  const events = said.log.map(({ event }: { event?: string }) => event);
  for (const event of ['desktopStarted', 'suspend', 'resume', 'keyring'])
    assert.ok(events.includes(event), `${event} is not among ${events}`);
  for (const secret of ['deadbeefsecret', 'mail secret', token, 'a long enough phrase', 'ada@example.org'])
    assert.equal(text.includes(secret), false, secret);
  assert.equal(said.versions.outpost, JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version);
});

test('crash dumps stay on this machine', () => {
  assert.deepEqual(desktop.shell.seen.crashReporter, { productName: 'Outpost', uploadToServer: false });
});

test('quitting asks while the station is at work, and not otherwise', { timeout: 20_000 }, async () => {
  const { asked } = desktop.shell.seen;
  const before = asked.length;
  await calling(async (station) => {
    // So that one of them is certainly still under way.
    for (let n = 0; n < 8; n++) await station.watch.startBackup({});
  });
  desktop.shell.answers.message.push(0);
  press(theMenu(), 'Quit Outpost');
  await desktop.until(() => asked.length === before + 1);
  assert.match(asked.at(-1)?.options.message ?? '', /^The station is at work/);
  assert.equal(theWindow().visible, true, 'the person said to go on working');
  const { tasks } = await calling((station) => station.watch.listTasks({}));
  assert.ok(tasks.length >= 8);
  desktop.shell.answers.message.push(1, 1);
  const child = desktop.forked.at(-1) ?? assert.fail();
  const ended = once(child, 'exit');
  press(theTray().menu ?? assert.fail(), 'Quit Outpost');
  await desktop.ended;
  assert.deepEqual(await ended, [0]);
  assert.deepEqual(desktop.windows, []);
});
