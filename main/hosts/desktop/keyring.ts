// The key that seals the station's secrets, itself sealed by the keyring of the person's account. A keyring may be absent, be exchanged
// for another one with the next desktop session, or forget: then there is another key and secrets are entered again, the old sealed
// key stays for the day its keyring is back, and nothing else of the station needs any of this.
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../store/files.ts';
import { fileKey } from '../secretKey.ts';

/** What Electron's safeStorage gives, as far as it is used. */
export type Vault = {
  available(): Promise<boolean>;
  /** Its name on Linux, where there are several. */
  backend(): string;
  seal(text: string): Promise<Uint8Array>;
  open(sealed: Uint8Array): Promise<{ result: string; shouldReEncrypt: boolean }>;
};

/**
 * How it went. There never was a keyring: 'file'. There was one, and now it is not there ('locked'), is another one or has forgotten
 * ('changed'), or what it sealed is not whole ('damaged'): secrets must be entered again.
 */
export type KeyringState = 'sealed' | 'new' | 'file' | 'locked' | 'changed' | 'damaged';
export type Keyring = { key: Uint8Array; state: KeyringState; backend: string };

type Entry = { backend: string; sealed: string };

const KEY_BYTES = 32;
const MOST_ENTRIES = 8;
/** Chromium's own: a password that stands in its source. A file that only this account reads says honestly what it is. */
const NO_KEYRING = new Set(['basic_text', 'unknown']);

export async function openKeyring(secrets: string, vault: Vault): Promise<Keyring> {
  const file = join(secrets, 'key.sealed');
  const { entries, damaged } = await readEntries(file);
  const inFile = fileKey(secrets);
  const backend = vault.backend();
  const withoutKeyring = async (): Promise<Keyring> => ({ key: await inFile(), state: entries.length > 0 ? 'locked' : 'file', backend });
  if (NO_KEYRING.has(backend) || !(await vault.available().catch(() => false))) return withoutKeyring();

  // The keyring that is here now first; another one's may open as well, where one took over from the other.
  for (const entry of [...entries].sort((a, b) => Number(b.backend === backend) - Number(a.backend === backend))) {
    const opened = await opensWith(vault, entry);
    if (opened === undefined) continue;
    const others = entries.filter((one) => one !== entry || one.backend !== backend);
    if (opened.renew || entry.backend !== backend) await put(file, vault, backend, others, opened.key).catch(() => {});
    return { key: opened.key, state: 'sealed', backend };
  }

  const lost = damaged ? 'damaged' : entries.length > 0 ? 'changed' : 'new';
  const plain = join(secrets, 'key');
  // A key that lay in a file until now goes on under the seal, with all it has sealed.
  const key = (await exists(plain)) ? await inFile() : new Uint8Array(randomBytes(KEY_BYTES));
  if (damaged) await writeWhole(`${file}.damaged`, await readFile(file));
  try {
    await put(file, vault, backend, entries, key);
  } catch {
    return withoutKeyring();
  }
  // Only what can be opened again takes the place of the file.
  const [newest] = (await readEntries(file)).entries.slice(-1);
  if (newest === undefined || (await opensWith(vault, newest)) === undefined) return withoutKeyring();
  await rm(plain, { force: true });
  return { key, state: lost, backend };
}

async function opensWith(vault: Vault, { sealed }: Entry): Promise<{ key: Uint8Array; renew: boolean } | undefined> {
  try {
    const { result, shouldReEncrypt } = await vault.open(Buffer.from(sealed, 'base64'));
    const key = new Uint8Array(Buffer.from(result, 'base64'));
    return key.length === KEY_BYTES ? { key, renew: shouldReEncrypt } : undefined;
  } catch {
    return undefined;
  }
}

/** One a keyring; what another one sealed stays. */
async function put(file: string, vault: Vault, backend: string, entries: readonly Entry[], key: Uint8Array): Promise<void> {
  const sealed = Buffer.from(await vault.seal(Buffer.from(key).toString('base64'))).toString('base64');
  await writeWhole(file, JSON.stringify([...entries, { backend, sealed }].slice(-MOST_ENTRIES)));
}

async function readEntries(file: string): Promise<{ entries: Entry[]; damaged: boolean }> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { entries: [], damaged: false };
  try {
    const entries = (JSON.parse(text) as unknown[]).filter(isEntry);
    return { entries, damaged: entries.length === 0 };
  } catch {
    return { entries: [], damaged: true };
  }
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' &&
  value !== null &&
  ['backend', 'sealed'].every((name) => typeof (value as Record<string, unknown>)[name] === 'string');

const exists = (file: string) =>
  readFile(file).then(
    () => true,
    () => false,
  );
