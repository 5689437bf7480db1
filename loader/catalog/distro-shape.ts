// SPDX-License-Identifier: MIT
/**
 * How the modules of a distribution are made up, as functions of their size. Measured on the 4,135
 * modules of Debian 12's linux-image-6.1.0-50-686; none of its contents are here.
 */

import type { Bytes } from '../base/index.ts';
import type { Random } from '../engine/index.ts';

type Curve = readonly (readonly [x: number, y: number])[];

/** File size by quantile. */
const SIZES: Curve = [
  [0, 3965],
  [0.01, 4657],
  [0.03, 4853],
  [0.06, 5577],
  [0.1, 6493],
  [0.15, 7405],
  [0.2, 8293],
  [0.3, 10_245],
  [0.4, 12_293],
  [0.5, 15_205],
  [0.6, 19_453],
  [0.7, 26_341],
  [0.8, 38_861],
  [0.85, 48_069],
  [0.9, 71_373],
  [0.94, 111_141],
  [0.97, 198_445],
  [0.98, 288_057],
  [0.99, 457_841],
  [0.995, 682_217],
  [0.998, 1_316_713],
  [0.999, 1_824_397],
  [0.9995, 2_931_489],
  [0.9998, 9_028_025],
];

/** log2 of the file size at which the shares and counts below were taken. */
const AT = [12.45, 13.45, 14.45, 15.45, 16.45, 17.45, 18.45, 19.45, 20.45, 21.45, 23.1];

function curve(...ys: readonly number[]): Curve {
  return AT.map((x, i) => [x, ys[i]!]);
}

/** Shares of the file's bytes. */
const TEXT = curve(0.064, 0.165, 0.257, 0.332, 0.381, 0.416, 0.447, 0.444, 0.501, 0.497, 0.519);
const RODATA = curve(0.055, 0.082, 0.103, 0.111, 0.129, 0.133, 0.136, 0.144, 0.12, 0.149, 0.196);
const DATA = curve(0.021, 0.021, 0.026, 0.027, 0.028, 0.035, 0.042, 0.06, 0.053, 0.029, 0.027);
/** Counts for each module. */
const SYMBOLS = curve(39, 75, 134, 234, 423, 761, 1436, 2878, 5407, 8160, 22_806);
const UNDEFINED = curve(8.2, 22.4, 42.6, 69, 106, 153, 221, 322, 439, 861, 862);
const ALIASES = curve(1, 2.6, 5.2, 11, 18.9, 32.2, 20.1, 18.4, 99.8, 174, 311);
const PARAMS = curve(0.1, 0.5, 1.1, 2.2, 3.1, 5.8, 6.1, 7.8, 17.5, 26, 70);

/** Linear between the points, constant beyond them. */
function interpolate(points: Curve, x: number): number {
  let [left, low] = points[0]!;
  if (x <= left) return low;
  for (const [right, high] of points) {
    if (x <= right) return low + ((high - low) * (x - left)) / (right - left || 1);
    left = right;
    low = high;
  }
  return low;
}

/** File size below which a share `u` of all modules lies; logarithmic between the points. */
export function sizeAtQuantile(u: number): Bytes {
  const logs: Curve = SIZES.map(([at, size]) => [at, Math.log(size)]);
  return Math.round(Math.exp(interpolate(logs, u)));
}

/** The make-up of one module. */
export interface Shape {
  readonly text: Bytes;
  readonly rodata: Bytes;
  readonly data: Bytes;
  readonly bss: Bytes;
  readonly roAfterInit: Bytes;
  readonly initText: Bytes;
  readonly exitText: Bytes;
  readonly symbols: number;
  readonly undefinedSymbols: number;
  readonly aliases: number;
  readonly params: number;
}

/** Draws the make-up of a module of `size` bytes. */
export function drawShape(size: Bytes, random: Random): Shape {
  const x = Math.log2(size);
  const around = (points: Curve, spread: number): number =>
    interpolate(points, x) * Math.exp(random.normal(-(spread * spread) / 2, spread));
  const sometimes = (share: number, value: () => number): number =>
    random.float() < share ? Math.max(1, Math.round(value())) : 0;
  return {
    text: Math.round(size * around(TEXT, 0.35)),
    rodata: Math.round(size * around(RODATA, 0.4)),
    data: Math.round(size * around(DATA, 0.6)),
    bss: sometimes(0.42, () => random.exponential(500)),
    roAfterInit: sometimes(0.37, () => random.exponential(280)),
    initText: sometimes(0.88, () => 20 + random.exponential(10 + size / 450)),
    exitText: sometimes(0.87, () => 15 + random.exponential(size / 5000)),
    symbols: Math.round(around(SYMBOLS, 0.2)),
    undefinedSymbols: Math.round(around(UNDEFINED, 0.35)),
    aliases: sometimes(0.64, () => random.exponential(interpolate(ALIASES, x) / 0.64)),
    params: sometimes(0.32, () => random.exponential(interpolate(PARAMS, x) / 0.32)),
  };
}
