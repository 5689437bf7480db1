// SPDX-License-Identifier: MIT
/** The map: a canvas of cells, outlines over it, and a cell that pointer or keyboard is on. */
import { cellOutline, type ShadeLook } from '../../../loader/view/index.ts';
import type { AreaShown, Frame, Mark } from '../messages.ts';
import { CellPainter, cellEdges, inkOf } from './cell-painter.ts';
import { addGestures } from './gestures.ts';
import { MapPlace } from './map-place.ts';
import { scheme } from './scheme.ts';

const SVG = 'http://www.w3.org/2000/svg';
const ZOOM_STEP = 1.5;
/** Below this width a row has half the cells. */
const NARROW = 520;

/**
 * Sends `ask` (detail: an address) when someone wants to know what lies there, and `choose` when
 * what lies there is to be selected.
 */
export class AddressMapElement extends HTMLElement {
  readonly #canvas = document.createElement('canvas');
  readonly #outlines = document.createElementNS(SVG, 'svg');
  readonly #hole = path('mark-hole');
  readonly #wanted = path('mark-wanted');
  readonly #selected = path('mark-selected');
  readonly #focusBack = path('mark-focus');
  readonly #focus = path('mark-focus-line');
  #frame: Frame | undefined;
  #looks: readonly ShadeLook[] = [];
  #place: MapPlace | undefined;
  #painter: CellPainter | undefined;
  #image: ImageData | undefined;
  #cell = -1;
  /** As of the last layout: to ask the element costs one. */
  #width = NARROW;
  #area: Mark | undefined;

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.tabIndex = 0;
    this.setAttribute('role', 'application');
    this.setAttribute('aria-roledescription', 'map of address space');
    this.#outlines.setAttribute('aria-hidden', 'true');
    this.#outlines.append(this.#selected, this.#hole, this.#wanted, this.#focusBack, this.#focus);
    this.append(this.#canvas, this.#outlines);
    this.addEventListener('pointermove', (event) => {
      if (event.buttons === 0 || (this.#place?.zoom ?? 1) === 1) this.#hover(event);
    });
    addGestures(this, {
      zoom: (factor, x, y) => this.#zoom(factor, x, y),
      move: (dx, dy) => {
        const place = this.#place;
        if (place === undefined || place.zoom === 1) return;
        place.moveTo(place.x + dx, place.y + dy);
        this.#lay();
      },
      press: (_x, _y, event) => {
        this.#hover(event);
        this.dispatchEvent(new CustomEvent('choose'));
      },
      wheelZooms: (event) => {
        const isZoomed = (this.#place?.zoom ?? 1) > 1;
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
        return event.ctrlKey || event.metaKey ? !sideways || isZoomed : isZoomed;
      },
      dragMoves: () => (this.#place?.zoom ?? 1) > 1,
    });
    this.addEventListener('keydown', (event) => this.#onKey(event));
    this.#width = this.clientWidth;
    new ResizeObserver(() => this.#lay()).observe(this);
  }

  /** Cells in a row that suit the element's width. */
  get columns(): number {
    return this.#width < NARROW ? 128 : 256;
  }

  /** The map as it is seen, with its outlines, as a PNG. */
  picture(): Promise<Blob | null> {
    const { width, height } = this.#canvas;
    const copy = document.createElement('canvas');
    copy.width = width;
    copy.height = height;
    const context = copy.getContext('2d');
    context?.drawImage(this.#canvas, 0, 0);
    context?.scale(width / this.clientWidth, height / this.clientHeight);
    for (const outline of [this.#hole, this.#wanted]) {
      const { stroke, strokeWidth, strokeDasharray } = getComputedStyle(outline);
      if (!context) break;
      context.strokeStyle = stroke;
      context.lineWidth = Number.parseFloat(strokeWidth);
      context.setLineDash(strokeDasharray === 'none' ? [] : [8, 4]);
      context.stroke(new Path2D(outline.getAttribute('d') ?? ''));
    }
    return new Promise((resolve) => copy.toBlob(resolve, 'image/png'));
  }

  /** Shows a frame; `looks` are those of its shading. */
  show(frame: Frame, looks: readonly ShadeLook[]): void {
    const before = this.#frame;
    this.#frame = frame;
    const sameCells =
      before?.columns === frame.columns && before.codes.length === frame.codes.length;
    if (!sameCells || looks !== this.#looks || this.#painter === undefined) {
      this.#looks = looks;
      this.#lay();
      return;
    }
    this.#paint();
  }

  /** Paints everything anew, in the colours of now. */
  refresh(): void {
    this.#lay();
  }

  /** Asks again what lies where pointer or keyboard is: it may be another area by now. */
  askAgain(): void {
    if (this.#cell >= 0) this.#goTo(this.#cell);
  }

  zoomIn(): void {
    this.#zoom(ZOOM_STEP);
  }

  zoomOut(): void {
    this.#zoom(1 / ZOOM_STEP);
  }

  zoomAll(): void {
    this.#zoom(0);
  }

  /** Outlines the area that was asked for. */
  showArea({ area }: AreaShown): void {
    this.#area = area;
    this.#outlineFocus();
  }

  /** Makes picture and painter for the present size. */
  #lay(): void {
    const frame = this.#frame;
    const { clientWidth: width, clientHeight: height } = this;
    this.#width = width;
    if (frame === undefined || width === 0 || height === 0) return;
    const { columns } = frame;
    const rows = Math.max(1, Math.ceil(frame.codes.length / columns));
    const place = new MapPlace({ width, height, columns, rows }, this.#place);
    this.#place = place;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const pixelWidth = Math.round(width * ratio);
    const pixelHeight = Math.round(height * ratio);
    if (this.#canvas.width !== pixelWidth || this.#canvas.height !== pixelHeight) {
      this.#canvas.width = pixelWidth;
      this.#canvas.height = pixelHeight;
      this.#image = undefined;
    }
    this.#image ??= new ImageData(pixelWidth, pixelHeight);
    const pixels = new Uint32Array(this.#image.data.buffer);
    const inks = this.#looks.map((look) => inkOf(look, scheme()));
    pixels.fill(inks[0]!.fill);
    const edges = {
      x: cellEdges(columns, place.cellWidth * ratio, place.x * ratio, pixelWidth),
      y: cellEdges(rows, place.cellHeight * ratio, place.y * ratio, pixelHeight),
    };
    this.#painter = new CellPainter(pixels, pixelWidth, edges, inks);
    this.toggleAttribute('data-zoomed', place.zoom > 1);
    this.#outlines.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#paint(true);
  }

  #paint(whole = false): void {
    const context = this.#canvas.getContext('2d', { alpha: false });
    if (!context || !this.#painter || !this.#image || !this.#frame) return;
    const { left, top, right, bottom } = this.#painter.paint(this.#frame.codes);
    if (whole) context.putImageData(this.#image, 0, 0);
    else if (right > left) {
      context.putImageData(this.#image, 0, 0, left, top, right - left, bottom - top);
    }
    setPath(this.#hole, this.#outline(this.#frame.hole));
    setPath(this.#wanted, this.#outline(this.#frame.wanted));
    setPath(this.#selected, this.#frame.selected.map((mark) => this.#outline(mark)).join(''));
    this.#outlineFocus();
  }

  #outlineFocus(): void {
    const d = this.#outline(this.#cell < 0 ? null : (this.#area ?? null));
    setPath(this.#focusBack, d);
    setPath(this.#focus, d);
  }

  /** The outline of bytes of the picture; a mark is offset and size. */
  #outline(mark: Mark | null): string {
    const frame = this.#frame;
    const place = this.#place;
    if (mark === null || frame === undefined || place === undefined || mark.size <= 0) return '';
    const count = frame.codes.length;
    const first = Math.max(0, Math.floor(mark.start / frame.cellBytes));
    const last = Math.min(count, Math.ceil((mark.start + mark.size) / frame.cellBytes));
    if (first >= last) return '';
    const { x, y, cellWidth: width, cellHeight: height } = place;
    return cellOutline({ x, y, width, height, columns: frame.columns }, first, last);
  }

  #zoom(factor: number, x?: number, y?: number): void {
    const place = this.#place;
    if (place === undefined) return;
    if (factor === 0) place.zoomBy(1e-9);
    else place.zoomBy(factor, x, y);
    this.#lay();
  }

  #point(event: MouseEvent): [x: number, y: number] {
    const { left, top } = this.getBoundingClientRect();
    return [event.clientX - left - this.clientLeft, event.clientY - top - this.clientTop];
  }

  #hover(event: PointerEvent): void {
    const cell = this.#place?.cellAt(...this.#point(event)) ?? -1;
    if (cell >= 0 && cell !== this.#cell) this.#goTo(cell);
  }

  #goTo(cell: number): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#cell = Math.min(frame.codes.length - 1, Math.max(0, cell));
    const detail = frame.start + this.#cell * frame.cellBytes;
    this.dispatchEvent(new CustomEvent<number>('ask', { detail }));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.dispatchEvent(new CustomEvent('choose'));
    const cell = this.#cellFor(event);
    if (cell === undefined) return;
    event.preventDefault();
    this.#goTo(cell);
    this.#place?.show(this.#cell);
    if ((this.#place?.zoom ?? 1) > 1) this.#lay();
  }

  #cellFor({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): number | undefined {
    const frame = this.#frame;
    if (frame === undefined || ctrlKey || metaKey || altKey) return undefined;
    const at = Math.max(0, this.#cell);
    const area = this.#area;
    if (shiftKey && area !== undefined && this.#cell >= 0) {
      if (key === 'ArrowRight') return Math.ceil((area.start + area.size) / frame.cellBytes);
      if (key === 'ArrowLeft') return Math.ceil(area.start / frame.cellBytes) - 1;
    }
    switch (key) {
      case 'ArrowRight':
        return this.#cell < 0 ? 0 : at + 1;
      case 'ArrowLeft':
        return at - 1;
      case 'ArrowDown':
        return at + frame.columns;
      case 'ArrowUp':
        return at - frame.columns;
      case 'Home':
        return 0;
      case 'End':
        return frame.codes.length - 1;
      default:
        return undefined;
    }
  }
}

function path(name: string): SVGPathElement {
  const made = document.createElementNS(SVG, 'path');
  made.setAttribute('class', name);
  return made;
}

function setPath(element: SVGPathElement, d: string): void {
  if (element.getAttribute('d') !== d) element.setAttribute('d', d);
}
