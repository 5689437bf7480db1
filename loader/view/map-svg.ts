// SPDX-License-Identifier: MIT
/**
 * A picture of the address space as SVG: page by page where the window is small enough, the largest
 * hole and the request that did not fit outlined. Follows the viewer's light or dark scheme.
 */
import { counted, exactTime, formatAddress, formatBytes, formatShare } from '../base/index.ts';
import type { AddressMap } from './address-map.ts';
import type { AddressState, WindowSummary } from './address-state.ts';
import { explainFailure, failureFacts } from './explain-failure.ts';
import type { FailedAllocation } from './failure-tracker.ts';
import type { MapWindow } from './live-space.ts';
import { MAP_CLASSES, MAP_LOOKS, type MapClass } from './map-classes.ts';
import { type CellGrid, cellOutline, cellRuns } from './map-grid.ts';
import { fillOf, svgPatterns, svgStyle } from './map-svg-style.ts';
import { type MapView, mapView } from './map-view.ts';
import { classBytes, mapCells } from './page-map.ts';

export interface MapSvgOptions {
  /** The request that did not fit. */
  readonly failure?: FailedAllocation | null;
  readonly window?: MapWindow;
  /** Begins every id, so that several pictures may share a page. Default `vm`. */
  readonly idPrefix?: string;
}

const COLUMNS = 256;
const MAX_ROWS = 128;
const CELL_WIDTH = 3;
/** Rows share this height, within limits. */
const MAP_HEIGHT = 576;
const MIN_ROW = 4.5;
const MAX_ROW = 16;
const LEFT = 96;
const HEADING = 92;
/** Letters in a line of the sentence above the map. */
const SENTENCE = 122;
const RIGHT = 196;
const LEGEND_COLUMNS = 3;
/** Between two addresses beside the map, at least. */
const LABEL_SPACE = 28;

/** The picture as one SVG document. */
export function mapSvg(map: AddressMap, state: AddressState, options: MapSvgOptions = {}): string {
  const id = options.idPrefix ?? 'vm';
  const failure = options.failure ?? null;
  const window = options.window ?? state.windows[0]!;
  const view = mapView(state, window, COLUMNS, MAX_ROWS);
  const summary = state.summary(window);
  const bytes = classBytes(state, window.start, window.end);
  const present = MAP_CLASSES.filter((_, code) => bytes[code]! > 0);
  const sentence = failure === null ? [] : wrap(explainFailure(failureFacts(map, failure)));
  const top = HEADING + (sentence.length === 0 ? 0 : sentence.length * 18 + 8);
  const rowHeight = Math.min(MAX_ROW, Math.max(MIN_ROW, MAP_HEIGHT / view.rows));
  const grid: CellGrid = {
    x: LEFT,
    y: top,
    columns: COLUMNS,
    width: CELL_WIDTH,
    height: rowHeight,
  };
  const cells = mapCells(state, view.start, view.end, view.cellBytes);
  const paths = cellRuns(grid, cells.codes);
  const mapHeight = view.rows * rowHeight;
  const legendTop = top + mapHeight + 30;
  const legendRows = Math.ceil(present.length / LEGEND_COLUMNS);
  const width = LEFT + COLUMNS * CELL_WIDTH + RIGHT;
  const height = legendTop + legendRows * 22 + 30;

  const marks = outlines(grid, view, summary, failure);
  const title = `${window.name} space at ${exactTime(state.t)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${escapeXml(title)}</title>
<desc id="${id}-desc">${escapeXml(description(map, summary, failure))}</desc>
<style>${svgStyle(id)}</style>
<defs>${svgPatterns(id, present)}</defs>
<g id="${id}">
<rect class="ground" width="${width}" height="${height}"/>
${heading(map, state, summary)}
${sentence.map((line, i) => `<text class="sentence" x="${LEFT}" y="${HEADING + 12 + i * 18}">${escapeXml(line)}</text>`).join('\n')}
<rect class="free" x="${LEFT}" y="${top}" width="${COLUMNS * CELL_WIDTH}" height="${mapHeight}"/>
${present
  .filter((name) => name !== 'free')
  .map((name) => `<path ${fillOf(id, name)} d="${paths[MAP_CLASSES.indexOf(name)]}"/>`)
  .join('\n')}
<rect class="frame" x="${LEFT}" y="${top}" width="${COLUMNS * CELL_WIDTH}" height="${mapHeight}"/>
${addresses(map, grid, view.start, view.cellBytes * COLUMNS, view.rows)}
${marks.join('\n')}
${legend(id, present, bytes, summary.total, legendTop)}
<text class="small" x="${LEFT}" y="${height - 10}">One cell is ${formatBytes(view.cellBytes)}, one row ${formatBytes(view.cellBytes * COLUMNS)}.</text>
</g>
</svg>
`;
}

function heading(map: AddressMap, state: AddressState, summary: WindowSummary): string {
  const { window, total, used, lazy, free, holes, largest } = summary;
  const range = `0x${formatAddress(map.space, window.start)} – 0x${formatAddress(map.space, window.end)}`;
  const share = (bytes: number): string => `${formatBytes(bytes)} (${formatShare(bytes / total)})`;
  const lines = [
    `used ${share(used)} in ${counted(summary.usedAreas, 'area')} · parked ${share(lazy)} · ` +
      `free ${share(free)} in ${counted(holes, 'hole')}`,
    `largest hole ${formatBytes(largest?.size ?? 0)} · ` +
      `external fragmentation ${summary.externalFragmentation.toFixed(3)}`,
  ];
  const title = `${window.name} ${range} · ${formatBytes(total)} · at ${exactTime(state.t)}`;
  return [
    `<text class="title" x="${LEFT}" y="30">${escapeXml(title)}</text>`,
    ...lines.map((line, i) => `<text x="${LEFT}" y="${54 + i * 20}">${escapeXml(line)}</text>`),
  ].join('\n');
}

function description(
  map: AddressMap,
  summary: WindowSummary,
  failure: FailedAllocation | null,
): string {
  const { total, used, lazy, free, holes, largest } = summary;
  const now =
    `Of ${formatBytes(total)}, ${formatBytes(used)} are in use, ${formatBytes(lazy)} parked and ` +
    `${formatBytes(free)} free in ${counted(holes, 'hole')}, the largest of ` +
    `${formatBytes(largest?.size ?? 0)}.`;
  return failure === null ? now : `${now} ${explainFailure(failureFacts(map, failure))}`;
}

/** Eight or so addresses beside the rows. */
function addresses(
  map: AddressMap,
  grid: CellGrid,
  start: number,
  rowBytes: number,
  rows: number,
): string {
  const step = Math.max(1, 2 ** Math.ceil(Math.log2(LABEL_SPACE / grid.height)));
  const labels: string[] = [];
  for (let row = 0; row < rows; row += step) {
    const y = grid.y + row * grid.height + Math.min(10, grid.height / 2 + 4);
    const address = formatAddress(map.space, start + row * rowBytes);
    labels.push(`<text class="address" x="${LEFT - 8}" y="${y}">${address}</text>`);
  }
  return labels.join('\n');
}

/**
 * The largest hole, and over it the request that needed more: from the hole's start on, or up to
 * the end of the window where that is too near.
 */
function outlines(
  grid: CellGrid,
  view: MapView,
  { largest }: WindowSummary,
  failure: FailedAllocation | null,
): string[] {
  if (largest === null) return [];
  const count = Math.ceil((view.end - view.start) / view.cellBytes);
  const first = Math.floor((largest.start - view.start) / view.cellBytes);
  const cells = (bytes: number): number => Math.max(1, Math.round(bytes / view.cellBytes));
  const holeEnd = Math.min(count, first + cells(largest.size));
  if (first >= holeEnd) return [];
  const marks = [mark(grid, count, 'hole', first, holeEnd, formatBytes(largest.size))];
  const inRange =
    failure !== null && failure.vstart <= largest.start && failure.vend > largest.start;
  if (inRange) {
    const size = Math.min(count, cells(failure.size));
    const from = Math.min(first, count - size);
    marks.push(mark(grid, count, 'wanted', from, from + size, formatBytes(failure.size)));
  }
  return marks;
}

/** An outline around the cells [first, last), with its words to the right of the map. */
function mark(
  grid: CellGrid,
  count: number,
  name: 'hole' | 'wanted',
  first: number,
  last: number,
  amount: string,
): string {
  const right = grid.x + grid.columns * grid.width;
  const bottom = grid.y + Math.ceil(count / grid.columns) * grid.height;
  // The two labels keep clear of each other: the hole's above its line, the request's below.
  const above = name === 'hole';
  const row = Math.floor((above ? first : last - 1) / grid.columns);
  const at = grid.y + (row + 0.5) * grid.height;
  const y = above ? Math.min(at, bottom - 34) - 18 : Math.min(at + 14, bottom - 16);
  const words = above ? 'largest hole' : 'wanted in one piece';
  const x = right + 18;
  return `<path class="${name}" d="${cellOutline(grid, first, last)}"/>
<path class="leader ${name}-line" d="M${right} ${at}h6L${x - 4} ${above ? y + 4 : y - 4}"/>
<text class="label ${name}-text" x="${x}" y="${y}">${words}</text>
<text class="label" x="${x}" y="${y + 15}">${amount}</text>`;
}

function legend(
  id: string,
  present: readonly MapClass[],
  bytes: Float64Array,
  total: number,
  top: number,
): string {
  const width = (COLUMNS * CELL_WIDTH + RIGHT - 20) / LEGEND_COLUMNS;
  return present
    .map((name, i) => {
      const x = LEFT + (i % LEGEND_COLUMNS) * width;
      const y = top + Math.floor(i / LEGEND_COLUMNS) * 22;
      const amount = bytes[MAP_CLASSES.indexOf(name)]!;
      const share = amount / total < 0.0005 ? '' : ` (${formatShare(amount / total)})`;
      const text = `${MAP_LOOKS[name].label} ${formatBytes(amount)}${share}`;
      return (
        `<rect ${fillOf(id, name)} x="${x}" y="${y}" width="16" height="13"/>` +
        `<rect class="frame" x="${x}" y="${y}" width="16" height="13"/>` +
        `<text class="small" x="${x + 23}" y="${y + 11}">${escapeXml(text)}</text>`
      );
    })
    .join('\n');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Lines of at most SENTENCE letters. */
function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1]!;
    if (line !== '' && line.length + 1 + word.length > SENTENCE) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
