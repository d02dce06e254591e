// Modbus slaves of other people's making, and pairs of serial ports, for tests. `.ci/run` installs them; where one is missing the test says so.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Table } from '../../plant/registers.ts';

/** The system's, whose packages the peers are; another one may come first on the path. */
const PYTHON = '/usr/bin/python3';
export const PEER_UNIT = 7;
/** What a peer keeps of each table. */
export const PEER_SIZE = 400;

export type Held = {
  address: number;
  type: string;
  byteOrder: 'big' | 'little';
  wordOrder: 'big' | 'little';
  value: string;
  length?: number;
};
export type Peer = {
  port: number;
  values: Held[];
  /** What the peer itself says it holds. */
  holds(table: Table, address: number, count: number): Promise<number[]>;
  sets(table: Table, address: number, values: number[]): Promise<void>;
  /** Gone in an instant, as when its power fails. */
  kill(): Promise<void>;
};

const works = (program: string, args: string[]) => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const PEERS = {
  pymodbus: {
    script: 'pymodbusSlave.py',
    missing: () =>
      works(PYTHON, ['-c', 'import pymodbus, serial_asyncio']) ? false : 'python3-pymodbus and python3-serial-asyncio are not installed',
  },
  libmodbus: {
    script: 'libmodbusSlave.py',
    missing: () => (works(PYTHON, ['-c', 'import ctypes; ctypes.CDLL("libmodbus.so.5")']) ? false : 'libmodbus5 is not installed'),
  },
} as const;
export type PeerName = keyof typeof PEERS;

/** Why it cannot run here, or false. */
export const peerMissing = (name: PeerName): string | false => PEERS[name].missing();
export const ptyMissing = (): string | false => (works('socat', ['-V']) ? false : 'socat is not installed');

export async function startPeer(t: TestContext, name: PeerName, ...args: string[]): Promise<Peer> {
  const child = spawn(PYTHON, [fileURLToPath(new URL(PEERS[name].script, import.meta.url)), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => stop(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended`);
    return JSON.parse(value);
  };
  const { port = 0, values = [] } = (await next()) as { port?: number; values?: Held[] };
  const said = (asked: object) => {
    child.stdin.write(`${JSON.stringify(asked)}\n`);
    return next() as Promise<number[]>;
  };
  return {
    port,
    values,
    holds: (table, address, count) => said({ table, address, count }),
    async sets(table, address, words) {
      await said({ table, address, values: words });
    },
    kill: () => stop(child),
  };
}

/** Two serial ports that are joined: what goes into one comes out of the other. */
export async function ptyPair(t: TestContext): Promise<[string, string]> {
  const { ends, unplug } = await openPtyPair();
  t.after(unplug);
  return ends;
}

/** Unplugged, both ends are gone at once. */
export async function openPtyPair(): Promise<{ ends: [string, string]; unplug(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-pty-'));
  const ends: [string, string] = [join(folder, 'a'), join(folder, 'b')];
  const child = spawn(
    'socat',
    ends.map((link) => `pty,raw,echo=0,link=${link}`),
    { stdio: 'ignore' },
  );
  while (!ends.every(existsSync)) await new Promise((resolve) => setImmediate(resolve));
  return {
    ends,
    async unplug() {
      await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
