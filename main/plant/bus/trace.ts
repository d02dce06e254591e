// The last frames of a line, put into words only when somebody looks.
import type { Frame } from '../driver.ts';

const KEPT = 200;

type Kept = {
  time: number;
  device: string | undefined;
  direction: Frame['direction'];
  bytes: Uint8Array | undefined;
  meaning: () => string;
};

export type Trace = {
  add(time: number, device: string | undefined, direction: Frame['direction'], bytes: Uint8Array | undefined, meaning: () => string): void;
  frames(): Frame[];
};

export function openTrace(kept = KEPT): Trace {
  const ring: Kept[] = [];
  let next = 0;
  return {
    add(time, device, direction, bytes, meaning) {
      ring[next] = { time, device, direction, bytes, meaning };
      next = (next + 1) % kept;
    },
    frames: () =>
      [...ring.slice(next), ...ring.slice(0, next)].map(({ time, device, direction, bytes, meaning }) => ({
        time,
        ...(device !== undefined && { device }),
        direction,
        hex: bytes === undefined ? '' : Buffer.from(bytes).toString('hex').replace(/../g, '$& ').trimEnd(),
        meaning: meaning(),
      })),
  };
}
