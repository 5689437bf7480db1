/** Draws one chart on a canvas: a line through each step's last value, and
 * behind it the range from lowest to highest, so that no peak is lost. */
import type { SeriesShown } from '../messages.ts';
import type { ChartLine, ChartSpec } from './chart-specs.ts';
import type { Scheme } from './scheme.ts';

/** A hole of this size is not going to be filled, bytes. */
const BOUNDLESS = 2 ** 34;

export interface ChartArea {
  readonly context: CanvasRenderingContext2D;
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  /** Nanoseconds across the width. */
  readonly duration: number;
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

function xOf({ width, duration }: ChartArea, { step }: SeriesShown, i: number): number {
  return duration > 0 ? Math.min(width, (i * step * width) / duration) : 0;
}

function yOf({ height, ratio }: ChartArea, share: number): number {
  return height - ratio - Math.min(1, share) * (height - 4 * ratio);
}

/** Ticks for loads, failures and the peak. */
export function drawStrip(
  area: ChartArea,
  points: {
    readonly loads: readonly { readonly t: number }[];
    readonly failures: readonly { readonly t: number }[];
    readonly peak: number;
  },
): void {
  const { context, width, height, ratio, duration, scheme } = area;
  context.clearRect(0, 0, width, height);
  const x = (t: number): number =>
    Math.min(width - ratio, duration > 0 ? (t * width) / duration : 0);
  context.fillStyle = scheme === 'dark' ? '#1d2329' : '#e7eaee';
  context.fillRect(0, 0, width, height);
  context.fillStyle = scheme === 'dark' ? '#7cc7f0' : '#0072b2';
  for (const { t } of points.loads) context.fillRect(x(t), height * 0.55, ratio, height * 0.45);
  context.fillStyle = scheme === 'dark' ? '#ff8a80' : '#b3261e';
  for (const { t } of points.failures) context.fillRect(x(t), 0, ratio, height * 0.55);
  context.fillStyle = scheme === 'dark' ? '#e6e9ec' : '#1b1f23';
  const peak = x(points.peak);
  context.beginPath();
  context.moveTo(peak - 5 * ratio, 0);
  context.lineTo(peak + 5 * ratio, 0);
  context.lineTo(peak, 8 * ratio);
  context.fill();
}
