// Addresses of other stations, with the tricks addresses know.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAddress } from './address.ts';

test('an address is known by the one way it is written', () => {
  for (const [given, text] of [
    ['https://192.168.1.20:8480', 'https://192.168.1.20:8480'],
    ['HTTPS://Boiler-House.local:8480/', 'https://boiler-house.local:8480'],
    ['https://plant.example:443', 'https://plant.example'],
    ['https://[FD00:0:0::2]:8480', 'https://[fd00::2]:8480'],
    ['https://xn--mnchen-3ya.example', 'https://xn--mnchen-3ya.example'],
    ['http://localhost:8480', 'http://localhost:8480'],
    ['http://127.0.0.2:1', 'http://127.0.0.2:1'],
    ['http://[::1]:8480', 'http://[::1]:8480'],
  ] as const)
    assert.equal(readAddress(given).text, text);
  assert.deepEqual(readAddress('https://[fd00::2]'), {
    text: 'https://[fd00::2]',
    authority: '[fd00::2]',
    host: 'fd00::2',
    port: 443,
    secure: true,
  });
});

test('anything else is refused', () => {
  for (const given of [
    '',
    'plant.example',
    'https://',
    'https://plant.example/path',
    'https://plant.example/?a',
    'https://plant.example#a',
    'https://ada@plant.example',
    'https://ada:secret@plant.example',
    'https://good.example@evil.example',
    'https://plant.example:0',
    'https://plant.example:65536',
    'https://plant.example:8480:8481',
    'https://plant.example:',
    'https://plant.example\n',
    'https://plant\n.example',
    'https://plant.example\\@evil.example',
    ' https://plant.example',
    'https://plant.example\t:8480',
    'https://münchen.example',
    'https://plant\u3002example',
    'https://\u212aelvin.example',
    'https://plant..example',
    'https://.example',
    'https://0x7f.1',
    'https://2130706433',
    'https://127.1',
    'https://[fe80::1%25eth0]',
    'https://[::1',
    'ftp://plant.example',
    'outpost://app',
    'javascript://plant.example',
    'http://plant.example',
    'http://192.168.1.20:8480',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://localhost.',
    'http://[::ffff:127.0.0.1]',
    `https://${'a'.repeat(300)}.example`,
  ])
    assert.throws(() => readAddress(given), { name: 'Refusal', code: 'invalid' }, given);
});
