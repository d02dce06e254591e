// What the way from the page to the station costs: preload, port, a process of its own, session and contract, against a bare port
// to another thread. Under the double the port crosses by Node's own line between processes, which is slower than Electron's.
import { measured } from './desktop.ts';
import { type Bench, figure } from './figure.ts';

export const bench: Bench = async () => {
  const { calls = 0, bareCalls = 0, megabytes = 0, bareMegabytes = 0 } = await measured('bridge');
  return [
    figure('desktop-bridge', 'calls through preload and port, 100 at once', calls, 'calls/s', 'echo by a bare MessagePort', bareCalls),
    figure('desktop-bridge', 'a file through preload and port', megabytes, 'MB/s', 'the same pieces by a bare MessagePort', bareMegabytes),
  ];
};
