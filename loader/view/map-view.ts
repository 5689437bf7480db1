// SPDX-License-Identifier: MIT
/** Which part of a window a picture shows, and in cells of what size. */
import { type Bytes, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import type { AddressState } from './address-state.ts';
import type { MapWindow } from './live-space.ts';

/** Windows up to this size are shown whole. */
const WHOLE: Bytes = 4 * 1024 * 1024 * 1024;
/** What is shown at least of a larger one. */
const LEAST: Bytes = 16 * 1024 * 1024;

export interface MapView {
  readonly window: MapWindow;
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  /** A power of two of pages. */
  readonly cellBytes: Bytes;
  readonly columns: number;
  readonly rows: number;
}

/**
 * The window in at most `maxRows` rows of `columns` cells. Of a window too large to see anything
 * in, the part below its largest hole, where areas are placed.
 */
export function mapView(
  state: AddressState,
  window: MapWindow,
  columns: number,
  maxRows: number,
): MapView {
  const { start } = window;
  let end = start + Math.ceil((window.end - start) / PAGE_SIZE) * PAGE_SIZE;
  if (end - start > WHOLE) {
    const hole = state.summary(window).largest;
    const below = hole === null ? end : hole.start;
    end = Math.min(end, Math.max(below, start + LEAST));
  }
  let cellBytes = PAGE_SIZE;
  while (Math.ceil((end - start) / cellBytes / columns) > maxRows) cellBytes *= 2;
  const rows = Math.max(1, Math.ceil((end - start) / cellBytes / columns));
  return { window, start, end, cellBytes, columns, rows };
}
