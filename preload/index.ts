// What the window's page gets from its host: one function that asks for a port to the station. The page is shown the answer as
// a message with the port; nothing of Electron's own reaches it.
import { contextBridge, ipcRenderer } from 'electron';

ipcRenderer.on('outpost:port', (event, { id, refused, code }: { id: string; refused?: string; code?: number }) => {
  const answer = { outpostPort: id, ...(refused !== undefined && { refused, code }) };
  // For our own page only: whatever stood here after a navigation would get nothing.
  window.postMessage(answer, location.origin, event.ports as MessagePort[]);
});

// The ports close with the station as well, but only Electron’s own addition to them would say so.
ipcRenderer.on('outpost:lost', () => window.postMessage({ outpostLost: true }, location.origin));

contextBridge.exposeInMainWorld('outpost', {
  dial(kind: string, id: string, contract: string): void {
    ipcRenderer.send('outpost:dial', kind, id, contract);
  },
});
