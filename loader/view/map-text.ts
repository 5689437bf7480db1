// SPDX-License-Identifier: MIT
/** A picture of the address space in characters, for a terminal. */
import { counted, exactTime, formatAddress, formatBytes, formatShare } from '../base/index.ts';
import type { AddressMap } from './address-map.ts';
import type { AddressState, WindowSummary } from './address-state.ts';
import type { FailedAllocation } from './failure-tracker.ts';
import type { MapWindow } from './live-space.ts';
import { MAP_CLASSES, MAP_LOOKS, type MapCode } from './map-classes.ts';
import { type MapView, mapView } from './map-view.ts';
import { type CellMap, classBytes, mapCells } from './page-map.ts';

export interface MapTextOptions {
  /** Room for cells in a row; 64, 96 or 128 are drawn. Default 64, which fits 80 characters. */
  readonly columns?: number;
  /** Rows at most. Default 32. */
  readonly rows?: number;
  /** Colour with terminal escape sequences. Default: none. */
  readonly color?: boolean;
  readonly window?: MapWindow;
  /** The request that did not fit, to be drawn beside the largest hole. */
  readonly failure?: FailedAllocation | null;
}

/** The free cells of the largest hole. */
const LARGEST = '_';
const RESET = '\x1b[0m';
const LARGEST_COLOR = '\x1b[1;38;5;203m';
/** Width of the bars that compare a request with the largest hole. */
const BAR = 60;

/** The map with its summary and its legend; ends in a line end. */
export function mapText(
  map: AddressMap,
  state: AddressState,
  options: MapTextOptions = {},
): string {
  // Whole multiples, so that rows begin at round addresses.
  const columns = Math.min(128, Math.max(64, Math.floor((options.columns ?? 64) / 32) * 32));
  const window = options.window ?? state.windows[0]!;
  const view = mapView(state, window, columns, options.rows ?? 32);
  const summary = state.summary(window);
  const color = options.color === true;
  const lines = [
    ...heading(map, state, summary),
    '',
    ...rows(map, state, summary, view, color),
    '',
    ...legend(state, view, color),
  ];
  if (options.failure) lines.push('', ...comparison(options.failure, summary, color));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function heading(map: AddressMap, state: AddressState, summary: WindowSummary): string[] {
  const { window, total, used, lazy, free, holes, largest } = summary;
  const start = formatAddress(map.space, window.start);
  const end = formatAddress(map.space, window.end);
  const share = (bytes: number): string => `${formatBytes(bytes)} (${formatShare(bytes / total)})`;
  const where = largest === null ? '' : ` at 0x${formatAddress(map.space, largest.start)}`;
  return [
    `${window.name} 0x${start}-0x${end}, ${formatBytes(total)}, at ${exactTime(state.t)}`,
    `used ${share(used)} in ${counted(summary.usedAreas, 'area')}, ` +
      `parked ${share(lazy)}, free ${share(free)} in ${counted(holes, 'hole')}`,
    `largest hole ${formatBytes(largest?.size ?? 0)}${where}, ` +
      `external fragmentation ${summary.externalFragmentation.toFixed(3)}`,
  ];
}

function rows(
  map: AddressMap,
  state: AddressState,
  summary: WindowSummary,
  view: MapView,
  color: boolean,
): string[] {
  const cells = mapCells(state, view.start, view.end, view.cellBytes);
  const { largest } = summary;
  const inLargest = (cell: number): boolean => {
    if (largest === null || cells.codes[cell] !== 0) return false;
    const at = view.start + cell * view.cellBytes;
    return at >= largest.start && at < largest.start + largest.size;
  };
  const lines: string[] = [];
  for (let row = 0; row < view.rows; row += 1) {
    const first = row * view.columns;
    const last = Math.min(first + view.columns, cells.codes.length);
    const address = formatAddress(map.space, view.start + first * view.cellBytes);
    lines.push(`0x${address}  ${rowText(cells, first, last, inLargest, color)}`);
  }
  if (view.end < view.window.end) {
    const rest = formatBytes(view.window.end - view.end);
    lines.push(`(above: ${rest}, nearly all of it free)`);
  }
  return lines;
}

function rowText(
  cells: CellMap,
  first: number,
  last: number,
  inLargest: (cell: number) => boolean,
  color: boolean,
): string {
  let text = '';
  let ink = '';
  for (let cell = first; cell < last; cell += 1) {
    const code = cells.codes[cell]!;
    const free = inLargest(cell);
    const letter = free ? LARGEST : letterOf(code, cells.taken[cell]! < 0.5);
    if (color) {
      const wanted = free ? LARGEST_COLOR : inkOf(code);
      if (wanted !== ink) text += wanted;
      ink = wanted;
    }
    text += letter;
  }
  return color ? text + RESET : text;
}

function letterOf(code: MapCode, sparse: boolean): string {
  const name = MAP_CLASSES[code]!;
  const { letter } = MAP_LOOKS[name];
  if (!sparse) return letter;
  return name === 'lazy' ? ',' : letter.toLowerCase();
}

function inkOf(code: MapCode): string {
  return `\x1b[38;5;${MAP_LOOKS[MAP_CLASSES[code]!].ansi}m`;
}

/** What the letters mean and how much there is of each, in columns. */
function legend(state: AddressState, view: MapView, color: boolean): string[] {
  const bytes = classBytes(state, view.window.start, view.window.end);
  const entries: string[] = [];
  const entry = (letter: string, ink: string, label: string, amount: string): void => {
    const shown = color ? `${ink}${letter}${RESET}` : letter;
    entries.push(`${shown} ${label.padEnd(22)}${amount.padStart(10)}`);
  };
  for (const [code, name] of MAP_CLASSES.entries()) {
    if (bytes[code] === 0) continue;
    const { label, letter } = MAP_LOOKS[name];
    const shown = name === 'guard' && view.cellBytes > 4096 ? ' ' : letter;
    entry(shown, inkOf(code), label, formatBytes(bytes[code]!));
    if (name === 'free') entry(LARGEST, LARGEST_COLOR, 'free: the largest hole', '');
  }
  const lines: string[] = [];
  for (let i = 0; i < entries.length; i += 3) lines.push(entries.slice(i, i + 3).join('   '));
  const size = formatBytes(view.cellBytes);
  lines.push(`One letter is ${size}, small (and ",") where less than half of it is taken.`);
  return lines;
}

/** The request and the largest hole as bars of one scale. */
function comparison(failure: FailedAllocation, summary: WindowSummary, color: boolean): string[] {
  const { size } = failure;
  const hole = summary.largest?.size ?? 0;
  const scale = BAR / Math.max(size, hole);
  const bar = (bytes: number, glyph: string): string => {
    const length = bytes === 0 ? 0 : Math.max(1, Math.round(bytes * scale));
    const text = glyph.repeat(length);
    return color ? `${LARGEST_COLOR}${text}${RESET}` : text;
  };
  return [
    `wanted        ${bar(size, '#')} ${formatBytes(size)}`,
    `largest hole  ${bar(hole, LARGEST)} ${formatBytes(hole)}`,
  ];
}
