// Where the window stands and how: read from what was kept, and fitted to the displays there are now. Pure.

export type Rectangle = { x: number; y: number; width: number; height: number };
export type WindowState = { bounds: Rectangle | undefined; maximized: boolean; fullScreen: boolean; zoom: number };

export const SMALLEST = { width: 480, height: 360 };
const USUAL = { width: 1360, height: 850 };
/** So much of the window must be on a display: a corner of a title bar is no use to anybody. */
const GRIP = { width: 120, height: 40 };

/** Steps as browsers have them; 1 is what was designed. */
const ZOOMS = [0.5, 0.67, 0.75, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3];

/** A file somebody may have edited, or another version wrote: what is not understood counts as not kept. */
export function readWindowState(kept: unknown): WindowState {
  const { bounds, maximized, fullScreen, zoom } = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>;
  return {
    bounds: isRectangle(bounds) ? { x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height } : undefined,
    maximized: maximized === true,
    fullScreen: fullScreen === true,
    zoom: ZOOMS.find((one) => one === zoom) ?? 1,
  };
}

function isRectangle(value: unknown): value is Rectangle {
  if (typeof value !== 'object' || value === null) return false;
  const { x, y, width, height } = value as Record<string, unknown>;
  return [x, y, width, height].every((side) => Number.isSafeInteger(side) && Math.abs(side as number) < 100_000);
}

/** `areas` are those of the displays without their bars, the first display first. Without a place the system centres the window. */
export function placeOn(areas: readonly Rectangle[], bounds: Rectangle | undefined): Omit<Rectangle, 'x' | 'y'> & Partial<Rectangle> {
  const area = bounds && areas.filter((one) => holds(one, bounds)).sort((a, b) => common(b, bounds) - common(a, bounds))[0];
  if (bounds === undefined || area === undefined) return within(bounds ?? USUAL, areas[0]);
  const { width, height } = within(bounds, area);
  return {
    width,
    height,
    x: Math.round(Math.min(Math.max(bounds.x, area.x), area.x + area.width - width)),
    y: Math.round(Math.min(Math.max(bounds.y, area.y), area.y + area.height - height)),
  };
}

const within = ({ width, height }: { width: number; height: number }, area: Rectangle = { x: 0, y: 0, ...USUAL }) => ({
  width: Math.max(SMALLEST.width, Math.min(width, area.width)),
  height: Math.max(SMALLEST.height, Math.min(height, area.height)),
});

const overlap = (fromA: number, lengthA: number, fromB: number, lengthB: number) =>
  Math.max(0, Math.min(fromA + lengthA, fromB + lengthB) - Math.max(fromA, fromB));
const common = (a: Rectangle, b: Rectangle) => overlap(a.x, a.width, b.x, b.width) * overlap(a.y, a.height, b.y, b.height);
const holds = (area: Rectangle, bounds: Rectangle) =>
  overlap(area.x, area.width, bounds.x, bounds.width) >= GRIP.width && overlap(area.y, area.height, bounds.y, bounds.height) >= GRIP.height;

/** One step larger (1), smaller (−1), or back to the usual (0). */
export function zoomed(zoom: number, step: -1 | 0 | 1): number {
  if (step === 0) return 1;
  const next = step === 1 ? ZOOMS.find((one) => one > zoom) : ZOOMS.findLast((one) => one < zoom);
  return next ?? zoom;
}
