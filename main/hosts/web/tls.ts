// The certificate beyond this machine: files somebody gave, or one made here whose fingerprint people can compare.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { writeWhole } from '../../store/files.ts';
import { BadSettings, type StationSettings } from '../../store/settings.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LIFE_MS = 820 * DAY_MS;
const RENEW_MS = 30 * DAY_MS;

export type Certificate = { cert: string; key: string; fingerprint: string; selfMade: boolean };

export async function certificate(settings: StationSettings, secrets: string, now: number): Promise<Certificate> {
  if (settings.tlsCert !== undefined || settings.tlsKey !== undefined) return given(settings);
  const files = { cert: join(secrets, 'tls.crt'), key: join(secrets, 'tls.key') };
  if (existsSync(files.cert) && existsSync(files.key)) {
    const known = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
    if (serves(known, now)) return described(known, true);
  }
  const made = await make(now);
  await writeWhole(files.key, made.key);
  await writeWhole(files.cert, made.cert);
  return described(made, true);
}

/** Its own certificate the station makes anew when it ends soon, and as well when a disk or a kill left something else of it. */
function serves(pair: { cert: string; key: string }, now: number): boolean {
  try {
    createSecureContext(pair);
    return Date.parse(new X509Certificate(pair.cert).validTo) - now > RENEW_MS;
  } catch {
    return false;
  }
}

function given({ tlsCert, tlsKey }: StationSettings): Certificate {
  if (tlsCert === undefined || tlsKey === undefined)
    throw new BadSettings('tlsCert and tlsKey belong together: give both files, or neither.');
  try {
    const files = { cert: readFileSync(tlsCert, 'utf8'), key: readFileSync(tlsKey, 'utf8') };
    createSecureContext(files); // throws where the two do not belong together
    return described(files, false);
  } catch (error) {
    throw new BadSettings(`The certificate ${tlsCert} and its key cannot be used: ${(error as Error).message}.`);
  }
}

const described = ({ cert, key }: { cert: string; key: string }, selfMade: boolean): Certificate => ({
  cert,
  key,
  fingerprint: new X509Certificate(cert).fingerprint256,
  selfMade,
});

async function make(now: number): Promise<{ cert: string; key: string }> {
  const { generate } = await import('selfsigned');
  const name = hostname();
  const addresses = Object.values(networkInterfaces())
    .flat()
    .flatMap((net) => (net === undefined ? [] : [net.address]));
  const pems = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + LIFE_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...[name, `${name}.local`, 'localhost'].map((value) => ({ type: 2 as const, value })),
          ...addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: pems.cert, key: pems.private };
}
