// Beyond this machine: TLS unless somebody says otherwise, by a certificate that stays the same as long as it can.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { BadSettings, type StationSettings } from '../../store/settings.ts';
import { temporaryFolder } from '../../testing/databases.ts';
import { openTestStation, START, type TestClock, testClock } from '../../testing/station.ts';
import { ask, post, withToken } from '../../testing/web.ts';
import { dialled, serve } from '../../testing/wires.ts';
import { buildWorld, CAST, PASSWORD } from '../../testing/world.ts';
import { serveWeb } from './server.ts';

const DAY_MS = 86_400_000;

type Start = { settings?: Partial<StationSettings>; folder?: string; clock?: TestClock };

async function open(t: TestContext, { settings, ...more }: Start = {}) {
  const station = await openTestStation(t, { ...more, settings: { port: 0, host: '0.0.0.0', ...settings } });
  return { station, ...(await serve(t, station)) };
}

/** The certificate a browser would be shown. */
async function shown(url: string): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw);
}

/** A pair made by a station, as somebody's own files. */
async function pairOf(t: TestContext): Promise<{ tlsCert: string; tlsKey: string }> {
  const { station } = await open(t);
  const { secrets } = station.station.folder;
  return { tlsCert: join(secrets, 'tls.crt'), tlsKey: join(secrets, 'tls.key') };
}

test('on loopback there is no TLS, on any other address there is, and plain HTTP only for whoever asks for it', async (t) => {
  const hasIPv6 = Object.values(networkInterfaces())
    .flat()
    .some((net) => net?.address === '::1');
  for (const [host, settings, protocol] of [
    ['127.0.0.1', {}, 'http:'],
    ['localhost', {}, 'http:'],
    ['0.0.0.0', {}, 'https:'],
    ...(hasIPv6
      ? ([
          ['::1', {}, 'http:'],
          ['::', {}, 'https:'],
        ] as const)
      : []),
    ['0.0.0.0', { insecureHttp: true }, 'http:'],
    ['127.0.0.1', await pairOf(t), 'https:'],
    ['0.0.0.0', { insecureHttp: true, ...(await pairOf(t)) }, 'https:'],
  ] as const) {
    const { url, certificate } = await open(t, { settings: { host, ...settings } });
    assert.equal(new URL(url).protocol, protocol, `${host} ${JSON.stringify(settings)}`);
    assert.equal(certificate !== undefined, protocol === 'https:');
    assert.equal((await ask(url, '/healthz')).status, 200, url);
  }
});

test('a certificate of the station’s own names this machine, and its fingerprint is the one that is told', async (t) => {
  const { url, certificate, station } = await open(t, { clock: testClock(Date.now()) });
  const seen = await shown(url);
  assert.equal(seen.fingerprint256, certificate?.fingerprint);
  assert.match(String(certificate?.fingerprint), /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  for (const name of [hostname(), `${hostname()}.local`, 'localhost']) assert.ok(seen.checkHost(name), name);
  for (const net of Object.values(networkInterfaces()).flat()) assert.ok(seen.checkIP(net?.address ?? ''), net?.address);
  assert.equal(seen.checkHost('evil.example'), undefined);
  assert.equal(seen.ca, false, 'whoever trusts it trusts nothing that it might sign');
  assert.ok(Date.parse(seen.validFrom) <= Date.now() && Date.parse(seen.validTo) - Date.now() <= 825 * DAY_MS, 'what browsers accept');
  const { secrets } = station.station.folder;
  for (const file of ['tls.key', 'tls.crt']) assert.equal(statSync(join(secrets, file)).mode & 0o077, 0, file);
});

test('it stays the same from start to start, is made anew before it ends, and when it is of no use any more', async (t) => {
  const folder = temporaryFolder(t);
  const clock = testClock();
  const fingerprint = async () => {
    const { certificate, station, close } = await open(t, { folder, clock });
    await close();
    await station.stop();
    return certificate?.fingerprint;
  };
  const first = await fingerprint();
  assert.equal(await fingerprint(), first);
  const key = join(folder, 'secrets', 'tls.key');
  const cert = join(folder, 'secrets', 'tls.crt');
  const ends = Date.parse(new X509Certificate(readFileSync(cert)).validTo);
  clock.set(ends - 31 * DAY_MS);
  assert.equal(await fingerprint(), first);
  clock.set(ends - 29 * DAY_MS);
  const second = await fingerprint();
  assert.notEqual(second, first);
  assert.equal(await fingerprint(), second);

  // As a kill in the middle, a full disk or a hand may leave them.
  const other = await pairOf(t);
  let last = second;
  for (const damage of [
    () => writeFileSync(cert, ''),
    () => writeFileSync(key, 'no key at all'),
    () => writeFileSync(cert, readFileSync(cert, 'utf8').slice(0, 300)),
    () => writeFileSync(key, readFileSync(other.tlsKey)),
  ]) {
    damage();
    const made = await fingerprint();
    assert.notEqual(made, last, String(damage));
    assert.equal(await fingerprint(), made, 'and that one is kept');
    last = made;
  }
});

test('files of somebody’s own are shown as they are, and browsers are kept to them', async (t) => {
  const pair = await pairOf(t);
  const { url, station } = await open(t, { settings: pair });
  assert.equal((await shown(url)).fingerprint256, new X509Certificate(readFileSync(pair.tlsCert)).fingerprint256);
  assert.match(String((await ask(url, '/healthz')).headers['strict-transport-security']), /max-age=\d{7,}/);
  assert.throws(() => readFileSync(join(station.station.folder.secrets, 'tls.key')), { code: 'ENOENT' });
  const own = await open(t);
  assert.equal((await ask(own.url, '/healthz')).headers['strict-transport-security'], undefined, 'nobody is kept to one that may change');
});

test('files that cannot be used are named, with what is wrong with them', async (t) => {
  const pair = await pairOf(t);
  const other = await pairOf(t);
  const bad = join(temporaryFolder(t), 'bad.pem');
  writeFileSync(bad, 'nothing');
  const station = await openTestStation(t, { settings: { port: 0 } });
  for (const [settings, wanted] of [
    [{ tlsCert: pair.tlsCert }, /belong together/],
    [{ tlsKey: pair.tlsKey }, /belong together/],
    [{ ...pair, tlsKey: other.tlsKey }, /tls\.crt/],
    [{ ...pair, tlsCert: bad }, /bad\.pem/],
    [{ ...pair, tlsKey: bad }, /cannot be used/],
    [{ ...pair, tlsCert: '/nowhere.pem' }, /nowhere\.pem/],
  ] as const) {
    const site = { ...station, station: { ...station.station, settings: { ...station.station.settings, ...settings } } };
    const failed = serveWeb(site, station.station.folder.path);
    await assert.rejects(failed, (error: Error) => error instanceof BadSettings && wanted.test(error.message), JSON.stringify(settings));
  }
});

test('over TLS the session is as strict as it can be, and the sockets of a page open', async (t) => {
  const { url, station } = await open(t, { clock: testClock(START) });
  await buildWorld(station);
  const origin = new URL(url).origin;
  const said = await post(url, 'people.signIn', { email: 'ada@example.org', password: PASSWORD }, { 'outpost-session': 'cookie', origin });
  const [header = ''] = said.headers['set-cookie'] as string[];
  assert.match(header, /^__Host-outpost-[0-9a-f]{12}=.*; Secure$/);
  const page = { origin, cookie: header.split(';')[0] as string };
  assert.equal((await post(url, 'people.me', {}, page)).status, 200);
  for (const path of ['/api/calls', '/api/channel']) {
    const socket = await dialled(url, path, undefined, { headers: page });
    assert.ok(typeof socket !== 'number', path);
    socket.terminate();
    const plain = origin.replace('https', 'http');
    assert.equal(await dialled(url, path, CAST.viewer.token, { headers: { origin: plain } }), 403);
  }
  assert.equal(
    (await post(url, 'people.me', {}, { ...withToken(CAST.viewer.token), origin: origin.replace('https', 'http') })).status,
    403,
  );
});
