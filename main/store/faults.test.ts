// What a driver's complaint is told as: each to its cause, and what is not a driver's unchanged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../contract/errors.ts';
import { isDamage, isLostConnection, lostTransaction, OutcomeUnknown, StoreDamaged, storeError } from './faults.ts';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });

const CAUSES: Record<string, string[]> = {
  damaged: ['SQLITE_CORRUPT', 'SQLITE_CORRUPT_VTAB', 'SQLITE_NOTADB', 'XX001', 'XX002'],
  diskFull: ['SQLITE_FULL', 'ENOSPC', '53100'],
  readOnly: ['SQLITE_READONLY', 'SQLITE_READONLY_DIRECTORY', 'EROFS', '25006'],
  moved: ['SQLITE_READONLY_DBMOVED'],
  disk: ['SQLITE_IOERR', 'SQLITE_IOERR_FSYNC', 'SQLITE_CANTOPEN', 'EIO', '58030'],
  busy: ['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED'],
  connection: [
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EHOSTUNREACH',
    '08006',
    '57P01',
    '57P03',
    '53300',
    '25P03',
  ],
};

for (const [cause, codes] of Object.entries(CAUSES))
  test(`${codes.join(', ')} are told as unavailable: ${cause}`, () => {
    for (const code of codes) {
      const told = storeError(coded(code));
      assert.ok(told instanceof Refusal, code);
      assert.deepEqual([told.code, told.data], ['unavailable', { cause }], code);
      assert.doesNotMatch(told.message, /SQLITE|pg|\d{5}/, 'in words for people');
    }
  });

test('what the driver of PostgreSQL says without a code is told as a lost connection', () => {
  for (const message of [
    'Connection terminated unexpectedly',
    'Connection terminated',
    'Connection terminated due to connection timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'timeout exceeded when trying to connect',
    'timeout expired',
  ]) {
    assert.ok(isLostConnection(new Error(message)), message);
    assert.equal((storeError(new Error(message)) as Refusal).code, 'unavailable');
  }
});

test('a row that is there already is a conflict', () => {
  for (const code of ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'])
    assert.equal((storeError(coded(code)) as Refusal).code, 'conflict');
});

test('refusals, mistakes of ours and strange things pass as they are', () => {
  for (const thing of [
    new Refusal('notFound', 'x'),
    new TypeError('x'),
    coded('SQLITE_ERROR'),
    coded('42601'),
    'words',
    null,
    undefined,
    { code: 5 },
  ])
    assert.equal(storeError(thing), thing);
});

test('a commit of which nobody knows is told as that, and not as undone', () => {
  const told = storeError(new OutcomeUnknown('x')) as Refusal;
  assert.deepEqual(told.data, { cause: 'connection', outcome: 'unknown' });
  assert.doesNotMatch(told.message, /Nothing was changed/);
});

test('neighbours of a lost transaction are told of the loss, never of a reason that was somebody else’s', () => {
  const full = coded('SQLITE_FULL');
  assert.equal(lostTransaction(full), full);
  for (const theirs of [new Refusal('notFound', 'x'), new TypeError('x')])
    assert.equal((storeError(lostTransaction(theirs)) as Refusal).data?.cause, 'connection');
});

test('damage is known by its code, and by our own word for it', () => {
  assert.ok(isDamage(new StoreDamaged('x')));
  assert.ok(!isDamage(coded('XX000')) && !isDamage(coded('SQLITE_FULL')) && !isDamage(undefined));
});
