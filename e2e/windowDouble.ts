// A page of a real Chromium as the page of the desktop's window: the built preload in it, the built program under the double behind it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { BrowserContext, WebSocketRoute } from 'playwright-core';
import { type Desktop, PRELOAD, startDesktop } from '../main/testing/electron/desktop.ts';
import { give } from '../main/testing/electron/ports.ts';

/** Stands for outpost://app, a scheme only Electron knows. */
export const ORIGIN = 'https://app.outpost.test';

/**
 * What a preload finds in the sandbox: Electron's two modules. Here each message to main has a socket of its own, for whatever
 * comes of it; one more carries what the page tells its window and what main sends unasked. A port's end is not told by a browser:
 * its close() is watched.
 */
const SHIM = `
  const heard = {};
  const contextBridge = { exposeInMainWorld: (key, api) => Object.defineProperty(window, key, { value: Object.freeze({ ...api }) }) };
  const ipcRenderer = {
    on: (channel, listener) => { heard[channel] = listener; },
    send(...message) {
      if (message[0] === 'outpost:tell') {
        told.readyState === 1 ? told.send(JSON.stringify(message)) : told.addEventListener('open', () => told.send(JSON.stringify(message)));
        return;
      }
      const bridge = new WebSocket('${ORIGIN.replace('https', 'wss')}/bridge');
      bridge.binaryType = 'arraybuffer';
      const { port1, port2 } = new MessageChannel();
      // As a socket does: what is said while it closes goes nowhere.
      port1.onmessage = ({ data }) => bridge.readyState < 2 && bridge.send(data);
      bridge.onopen = () => bridge.send(JSON.stringify(message));
      bridge.onmessage = ({ data }) => {
        const { channel, message, ports } = JSON.parse(data);
        bridge.onmessage = ({ data }) => port1.postMessage(typeof data === 'string' ? data : new Uint8Array(data));
        const watch = ({ data, ports: [port] }) => {
          if (data?.outpostPort !== message.id) return;
          removeEventListener('message', watch);
          if (port) port.close = () => bridge.close();
        };
        addEventListener('message', watch);
        heard[channel]({ ports: ports === 1 ? [port2] : [] }, message);
      };
      bridge.onclose = () => port1.close();
    },
  };
  const told = new WebSocket('${ORIGIN.replace('https', 'wss')}/told');
  told.onmessage = ({ data }) => {
    const { channel, message } = JSON.parse(data);
    heard[channel]({ ports: [] }, message);
  };
  const require = () => ({ contextBridge, ipcRenderer });`;

/** Makes a profile the page of this desktop's window, one that speaks `contract`. `dialled` tells the links that were asked for. */
export async function becomeWindow(context: BrowserContext, desktop: Desktop, contract?: string): Promise<{ dialled: string[] }> {
  const dialled: string[] = [];
  await context.route(`${ORIGIN}/**`, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const answer = await desktop.fetch(`outpost://app${pathname}${search}`, { method: route.request().method() });
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
  await context.routeWebSocket(`${ORIGIN.replace('https', 'wss')}/bridge`, (socket) => {
    socket.onMessage((first) => {
      const [channel, kind, id, own, ...to] = JSON.parse(String(first)) as [string, string, string, string, ...unknown[]];
      dialled.push(kind);
      desktop.sendFrom(frameBehind(desktop, socket), channel, kind, id, contract ?? own, ...to);
    });
  });
  await context.routeWebSocket(`${ORIGIN.replace('https', 'wss')}/told`, (socket) => {
    socket.onMessage((said) => {
      const [channel, ...args] = JSON.parse(String(said)) as [string, ...unknown[]];
      desktop.sendFrom(desktop.windows[0]?.frame ?? null, channel, ...args);
    });
    socket.onClose(desktop.windows[0]?.onSent((sent) => socket.send(JSON.stringify(sent))) ?? (() => {}));
  });
  await context.addInitScript(`{ ${SHIM}\n(function (module, exports) { ${readFileSync(PRELOAD, 'utf8')}\n })({ exports: {} }, {}); }`);
  return { dialled };
}

/** The frame that main sees in the place of the real page: what it posts goes down the socket, a port follows message by message. */
const frameBehind = (desktop: Desktop, socket: WebSocketRoute) =>
  desktop.frame({ origin: 'outpost://app' }, ({ channel, message, ports }) => {
    socket.send(JSON.stringify({ channel, message, ports: ports.length }));
    for (const port of ports.map(give)) {
      port.on('message', (data: string | Uint8Array) => socket.send(typeof data === 'string' ? data : Buffer.from(data)));
      port.on('close', () => socket.close());
      socket.onMessage((data) => port.postMessage(typeof data === 'string' ? data : new Uint8Array(data)));
      socket.onClose(() => port.close());
    }
  });

/** One program for all tests of a file: a process can start it only once. */
export function oneDesktop(): Promise<Desktop & { data: string }> {
  const endings: (() => unknown)[] = [];
  after(async () => {
    for (const end of endings) await end();
  });
  return (async () => {
    const data = mkdtempSync(join(tmpdir(), 'outpost-window-'));
    endings.push(() => rmSync(data, { recursive: true, force: true }));
    const desktop = await startDesktop({ after: (end: () => unknown) => void endings.unshift(end) }, data);
    await desktop.until(() => desktop.windows[0]?.address === 'outpost://app/');
    return { ...desktop, data };
  })();
}
