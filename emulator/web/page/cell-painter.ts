// SPDX-License-Identifier: MIT
/**
 * Cells as pixels. Writes straight into the pixels of a picture and says which part of it changed,
 * so that a frame costs what changed and not what there is.
 */
import type { ShadeLook } from '../../../loader/view/index.ts';

/** Patterns repeat after this many pixels. */
const PERIOD = 6;

/** How a look is painted: two colours as pixels, and which of PERIOD × PERIOD has the second. */
export interface CellInk {
  readonly fill: number;
  readonly ink: number;
  readonly mask: Uint8Array;
}

/** What part of a picture changed, in pixels; empty when `right` is not above `left`. */
export interface Changed {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where the cells lie: column `i` from `x[i]` to `x[i + 1]`, rows alike, in pixels. */
export interface CellEdges {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** The pixels of a colour `#rrggbb`, opaque, as little-endian canvases have them. */
export function pixelOf(colour: string): number {
  const value = Number.parseInt(colour.slice(1), 16);
  const red = value >> 16;
  const green = (value >> 8) & 0xff;
  const blue = value & 0xff;
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function mix(a: number, b: number, share: number): number {
  let mixed = 0;
  for (const shift of [0, 8, 16, 24]) {
    const from = (a >>> shift) & 0xff;
    const to = (b >>> shift) & 0xff;
    mixed |= Math.round(from + (to - from) * share) << shift;
  }
  return mixed >>> 0;
}

/** How a look is painted on light or dark ground. */
export function inkOf(look: ShadeLook, scheme: 'light' | 'dark'): CellInk {
  const fill = pixelOf(look[scheme]);
  const ground = pixelOf(scheme === 'light' ? '#ffffff' : '#0d1013');
  const mask = new Uint8Array(PERIOD * PERIOD);
  for (let y = 0; y < PERIOD; y += 1) {
    for (let x = 0; x < PERIOD; x += 1) mask[y * PERIOD + x] = isInked(look.pattern, x, y) ? 1 : 0;
  }
  return { fill, ink: mix(fill, ground, 0.6), mask };
}

function isInked(pattern: ShadeLook['pattern'], x: number, y: number): boolean {
  switch (pattern) {
    case 'solid':
      return false;
    case 'stripes':
      return (x + y) % PERIOD < 2;
    case 'back':
      return (x - y + PERIOD) % PERIOD < 2;
    case 'bars':
      return y < 2;
    case 'dots':
      return x < 2 && y < 2;
    case 'cross':
      return x < 1 || y < 1;
  }
}

/** Edges of `count` cells of `size` pixels, the first at `from`, cut to [0, most]. */
export function cellEdges(count: number, size: number, from: number, most: number): Int32Array {
  return Int32Array.from({ length: count + 1 }, (_, i) =>
    Math.min(most, Math.max(0, Math.round(from + i * size))),
  );
}

export class CellPainter {
  readonly #pixels: Uint32Array;
  readonly #width: number;
  readonly #edges: CellEdges;
  readonly #inks: readonly CellInk[];
  /** What is painted; 255 where nothing is. */
  readonly #painted: Uint8Array;

  constructor(pixels: Uint32Array, width: number, edges: CellEdges, inks: readonly CellInk[]) {
    this.#pixels = pixels;
    this.#width = width;
    this.#edges = edges;
    this.#inks = inks;
    this.#painted = new Uint8Array((edges.x.length - 1) * (edges.y.length - 1)).fill(255);
  }

  /** Paints the cells that are not as they were; cells outside the picture cost nothing. */
  paint(codes: Uint8Array): Changed {
    const { x, y } = this.#edges;
    const columns = x.length - 1;
    const changed = { left: this.#width, top: Number.MAX_SAFE_INTEGER, right: 0, bottom: 0 };
    const painted = this.#painted;
    const count = Math.min(codes.length, painted.length);
    for (let i = 0; i < count; i += 1) {
      const code = codes[i]!;
      if (code === painted[i]) continue;
      painted[i] = code;
      const row = Math.floor(i / columns);
      const column = i - row * columns;
      const left = x[column]!;
      const right = x[column + 1]!;
      const top = y[row]!;
      const bottom = y[row + 1]!;
      if (left >= right || top >= bottom) continue;
      this.#fill(this.#inks[code] ?? this.#inks[0]!, left, right, top, bottom);
      if (left < changed.left) changed.left = left;
      if (right > changed.right) changed.right = right;
      if (top < changed.top) changed.top = top;
      if (bottom > changed.bottom) changed.bottom = bottom;
    }
    return changed;
  }

  #fill(
    { fill, ink, mask }: CellInk,
    left: number,
    right: number,
    top: number,
    bottom: number,
  ): void {
    const pixels = this.#pixels;
    for (let y = top; y < bottom; y += 1) {
      const line = y * this.#width;
      const pattern = (y % PERIOD) * PERIOD;
      for (let x = left; x < right; x += 1) {
        pixels[line + x] = mask[pattern + (x % PERIOD)] === 1 ? ink : fill;
      }
    }
  }
}
