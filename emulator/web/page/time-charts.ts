// SPDX-License-Identifier: MIT
/** Charts of one run above each other, and the cursor they share: also the slider of time. */
import { exactTime } from '../../../loader/base/index.ts';
import type { SeriesName } from '../../../loader/view/index.ts';
import type { RecordingShown } from '../messages.ts';
import { drawChart, drawStrip, drawTimeAxis, topOf } from './chart-drawing.ts';
import { CHARTS, type ChartLine, type ChartSpec, valueText } from './chart-specs.ts';
import { make, say } from './element.ts';
import { scheme } from './scheme.ts';
import { firstFrom, type TimeRange } from './time-range.ts';

interface ChartParts {
  readonly spec: ChartSpec;
  readonly canvas: HTMLCanvasElement;
  readonly values: ReadonlyMap<ChartLine, HTMLElement>;
  /** Says what the chart's height stands for. */
  readonly top: HTMLElement;
}

/** Pointers this near to a failure go to it, CSS pixels. */
const SNAP = 4;

/** Sends `seek` (detail: nanoseconds) when someone chooses a time. */
export class TimeChartsElement extends HTMLElement {
  readonly #strip = make('canvas');
  readonly #cursor = make('div', { class: 'cursor' });
  readonly #stripCursor = make('div', { class: 'cursor' });
  readonly #charts: ChartParts[] = [];
  #recording: RecordingShown | undefined;
  #duration = 0;
  #range: TimeRange = { from: 0, to: 0 };
  readonly #axis = make('canvas', { class: 'axis', 'aria-hidden': 'true' });
  #t = 0;
  /** As of the last layout. */
  #width = 0;
  /** Whether the pointer went down on the strip, which shows the whole run. */
  #onStrip = false;
  /** What each chart's height stands for. */
  #tops: readonly number[] = [];

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.tabIndex = 0;
    this.setAttribute('role', 'slider');
    this.setAttribute('aria-label', 'Time');
    this.setAttribute('aria-valuemin', '0');
    this.setAttribute('aria-valuenow', '0');
    this.setAttribute('aria-valuemax', '0');
    const strip = make('figure', { class: 'strip' }, this.#strip);
    strip.title = 'The whole run. Red: no room; blue: a module loaded; triangle: peak';
    strip.append(this.#stripCursor);
    this.append(strip, ...CHARTS.map((spec) => this.#addChart(spec)), this.#axis, this.#cursor);
    this.addEventListener('pointerdown', (event) => {
      this.setPointerCapture(event.pointerId);
      this.#onStrip = event.target === this.#strip;
      this.#seekTo(event);
    });
    this.addEventListener('pointermove', (event) => {
      if (event.buttons === 1) this.#seekTo(event);
    });
    this.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.refresh()).observe(this);
  }

  /** Shows a run on the axes it shares with those beside it. */
  show(recording: RecordingShown, beside: readonly RecordingShown[]): void {
    this.#recording = recording;
    const duration = Math.max(...beside.map(({ end }) => end));
    this.#duration = duration;
    this.#range = { from: 0, to: duration };
    this.#tops = CHARTS.map((spec) =>
      Math.max(...beside.map(({ series }) => (series === null ? 0 : topOf(spec, series)))),
    );
    this.setAttribute('aria-valuemax', String(Math.round(duration)));
    this.refresh();
  }

  /** Moves the cursor; the texts, which nobody reads sixty times a second, only when asked to. */
  setTime(t: number, texts: boolean): void {
    this.#t = t;
    const { from, to } = this.#range;
    place(this.#cursor, to > from ? (t - from) / (to - from) : 0, this.#width);
    place(this.#stripCursor, this.#duration > 0 ? t / this.#duration : 0, this.#width);
    if (texts) this.#sayTime();
  }

  #sayTime(): void {
    const t = this.#t;
    this.setAttribute('aria-valuenow', String(Math.round(t)));
    this.setAttribute('aria-valuetext', exactTime(Math.round(t)));
    const series = this.#recording?.series;
    if (!series) return;
    const step = Math.min(series.steps - 1, Math.max(0, Math.floor(t / series.step)));
    for (const { spec, values } of this.#charts) {
      if (spec.exact) continue;
      for (const [line, element] of values) {
        say(element, valueText(spec, line, series.series[line.name]?.last[step] ?? 0));
      }
    }
  }

  setRange(range: TimeRange): void {
    this.#range = range;
    this.refresh();
  }

  /** Says the very values of the moment where charts know them by steps of time only. */
  showExact(exact: Readonly<Partial<Record<SeriesName, number>>>): void {
    for (const { spec, values } of this.#charts) {
      for (const [line, element] of values) {
        const value = exact[line.name];
        if (value !== undefined) say(element, valueText(spec, line, value));
      }
    }
  }

  /** Draws anew for the present size and colours. */
  refresh(): void {
    const recording = this.#recording;
    if (recording?.series == null || this.clientWidth === 0) return;
    this.#width = this.clientWidth;
    const strip = this.#areaOf(this.#strip);
    if (strip) {
      const { loads, failureT, peak } = recording;
      const whole = { ...strip, range: { from: 0, to: this.#duration } };
      drawStrip(whole, { loads, failureT, peak: peak.t, shown: this.#range });
    }
    const axis = this.#areaOf(this.#axis);
    if (axis) drawTimeAxis(axis);
    for (const [i, { spec, canvas, values, top }] of this.#charts.entries()) {
      const height = this.#tops[i] ?? 0;
      say(top, `top line ${spec.text(height)}, bottom 0`);
      const area = this.#areaOf(canvas);
      if (area) drawChart(area, spec, recording.series, height);
      for (const [line, element] of values) colour(element, line);
    }
    this.setTime(this.#t, true);
  }

  #addChart(spec: ChartSpec): HTMLElement {
    const canvas = make('canvas', { 'aria-hidden': 'true' });
    const values = new Map(spec.lines.map((line) => [line, make('b')] as const));
    const caption = make('figcaption', {}, make('span', {}, spec.title));
    for (const [line, value] of values) {
      const key = make('i', {});
      caption.append(make('span', {}, key, `${line.label} `, value));
    }
    const top = make('span', { class: 'top' });
    caption.append(top);
    this.#charts.push({ spec, canvas, values, top });
    return make('figure', {}, caption, canvas);
  }

  #areaOf(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (!context) return undefined;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    return { context, width, height, ratio, range: this.#range, scheme: scheme() };
  }

  #seekTo(event: PointerEvent): void {
    const { left, width } = this.getBoundingClientRect();
    const { from, to } = this.#onStrip ? { from: 0, to: this.#duration } : this.#range;
    const at = Math.min(1, Math.max(0, (event.clientX - left) / width));
    const t = from + at * (to - from);
    const near = (SNAP / width) * (to - from);
    const failure = event.type === 'pointerdown' ? this.#failureNear(t, near) : undefined;
    this.#send(failure ?? t);
  }

  /** The first failure within some time of `t`. */
  #failureNear(t: number, near: number): number | undefined {
    const times = this.#recording?.failureT;
    if (times === undefined) return undefined;
    const at = firstFrom(times, t - near);
    return times[at] !== undefined && times[at] <= t + near ? times[at] : undefined;
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = this.#keyTime(event.key);
    if (to === undefined) return;
    event.preventDefault();
    this.#send(Math.min(this.#duration, Math.max(0, to)));
  }

  #keyTime(key: string): number | undefined {
    const duration = this.#duration;
    switch (key) {
      case 'ArrowRight':
      case 'ArrowUp':
        return this.#t + duration / 200;
      case 'ArrowLeft':
      case 'ArrowDown':
        return this.#t - duration / 200;
      case 'PageUp':
        return this.#t + duration / 10;
      case 'PageDown':
        return this.#t - duration / 10;
      case 'Home':
        return 0;
      case 'End':
        return duration;
      default:
        return undefined;
    }
  }

  #send(t: number): void {
    this.dispatchEvent(new CustomEvent<number>('seek', { detail: Math.round(t) }));
  }
}

function colour(value: HTMLElement, line: ChartLine): void {
  const key = value.previousSibling?.previousSibling;
  if (!(key instanceof HTMLElement)) return;
  key.style.borderTopColor = line[scheme()];
  key.style.borderTopStyle =
    line.dash.length === 0 ? 'solid' : line.dash[0]! > 3 ? 'dashed' : 'dotted';
}

/** Puts a cursor at a share of the width; outside it is not seen. */
function place(cursor: HTMLElement, share: number, width: number): void {
  cursor.hidden = share < 0 || share > 1;
  cursor.style.transform = `translateX(${(Math.min(1, Math.max(0, share)) * width).toFixed(1)}px)`;
}
