// SPDX-License-Identifier: MIT
/** Cells laid out in rows, as SVG paths. */
import { MAP_CLASSES, type MapCode } from './map-classes.ts';

export interface CellGrid {
  /** Top left corner and size of a cell, in user units. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly columns: number;
}

/** For each class the path around its cells; runs of equal cells are one shape. */
export function cellRuns(grid: CellGrid, codes: Uint8Array): readonly string[] {
  const paths = MAP_CLASSES.map((): string[] => []);
  let from = 0;
  for (let i = 1; i <= codes.length; i += 1) {
    if (i < codes.length && codes[i] === codes[from]) continue;
    const code: MapCode = codes[from]!;
    if (code !== 0) paths[code]!.push(rectangles(grid, from, i));
    from = i;
  }
  return paths.map((parts) => parts.join(''));
}

/** The cells [first, last) as up to three rectangles: part of a row, whole rows, part of a row. */
function rectangles(grid: CellGrid, first: number, last: number): string {
  const { columns } = grid;
  let at = first;
  let path = '';
  const headEnd = Math.min(last, Math.ceil(first / columns) * columns);
  if (headEnd > at) {
    path += rectangle(grid, at, headEnd - at, 1);
    at = headEnd;
  }
  const rows = Math.floor((last - at) / columns);
  if (rows > 0) {
    path += rectangle(grid, at, columns, rows);
    at += rows * columns;
  }
  return last > at ? path + rectangle(grid, at, last - at, 1) : path;
}

function rectangle(grid: CellGrid, cell: number, columns: number, rows: number): string {
  const x = short(grid.x + (cell % grid.columns) * grid.width);
  const y = short(grid.y + Math.floor(cell / grid.columns) * grid.height);
  const width = short(columns * grid.width);
  return `M${x} ${y}h${width}v${short(rows * grid.height)}h-${width}z`;
}

/** One line around the cells [first, last), which may span rows. */
export function cellOutline(grid: CellGrid, first: number, last: number): string {
  const { columns, width, height } = grid;
  const left = grid.x;
  const right = grid.x + columns * width;
  const row = (cell: number): number => grid.y + Math.floor(cell / columns) * height;
  const column = (cell: number): number => grid.x + (cell % columns) * width;
  const top = row(first);
  const bottom = row(last - 1) + height;
  const startX = column(first);
  const endX = column(last - 1) + width;
  const points: [number, number][] =
    top + height === bottom
      ? [
          [startX, top],
          [endX, top],
          [endX, bottom],
          [startX, bottom],
        ]
      : [
          [startX, top],
          [right, top],
          [right, bottom - height],
          [endX, bottom - height],
          [endX, bottom],
          [left, bottom],
          [left, top + height],
          [startX, top + height],
        ];
  return `M${points.map(([x, y]) => `${short(x)} ${short(y)}`).join('L')}z`;
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}
