// SPDX-License-Identifier: MIT
/** Draws one chart on a canvas: a line through each step's last value, and
 * behind it the range from lowest to highest, so that no peak is lost. */
import { exactTime } from '../../../loader/base/index.ts';
import type { SeriesShown } from '../messages.ts';
import type { ChartLine, ChartSpec } from './chart-specs.ts';
import type { Scheme } from './scheme.ts';
import { type TimeRange, ticks } from './time-range.ts';

/** A hole of this size is not going to be filled, bytes. */
const BOUNDLESS = 2 ** 34;

export interface ChartArea {
  readonly context: CanvasRenderingContext2D;
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  /** The time across the width. */
  readonly range: TimeRange;
  readonly scheme: Scheme;
}

export function drawChart(area: ChartArea, spec: ChartSpec, shown: SeriesShown, top: number): void {
  const { context, width, height, ratio } = area;
  context.clearRect(0, 0, width, height);
  const ruler = area.scheme === 'dark' ? '#2c343b' : '#d0d7de';
  context.fillStyle = ruler;
  context.fillRect(0, height - ratio, width, ratio);
  context.fillRect(0, 0, width, ratio);
  if (spec.form === 'stack') drawStack(area, spec, shown, top);
  else for (const line of spec.lines) drawLine(area, line, shown, line.share ? 1 : top);
}

/** The value at the top of a chart: the highest there ever is. */
export function topOf(spec: ChartSpec, { series, steps }: SeriesShown): number {
  let top = 0;
  if (spec.form === 'stack') {
    for (let i = 0; i < steps; i += 1) {
      top = Math.max(
        top,
        spec.lines.reduce((sum, { name }) => sum + series[name]!.max[i]!, 0),
      );
    }
    return top;
  }
  for (const { name, share } of spec.lines) {
    if (share) continue;
    const highest = series[name]!.max.reduce((most, value) => Math.max(most, value), 0);
    // Of spaces nobody can fill the hole would press everything else flat.
    if (name !== 'largest_hole' || highest < BOUNDLESS) top = Math.max(top, highest);
  }
  return top;
}

function drawLine(area: ChartArea, line: ChartLine, shown: SeriesShown, top: number): void {
  const { context, ratio, scheme } = area;
  const { min, max, last } = shown.series[line.name]!;
  if (!(top > 0)) return;
  const y = (value: number): number => yOf(area, value / top);
  context.fillStyle = line[scheme];
  context.globalAlpha = 0.3;
  for (let i = 0; i < shown.steps; i += 1) {
    if (max[i]! === min[i]!) continue;
    const from = xOf(area, shown, i);
    const across = Math.max(ratio, xOf(area, shown, i + 1) - from);
    context.fillRect(from, y(max[i]!), across, y(min[i]!) - y(max[i]!));
  }
  context.globalAlpha = 1;
  context.strokeStyle = line[scheme];
  context.lineWidth = 1.6 * ratio;
  context.lineJoin = 'round';
  context.setLineDash(line.dash.map((length) => length * ratio));
  context.beginPath();
  for (let i = 0; i < shown.steps; i += 1) {
    context.lineTo(xOf(area, shown, i), y(last[i]!));
    context.lineTo(xOf(area, shown, i + 1), y(last[i]!));
  }
  context.stroke();
  context.setLineDash([]);
}

function drawStack(area: ChartArea, spec: ChartSpec, shown: SeriesShown, top: number): void {
  if (!(top > 0)) return;
  const { context, scheme } = area;
  const below = new Float64Array(shown.steps);
  for (const line of spec.lines) {
    const { last } = shown.series[line.name]!;
    context.fillStyle = line[scheme];
    context.beginPath();
    for (let i = 0; i < shown.steps; i += 1) {
      const y = yOf(area, (below[i]! + last[i]!) / top);
      context.lineTo(xOf(area, shown, i), y);
      context.lineTo(xOf(area, shown, i + 1), y);
    }
    for (let i = shown.steps - 1; i >= 0; i -= 1) {
      const y = yOf(area, below[i]! / top);
      context.lineTo(xOf(area, shown, i + 1), y);
      context.lineTo(xOf(area, shown, i), y);
      below[i]! += last[i]!;
    }
    context.fill();
  }
}

function xOf(area: ChartArea, { step }: SeriesShown, i: number): number {
  return xAt(area, i * step);
}

function xAt({ width, range }: ChartArea, t: number): number {
  const length = range.to - range.from;
  return length > 0 ? ((t - range.from) * width) / length : 0;
}

function yOf({ height, ratio }: ChartArea, share: number): number {
  return height - ratio - Math.min(1, share) * (height - 4 * ratio);
}

/** Times under a chart, and fine lines through it. */
export function drawTimeAxis(area: ChartArea): void {
  const { context, width, height, ratio, scheme } = area;
  context.clearRect(0, 0, width, height);
  context.fillStyle = scheme === 'dark' ? '#9aa4ae' : '#57606a';
  context.font = `${11 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
  context.textBaseline = 'middle';
  for (const t of ticks(area.range, width / (120 * ratio))) {
    const x = xAt(area, t);
    context.fillRect(Math.round(x), 0, ratio, 5 * ratio);
    const text = exactTime(Math.round(t));
    const wide = context.measureText(text).width;
    context.fillText(text, Math.min(width - wide, x + 3 * ratio), height / 2);
  }
}

/** The whole run: loads, how many failures in each pixel's time, the peak, the time shown. */
export function drawStrip(
  area: ChartArea,
  points: {
    readonly loads: readonly { readonly t: number }[];
    readonly failureT: Float64Array;
    readonly peak: number;
    readonly shown: TimeRange;
  },
): void {
  const { context, width, height, ratio, scheme } = area;
  context.clearRect(0, 0, width, height);
  const x = (t: number): number => Math.min(width - ratio, xAt(area, t));
  context.fillStyle = scheme === 'dark' ? '#1d2329' : '#e7eaee';
  context.fillRect(0, 0, width, height);
  context.fillStyle = scheme === 'dark' ? '#7cc7f0' : '#0072b2';
  for (const { t } of points.loads) context.fillRect(x(t), height * 0.6, ratio, height * 0.4);
  context.fillStyle = scheme === 'dark' ? '#ff8a80' : '#b3261e';
  const counts = countsByPixel(points.failureT, width, x);
  const most = counts.reduce((top, count) => Math.max(top, count), 0);
  counts.forEach((count, i) => {
    if (count === 0) return;
    // A single failure among thousands is seen, too.
    const share = most <= 1 ? 1 : 0.35 + (0.65 * Math.log(count)) / Math.log(most);
    const tall = height * 0.6 * share;
    context.fillRect(i, height * 0.6 - tall, Math.max(1, ratio), tall);
  });
  context.fillStyle = scheme === 'dark' ? '#e6e9ec' : '#1b1f23';
  const peak = x(points.peak);
  context.beginPath();
  context.moveTo(peak - 5 * ratio, 0);
  context.lineTo(peak + 5 * ratio, 0);
  context.lineTo(peak, 8 * ratio);
  context.fill();
  const [from, to] = [x(points.shown.from), xAt(area, points.shown.to)];
  if (from > 0 || to < width) {
    context.globalAlpha = 0.45;
    context.fillRect(0, 0, from, height);
    context.fillRect(to, 0, width - to, height);
    context.globalAlpha = 1;
  }
}

/** How many of the times fall on each pixel. */
export function countsByPixel(
  times: Float64Array,
  width: number,
  x: (t: number) => number,
): Uint32Array {
  const counts = new Uint32Array(Math.max(1, Math.ceil(width)));
  for (const t of times) {
    const at = Math.min(counts.length - 1, Math.max(0, Math.floor(x(t))));
    counts[at]! += 1;
  }
  return counts;
}
