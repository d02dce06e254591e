// Settings of the station: the file, above it the variables, above them the flags; and a mistake is named with its place.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../testing/databases.ts';
import { BadSettings, readSettings, stationSettings, variableOf } from './settings.ts';

function fileWith(t: TestContext, content: unknown): string {
  const file = join(temporaryFolder(t), 'outpost.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
const nowhere = '/nowhere/outpost.json';

test('with nothing said every setting has its default, and without a file too', (t) => {
  const defaults = readSettings(nowhere, {}, {});
  assert.deepEqual(readSettings(fileWith(t, {}), {}, {}), defaults);
  assert.deepEqual([defaults.host, defaults.port, defaults.insecureHttp, defaults.allowedHosts], ['127.0.0.1', 8480, false, []]);
});

test('a flag stands above a variable, a variable above the file, the file above the default', (t) => {
  const file = fileWith(t, { port: 1, name: 'from the file', logLevel: 'warn' });
  const env = { OUTPOST_PORT: '2', OUTPOST_NAME: 'from a variable' };
  assert.deepEqual(
    (({ port, name, logLevel, backupHour }) => ({ port, name, logLevel, backupHour }))(readSettings(file, env, { port: '3' })),
    { port: 3, name: 'from a variable', logLevel: 'warn', backupHour: 2 },
  );
});

test('every setting has a variable of its own, and it is read', () => {
  const values: Record<string, [string, unknown]> = {
    name: ['North', 'North'],
    host: ['0.0.0.0', '0.0.0.0'],
    port: ['0', 0],
    tlsCert: ['c.pem', 'c.pem'],
    tlsKey: ['k.pem', 'k.pem'],
    insecureHttp: ['1', true],
    announce: ['true', true],
    allowedHosts: ['a.example, b.example,', ['a.example', 'b.example']],
    trustedProxies: ['127.0.0.1, 10.0.0.0/8,fd00::/8', ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']],
    forwardedHeader: ['X-Forwarded-Email', 'X-Forwarded-Email'],
    metricsToken: ['t', 't'],
    database: ['postgres://x', 'postgres://x'],
    logLevel: ['debug', 'debug'],
    backupHour: ['23', 23],
    updateFeed: ['https://updates.example.org/', 'https://updates.example.org/'],
    updateChannel: ['beta', 'beta'],
    backupsKept: ['365', 365],
  };
  const variables = Object.keys(stationSettings.shape).map((name) => [variableOf(name), name] as const);
  assert.equal(new Set(variables.map(([variable]) => variable)).size, variables.length);
  assert.equal(variableOf('insecureHttp'), 'OUTPOST_INSECURE_HTTP');
  for (const [variable, name] of variables) {
    const [word, value] = values[name] ?? assert.fail(`this test knows no value for ${name}`);
    assert.deepEqual(readSettings(nowhere, { [variable]: word }, {})[name as 'name'], value, variable);
  }
});

test('an empty variable says nothing', () => {
  assert.equal(readSettings(nowhere, { OUTPOST_PORT: '', OUTPOST_NAME: '' }, {}).port, 8480);
});

test('a mistake is named with its place, and what is wanted there', (t) => {
  const file = fileWith(t, { port: 'eighty' });
  const cases: [what: Parameters<typeof readSettings>, place: string, wanted: RegExp][] = [
    [[file, {}, {}], `port in ${file}`, /whole number from 0 to 65535/],
    [[nowhere, { OUTPOST_PORT: '65536' }, {}], 'OUTPOST_PORT', /65535/],
    [[nowhere, { OUTPOST_INSECURE_HTTP: 'yes' }, {}], 'OUTPOST_INSECURE_HTTP', /true or false/],
    [[nowhere, {}, { insecureHttp: 'perhaps' }], '--insecure-http', /true or false/],
    [[nowhere, {}, { port: '-1' }], '--port', /whole number/],
    [[nowhere, {}, { backupsKept: '0' }], '--backups-kept', /./],
    [[nowhere, { OUTPOST_LOG_LEVEL: 'loud' }, {}], 'OUTPOST_LOG_LEVEL', /debug/],
    [[fileWith(t, { name: '' }), {}, {}], 'name in', /./],
    [[fileWith(t, { allowedHosts: 5 }), {}, {}], 'allowedHosts in', /names are wanted/],
    [[nowhere, { OUTPOST_TRUSTED_PROXIES: '127.0.0.1, proxy.example' }, {}], 'OUTPOST_TRUSTED_PROXIES', /10\.0\.0\.0\/8/],
    [[nowhere, {}, { trustedProxies: '10.0.0.0/33' }], '--trusted-proxies', /networks/],
    [[nowhere, {}, { forwardedHeader: 'Cookie' }], '--forwarded-header', /X-Forwarded-Email/],
    [[nowhere, {}, { forwardedHeader: 'X-Forwarded-For' }], '--forwarded-header', /means nothing else/],
    [[nowhere, {}, { forwardedHeader: 'X Mail' }], '--forwarded-header', /name of a header/],
    // A mistake further up is not covered by what is right further down.
    [[fileWith(t, { port: 80 }), { OUTPOST_PORT: 'x' }, {}], 'OUTPOST_PORT', /whole number/],
  ];
  for (const [what, place, wanted] of cases)
    assert.throws(
      () => readSettings(...what),
      (error: Error) => {
        assert.ok(error instanceof BadSettings, error.message);
        assert.ok(error.message.startsWith(place), `${error.message} begins with ${place}`);
        assert.match(error.message, wanted);
        return true;
      },
    );
});

test('what is no number becomes none', (t) => {
  for (const port of [null, true, false, '', ' ', [], {}, 1.5, '1e3', '0x10', '8480 and more'])
    assert.throws(() => readSettings(fileWith(t, { port }), {}, {}), BadSettings, JSON.stringify(port));
  assert.throws(() => readSettings(nowhere, {}, { port: true }), BadSettings, 'a flag without its value');
});

test('a mistake in the file does not matter where something above it is right', (t) => {
  assert.equal(readSettings(fileWith(t, { port: 'eighty' }), {}, { port: '81' }).port, 81);
});

test('a setting nobody knows is named, with those that are known', (t) => {
  assert.throws(() => readSettings(fileWith(t, { prot: 80 }), {}, {}), /nobody knows: prot\. Known are name, host, port/);
});

test('a file that is no JSON object is named, and what is wrong with it', (t) => {
  for (const [content, message] of [
    ['{"port": 80', /is not JSON/],
    ['', /is not JSON/],
    ['[]', /one JSON object/],
    ['null', /one JSON object/],
    ['"x"', /one JSON object/],
  ] as const)
    assert.throws(
      () => readSettings(fileWith(t, content), {}, {}),
      (error: Error) => error instanceof BadSettings && message.test(error.message),
    );
  const folder = join(temporaryFolder(t), 'outpost.json');
  mkdirSync(folder);
  assert.throws(() => readSettings(folder, {}, {}), /cannot be read/);
});

test('the mark some editors put before the first letter is no mistake', (t) => {
  assert.equal(readSettings(fileWith(t, '\uFEFF{"port": 81}'), {}, {}).port, 81);
});
