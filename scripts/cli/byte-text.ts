// SPDX-License-Identifier: MIT
import { inByteUnit } from '../../loader/base/index.ts';

/** 1536 → `1.50 KiB`, for columns; whole bytes below 1 KiB. */
export function bytesText(bytes: number): string {
  const { value, unit } = inByteUnit(bytes);
  return unit === 'B' ? `${value} B` : `${value.toFixed(2)} ${unit}`;
}

/** Virtual nanoseconds in the unit that reads best. */
export function timeText(ns: number): string {
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(2)} ms`;
  return `${(ns / 1e9).toFixed(3)} s`;
}

/** A bar of `width` cells, `share` (0 to 1) of it full; a sliver shows for anything above 0. */
export function barText(share: number, width: number): string {
  const cells = share <= 0 ? 0 : Math.max(1, Math.round(Math.min(1, share) * width));
  return '█'.repeat(cells) + '·'.repeat(width - cells);
}

/** `1 hole`, `2 holes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
