// Addresses and networks in every way they are written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNetwork, networks, plainAddress } from './networks.ts';

test('one address is one text, however it is written', () => {
  for (const [text, plain] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:0207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:c000:207', '192.0.2.7'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8:0:0::7', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
  ] as const)
    assert.equal(plainAddress(text), plain, text);
  for (const text of [
    '',
    'unknown',
    '192.0.2',
    '192.0.2.7:80',
    '[::1]',
    '::1::',
    '192.0.2.07',
    '0x7f.1',
    ' 192.0.2.7',
    '::ffff:192.0.2.256',
  ])
    assert.equal(plainAddress(text), undefined, text);
});

test('a network is an address, or the beginning of many', () => {
  for (const text of [
    '192.0.2.7',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '192.0.2.7/32',
    '::1',
    'fd00::/8',
    '::/0',
    '2001:db8::1/128',
    '::ffff:10.0.0.0/104',
  ])
    assert.ok(isNetwork(text), text);
  for (const text of [
    '',
    '10/8',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0.0/0x8',
    'localhost',
    'fe80::1%eth0',
    '*',
  ])
    assert.ok(!isNetwork(text), text);
});

test('an address lies in the networks that hold it, and in no other', () => {
  const lies = networks(['192.0.2.7', '10.0.0.0/8', 'fd00::/8', '::ffff:172.16.0.0/108', '2001:db8::1']);
  for (const address of ['192.0.2.7', '10.0.0.0', '10.255.255.255', 'fd12::3', '172.31.0.1', '2001:db8::1'])
    assert.ok(lies(address), address);
  for (const address of [
    '192.0.2.8',
    '11.0.0.1',
    '9.255.255.255',
    'fe00::1',
    '172.32.0.1',
    '2001:db8::2',
    '::1',
    '127.0.0.1',
    '',
    'unknown',
  ])
    assert.ok(!lies(address), address);
  assert.ok(!networks([])('127.0.0.1'));
  assert.ok(networks(['::1'])('::1'));
});
