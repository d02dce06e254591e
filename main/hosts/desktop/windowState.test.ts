// Where the window opens: as it was left, and always where somebody can get hold of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeOn, type Rectangle, readWindowState, SMALLEST, zoomed } from './windowState.ts';

const LAPTOP: Rectangle = { x: 0, y: 25, width: 1440, height: 875 };
const LEFT: Rectangle = { x: -1920, y: 0, width: 1920, height: 1080 };

test('a window opens where it was left', () => {
  const bounds = { x: 100, y: 80, width: 900, height: 700 };
  assert.deepEqual(placeOn([LAPTOP], bounds), bounds);
  const onLeft = { x: -1800, y: 100, width: 1000, height: 800 };
  assert.deepEqual(placeOn([LAPTOP, LEFT], onLeft), onLeft);
});

test('the first time it has the usual size, and no more than the display', () => {
  assert.deepEqual(placeOn([LEFT], undefined), { width: 1360, height: 850 });
  assert.deepEqual(placeOn([{ x: 0, y: 0, width: 1024, height: 700 }], undefined), { width: 1024, height: 700 });
  assert.deepEqual(placeOn([], undefined), { width: 1360, height: 850 });
});

test('a display that was taken away takes the place with it, and not the window', () => {
  assert.deepEqual(placeOn([LAPTOP], { x: -1800, y: 100, width: 1000, height: 800 }), { width: 1000, height: 800 });
  // Its last corner would be no grip.
  assert.deepEqual(placeOn([LAPTOP], { x: 1400, y: 100, width: 800, height: 600 }), { width: 800, height: 600 });
});

test('a window larger than its display, or half beside it, is drawn in', () => {
  assert.deepEqual(placeOn([LAPTOP], { x: 200, y: 0, width: 3000, height: 2000 }), { x: 0, y: 25, width: 1440, height: 875 });
  assert.deepEqual(placeOn([LAPTOP], { x: 1000, y: 600, width: 800, height: 600 }), { x: 640, y: 300, width: 800, height: 600 });
});

test('wherever it was, it is whole on one display or without a place', () => {
  const side = fc.integer({ min: -5_000, max: 5_000 });
  const display = fc.record({
    x: side,
    y: side,
    width: fc.integer({ min: SMALLEST.width, max: 4_000 }),
    height: fc.integer({ min: SMALLEST.height, max: 4_000 }),
  });
  const bounds = fc.record({ x: side, y: side, width: fc.integer({ min: 0, max: 9_000 }), height: fc.integer({ min: 0, max: 9_000 }) });
  fc.assert(
    fc.property(fc.array(display, { minLength: 1, maxLength: 4 }), bounds, (areas, kept) => {
      const { x, y, width, height } = placeOn(areas, kept);
      assert.ok(width >= SMALLEST.width && height >= SMALLEST.height);
      if (x === undefined || y === undefined) return;
      assert.ok(areas.some((one) => x >= one.x && y >= one.y && x + width <= one.x + one.width && y + height <= one.y + one.height));
    }),
  );
});

test('what was kept is read piece by piece; what is not understood counts as not kept', () => {
  const bounds = { x: 1, y: 2, width: 3, height: 4 };
  assert.deepEqual(readWindowState({ bounds, maximized: true, fullScreen: true, zoom: 1.25, more: 1 }), {
    bounds,
    maximized: true,
    fullScreen: true,
    zoom: 1.25,
  });
  const nothing = { bounds: undefined, maximized: false, fullScreen: false, zoom: 1 };
  for (const kept of [
    undefined,
    null,
    7,
    'x',
    [],
    { bounds: { x: 1 }, maximized: 'yes', zoom: 40 },
    { bounds: { ...bounds, x: Number.NaN } },
  ])
    assert.deepEqual(readWindowState(kept), nothing);
});

test('zoom goes in steps, to its ends and back', () => {
  assert.equal(zoomed(1, 1), 1.1);
  assert.equal(zoomed(1, -1), 0.9);
  assert.equal(zoomed(2.5, 0), 1);
  assert.equal(zoomed(3, 1), 3);
  assert.equal(zoomed(0.5, -1), 0.5);
});
