// SPDX-License-Identifier: MIT
/** Cells as pixels, against painting every pixel anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellPainter, cellEdges, inkOf, pixelOf } from '../../../emulator/web/page/cell-painter.ts';

const LOOKS = (['solid', 'stripes', 'back', 'bars', 'dots', 'cross'] as const).map(
  (pattern, i) => ({ label: '', light: `#0000${i}0`, dark: `#00${i}000`, pattern }),
);
const INKS = LOOKS.map((look) => inkOf(look, 'light'));

/** What each pixel must be: its cell's colour, or the pattern's where that has a mark. */
function naive(codes: Uint8Array, columns: number, size: number, width: number, height: number) {
  const rows = Math.ceil(codes.length / columns);
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const column = cellOf(x, size, columns);
      const row = cellOf(y, size, rows);
      const code = codes[row * columns + column];
      if (column < 0 || row < 0 || code === undefined) continue;
      const { fill, ink, mask } = INKS[code]!;
      pixels[y * width + x] = mask[(y % 6) * 6 + (x % 6)] ? ink : fill;
    }
  }
  return pixels;
}

function cellOf(at: number, size: number, count: number): number {
  for (let i = 0; i < count; i += 1) {
    if (at >= Math.round(i * size) && at < Math.round((i + 1) * size)) return i;
  }
  return -1;
}

describe('the painter', () => {
  it('after any changes has painted what painting anew would', () => {
    const codes = fc.uint8Array({ minLength: 24, maxLength: 24, max: 5 });
    fc.assert(
      fc.property(
        fc.array(codes, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0.4, max: 9, noNaN: true }),
        (frames, size) => {
          const [width, height] = [31, 17];
          const pixels = new Uint32Array(width * height);
          const edges = { x: cellEdges(6, size, 0, width), y: cellEdges(4, size, 0, height) };
          const painter = new CellPainter(pixels, width, edges, INKS);
          for (const frame of frames) {
            const before = pixels.slice();
            const changed = painter.paint(frame);
            expect(pixels).toEqual(naive(frame, 6, size, width, height));
            for (let i = 0; i < pixels.length; i += 1) {
              if (pixels[i] === before[i]) continue;
              const [x, y] = [i % width, Math.floor(i / width)];
              expect(x >= changed.left && x < changed.right).toBe(true);
              expect(y >= changed.top && y < changed.bottom).toBe(true);
            }
          }
        },
      ),
    );
  });

  it('says that nothing changed when nothing did', () => {
    const edges = { x: cellEdges(2, 4, 0, 8), y: cellEdges(1, 4, 0, 4) };
    const painter = new CellPainter(new Uint32Array(32), 8, edges, INKS);
    const codes = Uint8Array.of(1, 0);
    painter.paint(codes);
    const { left, right } = painter.paint(codes);
    expect(right).toBeLessThanOrEqual(left);
  });

  it('has red in the lowest byte, as canvases on little-endian machines', () => {
    expect(pixelOf('#0102ff')).toBe(0xffff0201);
  });
});
