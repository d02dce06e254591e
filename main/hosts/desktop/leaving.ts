// How the program ends: asked once where the station is at work, the station stopped in order, then gone.
import { type App, dialog } from 'electron';
import { TEXTS } from './texts.ts';

export type LeavingOptions = {
  /** What the station is at work on. */
  busy(): Promise<string[]>;
  /** Asks the person; true: quit all the same. */
  ask(titles: string[]): Promise<boolean>;
  stop(): Promise<void>;
};

export function openLeaving(app: Pick<App, 'on' | 'quit'>, { busy, ask, stop }: LeavingOptions) {
  let agreed = false;
  let asking = false;
  let stopped = false;

  async function askFirst(): Promise<void> {
    asking = true;
    const titles = await busy();
    const yes = titles.length === 0 || (await ask(titles));
    asking = false;
    // Meanwhile the system may have decided.
    if (!yes || agreed) return;
    agreed = true;
    app.quit();
  }

  app.on('before-quit', (event) => {
    if (agreed) return;
    event.preventDefault();
    if (!asking) void askFirst();
  });
  app.on('will-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void stop().then(() => {
      stopped = true;
      app.quit();
    });
  });
  return {
    isAgreed: () => agreed,
    /** The system shuts down, or a signal says so: nobody is there to be asked. */
    now(): void {
      agreed = true;
      app.quit();
    },
    /** The same without beginning it: the system closes the windows itself. */
    withoutAsking(): void {
      agreed = true;
    },
  };
}

/** True: quit all the same. */
export async function askToQuit(titles: readonly string[]): Promise<boolean> {
  const { running, detail, quit, stay } = TEXTS.quit;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: running(titles),
    detail,
    buttons: [stay, quit],
    defaultId: 0,
    cancelId: 0,
  });
  return response === 1;
}
