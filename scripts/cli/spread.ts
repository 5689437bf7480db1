// SPDX-License-Identifier: MIT
/** How far samples lie apart. */

export interface Spread {
  readonly median: number;
  /** The 5 % and 95 % points. */
  readonly low: number;
  readonly high: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: pointOf(sorted, 0.5), low: pointOf(sorted, 0.05), high: pointOf(sorted, 0.95) };
}

/** Between two samples on a straight line. */
function pointOf(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (at - Math.floor(at)) * (above - below);
}
