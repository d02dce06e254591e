// A page in the window, as far as a preload in a sandbox sees one: it may load electron's two modules and nothing else, and what
// it exposes is copied into the page's own world.
import { readFileSync } from 'node:fs';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ContextBridge, IpcRenderer } from 'electron';
import { refuse, strict } from './strict.ts';

export type PageMessage = { data: unknown; ports: readonly MessagePort[] };
export type Page = {
  /** What the page's own scripts find on their window. */
  exposed: Record<string, Record<string, (...args: unknown[]) => unknown>>;
  /** Hears what is posted to the window. Returns how to stop. */
  listen(listener: (message: PageMessage) => void): () => void;
  /** From main, on a channel. */
  receive(channel: string, message: unknown, ports: MessagePort[]): void;
};

export function openPage(preload: string, origin: string, send: (channel: string, args: unknown[]) => void): Page {
  const exposed: Page['exposed'] = {};
  const listeners = new Set<(message: PageMessage) => void>();
  const heard = new Map<string, (event: object, ...args: unknown[]) => void>();

  const contextBridge: Pick<ContextBridge, 'exposeInMainWorld'> = {
    exposeInMainWorld(key, api: Record<string, (...args: unknown[]) => unknown>) {
      if (Object.hasOwn(exposed, key)) refuse(`${key} is exposed already`);
      const copied = Object.entries(api).map(([name, value]) => {
        if (typeof value !== 'function') return [name, structuredClone(value)];
        return [name, (...args: unknown[]) => structuredClone(value(...structuredClone(args)))];
      });
      exposed[key] = Object.freeze(Object.fromEntries(copied));
    },
  };
  const ipcRenderer = {
    send: (channel: string, ...args: unknown[]) => send(channel, structuredClone(args)),
    on: (channel: string, listener: (event: object, ...args: unknown[]) => void) => {
      if (heard.has(channel)) refuse(`${channel} is heard twice`);
      heard.set(channel, listener);
    },
  } satisfies Partial<Record<keyof IpcRenderer, unknown>>;
  const window = {
    postMessage(data: unknown, target: string, transfer: readonly MessagePort[] = []) {
      if (target !== origin && target !== '*') return;
      // Sent through a channel, as a transfer does it: cloned, and gone from here.
      const { port1, port2 } = new MessageChannel();
      port2.once('message', (message: PageMessage) => {
        port2.close();
        for (const listener of [...listeners]) listener(message);
      });
      port1.postMessage({ data, ports: transfer }, [...transfer]);
    },
  };
  const electron = strict('electron', {
    contextBridge: strict('contextBridge', contextBridge),
    ipcRenderer: strict('ipcRenderer', ipcRenderer),
  });
  const require = (name: string) => (name === 'electron' ? electron : refuse(`a preload in a sandbox cannot require ${name}`));
  const run = new Function('require', 'module', 'exports', 'window', 'location', readFileSync(preload, 'utf8'));
  run(require, { exports: {} }, {}, strict('window', window), strict('location', { origin }));

  return {
    exposed,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    receive: (channel, message, ports) =>
      heard.get(channel)?.(strict('IpcRendererEvent', { ports, sender: undefined, senderId: 0 }), message),
  };
}
