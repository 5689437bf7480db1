// SPDX-License-Identifier: MIT
/** Zooming and moving a map. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MapPlace } from '../../../emulator/web/page/map-place.ts';

const SIZE = { width: 800, height: 400, columns: 256, rows: 128 };

const zooms = fc.array(
  fc.record({
    factor: fc.double({ min: 0.2, max: 5, noNaN: true }),
    x: fc.double({ min: 0, max: 800, noNaN: true }),
    y: fc.double({ min: 0, max: 400, noNaN: true }),
  }),
  { maxLength: 10 },
);

describe('the place of a map', () => {
  it('never leaves a gap at an edge', () => {
    fc.assert(
      fc.property(zooms, (steps) => {
        const place = new MapPlace(SIZE);
        for (const { factor, x, y } of steps) place.zoomBy(factor, x, y);
        expect(place.x).toBeLessThanOrEqual(0);
        expect(place.y).toBeLessThanOrEqual(0);
        expect(place.x + place.cellWidth * 256).toBeGreaterThanOrEqual(800 - 1e-6);
        expect(place.y + place.cellHeight * 128).toBeGreaterThanOrEqual(400 - 1e-6);
      }),
    );
  });

  it('keeps the cell under the pointer while zooming in', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 799, noNaN: true }),
        fc.double({ min: 1, max: 399, noNaN: true }),
        (x, y) => {
          const place = new MapPlace(SIZE);
          const before = place.cellAt(x, y);
          place.zoomBy(3, x, y);
          expect(place.cellAt(x, y)).toBe(before);
        },
      ),
    );
  });

  it('brings any cell into view', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32_767 }), (cell) => {
        const place = new MapPlace(SIZE);
        place.zoomBy(8, 0, 0);
        place.show(cell);
        const left = place.x + (cell % 256) * place.cellWidth;
        const top = place.y + Math.floor(cell / 256) * place.cellHeight;
        expect(left).toBeGreaterThanOrEqual(-1e-6);
        expect(top).toBeGreaterThanOrEqual(-1e-6);
        expect(left + place.cellWidth).toBeLessThanOrEqual(800 + 1e-6);
        expect(top + place.cellHeight).toBeLessThanOrEqual(400 + 1e-6);
      }),
    );
  });

  it('has no cell outside', () => {
    const place = new MapPlace(SIZE);
    expect(place.cellAt(0, 0)).toBe(0);
    expect(place.cellAt(799.9, 399.9)).toBe(32_767);
    expect(place.cellAt(-1, 0)).toBe(-1);
    expect(place.cellAt(800.1, 0)).toBe(-1);
  });
});
