// What the window's page gets from its host: a function that asks for a port to the station, and one that tells the window around it
// something. What comes back is shown to the page as messages; nothing of Electron's own reaches it.
import { contextBridge, ipcRenderer } from 'electron';

/** For our own page only: whatever stood here after a navigation would get nothing. */
const show = (message: object, ports: readonly MessagePort[] = []) => window.postMessage(message, location.origin, [...ports]);

ipcRenderer.on('outpost:port', (event, { id, refused, code }: { id: string; refused?: string; code?: number }) =>
  show({ outpostPort: id, ...(refused !== undefined && { refused, code }) }, event.ports as MessagePort[]),
);
// The ports close with the station as well, but only Electron’s own addition to them would say so.
ipcRenderer.on('outpost:lost', () => show({ outpostLost: true }));
ipcRenderer.on('outpost:go', (_, { site, page }: { site: string; page: string }) => show({ outpostGo: { site, page } }));
ipcRenderer.on('outpost:happened', (_, what: string) => show({ outpostHappened: what }));

contextBridge.exposeInMainWorld('outpost', {
  /** `to` is another station, and the session there. */
  dial(kind: string, id: string, contract: string, to?: object): void {
    ipcRenderer.send('outpost:dial', kind, id, contract, ...(to === undefined ? [] : [to]));
  },
  tell(said: unknown): void {
    ipcRenderer.send('outpost:tell', said);
  },
});
