// SPDX-License-Identifier: MIT
/** A sweep as a line chart: means with their confidence intervals, as SVG that needs nothing else. */
import { bytesText } from '../cli/byte-text.ts';
import { METRICS, type Metric } from './metrics.ts';
import type { SweepTable } from './sweep-table.ts';

const WIDTH = 860;
const HEIGHT = 480;
const PLOT = { left: 92, right: 190, top: 56, bottom: 62 } as const;
/** Okabe and Ito's colours, told apart by most eyes; dashes tell them apart in print. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const DASHES = ['', '7 3', '2 3', '10 3 2 3', '4 4', '12 4', '1 3'];

export interface ChartOptions {
  readonly title: string;
  readonly x?: string | undefined;
  readonly y?: string | undefined;
}

interface Point {
  readonly x: number;
  readonly mean: number;
  readonly ci95: number;
}

/** Null when no field has numbers to put on an axis. */
export function chartSvg(table: SweepTable, { title, x, y }: ChartOptions): string | null {
  const column = x === undefined ? numericField(table) : table.fields.indexOf(x);
  if (column < 0 || !isNumeric(table, column)) return null;
  const metric = METRICS.find(({ name }) => name === y) ?? METRICS[0]!;
  const series = seriesOf(table, column, metric);
  const points = [...series.values()].flat();
  const xs = ticks(0, Math.max(...points.map((point) => point.x)));
  const ys = ticks(0, Math.max(1, ...points.map(({ mean, ci95 }) => mean + ci95)), metric);
  const right = WIDTH - PLOT.right;
  const bottom = HEIGHT - PLOT.bottom;
  const px = (value: number): number => PLOT.left + (value / xs.at(-1)!) * (right - PLOT.left);
  const py = (value: number): number => bottom - (value / ys.at(-1)!) * (bottom - PLOT.top);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${PLOT.left}" y="30" font-size="17" font-weight="600" fill="#1a1a1a">${escaped(title)}</text>`,
  ];
  for (const tick of ys) {
    const at = py(tick).toFixed(1);
    parts.push(
      `<line x1="${PLOT.left}" y1="${at}" x2="${right}" y2="${at}" stroke="#dddddd"/>`,
      `<text x="${PLOT.left - 8}" y="${at}" dy="0.35em" text-anchor="end" fill="#444444">${show(tick, metric)}</text>`,
    );
  }
  for (const tick of xs) {
    const at = px(tick).toFixed(1);
    parts.push(
      `<text x="${at}" y="${bottom + 20}" text-anchor="middle" fill="#444444">${tick}</text>`,
    );
  }
  parts.push(
    `<text x="${((PLOT.left + right) / 2).toFixed(0)}" y="${HEIGHT - 18}" text-anchor="middle" fill="#1a1a1a">${escaped(table.fields[column]!)}</text>`,
    `<text x="18" y="${((PLOT.top + bottom) / 2).toFixed(0)}" transform="rotate(-90 18 ${((PLOT.top + bottom) / 2).toFixed(0)})" text-anchor="middle" fill="#1a1a1a">${escaped(metric.title)}</text>`,
  );
  let number = 0;
  for (const [name, line] of series) {
    parts.push(...seriesSvg(name, line, number, px, py, right));
    number += 1;
  }
  return `${[...parts, '</svg>'].join('\n')}\n`;
}

function seriesSvg(
  name: string,
  points: readonly Point[],
  number: number,
  px: (value: number) => number,
  py: (value: number) => number,
  right: number,
): string[] {
  const colour = COLOURS[number % COLOURS.length]!;
  const dash = DASHES[number % DASHES.length]!;
  const stroke = `stroke="${colour}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
  const path = points.map(({ x, mean }) => `${px(x).toFixed(1)},${py(mean).toFixed(1)}`).join(' ');
  const legend = PLOT.top + 10 + number * 24;
  return [
    `<polyline points="${path}" fill="none" ${stroke} stroke-width="2"/>`,
    ...points.map(
      ({ x, mean }) =>
        `<circle cx="${px(x).toFixed(1)}" cy="${py(mean).toFixed(1)}" r="3" fill="${colour}"/>`,
    ),
    ...points
      .filter(({ ci95 }) => ci95 > 0)
      .map(({ x, mean, ci95 }) => {
        const at = px(x).toFixed(1);
        const low = py(Math.max(0, mean - ci95)).toFixed(1);
        return `<line x1="${at}" y1="${low}" x2="${at}" y2="${py(mean + ci95).toFixed(1)}" stroke="${colour}"/>`;
      }),
    `<line x1="${right + 16}" y1="${legend}" x2="${right + 46}" y2="${legend}" ${stroke} stroke-width="2"/>`,
    `<text x="${right + 54}" y="${legend}" dy="0.35em" fill="#1a1a1a">${escaped(name)}</text>`,
  ];
}

function seriesOf(table: SweepTable, column: number, metric: Metric): Map<string, Point[]> {
  const series = new Map<string, Point[]>();
  for (const { values, metrics } of table.rows) {
    const others = values.filter((_, i) => i !== column).map(String);
    const name = others.length === 0 ? metric.title : others.join(', ');
    const points = series.get(name) ?? [];
    points.push({ x: Number(values[column]), ...metrics[metric.name]! });
    series.set(name, points);
  }
  for (const points of series.values()) points.sort((a, b) => a.x - b.x);
  return series;
}

function numericField(table: SweepTable): number {
  return table.fields.findIndex((_, column) => isNumeric(table, column));
}

function isNumeric({ rows }: SweepTable, column: number): boolean {
  return rows.length > 0 && rows.every(({ values }) => typeof values[column] === 'number');
}

/** Five to ten round numbers from `from` to at least `to`; powers of two for bytes. */
function ticks(from: number, to: number, metric?: Metric): number[] {
  const unit = metric?.unit === 'bytes' ? 1024 ** Math.floor(Math.log2(Math.max(1, to)) / 10) : 1;
  const rough = (to - from) / unit / 6;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1e-9)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)! * unit;
  const count = Math.max(1, Math.ceil((to - from) / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, i) => Number((from + i * step).toPrecision(12)));
}

function show(value: number, { unit }: Metric): string {
  if (unit === 'bytes') return bytesText(value).replace(/\.0+ |(?<=\.\d*)0+ /, ' ');
  if (unit === 'ns') return `${Number((value / 1e6).toPrecision(6))} ms`;
  return String(value);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
