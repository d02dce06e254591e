// A line in memory whose far end does what a test says: it sees each frame, and answers when and how it likes.

import type { Dial, Events } from '../../plant/bus/wire.ts';
import type { Clock } from '../../plant/driver.ts';

export type ScriptedLine = {
  dial: Dial;
  /** Frames that were sent, all connections together. */
  sent: Uint8Array[];
  /** What happens to the next connections, and then to all: opened, refused with these words, or left hanging. */
  dials: ('open' | 'hang' | { refuse: string })[];
  connects: number;
  closes: number;
  flushes: number;
  /** Bytes from the far end, on the present connection. */
  say(bytes: Uint8Array): void;
  cut(why: string): void;
  /** Called with each frame that is sent. */
  onFrame: (frame: Uint8Array) => void;
};

export function scriptedLine(clock: Clock): ScriptedLine {
  let present: Events | undefined;
  const line: ScriptedLine = {
    sent: [],
    dials: [],
    connects: 0,
    closes: 0,
    flushes: 0,
    onFrame: () => {},
    say: (bytes) => present?.data(bytes),
    cut: (why) => present?.closed(why),
    async dial(events, giveUp) {
      line.connects++;
      const how = line.dials.shift() ?? 'open';
      if (how === 'hang') await new Promise((_, reject) => giveUp.addEventListener('abort', () => reject(new Error('given up'))));
      if (typeof how === 'object') throw new Error(how.refuse);
      present = events;
      return {
        write(bytes) {
          line.sent.push(bytes);
          // Not in the middle of what the bus is just doing.
          clock.after(0, () => present === events && line.onFrame(bytes));
        },
        flush: () => void line.flushes++,
        close() {
          line.closes++;
          if (present === events) present = undefined;
        },
      };
    },
  };
  return line;
}
