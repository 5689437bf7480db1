// SPDX-License-Identifier: MIT
/** Where the cells of a map lie in its element: the whole at first, then as zoomed and moved. */
export interface MapSize {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

const MOST_ZOOM = 24;

export class MapPlace {
  readonly #size: MapSize;
  zoom = 1;
  /** Top left corner of the whole map, CSS pixels; never above 0. */
  x = 0;
  y = 0;

  constructor(size: MapSize, before?: MapPlace) {
    this.#size = size;
    if (before === undefined) return;
    this.zoom = before.zoom;
    this.moveTo(
      (before.x * size.width) / before.#size.width,
      (before.y * size.height) / before.#size.height,
    );
  }

  get cellWidth(): number {
    return (this.#size.width * this.zoom) / this.#size.columns;
  }

  get cellHeight(): number {
    return (this.#size.height * this.zoom) / this.#size.rows;
  }

  /** Zooms by a factor with the point under (x, y) staying where it is. */
  zoomBy(factor: number, x = this.#size.width / 2, y = this.#size.height / 2): void {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    const ratio = zoom / this.zoom;
    this.zoom = zoom;
    this.moveTo(x - (x - this.x) * ratio, y - (y - this.y) * ratio);
  }

  moveTo(x: number, y: number): void {
    const { width, height } = this.#size;
    this.x = Math.min(0, Math.max(width * (1 - this.zoom), x));
    this.y = Math.min(0, Math.max(height * (1 - this.zoom), y));
  }

  /** The cell under a point, or -1 outside. */
  cellAt(x: number, y: number): number {
    const { columns, rows } = this.#size;
    const column = Math.floor((x - this.x) / this.cellWidth);
    const row = Math.floor((y - this.y) / this.cellHeight);
    if (column < 0 || column >= columns || row < 0 || row >= rows) return -1;
    return row * columns + column;
  }

  /** Moves so that a cell is to be seen. */
  show(cell: number): void {
    const { columns, width, height } = this.#size;
    const left = this.x + (cell % columns) * this.cellWidth;
    const top = this.y + Math.floor(cell / columns) * this.cellHeight;
    const right = left + this.cellWidth;
    const bottom = top + this.cellHeight;
    const dx = left < 0 ? -left : right > width ? width - right : 0;
    const dy = top < 0 ? -top : bottom > height ? height - bottom : 0;
    this.moveTo(this.x + dx, this.y + dy);
  }
}
