// The sign of the program in the tray, drawn as pixels: a ring around a point. How the station is shows in it without words.
import { crc32, deflateSync } from 'node:zlib';
import type { StationMood } from './menu.ts';

type Colour = readonly [red: number, green: number, blue: number];
const MARK: Colour = [43, 138, 172];
const QUIET: Colour = [134, 142, 150];
const BAD: Colour = [224, 49, 49];
const DOT: Colour = [240, 140, 0];

const colourOf = (mood: StationMood): Colour => (mood === 'running' ? MARK : mood === 'dead' ? BAD : QUIET);

/** So many samples a pixel and direction: edges stay smooth at 16 pixels. */
const FINE = 4;

/** A PNG of `size` × `size`. Something unread puts a dot into its corner. */
export function trayIcon(size: number, mood: StationMood, unread: boolean): Buffer {
  const rows = Buffer.alloc(size * (1 + 4 * size));
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [mark, dot] = covered(x, y, size, unread);
      const [red, green, blue] = dot > 0 ? DOT : colourOf(mood);
      rows.set([red, green, blue, Math.round(255 * Math.max(mark, dot))], y * (1 + 4 * size) + 1 + 4 * x);
    }
  return png(size, rows);
}

/** The shares of a pixel under the sign and under its dot. */
function covered(x: number, y: number, size: number, unread: boolean): [number, number] {
  let mark = 0;
  let dot = 0;
  for (let sy = 0; sy < FINE; sy++)
    for (let sx = 0; sx < FINE; sx++) {
      const across = (x + (sx + 0.5) / FINE) / size;
      const down = (y + (sy + 0.5) / FINE) / size;
      if (unread && Math.hypot(across - 0.78, down - 0.22) < 0.22) dot += 1;
      else if (isMark(across, down) && !(unread && Math.hypot(across - 0.78, down - 0.22) < 0.28)) mark += 1;
    }
  return [mark / FINE ** 2, dot / FINE ** 2];
}

function isMark(across: number, down: number): boolean {
  const fromCentre = Math.hypot(across - 0.5, down - 0.5);
  return (fromCentre < 0.48 && fromCentre > 0.36) || fromCentre < 0.14;
}

function png(size: number, rows: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
