// How the program ends: asked once where the station is at work, the station stopped in order, then gone.
import { type App, dialog } from 'electron';
import { TEXTS } from './texts.ts';

export type LeavingOptions = {
  /** What the station is at work on; undefined where it does not say. */
  busy(): Promise<string[] | undefined>;
  /** Asks the person; true: quit all the same. */
  ask(titles: string[]): Promise<boolean>;
  stop(): Promise<void>;
  /** It is decided: whatever else would end the program must not begin. */
  onAgreed(): void;
};

export type Leaving = ReturnType<typeof openLeaving>;

export function openLeaving(app: Pick<App, 'on' | 'quit'>, { busy, ask, stop, onAgreed }: LeavingOptions) {
  let agreed = false;
  let asking = false;
  let stopped = false;

  function agree(): void {
    agreed = true;
    onAgreed();
  }

  async function askFirst(): Promise<void> {
    asking = true;
    const titles = (await busy()) ?? [];
    const yes = titles.length === 0 || (await ask(titles));
    asking = false;
    // Meanwhile the system may have decided.
    if (!yes || agreed) return;
    agree();
    app.quit();
  }

  app.on('before-quit', (event) => {
    if (agreed) return onAgreed();
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
      agree();
      app.quit();
    },
    /** The same without beginning it: the system closes the windows itself. */
    withoutAsking: agree,
    /** An installation quits by itself, and has asked before; or it does not come to that after all. */
    letInstall(begins: boolean): void {
      agreed = begins;
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
