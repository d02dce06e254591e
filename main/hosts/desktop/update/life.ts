// Updates in the life of the program: what was left for a launch goes before the station, the rest is loaded when somebody first
// wants it, and nothing is installed on the way out.
import type { App } from 'electron';
import type { UpdateAnswer, UpdateState, UpdateStep } from '../../../../contract/watch/updates.ts';
import { readKept } from '../kept.ts';
import type { Leaving } from '../leaving.ts';
import type { Granted, Wish } from '../messages.ts';
import type { StationProcess } from '../stationProcess.ts';
import type { UpdaterOptions } from './updater.ts';

export type UpdateDesk = {
  state(): UpdateState;
  go(step: UpdateStep): Promise<UpdateAnswer>;
  /** True: what was left for this launch is being installed, and the program is about to end. */
  atLaunch(): Promise<boolean>;
  /** The program or the machine is on its way down. */
  close(): void;
};

type Off = Extract<UpdateState, { kind: 'off' }>['why'];
export const noUpdates = (why: Off): UpdateDesk => ({
  state: () => ({ kind: 'off', why }),
  go: async () => 'notReady',
  atLaunch: async () => false,
  close: () => {},
});

export type LifeOptions = {
  /** Of a program that could be replaced: what finds and installs updates, loaded when it is wanted. */
  load: (() => Promise<(given: FromLife) => Promise<UpdateDesk>>) | undefined;
  app: Pick<App, 'releaseSingleInstanceLock' | 'requestSingleInstanceLock'>;
  data: string;
  /** What the updater remembers. */
  memoryFile: string;
  station: Pick<StationProcess, 'busy' | 'stop'>;
  leaving(): Pick<Leaving, 'isAgreed' | 'letInstall'>;
  /** An installation begins. */
  onInstall(): void;
  /** For the first time, or again after an installation that did not begin. */
  startStation(): void;
};
export type FromLife = Pick<UpdaterOptions, 'busy' | 'letGo' | 'log' | 'memoryFile' | 'takeUp'> & {
  /** The station's data folder, for its settings. */
  data: string;
};

export function openUpdates({ load, app, data, memoryFile, station, leaving, onInstall, startStation }: LifeOptions) {
  let opening: Promise<UpdateDesk> | undefined;
  let there: UpdateDesk | undefined;
  let closed = false;
  const log = (line: string) => void process.stderr.write(`${line}\n`);

  const fromLife: FromLife = {
    data,
    memoryFile,
    log,
    // Who does not say counts as busy.
    busy: async () => (await station.busy())?.length !== 0,
    async letGo() {
      onInstall();
      await station.stop();
      if (leaving().isAgreed()) return;
      leaving().letInstall(true);
      // The new program starts before this one has ended, and must not take it for a second window.
      app.releaseSingleInstanceLock();
    },
    takeUp() {
      leaving().letInstall(false);
      app.requestSingleInstanceLock();
      startStation();
    },
  };

  async function open(): Promise<UpdateDesk> {
    // That it cannot be loaded is no reason for anything else not to work.
    there = await openThere().catch((error: Error) => {
      log(`update: ${error.message}`);
      return noUpdates('notPackaged');
    });
    if (closed) there.close();
    return there;
  }
  const openThere = async () => (load ? (await load())(fromLife) : noUpdates('notPackaged'));
  const opened = () => {
    opening ??= open();
    return opening;
  };

  async function installFirst(): Promise<void> {
    onInstall();
    const desk = await opened();
    const begun = await desk.atLaunch().catch((error: Error) => log(`update: ${error.message}`));
    if (begun || closed) return;
    fromLife.takeUp();
  }

  return {
    /** False: nothing was left for this launch. That is a look at a small file, which only the updater reads properly. */
    beginFirst(): boolean {
      const known = readKept(memoryFile);
      const isLeft = load !== undefined && typeof known === 'object' && known !== null && ('next' in known || 'tried' in known);
      if (isLeft) void installFirst();
      return isLeft;
    },
    async grant({ wish, step }: Wish): Promise<Granted> {
      const desk = await opened();
      const answer = step === 'look' ? 'begun' : await desk.go(step);
      return { granted: wish, state: desk.state(), answer };
    },
    /** The program or the machine is on its way down: nothing is installed from here on. */
    close(): void {
      closed = true;
      there?.close();
    },
  };
}
