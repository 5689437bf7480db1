// SPDX-License-Identifier: MIT
/** Bytes and times as people read them. */
import type { Bytes, Nanos } from './units.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** The largest unit of which there is at least one, and how many. */
export function inByteUnit(bytes: Bytes): { readonly value: number; readonly unit: string } {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return { value, unit: BYTE_UNITS[unit]! };
}

/** `31.2 MiB`; whole numbers without a fraction. */
export function formatBytes(bytes: Bytes): string {
  const { value, unit } = inByteUnit(bytes);
  return `${shorten(value, 1)} ${unit}`;
}

const TIME_UNITS = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
] as const;

/** `12.3 ms`: one fraction digit. */
export function formatTime(t: Nanos): string {
  const [scale, unit] = TIME_UNITS.find(([size]) => t >= size) ?? TIME_UNITS[3];
  return `${shorten(t / scale, 1)} ${unit}`;
}

/** `12.345678ms`: all of it, as `--at` takes it. */
export function exactTime(t: Nanos): string {
  const [scale, unit] = TIME_UNITS.find(([size]) => t >= size) ?? TIME_UNITS[3];
  return `${shorten(t / scale, 9)}${unit}`;
}

/** `9,031,680` */
export function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `66.7 %` */
export function formatShare(share: number): string {
  return `${shorten(share * 100, 1)} %`;
}

function shorten(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

/** `1 hole`, `1,024 holes`. */
export function counted(count: number, noun: string): string {
  return `${groupDigits(count)} ${noun}${count === 1 ? '' : 's'}`;
}
