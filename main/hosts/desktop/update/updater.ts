// Finds, fetches and installs a newer version of this program, by electron-updater. What is our own: the feed, the signature over
// the manifest, the memory of what was seen, and that nothing is installed on the way out or over running work.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CustomPublishOptions } from 'builder-util-runtime';
import { type AppUpdater, CancellationToken, Provider, type ResolvedUpdateFileInfo, type UpdateInfo } from 'electron-updater';
import type { ProviderRuntimeOptions } from 'electron-updater/out/providers/Provider.js';
import type { Offered, UpdateAnswer, UpdateState } from '../../../../contract/watch/updates.ts';
import { type Feed, readSmall } from './feed.ts';
import { type Manifest, MOST_MANIFEST, MOST_SIGNATURE, readManifest, type SignedManifest, signatureName } from './manifest.ts';
import { type Memory, recall, remember } from './memory.ts';
import { holdOldProgram } from './oldProgram.ts';
import { transfer } from './transfer.ts';
import { troubleOf, UpdateTrouble } from './trouble.ts';

export type UpdaterOptions = {
  /** Of the kind that this platform's packages want. */
  updater: AppUpdater;
  feed: Feed;
  manifestName: string;
  /** PEM of the key that signs releases. */
  key: string;
  memoryFile: string;
  clock: () => number;
  /** Is there work that an installation would cut off? Who does not say counts as busy. */
  busy(): Promise<boolean>;
  /** Sets down all that an installation must not find open. */
  letGo(): Promise<void>;
  /** The installation did not begin after all: what was let go is taken up again. */
  takeUp(): void;
  log(line: string): void;
  /** For a manifest as a whole, and for a download of which nothing more comes. */
  waitMs?: number;
};

const WAIT_MS = 30_000;

export class Updater {
  private readonly options: UpdaterOptions;
  private readonly waitMs: number;
  private now: UpdateState = { kind: 'idle' };
  private readonly watchers = new Set<() => void>();
  private memory: Promise<Memory>;
  /** The manifest electron-updater is to believe next, and where its files lie. */
  private source: { signed: SignedManifest; manifest: Manifest; feed: Feed } | undefined;
  private token: CancellationToken | undefined;
  private closing = false;
  /** Settled when it is up to the installer, or did not come to that. */
  installation: Promise<void> = Promise.resolve();

  constructor(options: UpdaterOptions) {
    this.options = options;
    this.waitMs = options.waitMs ?? WAIT_MS;
    this.memory = recall(options.memoryFile);
    const { updater } = options;
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.disableDifferentialDownload = true;
    updater.allowDowngrade = false;
    updater.logger = { info: () => {}, warn: options.log, error: options.log };
    updater.setFeedURL({ provider: 'custom', updateProvider: TrustedManifest, latest: () => this.trusted().manifest });
    // Its own goes by Electron's net: it would follow the feed anywhere, and knows no folders.
    Object.assign(updater, {
      httpExecutor: transfer(() => ({
        feed: this.trusted().feed,
        size: (name) => this.trusted().manifest.files.find(({ url }) => url === name)?.size ?? 0,
        stallMs: this.waitMs,
        received: (bytes, of) => this.received(bytes, of),
      })),
    });
  }

  get state(): UpdateState {
    return this.now;
  }

  watch(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => void this.watchers.delete(changed);
  }

  /** Asks the feed. What is being fetched, or is ready, stays as it is. */
  async check(): Promise<void> {
    if (!['idle', 'current', 'available', 'failed'].includes(this.now.kind)) return;
    this.go({ kind: 'checking' });
    try {
      const { feed, manifestName: name } = this.options;
      const yml = await readSmall(feed, name, MOST_MANIFEST, this.waitMs);
      const signature = await readSmall(feed, signatureName(name), MOST_SIGNATURE, this.waitMs);
      const offered = await this.believe({ name, yml, signature }, feed);
      this.go(offered ? { kind: 'available', offered } : { kind: 'current', at: this.options.clock() });
    } catch (error) {
      this.fail(error);
    }
  }

  async download(): Promise<void> {
    if (this.now.kind !== 'available') return;
    const { offered } = this.now;
    this.go({ kind: 'downloading', offered, received: 0, of: 0 });
    this.token = new CancellationToken();
    try {
      await this.options.updater.downloadUpdate(this.token);
      this.go({ kind: 'ready', offered, atNextLaunch: false });
    } catch (error) {
      if (this.token.cancelled) this.go({ kind: 'available', offered });
      else this.fail(error, offered);
    }
  }

  /** Stops a download. */
  cancel(): void {
    this.token?.cancel();
  }

  async atNextLaunch(wanted: boolean): Promise<void> {
    if (this.now.kind !== 'ready') return;
    const { offered } = this.now;
    const { signed } = this.trusted();
    try {
      await this.remember(({ next: _, ...rest }) => (wanted ? { ...rest, next: signed } : rest));
      this.go({ kind: 'ready', offered, atNextLaunch: wanted });
    } catch (error) {
      this.fail(error, offered);
    }
  }

  /** Answers when the installation begins or cannot; it then ends this program. */
  async installNow(): Promise<UpdateAnswer> {
    if (this.closing) return 'closing';
    if (this.now.kind !== 'ready') return 'notReady';
    if (await this.options.busy().catch(() => true)) return 'busy';
    // Both may have changed while it was asked.
    if (this.closing) return 'closing';
    if (this.now.kind !== 'ready') return 'notReady';
    const { offered } = this.now;
    this.go({ kind: 'installing', offered });
    this.installation = this.install(offered).then((begun) => {
      // What ends takes nothing up again.
      if (!begun && !this.closing) this.options.takeUp();
    });
    return 'begun';
  }

  /** At a launch, before anything is opened: installs what was left for it. True: the program is about to end. */
  async atLaunch(): Promise<boolean> {
    const { next, tried } = await this.memory;
    const { version } = this.options.updater.currentVersion;
    await this.remember(({ next: _, tried: __, ...rest }) => rest);
    if (tried !== undefined && tried !== version) {
      // Not again by itself: a program that installs at each launch and never gets there would never start.
      this.fail(new UpdateTrouble('notInstalled', `${tried} was to be installed, and this is ${version}`));
      return false;
    }
    if (next === undefined || this.closing) return false;
    try {
      const offered = await this.believe(next, NOTHING);
      if (offered === undefined) return false;
      await this.options.updater.downloadUpdate();
      this.go({ kind: 'installing', offered });
      return await this.install(offered);
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** The program or the machine is on its way down: from here on nothing is installed. */
  close(): void {
    this.closing = true;
    this.cancel();
  }

  /** False: it did not come to that. */
  private async install(offered: Offered): Promise<boolean> {
    const { updater } = this.options;
    let failure: Error | undefined;
    const failed = (error: Error) => {
      failure = error;
    };
    updater.once('error', failed);
    try {
      await this.options.letGo();
      await this.remember((memory) => ({ ...memory, tried: offered.version }));
      // That took its time, and the program may have been told to end meanwhile.
      if (this.closing) throw new Error('the program ends');
      const heldBack = holdOldProgram(process.env.APPIMAGE);
      updater.quitAndInstall(true, true);
      heldBack(failure === undefined);
      if (failure !== undefined) throw failure;
      return true;
    } catch (error) {
      await this.remember(({ tried: _, ...rest }) => rest).catch(() => {});
      this.fail(new UpdateTrouble('notInstalled', (error as Error).message, error), offered);
      return false;
    } finally {
      updater.off('error', failed);
    }
  }

  /** Verifies, refuses what is older than what was seen, and lets electron-updater judge whether it is for this installation. */
  private async believe(signed: SignedManifest, feed: Feed): Promise<Offered | undefined> {
    const manifest = readManifest(signed, this.options.key);
    const seen = (await this.memory).seen[signed.name] ?? 0;
    if (manifest.issued < seen) throw new UpdateTrouble('replay', `${signed.name} is older than one that was seen`);
    if (manifest.issued > seen) await this.remember((memory) => ({ ...memory, seen: { ...memory.seen, [signed.name]: manifest.issued } }));
    this.source = { signed, manifest, feed };
    const found = await this.options.updater.checkForUpdates();
    if (!found?.isUpdateAvailable) return undefined;
    const { version, releaseNotes: notes = '', issued: issuedAt } = manifest;
    return { version, notes, issuedAt };
  }

  private trusted(): NonNullable<Updater['source']> {
    if (this.source === undefined) throw new UpdateTrouble('unknown', 'no manifest has been verified');
    return this.source;
  }

  private received(bytes: number, of: number): void {
    if (this.now.kind !== 'downloading') return;
    const { offered, received } = this.now;
    const percent = (part: number) => Math.floor((part / of) * 100);
    if (percent(bytes) > percent(received)) this.go({ kind: 'downloading', offered, received: bytes, of });
  }

  private async remember(change: (memory: Memory) => Memory): Promise<void> {
    const next = change(await this.memory);
    this.memory = Promise.resolve(next);
    const { memoryFile } = this.options;
    await mkdir(dirname(memoryFile), { recursive: true, mode: 0o700 });
    await remember(memoryFile, next);
  }

  private fail(error: unknown, offered: Offered | null = null): void {
    const trouble = troubleOf(error);
    this.options.log(`update: ${trouble.kind}: ${trouble.message}`);
    this.go({ kind: 'failed', trouble: trouble.kind, offered });
  }

  private go(next: UpdateState): void {
    this.now = next;
    for (const changed of this.watchers) changed();
  }
}

/** electron-updater's way to a manifest, which is read and verified already. Its files are named, and lie in the feed. */
class TrustedManifest extends Provider<UpdateInfo> {
  private readonly latest: () => Manifest;

  constructor(options: CustomPublishOptions, _updater: unknown, runtime: ProviderRuntimeOptions) {
    super(runtime);
    this.latest = options.latest;
  }

  override async getLatestVersion(): Promise<UpdateInfo> {
    const { files, version, releaseDate, stagingPercentage, minimumSystemVersion } = this.latest();
    return {
      version,
      releaseDate,
      files,
      // What electron-updater read before there were several files; it does not look at them now.
      path: '',
      sha512: '',
      ...(stagingPercentage !== undefined && { stagingPercentage }),
      ...(minimumSystemVersion !== undefined && { minimumSystemVersion }),
    };
  }

  override resolveFiles({ files }: UpdateInfo): ResolvedUpdateFileInfo[] {
    return files.map((info) => ({ url: new URL(info.url, 'https://feed.invalid/'), info }));
  }
}

/** At a launch nothing is fetched: what was downloaded is there, or it is not. */
const NOTHING: Feed = {
  open: async (name) => {
    throw new UpdateTrouble('damaged', `${name} is not there any more as it was downloaded`);
  },
};
