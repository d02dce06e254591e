// The station's process in the hands of a test: late, dying, hanging, and asked for ports all the while.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { MessageChannelMain, UtilityProcess } from 'electron';
import { ChannelMain } from '../../testing/electron/ports.ts';
import type { ToStation } from './messages.ts';
import { StationProcess } from './stationProcess.ts';

const DIAL = { kind: 'calls', id: 'calls-1', contract: '0.1' } as const;

/** A process that does only what the test lets it do. */
class Child extends EventEmitter {
  readonly stderr = new PassThrough();
  readonly sent: ToStation[] = [];
  killed = 0;
  postMessage(message: ToStation): void {
    this.sent.push(message);
  }
  kill(): boolean {
    this.killed += 1;
    return true;
  }
  ready(link?: string): void {
    this.emit('message', { ready: true, link });
  }
  /** As Electron does it: no listener of its stderr outlives the exit, and the last words come after it. */
  die(code: number, lastWords = ''): void {
    this.emit('exit', code);
    this.stderr.removeAllListeners();
    setImmediate(() => this.stderr.end(lastWords));
  }
}

function underTest(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const quiet = t.mock.method(process.stderr, 'write', () => true);
  t.after(() => quiet.mock.restore());
  const keyring = { works: true };
  const children: Child[] = [];
  const told: string[] = [];
  const tellings = new EventEmitter();
  const tell = (words: string) => {
    told.push(words);
    tellings.emit('told');
  };
  const station = new StationProcess({
    fork() {
      const child = new Child();
      children.push(child);
      return child as unknown as UtilityProcess;
    },
    channel: () => new ChannelMain() as MessageChannelMain,
    key: async () => (keyring.works ? { key: new Uint8Array(32), keyring: 'sealed' } : Promise.reject(new Error('the disk is gone'))),
    onLost: () => tell('lost'),
    onReady: (link) => tell(`ready ${link}`),
    onLate: (said) => tell(`late: ${said}`),
    onDead: (said) => tell(`dead: ${said}`),
    onWish: async ({ wish, step }) => ({ granted: wish, state: { kind: 'idle' }, answer: step === 'installNow' ? 'busy' : 'begun' }),
  });
  const child = (index: number) => children[index] ?? assert.fail(`no process number ${index}`);
  return { station, children, child, told, keyring, nextTelling: () => new Promise((resolve) => tellings.once('told', resolve)) };
}

test('a station that is late is told of and left to it: it may be busy with a large database', async (t) => {
  const { station, children, child, told } = underTest(t);
  station.start();
  child(0).stderr.write('upgrading');
  await new Promise(setImmediate);
  t.mock.timers.tick(9_999);
  assert.deepEqual(told, []);
  const early = station.dial(DIAL);
  t.mock.timers.tick(1);
  assert.deepEqual(told, ['late: upgrading']);
  assert.deepEqual(await early, { refused: 'the station is not running', code: 1006 });
  assert.equal(child(0).killed, 0);
  child(0).ready('secret');
  assert.deepEqual(told, ['late: upgrading', 'ready secret']);
  assert.equal(children.length, 1);
});

test('one that dies at its start is not started again by itself, and its last words are heard', async (t) => {
  const { station, children, child, told, nextTelling } = underTest(t);
  station.start();
  child(0).stderr.write('cannot open ');
  await new Promise(setImmediate);
  const telling = nextTelling();
  child(0).die(1, 'the folder');
  await telling;
  assert.deepEqual(told, ['dead: cannot open the folder\nThe station ended with 1.']);
  assert.equal(children.length, 1);
  assert.deepEqual(await station.dial(DIAL), { refused: 'the station is not running', code: 1006 });
  // The late bell of a dead one rings for nobody.
  t.mock.timers.tick(20_000);
  assert.equal(told.length, 1);

  station.start();
  child(1).ready();
  assert.equal(told[1], 'ready undefined');
});

test('one that dies at work is started again at once, until it dies again and again', async (t) => {
  const { station, children, child, told, nextTelling } = underTest(t);
  station.start();
  for (const turn of [0, 1, 2]) {
    child(turn).ready();
    child(turn).die(9);
    assert.equal(told.at(-1), 'lost');
    assert.equal(children.length, turn + 2);
  }
  child(3).ready();
  child(3).die(9);
  assert.equal(told.at(-1), 'lost');
  await nextTelling();
  assert.equal(children.length, 4);
  assert.match(told.at(-1) ?? '', /^dead: .*ended with 9/s);
});

test('to start one that hangs ends it first: a folder belongs to one process', (t) => {
  const { station, children, child } = underTest(t);
  station.start();
  t.mock.timers.tick(10_000);
  station.start();
  assert.equal(child(0).killed, 1);
  assert.equal(children.length, 1);
  child(0).die(15);
  assert.equal(children.length, 2);
});

test('a dial waits for the station, and is answered by it or by its death', async (t) => {
  const { station, child } = underTest(t);
  station.start();
  const [accepted, refused, orphaned] = [station.dial(DIAL), station.dial(DIAL), station.dial(DIAL)];
  await Promise.resolve();
  assert.deepEqual(child(0).sent, []);
  child(0).ready();
  await new Promise(setImmediate);
  assert.deepEqual(child(0).sent, [
    { attach: 1, kind: 'calls', contract: '0.1' },
    { attach: 2, kind: 'calls', contract: '0.1' },
    { attach: 3, kind: 'calls', contract: '0.1' },
  ]);
  child(0).emit('message', { answer: 2, refused: 'another version', code: 4426 });
  child(0).emit('message', { answer: 1 });
  child(0).emit('message', { answer: 99 });
  assert.ok('port' in (await accepted));
  assert.deepEqual(await refused, { refused: 'another version', code: 4426 });
  child(0).die(9);
  assert.deepEqual(await orphaned, { refused: 'the station is not running', code: 1006 });
});

test('it is stopped in order, and by force where it does not end', async (t) => {
  const { station, children, child, told } = underTest(t);
  station.start();
  child(0).ready();
  const stopped = station.stop();
  assert.deepEqual(child(0).sent, [{ stop: true }]);
  t.mock.timers.tick(4_499);
  assert.equal(child(0).killed, 0);
  t.mock.timers.tick(1);
  assert.equal(child(0).killed, 1);
  child(0).die(15);
  await stopped;
  assert.equal(children.length, 1, 'it was started again while the program ends');
  assert.deepEqual(told, ['ready undefined'], 'an end that was asked for is no loss');
});

test('it is asked what it is at work on, and not waited for when it does not say', async (t) => {
  const { station, child } = underTest(t);
  assert.equal(await station.busy(), undefined, 'there is none');
  station.start();
  assert.equal(await station.busy(), undefined, 'it is not there yet');
  child(0).ready();
  const asked = station.busy();
  const [ask] = child(0).sent.splice(0) as { busy: number }[];
  child(0).emit('message', { busy: 99, tasks: ['another question'] });
  child(0).emit('message', { busy: ask?.busy, tasks: ['Backup'] });
  assert.deepEqual(await asked, ['Backup']);
  const silent = station.busy();
  t.mock.timers.tick(1_000);
  assert.equal(await silent, undefined);
  const orphaned = station.busy();
  child(0).die(9);
  assert.equal(await orphaned, undefined);
});

test('the key of its secrets is lent when it asks, and so is the reason why there is none', async (t) => {
  const { station, child, keyring } = underTest(t);
  station.start();
  child(0).emit('message', { wants: 'key' });
  await new Promise(setImmediate);
  assert.deepEqual(child(0).sent.splice(0), [{ key: new Uint8Array(32), keyring: 'sealed' }]);
  keyring.works = false;
  child(0).emit('message', { wants: 'key' });
  await new Promise(setImmediate);
  assert.deepEqual(child(0).sent, [{ noKey: 'the disk is gone' }]);
});

test('while the computer sleeps it gives no ports; awake again it gives what was asked for meanwhile', async (t) => {
  const { station, child } = underTest(t);
  station.start();
  child(0).ready();
  station.resume();
  station.suspend();
  station.suspend();
  const asked = station.dial(DIAL);
  await new Promise(setImmediate);
  assert.deepEqual(child(0).sent.splice(0), [{ power: 'suspend' }]);
  station.resume();
  await new Promise(setImmediate);
  assert.deepEqual(child(0).sent, [{ power: 'resume' }, { attach: 1, kind: 'calls', contract: '0.1' }]);
  child(0).emit('message', { answer: 1 });
  assert.ok('port' in (await asked));
});
