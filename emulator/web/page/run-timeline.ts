// SPDX-License-Identifier: MIT
/**
 * Requests of a run over time: a row for each CPU (or module), slices for requests and their
 * stages, arrows from who waits to who is waited for. A canvas that is as large as what is seen;
 * the worker sends the slices of the rows and of the time that are.
 */
import { exactTime, formatTime } from '../../../loader/base/index.ts';
import { SLICE_DOOMED, SLICE_STAGE, type TrackGroup } from '../../../loader/view/index.ts';
import type { RecordingShown, SlicesShown, ToWorker } from '../messages.ts';
import { make, say } from './element.ts';
import { addGestures } from './gestures.ts';
import { scheme } from './scheme.ts';
import { isHatched, sliceColour, type TrackColour } from './slice-colours.ts';
import { moved, type TimeRange, ticks, zoomed } from './time-range.ts';

export type SlicesAsked = Extract<ToWorker, { type: 'slices' }>['asked'];

/** CSS pixels. */
const ROW = 15;
const AXIS = 20;
const LABELS = 86;
/** Rows beyond the edge that are asked for too. */
const SPARE = 12;

/**
 * Sends `slices` (detail: SlicesAsked), `range` (detail: TimeRange), `seek` (detail: nanoseconds)
 * and `pick` (detail: number of a request, 0 for none).
 */
export class RunTimelineElement extends HTMLElement {
  readonly #canvas = make('canvas', { 'aria-hidden': 'true' });
  readonly #scroller = make('div', { class: 'scroller' });
  readonly #tall = make('div');
  readonly #note = make('p', { class: 'hint', 'aria-live': 'off' });
  #recording: RecordingShown | undefined;
  #shown: SlicesShown | undefined;
  #range: TimeRange = { from: 0, to: 1 };
  #duration = 1;
  #t = 0;
  #group: TrackGroup = 'cpu';
  #colour: TrackColour = 'stage';
  #selected = new Set<number>();
  #drawing = false;
  #hatch: { readonly key: string; readonly pattern: CanvasPattern | null } | undefined;

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.#scroller.append(this.#tall, this.#canvas);
    this.#scroller.tabIndex = 0;
    this.#scroller.setAttribute('role', 'group');
    this.#scroller.setAttribute(
      'aria-label',
      'Requests over time. W and S zoom, A and D move, click a slice to select its request.',
    );
    this.append(this.#scroller, this.#note);
    this.#scroller.addEventListener('scroll', () => this.#changed());
    addGestures(this.#scroller, {
      zoom: (factor, x) =>
        this.#send(zoomed(this.#range, 1 / factor, this.#timeAt(x), this.#duration)),
      move: (dx, dy) => {
        this.#scroller.scrollTop -= dy;
        if (dx !== 0) this.#send(moved(this.#range, -dx * this.#perPixel, this.#duration));
      },
      press: (x, y) => this.#press(x, y),
      wheelZooms: (event) =>
        event.ctrlKey || event.metaKey || Math.abs(event.deltaX) > Math.abs(event.deltaY),
      dragMoves: () => true,
    });
    new ResizeObserver(() => this.#changed()).observe(this);
  }

  show(recording: RecordingShown, duration: number): void {
    this.#recording = recording;
    this.#duration = Math.max(1, duration);
    this.#shown = undefined;
    this.#changed();
  }

  set group(group: TrackGroup) {
    if (group === this.#group) return;
    this.#group = group;
    this.#shown = undefined;
    this.#changed();
  }

  set colour(colour: TrackColour) {
    this.#colour = colour;
    this.refresh();
  }

  setRange(range: TimeRange): void {
    this.#range = range;
    this.#changed();
  }

  setTime(t: number): void {
    this.#t = t;
    this.refresh();
  }

  /** Lights up requests; scrolls to a row where one is given. */
  select(requests: readonly number[], row?: number): void {
    this.#selected = new Set(requests);
    if (row !== undefined) {
      const top = row * ROW;
      const { scrollTop, clientHeight } = this.#scroller;
      if (top < scrollTop || top + ROW > scrollTop + clientHeight - AXIS) {
        this.#scroller.scrollTop = Math.max(0, top - clientHeight / 2);
      }
    }
    this.#changed();
  }

  setSlices(shown: SlicesShown): void {
    if (shown.asked.group !== this.#group) return;
    this.#shown = shown;
    this.dataset.level = shown.slices.level;
    this.refresh();
  }

  /** Draws with the next frame of the screen. */
  refresh(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  get #rows(): number {
    return this.#recording?.tracks[this.#group].rows.reduce((sum, n) => sum + n, 0) ?? 0;
  }

  get #plot(): number {
    return Math.max(1, this.#scroller.clientWidth - LABELS);
  }

  /** Nanoseconds of a CSS pixel. */
  get #perPixel(): number {
    return (this.#range.to - this.#range.from) / this.#plot;
  }

  #timeAt(x: number): number {
    return this.#range.from + (x - LABELS) * this.#perPixel;
  }

  #send(range: TimeRange): void {
    this.dispatchEvent(new CustomEvent<TimeRange>('range', { detail: range }));
  }

  /** What is seen changed: asks for its slices, and draws those that are there meanwhile. */
  #changed(): void {
    if (this.#recording === undefined || this.clientWidth === 0) return;
    this.#tall.style.height = `${this.#rows * ROW + AXIS}px`;
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const detail: SlicesAsked = {
      from: this.#range.from,
      to: this.#range.to,
      group: this.#group,
      first,
      last: Math.ceil((scrollTop + clientHeight) / ROW) + SPARE,
      pixels: Math.round(this.#plot),
    };
    this.dispatchEvent(new CustomEvent<SlicesAsked>('slices', { detail }));
    this.refresh();
  }

  #press(x: number, y: number): void {
    if (x < LABELS) return;
    const t = this.#timeAt(x);
    if (y < AXIS) {
      this.dispatchEvent(new CustomEvent<number>('seek', { detail: Math.round(t) }));
      return;
    }
    const request = this.#requestAt(t, y);
    this.dispatchEvent(new CustomEvent<number>('pick', { detail: request }));
  }

  #requestAt(t: number, y: number): number {
    const slices = this.#shown?.slices;
    if (slices === undefined) return 0;
    const row = Math.floor((y - AXIS + this.#scroller.scrollTop) / ROW);
    const slack = this.#perPixel * 2;
    let best = 0;
    for (let i = 0; i < slices.row.length; i += 1) {
      if (slices.row[i] !== row || slices.request[i] === 0) continue;
      if (slices.begin[i]! <= t && slices.end[i]! >= t) return slices.request[i]!;
      if (slices.begin[i]! - slack <= t && slices.end[i]! + slack >= t) best = slices.request[i]!;
    }
    return best;
  }

  #draw(): void {
    const context = this.#canvas.getContext('2d');
    const recording = this.#recording;
    const { clientWidth: width, clientHeight: height, scrollTop } = this.#scroller;
    if (!context || recording === undefined || width === 0) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    if (this.#canvas.width !== Math.round(width * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
    }
    if (this.#canvas.height !== Math.round(height * ratio)) {
      this.#canvas.height = Math.round(height * ratio);
    }
    const style = palette();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = style.ground;
    context.fillRect(0, 0, width, height);
    const x = (t: number): number => LABELS + (t - this.#range.from) / this.#perPixel;
    const y = (row: number): number => AXIS + row * ROW - scrollTop;
    this.#drawGroups(context, recording, { width, height, y, style });
    context.save();
    context.beginPath();
    context.rect(LABELS, AXIS, width - LABELS, height - AXIS);
    context.clip();
    for (const t of ticks(this.#range, width / 120)) {
      context.fillStyle = style.line;
      context.fillRect(Math.round(x(t)), AXIS, 1, height);
    }
    this.#drawSlices(context, { x, y, height, width, style });
    const { failureT } = recording;
    context.fillStyle = style.mark;
    const failures = visible(failureT, this.#range, width);
    if (failures.length <= 20) {
      for (const t of failures) context.fillRect(x(t) - 0.5, AXIS, 1, height);
    }
    context.restore();
    this.#drawAxis(context, width, x, style);
    context.fillStyle = style.mark;
    for (const t of failures) context.fillRect(x(t) - 0.5, AXIS - 6, 1, 6);
    if (this.#t >= this.#range.from && this.#t <= this.#range.to) {
      context.fillRect(x(this.#t) - 1, 0, 2, height);
    }
    say(this.#note, this.#noteText());
  }

  #noteText(): string {
    const level = this.#shown?.slices.level;
    const span = formatTime(this.#range.to - this.#range.from);
    const from = `${span} from ${exactTime(Math.round(this.#range.from))}`;
    if (level === 'busy') {
      return this.#group === 'cpu'
        ? `${from}: too many requests to tell apart; shown is how busy each CPU was. Zoom in (W) for requests.`
        : `${from}: too many requests to tell apart. Zoom in (W), or show CPUs.`;
    }
    if (level === 'requests') return `${from}: whole requests; zoom in (W) for their stages.`;
    return `${from}: requests and their stages; hatched: waiting for another request.`;
  }

  #drawGroups(
    context: CanvasRenderingContext2D,
    { tracks }: RecordingShown,
    { width, height, y, style }: GroupArea,
  ): void {
    const { labels, rows, first } = tracks[this.#group];
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = 'middle';
    labels.forEach((label, i) => {
      const top = y(first[i]!);
      const tall = rows[i]! * ROW;
      if (top + tall < AXIS || top > height) return;
      context.fillStyle = i % 2 === 0 ? style.band : style.ground;
      context.fillRect(0, top, width, tall);
      context.fillStyle = style.ink;
      const at = Math.min(top + tall - ROW / 2, Math.max(top + ROW / 2, AXIS + ROW / 2));
      context.fillText(label, 4, at, LABELS - 8);
    });
  }

  #drawSlices(context: CanvasRenderingContext2D, { x, y, height, width, style }: SliceArea): void {
    const shown = this.#shown;
    if (shown === undefined) return;
    const { begin, end, row, code, fill, request, arrows, level } = shown.slices;
    const now = scheme();
    const hatch = this.#hatching(context, style.ground);
    const dim = this.#selected.size > 0;
    for (let i = 0; i < row.length; i += 1) {
      const top = y(row[i]!);
      if (top + ROW < AXIS || top > height) continue;
      const left = Math.max(LABELS, x(begin[i]!));
      const right = Math.min(width, x(end[i]!));
      if (right < LABELS || left > width) continue;
      const wide = Math.max(0.8, right - left);
      const stage = (code[i]! & SLICE_STAGE) !== 0;
      const tall = stage ? ROW - 5 : level === 'stages' ? 3 : (ROW - 2) * (fill[i]! / 255);
      const at = stage ? top + 4 : level === 'stages' ? top + 1 : top + ROW - 1 - tall;
      context.globalAlpha = dim && !this.#selected.has(request[i]!) ? 0.35 : 1;
      // The strip over the stages tells useful from doomed, whatever the stages are coloured by.
      const by = stage || level !== 'stages' ? this.#colour : 'fate';
      context.fillStyle = sliceColour(code[i]!, by, now);
      context.fillRect(left, at, wide, tall);
      if (isHatched(code[i]!) && wide > 2 && hatch) {
        context.fillStyle = hatch;
        context.fillRect(left, at, wide, tall);
      }
      if (this.#selected.has(request[i]!) && !stage) {
        context.strokeStyle = style.accent;
        context.lineWidth = 2;
        context.strokeRect(left - 1, top, wide + 2, ROW - 1);
      } else if (level === 'requests' && code[i]! & SLICE_DOOMED && this.#colour === 'stage') {
        context.fillStyle = sliceColour(code[i]!, 'fate', now);
        context.fillRect(left, top + 1, wide, 3);
      }
    }
    context.globalAlpha = 1;
    this.#drawArrows(context, arrows, { x, y, height, width, style });
  }

  /** All arrows while they are few, else those of what is selected. */
  #drawArrows(
    context: CanvasRenderingContext2D,
    arrows: Float64Array,
    { x, y, style }: SliceArea,
  ): void {
    const few = arrows.length / 4 <= 60;
    const rows = this.#selectedRows();
    context.strokeStyle = style.accent;
    context.fillStyle = style.accent;
    for (let i = 0; i < arrows.length; i += 4) {
      const [, end, from, to] = [arrows[i]!, arrows[i + 1]!, arrows[i + 2]!, arrows[i + 3]!];
      const chosen = rows.has(from) || rows.has(to);
      if (!few && !chosen) continue;
      context.globalAlpha = chosen || rows.size === 0 ? 0.9 : 0.25;
      context.lineWidth = chosen ? 1.6 : 1;
      const at = x(Math.min(end, this.#range.to));
      const [y1, y2] = [y(from) + ROW / 2, y(to) + ROW / 2];
      context.beginPath();
      context.moveTo(at, y1);
      context.bezierCurveTo(at + 18, y1, at + 18, y2, at, y2);
      context.stroke();
      context.beginPath();
      context.moveTo(at, y2);
      context.lineTo(at + 6, y2 - 3.5);
      context.lineTo(at + 6, y2 + 3.5);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  #selectedRows(): Set<number> {
    const slices = this.#shown?.slices;
    const rows = new Set<number>();
    if (slices === undefined || this.#selected.size === 0) return rows;
    for (let i = 0; i < slices.row.length; i += 1) {
      if (this.#selected.has(slices.request[i]!)) rows.add(slices.row[i]!);
    }
    return rows;
  }

  #drawAxis(
    context: CanvasRenderingContext2D,
    width: number,
    x: (t: number) => number,
    style: Palette,
  ): void {
    context.fillStyle = style.ground;
    context.fillRect(0, 0, width, AXIS);
    context.fillStyle = style.line;
    context.fillRect(0, AXIS - 1, width, 1);
    context.fillStyle = style.soft;
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = 'middle';
    for (const t of ticks(this.#range, width / 120)) {
      context.fillText(exactTime(Math.round(t)), x(t) + 3, AXIS / 2);
      context.fillRect(Math.round(x(t)), AXIS - 6, 1, 6);
    }
  }

  #hatching(context: CanvasRenderingContext2D, ground: string): CanvasPattern | null {
    if (this.#hatch?.key === ground) return this.#hatch.pattern;
    const tile = make('canvas', { width: '6', height: '6' });
    const inner = tile.getContext('2d');
    if (inner) {
      inner.strokeStyle = ground;
      inner.lineWidth = 1.6;
      inner.beginPath();
      for (const shift of [-6, 0, 6]) {
        inner.moveTo(shift, 6);
        inner.lineTo(shift + 6, 0);
      }
      inner.stroke();
    }
    this.#hatch = { key: ground, pattern: context.createPattern(tile, 'repeat') };
    return this.#hatch.pattern;
  }
}

interface GroupArea {
  readonly width: number;
  readonly height: number;
  readonly y: (row: number) => number;
  readonly style: Palette;
}

interface SliceArea extends GroupArea {
  readonly x: (t: number) => number;
}

interface Palette {
  readonly ground: string;
  readonly band: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly accent: string;
  readonly mark: string;
}

function palette(): Palette {
  return scheme() === 'dark'
    ? {
        ground: '#14181c',
        band: '#191e23',
        ink: '#e6e9ec',
        soft: '#9aa4ae',
        line: '#2c343b',
        accent: '#56b4e9',
        mark: '#ff8a80',
      }
    : {
        ground: '#ffffff',
        band: '#f4f6f8',
        ink: '#1b1f23',
        soft: '#57606a',
        line: '#d0d7de',
        accent: '#005a8e',
        mark: '#b3261e',
      };
}

/** Times of a sorted list in a range, at most one for each of so many pixels. */
function visible(times: Float64Array, { from, to }: TimeRange, pixels: number): number[] {
  const found: number[] = [];
  const step = (to - from) / Math.max(1, pixels);
  let low = 0;
  let high = times.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (times[mid]! < from) low = mid + 1;
    else high = mid;
  }
  let last = Number.NEGATIVE_INFINITY;
  for (let i = low; i < times.length && times[i]! <= to && found.length < pixels; i += 1) {
    if (times[i]! - last < step) continue;
    last = times[i]!;
    found.push(last);
  }
  return found;
}
