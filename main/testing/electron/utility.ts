// utilityProcess.fork as a real process of Node: its ports are carried over its line, it can be killed, and its stderr behaves
// as Electron's does: all listeners are taken off with the exit.
import { fork as forkNode } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ForkOptions, MessagePortMain, UtilityProcess } from 'electron';
import { bridge, type Crossing, give } from './ports.ts';
import { refuse, strict } from './strict.ts';

const BOOT = fileURLToPath(new URL('./utilityBoot.ts', import.meta.url));
type Stdio = 'pipe' | 'inherit' | 'ignore';

export function forkUtility(entry: string, args: string[] = [], options: ForkOptions = {}): UtilityProcess {
  const [stdin, stdout, stderr] = options.stdio as Stdio[];
  if (stdin !== 'ignore' || stdout === 'pipe' || stderr !== 'pipe') refuse('only stdio [ignore, inherit | ignore, pipe] is modelled');
  const child = forkNode(BOOT, [entry, ...args], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', stdout as Stdio, 'pipe', 'ipc'],
    ...(options.env && { env: options.env as NodeJS.ProcessEnv }),
  });
  const events = new EventEmitter();
  const words = new PassThrough();
  child.stderr?.pipe(words);
  const send = (crossing: Crossing) => {
    if (child.connected) child.send(crossing, () => {});
  };
  const ports = bridge(send);
  let last = 0;
  let alive = true;
  child.on('message', (crossing: Crossing) => {
    if (!ports.receive(crossing) && 'data' in crossing) events.emit('message', crossing.data);
  });
  child.on('exit', (code, signal) => {
    alive = false;
    ports.end();
    events.emit('exit', code ?? (signal === 'SIGKILL' ? 9 : 15));
    words.removeAllListeners();
  });
  const members = {
    get pid() {
      return alive ? child.pid : undefined;
    },
    get stderr() {
      return alive ? words : null;
    },
    kill: () => alive && child.kill('SIGTERM'),
    postMessage(message: unknown, transfer: MessagePortMain[] = []) {
      if (!alive) return;
      const given = transfer.map((port) => {
        ports.carry(++last, give(port));
        return last;
      });
      send({ to: 'line', data: structuredClone(message), ports: given });
    },
  } satisfies { [Name in 'pid' | 'stderr' | 'kill' | 'postMessage']: UtilityProcess[Name] | undefined | null };
  Object.defineProperties(events, Object.getOwnPropertyDescriptors(members));
  return strict('UtilityProcess', events) as unknown as UtilityProcess;
}
